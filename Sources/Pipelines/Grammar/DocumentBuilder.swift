/// Makes a document of the tree of a pipeline file, collecting every problem on the way.
struct DocumentBuilder {
  let file: String?
  let catalog: [StageDefinition]
  var problems: [Problem]

  /// A stage between reading and resolution of its inputs.
  private struct Draft {
    var value: JSON5Value
    var type = ""
    var tag = ""
    var hasExplicitTag = false
    var definition: StageDefinition?
    var inputs = StageEntry.InputSpec.previous
  }

  mutating func document(_ root: JSON5Value, _ overrides: Overrides) -> PipelineDocument {
    let parameters = Parameters(
      root["parameters"], overrides: overrides.parameters, file: file, into: &problems)
    let values = OptionSpec.validate(
      topLevel(root, parameters), PipelineDocument.specs, file: file, into: &problems)
    var grid: GridSpec?
    if let options = values.object("grid")?.values {
      var found = problems.filter { $0.key?.hasPrefix("grid.") ?? false }
      let before = found.count
      grid = GridSpec(options, into: &found)
      problems += found[before...]
    }
    let seed = overrides.seed ?? values.int("seed")
    var document = PipelineDocument(
      file: file, name: values.optionalString("name") ?? fileName, parameters: parameters.values,
      grid: grid, seed: seed, splitSeed: overrides.splitSeed ?? seed,
      repetition: overrides.repetition,
      chunk: values.int("chunk"), isChunkGiven: values.isGiven("chunk"), stages: [],
      variants: Variant.read(values, &problems), curve: ComparisonCurve(values))
    if let curve = document.curve { document.variants = curve.applied(to: document.variants) }
    if document.name.isEmpty || document.name.contains("/") || document.name.hasPrefix(".") {
      problems.append(values.problem("name", "expected a name that a folder can have"))
    }
    if let stages = values.raw("stages") {
      document.stages = self.stages(stages, parameters, overrides.options)
      if stages.elements?.isEmpty == true {
        problems.append(values.problem("stages", "expected at least one stage"))
      }
    }
    return document
  }

  private var fileName: String {
    let title = file.map(PipelinePath.title) ?? ""
    return title.isEmpty ? "pipeline" : title
  }

  /// The file's members with parameters replaced, but for those that are kept as written.
  private mutating func topLevel(_ root: JSON5Value, _ parameters: Parameters) -> JSON5Value {
    guard var members = root.members else { return root }
    for index in members.indices {
      let key = members[index].key
      if ["parameters", "variants", "curve", "stages"].contains(key) { continue }
      members[index].value = parameters.substituted(
        members[index].value, stage: nil, key: key, into: &problems)
    }
    return JSON5Value(.object(members), at: root.place)
  }
}

// Stages: tags first, since the command line names stages by them.
extension DocumentBuilder {
  private mutating func stages(
    _ list: JSON5Value, _ parameters: Parameters, _ overrides: [Overrides.Option]
  ) -> [StageEntry] {
    var drafts = (list.elements ?? []).map { Draft(value: $0) }
    nameStages(&drafts, parameters)
    for index in drafts.indices {
      drafts[index].value = parameters.substituted(
        drafts[index].value, stage: drafts[index].tag, key: "", into: &problems)
    }
    for override in overrides { apply(override, to: &drafts, parameters) }
    for index in drafts.indices { readInputs(&drafts[index]) }
    var resolver = InputResolver(drafts.map(node), file: file)
    let sources = resolver.resolve()
    problems += resolver.problems
    return zip(drafts, sources).map { entry($0, $1) }
  }

  private mutating func entry(_ draft: Draft, _ sources: [StageEntry.Source]) -> StageEntry {
    // The options of an unknown stage cannot be judged.
    let value =
      draft.definition == nil ? JSON5Value(.object([]), at: draft.value.place) : draft.value
    let definition = draft.definition ?? StageDefinition(name: draft.type, summary: "", output: nil)
    let options = OptionSpec.validate(
      value, definition.options, stage: draft.tag, file: file,
      ignoring: StageDefinition.commonKeys, into: &problems)
    return StageEntry(
      type: draft.type, tag: draft.tag, hasExplicitTag: draft.hasExplicitTag,
      inputs: draft.inputs, sources: sources, options: options, definition: definition,
      place: draft.value.place)
  }

  private func node(_ draft: Draft) -> InputResolver.Node {
    InputResolver.Node(
      tag: draft.tag, place: draft.value.place, inputs: draft.inputs,
      inputsPlace: draft.value["inputs"]?.place ?? draft.value.place, definition: draft.definition)
  }

  private mutating func nameStages(_ drafts: inout [Draft], _ parameters: Parameters) {
    var taken: [String: Place] = [:]
    for index in drafts.indices { identify(&drafts[index], parameters, &taken) }
    for index in drafts.indices where drafts[index].tag.isEmpty {
      let type = drafts[index].type
      let base = PipelineDocument.isTag(type) ? type : "stage-\(index + 1)"
      var number = 1
      var tag = base
      while taken[tag] != nil {
        number += 1
        tag = "\(base)-\(number)"
      }
      taken[tag] = drafts[index].value.place
      drafts[index].tag = tag
    }
  }

