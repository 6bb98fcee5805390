import Foundation
import Networks

/// What models that are combined differ in.
enum Variation: String, Codable, Sendable {
  /// The size of the superpixels.
  case sizes
  /// The seed of the training.
  case seeds
  /// The fold whose test places they have not seen.
  case folds
}

/// One model or several whose results are combined, as one file.
///
/// Several models stand in one safetensors file: the tensors of each after `member0.`, `member1.`
/// and so on, and in the metadata entry `gossan-ensemble` JSON with how they are combined and what
/// the files of the single models say of themselves.
struct ModelEnsemble: Sendable {
  /// The bytes of each model's own file.
  let files: [[UInt8]]
  let combination: Combination
  let variation: Variation

  /// What `gossan-ensemble` in the metadata holds.
  private struct Header: Codable {
    var version: Int
    var combination: Combination
    /// What the models differ in; nil for sizes of segments.
    var variation: Variation?
    /// What stands in the metadata of each model's own file.
    var members: [[String: String]]
  }

  private static let key = "gossan-ensemble"
  /// The version that is written and the newest that is read.
  private static let version = 1

  init(files: [[UInt8]], combination: Combination, variation: Variation = .sizes) {
    self.files = files
    self.combination = combination
    self.variation = variation
  }

  /// Reads the bytes of a file of one model or several.
  init(_ bytes: [UInt8]) throws {
    let file = try Safetensors(bytes)
    guard let json = file.metadata[Self.key] else {
      self.init(files: [bytes], combination: .average)
      return
    }
    guard let header = try? Header.stored([UInt8](json.utf8)), !header.members.isEmpty else {
      throw ExecutionError.data("the file's description of its models is malformed")
    }
    guard header.version <= Self.version else {
      throw ExecutionError.data(
        "the file has version \(header.version); this program reads up to \(Self.version)")
    }
    self.init(
      files: header.members.enumerated().map { number, metadata in
        Safetensors(tensors: Self.tensors(of: number, in: file), metadata: metadata).encoded()
      }, combination: header.combination, variation: header.variation ?? .sizes)
  }

  private static func prefix(_ number: Int) -> String { "member\(number)." }

  private static func tensors(of number: Int, in file: Safetensors) -> [NamedTensor] {
    let prefix = prefix(number)
    return file.tensors.filter { $0.name.hasPrefix(prefix) }.map { tensor in
      var own = tensor
      own.name.removeFirst(prefix.count)
      return own
    }
  }

  /// The models, read.
  var packages: [ModelPackage] { get throws { try files.map { try ModelPackage($0) } } }

  /// The bytes of one file.
  func encoded() throws -> [UInt8] {
    guard files.count > 1 else { return files.first ?? [] }
    let parts = try files.map { try Safetensors($0) }
    let header = Header(
      version: Self.version, combination: combination,
      variation: variation == .sizes ? nil : variation, members: parts.map(\.metadata))
    let tensors = parts.enumerated().flatMap { number, part in
      part.tensors.map { tensor in
        var own = tensor
        own.name = Self.prefix(number) + tensor.name
        return own
      }
    }
    let json = String(decoding: try JSONEncoder.stable.encode(header), as: UTF8.self)
    return Safetensors(tensors: tensors, metadata: [Self.key: json]).encoded()
  }
}

extension PlanRequest {
  /// Several models as one, whose file holds them all; a single one stays as it is.
  ///
  /// `training` is what stands for the inputs of all of them.
  func combined(
    _ members: [ModelProduct], _ combination: Combination, _ variation: Variation,
    training: ModelProduct.Training?
  ) throws -> ModelProduct {
    guard let first = members.first else { throw failure("inputs", "needs a model") }
    guard members.count > 1 else { return first }
    let node = planner.node(
      Node(
        name: name, kind: .value,
        identity: ["ensemble 1", combination.rawValue]
          + (variation == .sizes ? [] : [variation.rawValue]),
        edges: members.map { .all($0.node) }
      ) { context in
        let files = try members.indices.map { try context.value($0) }
        return .bytes(
          try ModelEnsemble(files: files, combination: combination, variation: variation)
            .encoded())
      })
    return ModelProduct(
      tag: tag, node: node, method: first.method, architecture: first.architecture,
      classes: first.classes, training: training, members: members, variation: variation,
      combination: combination)
  }
}
