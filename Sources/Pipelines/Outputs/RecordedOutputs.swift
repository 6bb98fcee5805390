import Foundation
import Networks
import Rasters
import Segmentation
import Tensors

/// What `run.json` says of the files that a run keeps: enough to ask them for a place without the
/// pipeline, and without guessing from names.
struct RecordedOutputs: Codable, Equatable {
  /// The folder of the store; relative to that of the outputs where it lies inside.
  var store: String
  var layers: [Layer] = []
  /// What was read or gridded of explained features, by the name of its stage.
  var sources: [String: Source] = [:]

  /// What the numbers of a layer mean.
  enum Kind: String, Codable {
    case probability, attribution, deviation, flags, named, continuous, segments, targets
  }

  /// An output that can be asked for a place.
  struct Layer: Codable, Equatable {
    var tag: String
    var kind: Kind
    /// The raster, or for targets the GeoPackage; relative to the folder of the outputs.
    var file: String
    var bands: [Band] = []
    /// The tag of the raster that the layer belongs to, such as that of its flags.
    var of: String?
    /// Of a map or an explanation: what tells its model from others.
    var model: String?
    /// What the head of the model makes: "softmax", "sigmoid" or "linear".
    var head: String?
    /// Of a deviation: the number of models.
    var models: Int?
    /// Of an explanation.
    var explained: Explained?
    /// Of classes and levels: the names of the values.
    var names: [String: String]?
    /// Of flags: for each model, or once where all have the same, what its samples had of each
    /// input.
    var ranges: [[InputRange]]?
    /// Of segments: the nominal number of cells.
    var cells: Double?
    /// Of segments: the GeoPackage with their shape and means.
    var graph: String?
  }

  /// What the training samples of a model had of one of its inputs.
  struct InputRange: Codable, Hashable {
    /// The input as the model knows it.
    var band: Band
    /// The least and the greatest value, of logarithms where there is a `factor`; nil for none.
    var minimum: Float?
    var maximum: Float?
    /// The source that holds its values, a key of `sources`; nil where the store does not keep them.
    var source: String?
    /// The band of the source, counted from 0.
    var place: Int?
    /// What values are multiplied by before their logarithm is taken; nil for the values themselves.
    var factor: Double?
    /// Whether cells without a value may have got one.
    var isFilled: Bool
  }

  /// What an explanation explains.
  struct Explained: Codable, Equatable {
    var className: String
    var output: String
    var method: String
    /// The names of the sources, keys of `sources`.
    var sources: [String]
    /// The side of the blocks of which one cell is explained, where it is more than one cell.
    var step: Int?
  }

  /// Bands as they were read or gridded, cell by cell in the store.
  struct Source: Codable, Equatable {
    /// The index of the chunks, in the store.
    var index: String
    var bands: [Band]
  }

  /// Lists the layers of a run, and makes what reads single cells of their sources.
  init(_ plan: Runner.Plan, _ layers: [OutputWriter.Layer], _ executor: Executor, folder: String)
    throws
  {
    store = executor.store.directory
    if store.hasPrefix(folder + "/") {
      store = String(store.dropFirst(folder.count + 1))
    } else {
      store = URL(fileURLWithPath: store).standardizedFileURL.path
    }
    for layer in layers {
      var recorded = try Self.layer(layer)
      if case .raster(let raster) = layer.product {
        if case .attribution(let attribution) = raster.presentation {
          for node in attribution.sources { try addSource(node, executor) }
        }
        let ranges = try raster.inputs.map { try self.ranges($0, executor) }
        if !ranges.isEmpty { recorded.ranges = Set(ranges).count == 1 ? [ranges[0]] : ranges }
      }
      self.layers.append(recorded)
    }
    for task in plan.tasks where task.kind == .write {
      for case .targets(let targets) in task.products.map(\.product) {
        self.layers.append(
          Layer(tag: targets.tag, kind: .targets, file: targets.tag + ".gpkg"))
      }
    }
  }

  /// Makes what reads single cells of a stored raster.
  private mutating func addSource(_ node: Node, _ executor: Executor) throws {
    guard sources[node.name] == nil else { return }
    sources[node.name] = Source(
      index: try ChunkIndex.write(node, executor).file, bands: node.bands)
  }

  /// What a model's samples had of its inputs, and where the values of all cells are.
  private mutating func ranges(
    _ inputs: ModelInputs, _ executor: Executor
  ) throws -> [InputRange] {
    let notes = try ModelPackage(try executor.value(inputs.model)).notes
    return try notes.sources.indices.map { index in
      let stored = inputs.sources.stored(index)
      if let stored { try addSource(stored.node, executor) }
      return InputRange(
        band: notes.sources[index],
        minimum: notes.minimum[index].isFinite ? notes.minimum[index] : nil,
        maximum: notes.maximum[index].isFinite ? notes.maximum[index] : nil,
        source: stored?.node.name, place: stored?.band, factor: stored?.factor,
        isFilled: stored?.isFilled ?? false)
    }
  }

  private static func layer(_ written: OutputWriter.Layer) throws -> Layer {
    let file = String(written.path.dropFirst(written.folder.count + 1))
    switch written.product {
    case .raster(let raster):
      var layer = Layer(
        tag: raster.tag, kind: raster.presentation.kind, file: file, bands: raster.bands,
        of: written.head == raster.tag ? nil : written.head)
      layer.describe(raster)
      return layer
    case .segments(let segments):
      return Layer(
        tag: segments.tag, kind: .segments, file: file, bands: written.bands,
        of: written.head == segments.tag ? nil : written.head, cells: segments.lattice.size,
        graph: segments.tag + ".gpkg")
    default: throw ExecutionError.data("'\(written.product.tag)' is no layer")
    }
  }
}

extension RecordedOutputs.Layer {
  fileprivate mutating func describe(_ raster: RasterProduct) {
    var reference = raster.model
    switch raster.presentation {
    case .attribution(let attribution):
      reference = attribution.model
      explained = RecordedOutputs.Explained(
        className: attribution.className, output: attribution.output, method: attribution.method,
        sources: attribution.sources.map(\.name),
        step: attribution.step > 1 ? attribution.step : nil)
    case .deviation(let count): models = count
    case .named:
      names = Dictionary(
        uniqueKeysWithValues: raster.presentation.categories.map { ("\($0.key)", $0.value) })
    case .continuous, .probability, .entropy, .flags: break
    }
    model = reference?.node.structure.hex
    head = reference?.kind.rawValue
  }
}

extension Presentation {
  fileprivate var kind: RecordedOutputs.Kind {
    switch self {
    case .continuous, .entropy: .continuous
    case .probability: .probability
    case .deviation: .deviation
    case .attribution: .attribution
    case .flags: .flags
    case .named: .named
    }
  }
}

/// A finished run as its `run.json` tells of it.
struct FinishedRun: Decodable {
  struct Stage: Decodable {
    var type: String
    var tag: String
  }
  var pipeline: String
  var chunk: Int
  var finished: String
  var stages: [Stage]
  /// Missing where an earlier version wrote the file.
  var outputs: RecordedOutputs?

  /// Reads the record in a folder of outputs; nil where there is none.
  init?(folder: String) throws {
    guard let data = FileManager.default.contents(atPath: folder + "/run.json") else { return nil }
    self = try JSONDecoder().decode(FinishedRun.self, from: data)
  }
}
