/// Makes JSON Schemas (draft 2020-12) of what stages declare, for editors that complete and check.
public enum StageSchema {
  private static let dialect: JSON5Value.Member =
    member("$schema", "https://json-schema.org/draft/2020-12/schema")

  /// The schema of a whole pipeline file, as JSON.
  public static func pipeline(_ catalog: [StageDefinition]) -> String {
    let definitions = JSON5Value(
      .object(catalog.map { member($0.name, stage($0)) }))
    var properties = (object(PipelineDocument.specs)["properties"]?.members ?? [])
    if let index = properties.firstIndex(where: { $0.key == "stages" }) {
      properties[index].value = [
        "description": "The stages, one after another.", "type": "array", "minItems": 1,
        "items": stages(catalog),
      ]
    }
    return document([
      dialect, member("title", "A gossan pipeline"), member("type", "object"),
      member("properties", JSON5Value(.object(properties))), member("required", ["stages"]),
      member("additionalProperties", false), member("$defs", definitions),
    ])
  }

  /// The schema of one kind of stage, as JSON.
  public static func stage(_ definition: StageDefinition) -> String {
    document([dialect] + (stage(definition).members ?? []))
  }

  private static func document(_ members: [JSON5Value.Member]) -> String {
    JSON5Value(.object(members)).prettyJSON + "\n"
  }

  /// `if`/`then` by type, so that an editor complains about the one stage that is meant.
  private static func stages(_ catalog: [StageDefinition]) -> JSON5Value {
    let names = catalog.map { JSON5Value(.string($0.name)) }
    let cases = catalog.map { definition -> JSON5Value in
      [
        "if": ["properties": ["type": ["const": JSON5Value(.string(definition.name))]]],
        "then": ["$ref": JSON5Value(.string("#/$defs/\(definition.name)"))],
      ]
    }
    return [
      "type": "object", "required": ["type"],
      "properties": ["type": ["enum": JSON5Value(.array(names))]],
      "allOf": JSON5Value(.array(cases)),
    ]
  }

  private static func stage(_ definition: StageDefinition) -> JSON5Value {
    var schema = object(definition.options).members ?? []
    let common: [JSON5Value.Member] = [
      member("type", ["const": JSON5Value(.string(definition.name))]),
      member(
        "tag",
        [
          "type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_-]*$",
          "description": "The name of the product.",
        ]),
      member("inputs", inputs(definition)),
    ]
    for index in schema.indices where schema[index].key == "properties" {
      schema[index].value = JSON5Value(.object(common + (schema[index].value.members ?? [])))
    }
    for index in schema.indices where schema[index].key == "required" {
      let names = schema[index].value.elements ?? []
      schema[index].value = JSON5Value(.array(["type"] + names))
    }
    return JSON5Value(
      .object([member("description", JSON5Value(.string(definition.summary)))] + schema))
  }

  private static func inputs(_ definition: StageDefinition) -> JSON5Value {
    let tags: JSON5Value = [
      "anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]]
    ]
    let named = definition.inputs.filter { $0.name != "*" }.map { input in
      let text = JSON5Value(.string(input.summary.isEmpty ? input.phrase : input.summary))
      let value: JSON5Value =
        input.isMany
        ? ["description": text, "anyOf": tags["anyOf"] ?? true]
        : ["description": text, "type": "string"]
      return member(input.name, value)
    }
    let isOpen = definition.inputs.contains { $0.name == "*" }
    return [
      "description": "The tags of the stages whose products are used.",
      "anyOf": [
        ["type": "string"], ["type": "array", "items": ["type": "string"]],
        [
          "type": "object", "properties": JSON5Value(.object(named)),
          "additionalProperties": isOpen ? tags : false,
        ],
      ],
    ]
  }
}

// Options.
extension StageSchema {
  private static func member(_ key: String, _ value: JSON5Value) -> JSON5Value.Member {
    JSON5Value.Member(key: key, value: value)
  }

