import Rasters
import Tensors

/// One word of the pipeline language: what it takes, what it makes and how it is planned.
///
/// Planning reads headers and tables, never pixels; it finds every problem that can be known before
/// a run and returns what the stage promises to make.
protocol Stage: SendableMetatype {
  /// The stage's word, documentation, options and inputs.
  static var definition: StageDefinition { get }
  /// Raised whenever the stage's results change for the same options and inputs.
  static var revision: Int { get }
  /// Promises a product, or reports what is wrong.
  static func plan(_ request: PlanRequest) throws -> Product
}

/// What a stage is planned from.
struct PlanRequest: Sendable {
  /// The tag, with the fold where there is one; names the stage's nodes.
  let name: String
  /// The tag, which names the stage's outputs.
  let tag: String
  /// The stage's word.
  let type: String
  let revision: Int
  let options: OptionValues
  /// The products that the stage takes, by role.
  let inputs: [String: [Product]]
  /// The fold whose test places must not be seen; nil for the shipped model.
  let fold: FoldContext?
  /// A value that was fitted before, from a model file, to be used instead of fitting.
  var fitted: [UInt8]?
  let planner: Planner
  /// The seed of this stage alone, where it is planned with others than the pipeline's.
  var ownSeed: UInt64?

  /// The grid of the run.
  var grid: Grid { planner.grid }
  /// The seed of every random choice of this stage.
  var seed: UInt64 { ownSeed ?? planner.seed }
  /// The seed of the division and the draw of samples, which repeated validation varies.
  var splitSeed: UInt64 { planner.splitSeed }

  /// What decides the stage's result besides its inputs: word, revision and options but for `paths`.
  func identity(without paths: Set<String> = []) -> [String] {
    [type, "revision \(revision)", options.canonicalJSON(without: paths)]
  }

  /// A failure that names an option.
  func failure(_ key: String?, _ message: String) -> PlanFailure {
    PlanFailure(key: key, message: message)
  }

  /// The raster given as `role`.
  func raster(_ role: String) throws -> RasterProduct {
    guard case .raster(let raster) = inputs[role]?.first else { throw missing(role, "a raster") }
    return raster
  }

  /// The rasters given as `role`.
  func rasters(_ role: String) -> [RasterProduct] {
    (inputs[role] ?? []).compactMap { if case .raster(let raster) = $0 { raster } else { nil } }
  }

  /// The segments given as `role`, if any.
  func segments(_ role: String) -> SegmentsProduct? {
    if case .segments(let segments) = inputs[role]?.first { segments } else { nil }
  }

  /// The samples given as `role`.
  func samples(_ role: String) throws -> SamplesProduct {
    guard case .samples(let samples) = inputs[role]?.first else { throw missing(role, "samples") }
    return samples
  }

  /// The folds given as `role`.
  func folds(_ role: String) throws -> FoldsProduct {
    guard case .folds(let folds) = inputs[role]?.first else { throw missing(role, "folds") }
    return folds
  }

  /// The folds given as `role`, which must be those of the samples that a model is trained on.
  func folds(_ role: String, dividing samples: SamplesProduct) throws -> FoldsProduct {
    let folds = try folds(role)
    guard folds.samples.tag == samples.tag else {
      throw failure(
        "inputs",
        "'\(folds.tag)' divides the samples '\(folds.samples.tag)', the model is trained on "
          + "'\(samples.tag)'")
    }
    return folds
  }

  /// A model as it is trained in a fold, or with a seed of its own.
  func model(_ tag: String, fold: FoldContext?, seed: UInt64? = nil) throws -> ModelProduct {
    guard case .model(let model) = try planner.product(tag, fold: fold, seed: seed) else {
      throw failure("inputs", "needs a model")
    }
    return model
  }

  /// A model as it is trained in each fold, without the fold's test places.
  func models(_ tag: String, in folds: FoldsProduct) throws -> [ModelProduct] {
    try (0..<folds.count).map { try model(tag, fold: FoldContext(folds: folds, index: $0)) }
  }

  /// Chosen bands of rasters as a raster of its own; `places` says of which node which band.
  func selection(
    _ suffix: String, of nodes: [Node], _ places: [(node: Int, band: Int)], as bands: [Band]
  ) -> Node {
    planner.node(
      Node(
        name: name + suffix, kind: .raster(bands), identity: ["select bands 1", "\(places)"],
        edges: nodes.map(Node.Edge.cells), isStored: false,
        origins: places.map { BandOrigin(edge: $0.node, band: $0.band) }
      ) { context in
        let cubes = try nodes.indices.map { try context.cube($0, context.window) }
        return .cube(
          DataCube(
            window: context.window, bandCount: bands.count,
            values: places.flatMap { cubes[$0.node].band($0.band) }))
      })
  }

  /// A node that holds a value known beforehand.
  func constant(_ bytes: [UInt8]) -> Node {
    planner.node(
      Node(
        name: name + "/fit", kind: .value, identity: ["constant", SHA256.digest(bytes).hex]
      ) { _ in .bytes(bytes) })
  }

  private func missing(_ role: String, _ kind: String) -> PlanFailure {
    failure("inputs", "needs \(kind) as '\(role)'")
  }
}

/// Which fold is planned: its test places are hidden from every fit and feature.
struct FoldContext: Sendable {
  let folds: FoldsProduct
  let index: Int
  /// What nodes of the fold are called by, where it is not its number.
  var label: String?

  /// What nodes of the fold are called by.
  var word: String { label ?? "\(index)" }
}

/// Why a stage cannot be planned; the planner adds the place.
struct PlanFailure: Error {
  let key: String?
  let message: String
  /// Where it stands, if not where the option does.
  var place: Place?
}

extension RasterProduct {
  /// The bands that an option names, by position; by default all that are not categories.
  ///
  /// The name of a group stands for all its categories.
  func bandSelection(_ request: PlanRequest, option: String) throws -> [Int] {
    guard request.options.has(option) else {
      return bands.indices.filter { !bands[$0].isCategory }
    }
    let names = bands.map(\.name)
    let groups = Set(bands.compactMap(\.group))
    var seen: Set<Int> = []
    return try request.options.strings(option).flatMap { name -> [Int] in
      let found =
        names.firstIndex(of: name).map { [$0] } ?? bands.indices.filter { bands[$0].group == name }
      guard !found.isEmpty else {
        throw request.failure(
          option, "there is no band '\(name)'" + Suggestion.phrase(name, among: names + groups))
      }
      guard found.allSatisfy({ seen.insert($0).inserted }) else {
        throw request.failure(option, "names band '\(name)' twice")
      }
      return found
    }
  }
}
