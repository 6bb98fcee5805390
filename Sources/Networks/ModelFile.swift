internal import Foundation

/// A model with whatever its maker keeps beside it, as one safetensors file.
///
/// Tensors are named `<branch>.<layer>.<parameter>` in PyTorch's layout. The metadata entry `gossan`
/// holds JSON: the format's version, the method, the architecture and `extra`. Models of other
/// methods than networks have an architecture without branches, which says what goes in and out,
/// and tensors of their own.
public struct ModelFile: Sendable {
  /// The method that made the model.
  public let method: String
  /// What the model takes and makes.
  public let architecture: ModelArchitecture
  /// The model's numbers.
  public let tensors: [NamedTensor]
  /// JSON of the caller's own: preparation, classes, training record; kept as it is.
  public let extra: String
  /// The network; nil for models of other methods.
  public let network: Model?

  /// The version of the format that is written and the newest that is read.
  public static let version = 1
  /// The method of networks.
  public static let networkMethod = "network"

  /// Puts a network and its companion together; `extra` must be JSON.
  public init(model: Model, extra: String = "{}") {
    method = Self.networkMethod
    architecture = model.architecture
    tensors = model.tensors
    self.extra = extra
    network = model
  }

  /// Puts a model of another method and its companion together; `extra` must be JSON.
  public init(
    method: String, architecture: ModelArchitecture, tensors: [NamedTensor], extra: String
  ) {
    precondition(method != Self.networkMethod, "a network comes as a Model")
    self.method = method
    self.architecture = architecture
    self.tensors = tensors
    self.extra = extra
    network = nil
  }

  /// What `gossan` in the metadata holds.
  private struct Header: Codable {
    var version: Int
    var method: String?
    var architecture: ModelArchitecture
    var extra: String
  }

  /// The file's bytes, the same for the same model.
  ///
  /// - Throws: `ModelFileError` where a parameter is not finite: such a model is of no use.
  public func encoded() throws(ModelFileError) -> [UInt8] {
    let header = Header(
      version: Self.version, method: network == nil ? method : nil, architecture: architecture,
      extra: extra)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json: Data
    do {
      json = try encoder.encode(header)
    } catch {
      throw ModelFileError("the architecture cannot be written: \(error)")
    }
    for tensor in tensors {
      if let place = tensor.values.firstIndex(where: { !$0.isFinite }) {
        throw ModelFileError("value \(place) of \(tensor.name) is \(tensor.values[place])")
      }
    }
    return Safetensors(
      tensors: tensors, metadata: ["gossan": String(decoding: json, as: UTF8.self)]
    ).encoded()
  }

  /// Reads a file's bytes.
  ///
  /// - Throws: `ModelFileError` where the bytes are no such file or, for a network, its architecture
  ///   cannot be built, or a tensor is missing, unknown, of another shape or not finite.
  public init(_ bytes: [UInt8]) throws(ModelFileError) {
    let file = try Safetensors(bytes)
    guard let json = file.metadata["gossan"] else {
      throw ModelFileError(
        "the file's metadata have no entry gossan; it was not written by gossan")
    }
    let header = try Self.header(json)
    method = header.method ?? Self.networkMethod
    architecture = header.architecture
    tensors = file.tensors
    extra = header.extra
    network = method == Self.networkMethod ? try Self.network(header.architecture, file) : nil
  }

  private static func network(
    _ architecture: ModelArchitecture, _ file: Safetensors
  ) throws(ModelFileError) -> Model {
    guard architecture.problem == nil else {
      throw ModelFileError("the file's model cannot be built: \(architecture.problem ?? "")")
    }
    try checkSize(architecture, file)
    var model: Model
    do {
      model = try Model(architecture: architecture, seed: 0)
    } catch {
      throw ModelFileError("the file's model cannot be built: \(error)")
    }
    try model.take(file.tensors)
    return model
  }

  private static func header(_ json: String) throws(ModelFileError) -> Header {
    do {
      let header = try JSONDecoder().decode(Header.self, from: Data(json.utf8))
      guard (1...version).contains(header.version) else {
        throw ModelFileError(
          "the file has version \(header.version); this program reads up to \(version)")
      }
      return header
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw ModelFileError("the file's description of its model is incomplete or malformed")
    }
  }

  /// Refuses an architecture with more parameters than the file has numbers, before it is built.
  private static func checkSize(
    _ architecture: ModelArchitecture, _ file: Safetensors
  ) throws(ModelFileError) {
    let stored = file.tensors.reduce(0) { $0 + $1.values.count }
    guard let needed = architecture.weightCount, needed <= stored else {
      throw ModelFileError(
        "the file's architecture has more weights than the file has numbers (\(stored))")
    }
  }
}

extension Model {
  /// All parameters and buffers by name.
  public var tensors: [NamedTensor] { parameters.parameters("") + parameters.buffers("") }

  /// Takes parameters and buffers from arrays of the same names and shapes, no more and no fewer.
  public mutating func take(_ tensors: [NamedTensor]) throws(ModelFileError) {
    var given: [String: NamedTensor] = [:]
    for tensor in tensors { given[tensor.name] = tensor }
    for expected in self.tensors {
      guard let tensor = given.removeValue(forKey: expected.name) else {
        throw ModelFileError("the file has no tensor \(expected.name), which its model needs")
      }
      guard tensor.shape == expected.shape else {
        throw ModelFileError(
          "tensor \(tensor.name) has the shape \(tensor.shape); \(expected.shape) was expected")
      }
      if let place = tensor.values.firstIndex(where: { !$0.isFinite }) {
        throw ModelFileError("value \(place) of \(tensor.name) is \(tensor.values[place])")
      }
    }
    if let unknown = given.keys.min() {
      throw ModelFileError("the file has a tensor \(unknown), which its model does not need")
    }
    let values = Dictionary(tensors.map { ($0.name, $0.values) }) { first, _ in first }
    let assign: Parameterized.Visitor = { name, _, own in own = values[name] ?? own }
    parameters.visitParameters("", assign)
    parameters.visitBuffers("", assign)
  }
}