  private static func object(_ specs: [OptionSpec]) -> JSON5Value {
    let required = specs.filter {
      if case .required = $0.fallback { true } else { false }
    }.map { JSON5Value(.string($0.name)) }
    return [
      "type": "object",
      "properties": JSON5Value(.object(specs.map { member($0.name, option($0)) })),
      "required": JSON5Value(.array(required)), "additionalProperties": false,
    ]
  }

  private static func option(_ spec: OptionSpec) -> JSON5Value {
    let unit = spec.unit.isEmpty ? "" : " (\(spec.unit))"
    var members = [member("description", JSON5Value(.string(spec.summary + unit)))]
    var rest = schema(spec.kind).members ?? []
    switch spec.fallback {
    case .value(let value): rest.append(member("default", value))
    case .optional:
      // `null` says "absent" in the file, too.
      rest = [member("anyOf", [JSON5Value(.object(rest)), ["type": "null"]])]
    case .required: break
    }
    members += rest
    if !spec.example.isEmpty {
      members.append(member("examples", [JSON5Reader.read(spec.example).value]))
    }
    return JSON5Value(.object(members))
  }

  /// The schema of a kind.
  ///
  /// Any value may also be a text with a parameter, `"${name}"`, which has its type only later.
  private static func schema(_ kind: OptionKind) -> JSON5Value {
    switch kind {
    case .string, .file: return ["type": "string"]
    case .any: return [:]
    case .files, .textOrList, .bands:
      return ["anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]]]
    case .list(let element):
      return orParameter(["type": "array", "items": schema(element)])
    case .map(let element):
      return orParameter(["type": "object", "additionalProperties": schema(element)])
    case .object(let specs): return orParameter(object(specs))
    case .typed(let types): return orParameter(typed(types))
    case .choice(let words):
      return orParameter(["enum": JSON5Value(.array(words.map { JSON5Value(.string($0)) }))])
    case .bool: return orParameter(["type": "boolean"])
    case .integer(let range): return orParameter(number(range))
    case .number(let range): return orParameter(number(range))
    case .either(let first, let second): return ["anyOf": [schema(first), schema(second)]]
    }
  }

  private static func orParameter(_ schema: JSON5Value) -> JSON5Value {
    ["anyOf": [schema, ["type": "string", "pattern": "^\\$\\{[^}]+\\}$"]]]
  }

  private static func number(_ range: ClosedRange<Int>) -> JSON5Value {
    var members = [member("type", "integer")]
    if range.lowerBound != .min {
      members.append(member("minimum", JSON5Value(integerLiteral: range.lowerBound)))
    }
    if range.upperBound != .max {
      members.append(member("maximum", JSON5Value(integerLiteral: range.upperBound)))
    }
    return JSON5Value(.object(members))
  }

  private static func number(_ range: ClosedRange<Double>) -> JSON5Value {
    var members = [member("type", "number")]
    if range.lowerBound == .leastNonzeroMagnitude {
      members.append(member("exclusiveMinimum", 0))
    } else if range.lowerBound.isFinite {
      members.append(member("minimum", JSON5Value(floatLiteral: range.lowerBound)))
    }
    if range.upperBound.isFinite {
      members.append(member("maximum", JSON5Value(floatLiteral: range.upperBound)))
    }
    return JSON5Value(.object(members))
  }

  private static func typed(_ types: [String: [OptionSpec]]) -> JSON5Value {
    let choices = types.sorted { $0.key < $1.key }.map { type, specs -> JSON5Value in
      let schema = object(specs)
      let const = member("type", ["const": JSON5Value(.string(type))])
      return [
        "type": "object",
        "properties": JSON5Value(.object([const] + (schema["properties"]?.members ?? []))),
        "required": JSON5Value(.array(["type"] + (schema["required"]?.elements ?? []))),
        "additionalProperties": false,
      ]
    }
    return ["anyOf": JSON5Value(.array(choices))]
  }
}
