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
    /// Of segments: the nominal number of cells.
    var cells: Double?
    /// Of segments: the GeoPackage with their shape and means.
    var graph: String?
  }

  /// What an explanation explains.
  struct Explained: Codable, Equatable {
    var className: String
    var output: String
    var method: String
    /// The names of the sources, keys of `sources`.
    var sources: [String]
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
      self.layers.append(try Self.layer(layer))
      guard case .raster(let raster) = layer.product,
        case .attribution(let attribution) = raster.presentation
      else { continue }
      for node in attribution.sources {
        sources[node.name] = Source(
          index: try ChunkIndex.write(node, executor).file, bands: node.bands)
      }
    }
    for task in plan.tasks where task.kind == .write {
      for case .targets(let targets) in task.products.map(\.product) {
        self.layers.append(
          Layer(tag: targets.tag, kind: .targets, file: targets.tag + ".gpkg"))
      }
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
        sources: attribution.sources.map(\.name))
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
