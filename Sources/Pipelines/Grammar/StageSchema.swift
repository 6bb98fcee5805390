/// Makes JSON Schemas (draft 2020-12) of what stages declare, for editors that complete and check.
public enum StageSchema {
  private static let dialect: JSON5Value.Member =
    member("$schema", "https://json-schema.org/draft/2020-12/schema")

  /// The schema of a whole pipeline file, as JSON.
  public static func pipeline(_ catalog: [StageDefinition]) -> String {
    let definitions = JSON5Value(
      .object(catalog.map { member($0.name, stage($0)) }))
    var properties = (object(PipelineDocument.specs)["properties"]?.members ?? [])
    for index in properties.indices {
      switch properties[index].key {
      case "stages":
        properties[index].value = [
          "description": "The stages, one after another.", "type": "array", "minItems": 1,
          "items": stages(catalog),
        ]
      case "name":
        // The rule of `DocumentBuilder`: a name that a folder can have.
        properties[index].value = [
          "description": "The name of the outputs' folder.",
          "anyOf": [["type": "string", "pattern": "^[^./][^/]*$"], ["type": "null"]],
        ]
      case "grid":
        properties[index].value = orNull(
          orParameter(grid), description: "The grid of the outputs.")
      default: break
      }
    }
    return document([
      dialect, member("title", "A gossan pipeline"),
      member("description", "Stages that turn rasters and points into maps, in order."),
      member("type", "object"),
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

  /// Chooses by type, so that an editor complains about the one stage that is meant.
  private static func stages(_ catalog: [StageDefinition]) -> JSON5Value {
    let names = catalog.map { text($0.name) }
    let summaries = catalog.map { text($0.summary) }
    return [
      "type": "object", "required": ["type"],
      "properties": [
        "type": [
          "description": "The kind of stage.",
          "anyOf": [
            ["enum": JSON5Value(.array(names)), "enumDescriptions": JSON5Value(.array(summaries))],
            parameter,
          ],
        ]
      ],
      "allOf": JSON5Value(
        .array(
          catalog.map { choice($0.name, ["$ref": text("#/$defs/\($0.name)")]) })),
    ]
  }

  /// What holds where the member `type` is a word.
  private static func choice(_ type: String, _ schema: JSON5Value) -> JSON5Value {
    ["if": ["properties": ["type": ["const": text(type)]], "required": ["type"]], "then": schema]
  }

  private static func stage(_ definition: StageDefinition) -> JSON5Value {
    var schema = object(definition.options).members ?? []
    let common: [JSON5Value.Member] = [
      member("type", ["const": text(definition.name)]),
      member(
        "tag",
        [
          "description": "The name of the product, and of its file.",
          "anyOf": [
            ["type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_-]*$", "maxLength": 100],
            parameter,
          ],
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
      .object(
        [
          member("title", text(definition.name)), member("description", text(definition.summary)),
        ] + schema))
  }

  private static func inputs(_ definition: StageDefinition) -> JSON5Value {
    let several: JSON5Value = [
      "anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]]
    ]
    let one: JSON5Value = [
      "anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"], "maxItems": 1]]
    ]
    let named = definition.inputs.filter { $0.name != "*" }.map { input in
      let words = text(input.summary.isEmpty ? input.phrase : input.summary)
      let tags = (input.isMany ? several : one).members ?? []
      return member(input.name, JSON5Value(.object([member("description", words)] + tags)))
    }
    let others = definition.inputs.first { $0.name == "*" }.map { $0.isMany ? several : one }
    return [
      "description": "The tags of the stages whose products are used.",
      "anyOf": [
        ["type": "string"], ["type": "array", "items": ["type": "string"]],
        [
          "type": "object", "properties": JSON5Value(.object(named)),
          "additionalProperties": others ?? false,
        ],
      ],
    ]
  }

  /// The grid of a raster, or one that is stated: see `GridSpec`.
  private static var grid: JSON5Value {
    let stated = ["crs", "resolution", "extent"]
    func absent(_ names: [String]) -> JSON5Value {
      JSON5Value(.object(names.map { member($0, ["type": "null"]) }))
    }
    let forms: JSON5Value = [
      ["required": ["like"], "properties": absent(stated)],
      ["required": JSON5Value(.array(stated.map(text))), "properties": absent(["like"])],
    ]
    return JSON5Value(
      .object((object(GridSpec.specs).members ?? []) + [member("anyOf", forms)]))
  }
}

// Options.
extension StageSchema {
  private static func member(_ key: String, _ value: JSON5Value) -> JSON5Value.Member {
    JSON5Value.Member(key: key, value: value)
  }

  private static func text(_ text: String) -> JSON5Value { JSON5Value(.string(text)) }

  private static func object(_ specs: [OptionSpec]) -> JSON5Value {
    let required = specs.filter { !$0.hasFallback }.map { text($0.name) }
    return [
      "type": "object",
      "properties": JSON5Value(.object(specs.map { member($0.name, option($0)) })),
      "required": JSON5Value(.array(required)), "additionalProperties": false,
    ]
  }

  private static func option(_ spec: OptionSpec) -> JSON5Value {
    let unit = spec.unit.isEmpty ? "" : " (\(spec.unit))"
    var members: [JSON5Value.Member] =
      spec.hasFallback
      ? orNull(schema(spec.kind), description: spec.summary + unit).members ?? []
      : [member("description", text(spec.summary + unit))] + (schema(spec.kind).members ?? [])
    if case .value(let value) = spec.fallback { members.append(member("default", value)) }
    if !spec.example.isEmpty {
      members.append(member("examples", [JSON5Reader.read(spec.example).value]))
    }
    return JSON5Value(.object(members))
  }

  /// `null` says "absent" in the file, too.
  private static func orNull(_ schema: JSON5Value, description: String) -> JSON5Value {
    if schema.members?.isEmpty ?? true { return ["description": text(description)] }
    return ["description": text(description), "anyOf": [schema, ["type": "null"]]]
  }

  /// The schema of a kind.
  ///
  /// Any value may also be a text with a parameter, `"${name}"`, which has its type only later.
  private static func schema(_ kind: OptionKind) -> JSON5Value {
    switch kind {
    case .string: return ["type": "string"]
    case .file: return ["type": "string", "minLength": 1]
    case .any: return [:]
    case .files:
      return [
        "anyOf": [
          ["type": "string"], ["type": "array", "items": ["type": "string"], "minItems": 1],
        ]
      ]
    case .textOrList, .bands:
      return ["anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]]]
    case .list(let element):
      return orParameter(["type": "array", "items": schema(element)])
    case .map(let element):
      return orParameter(["type": "object", "additionalProperties": schema(element)])
    case .object(let specs): return orParameter(object(specs))
    case .typed(let types): return orParameter(typed(types))
    case .choice(let words):
      return orParameter(["enum": JSON5Value(.array(words.map(text)))])
    case .bool: return orParameter(["type": "boolean"])
    case .integer(let range): return orParameter(number(range))
    case .number(let range): return orParameter(number(range))
    case .either(let first, let second): return ["anyOf": [schema(first), schema(second)]]
    }
  }

  /// A text that holds a parameter.
  private static let parameter: JSON5Value = [
    "type": "string", "pattern": "\\$\\{[^}]+\\}",
  ]

  private static func orParameter(_ schema: JSON5Value) -> JSON5Value {
    ["anyOf": [schema, parameter]]
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

  /// An object whose member `type` chooses its options, for each type a case.
  private static func typed(_ types: [String: [OptionSpec]]) -> JSON5Value {
    let sorted = types.sorted { $0.key < $1.key }
    let cases = sorted.map { type, specs -> JSON5Value in
      let schema = object(specs)
      let const = member("type", ["const": text(type)])
      return choice(
        type,
        [
          "properties": JSON5Value(.object([const] + (schema["properties"]?.members ?? []))),
          "required": schema["required"] ?? [], "additionalProperties": false,
        ])
    }
    return [
      "type": "object", "required": ["type"],
      "properties": [
        "type": [
          "anyOf": [["enum": JSON5Value(.array(sorted.map { text($0.key) }))], parameter]
        ]
      ],
      "allOf": JSON5Value(.array(cases)),
    ]
  }
}
