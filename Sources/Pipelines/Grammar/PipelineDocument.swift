import Glibc

/// A pipeline file after all checks that need no pixels.
public struct PipelineDocument: Sendable {
  /// The file, as the user named it; relative paths in it are relative to its folder.
  public var file: String?
  /// The pipeline's name; the file's name without its ending when none is given.
  public var name: String
  /// The parameters after the command line's changes.
  public var parameters: [String: JSON5Value]
  /// The grid of the outputs, or nil to take that of the inputs.
  public var grid: GridSpec?
  /// The seed of every random choice.
  public var seed: Int
  /// The seed of the division and the draw of samples: `seed`, but for repeated divisions.
  public var splitSeed: Int
  /// Which of several divisions of the samples is wanted, 0 for the file's own.
  public var repetition: Int
  /// The edge of a chunk in cells.
  public var chunk: Int
  /// Whether the file says how large a chunk is.
  public var isChunkGiven: Bool
  /// The stages, in the order of the file.
  public var stages: [StageEntry]
  /// The variants to compare, at every value of a curve; the first is what the others are compared
  /// with.
  public var variants: [Variant]
  /// What the variants are compared over, if anything.
  public var curve: ComparisonCurve?

  /// The stage with a tag, or nil.
  public func stage(_ tag: String) -> StageEntry? { stages.first { $0.tag == tag } }

  /// The stages so that each follows those it needs, otherwise as in the file.
  public var stagesInOrder: [StageEntry] {
    var indices: [String: Int] = [:]
    for (index, stage) in stages.enumerated() { indices[stage.tag] = index }
    let edges = stages.map { $0.dependencies.compactMap { indices[$0] } }
    return InputResolver.order(edges)?.map { stages[$0] } ?? stages
  }

  /// Leaves out every stage that `wanted` do not need.
  mutating func keep(neededBy wanted: [StageEntry]) {
    var needed = Set(wanted.map(\.tag))
    var open = wanted
    while let next = open.popLast() {
      for tag in next.dependencies where needed.insert(tag).inserted {
        if let stage = stage(tag) { open.append(stage) }
      }
    }
    stages.removeAll { !needed.contains($0.tag) }
  }

  /// Whether a text can be a tag: products are files of that name.
  static func isTag(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 100 else { return false }
    return first != UInt8(ascii: "-")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
      }
  }
}

extension PipelineDocument {
  /// The top-level keys.
  static let specs: [OptionSpec] = [
    OptionSpec(
      "$schema", .string, default: .optional,
      "The JSON Schema of pipeline files, for editors; gossan does not read it."),
    OptionSpec("name", .string, default: .optional, "The name of the outputs' folder."),
    OptionSpec("parameters", .map(of: .any), default: .optional, "Values of ${name} in texts."),
    OptionSpec("grid", .object(GridSpec.specs), default: .optional, "The grid of the outputs."),
    OptionSpec(
      "seed", .integer(0...9_007_199_254_740_991), default: 1, "The seed of random choices."),
    OptionSpec(
      "chunk", .integer(16...8192), default: 512, unit: "cells", "The edge of a chunk."),
    OptionSpec("stages", .list(of: .any), "The stages, one after another."),
    OptionSpec(
      "variants", .list(of: .object(Variant.specs)), default: .optional,
      "Variants that 'gossan compare' runs; the first is what the others are compared with."),
    OptionSpec(
      "curve", .object(ComparisonCurve.specs), default: .optional,
      "An option that takes several values in every variant: 'gossan compare' draws the measures "
        + "over it.",
      example: "{ stage: \"folds\", option: \"train-samples\", values: [10, 20, 50] }"),
  ]

  /// Reads and checks a pipeline file; throws everything that is wrong with it at once.
  public static func read(
    _ path: String, catalog: [StageDefinition], overrides: Overrides = Overrides()
  ) throws(PipelineError) -> PipelineDocument {
    let bytes = try contents(of: path)
    let (document, problems) = parse(
      bytes: bytes, file: path, catalog: catalog, overrides: overrides)
    if !problems.isEmpty { throw .invalid(problems) }
    return document
  }

  /// Checks the text of a pipeline file; the document is whole only when there are no problems.
  public static func parse(
    _ text: String, file: String? = nil, catalog: [StageDefinition],
    overrides: Overrides = Overrides()
  ) -> (document: PipelineDocument, problems: [Problem]) {
    parse(bytes: Array(text.utf8), file: file, catalog: catalog, overrides: overrides)
  }

  /// Checks the bytes of a pipeline file; the document is whole only when there are no problems.
  public static func parse(
    bytes: [UInt8], file: String? = nil, catalog: [StageDefinition],
    overrides: Overrides = Overrides()
  ) -> (document: PipelineDocument, problems: [Problem]) {
    let (root, problems) = JSON5Reader.read(bytes: bytes, file: file)
    var builder = DocumentBuilder(file: file, catalog: catalog, problems: problems)
    let document = builder.document(root, overrides)
    return (document, builder.problems.inOrder)
  }

  /// More bytes than a person writes into a pipeline file.
  private static let maximumSize = 16 << 20

  private static func contents(of path: String) throws(PipelineError) -> [UInt8] {
    func failure(_ reason: String) -> PipelineError {
      .invalid([Problem(file: path, "the pipeline file cannot be read: \(reason)")])
    }
    guard let stream = fopen(path, "rb") else { throw failure(String(cString: strerror(errno))) }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= maximumSize {
      let count = fread(&block, 1, block.count, stream)
      if count == 0 { break }
      bytes += block[..<count]
    }
    if ferror(stream) != 0 { throw failure(String(cString: strerror(errno))) }
    if bytes.count > maximumSize { throw failure("it has more than \(maximumSize) bytes") }
    return bytes
  }
}