  /// Finds type and tag of a stage, which name it in every later problem.
  private mutating func identify(
    _ draft: inout Draft, _ parameters: Parameters, _ taken: inout [String: Place]
  ) {
    guard let members = draft.value.members else {
      if !draft.value.isInvalid {
        let message = "expected a stage, as an object, found \(draft.value.kindName)"
        problems.append(Problem(file: file, place: draft.value.place, key: "stages", message))
      }
      return
    }
    var silent: [Problem] = []
    if let tag = draft.value["tag"] {
      let value = parameters.substituted(tag, stage: nil, key: "tag", into: &silent)
      readTag(value, &draft, &taken)
    }
    guard let type = draft.value["type"] else {
      if !members.contains(where: \.key.isEmpty) {
        let message = "is missing: expected the name of a stage"
        problems.append(
          Problem(
            file: file, place: draft.value.place, stage: draft.tag.isEmpty ? nil : draft.tag,
            key: "type", message))
      }
      return
    }
    readType(parameters.substituted(type, stage: nil, key: "type", into: &silent), &draft)
  }

  private mutating func readTag(
    _ value: JSON5Value, _ draft: inout Draft, _ taken: inout [String: Place]
  ) {
    if value.isInvalid { return }
    guard let tag = value.string, PipelineDocument.isTag(tag) else {
      let message =
        "expected a tag of letters, digits, '-' and '_', found \(value.kindName)"
      problems.append(Problem(file: file, place: value.place, key: "tag", message))
      return
    }
    draft.hasExplicitTag = true
    draft.tag = tag
    if let first = taken[tag] {
      let message = "the tag is taken by the stage in line \(first.line)"
      problems.append(Problem(file: file, place: value.place, stage: tag, key: "tag", message))
    } else {
      taken[tag] = draft.value.place
    }
  }

  private mutating func readType(_ value: JSON5Value, _ draft: inout Draft) {
    if value.isInvalid { return }
    let stage = draft.tag.isEmpty ? nil : draft.tag
    guard let type = value.string else {
      let message = "expected the name of a stage, found \(value.kindName)"
      problems.append(Problem(file: file, place: value.place, stage: stage, key: "type", message))
      return
    }
    draft.type = type
    draft.definition = catalog.first { $0.name == type }
    if draft.definition == nil {
      let hint = Suggestion.phrase(type, among: catalog.map(\.name))
      let message = "there is no stage '\(type)'\(hint)"
      problems.append(Problem(file: file, place: value.place, stage: stage, key: "type", message))
    }
  }
}

// Inputs and overrides.
extension DocumentBuilder {
  private mutating func readInputs(_ draft: inout Draft) {
    guard let value = draft.value["inputs"], !value.isInvalid else { return }
    if let members = value.members {
      draft.inputs = .named(
        members.filter { !$0.key.isEmpty }.map { member in
          let key = "inputs.\(member.key)"
          return StageEntry.Named(
            name: member.key, place: member.keyPlace,
            tags: references(member.value, draft.tag, key))
        })
    } else {
      draft.inputs = .tags(references(value, draft.tag, "inputs"))
    }
  }

  private mutating func references(_ value: JSON5Value, _ stage: String, _ key: String)
    -> [StageEntry.Reference]
  {
    (value.elements ?? [value]).compactMap { element in
      if let tag = element.string {
        return StageEntry.Reference(tag: tag, place: element.place)
      }
      if !element.isInvalid {
        let message = "expected a tag, found \(element.kindName)"
        problems.append(
          Problem(file: file, place: element.place, stage: stage, key: key, message))
      }
      return nil
    }
  }

  private mutating func apply(
    _ override: Overrides.Option, to drafts: inout [Draft], _ parameters: Parameters
  ) {
    let place = Place(line: 0, column: 0, origin: override.origin)
    guard let index = drafts.firstIndex(where: { $0.tag == override.tag }) else {
      let hint = Suggestion.phrase(override.tag, among: drafts.map(\.tag))
      let message = "no stage has the tag '\(override.tag)'\(hint)"
      problems.append(Problem(file: file, place: place, message))
      return
    }
    let steps = override.path.split(separator: ".", omittingEmptySubsequences: false)
    if steps.first == "type" || steps.first == "tag" || steps.contains("") {
      let message = "'\(override.path)' cannot be set on the command line"
      problems.append(Problem(file: file, place: place, stage: override.tag, message))
      return
    }
    let value = parameters.substituted(
      Overrides.value(override.text, origin: override.origin), stage: override.tag,
      key: override.path, into: &problems)
    guard let changed = drafts[index].value.replacing(steps[...], with: value) else {
      let message = "the stage has nothing at '\(override.path)'"
      problems.append(Problem(file: file, place: place, stage: override.tag, message))
      return
    }
    drafts[index].value = changed
  }
}
