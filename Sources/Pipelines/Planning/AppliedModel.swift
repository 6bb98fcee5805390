import Foundation
import Networks
import Rasters
import Segmentation

/// A model with the inputs that it reads, ready for maps.
struct AppliedModel: Sendable {
  let model: ModelProduct
  let cube: RasterProduct
  let segments: SegmentsProduct?
  /// Whether the sources are those of which the model file keeps ranges and background; not where
  /// the spectrum of another instrument stands for some of them.
  var hasOwnSources = true

  /// Which of a model's sources, by number, are which bands of these; others are not there.
  func places(of sources: [Band]) -> [(source: Int, place: Int)] {
    let own = cube.view.node.bands
    guard !hasOwnSources else { return sources.indices.map { ($0, $0) } }
    let known = Dictionary(own.enumerated().map { ($1.name, $0) }) { first, _ in first }
    return sources.enumerated().compactMap { source, band in
      known[band.name].map { (source, $0) }
    }
  }

  /// The inputs of every stage that applies a model.
  static let inputs = [
    InputDefinition(
      "model", [.model], isRequired: false, source: .named, "The model; or the option 'model'."),
    InputDefinition(
      "cube", [.raster], isMany: true, source: .named,
      "The cube, or the cubes, that the model was trained on; with the option 'model' the raw "
        + "rasters, whose bands are matched by name."),
    InputDefinition(
      "segments", [.segments], isRequired: false, source: .named,
      "The superpixels, for a graph branch; with the option 'model' they are made anew."),
  ]

  /// The option that names a model file.
  static let fileOption = OptionSpec(
    "model", .file, default: .optional,
    "A model file. It prepares the raw rasters given as 'cube' as it was trained.",
    example: "\"model.safetensors\"")

  /// The option that says how much of a window may be missing.
  static let missingOption = OptionSpec(
    "window-missing", .number(0...1), default: 1,
    "The share of a window's cells that may be missing before its pixel has no value.")

  /// The models of a request: one, or the members of one that combines several.
  static func all(_ request: PlanRequest) throws -> AppliedModels {
    if let path = request.options.optionalFilePath("model") {
      return try fromFile(request, path)
    }
    guard case .model(let model) = request.inputs["model"]?.first else {
      throw request.failure("inputs", "needs a 'model' among the inputs, or the option 'model'")
    }
    guard !request.rasters("cube").isEmpty else {
      throw request.failure("inputs", "needs the 'cube' that the model was trained on")
    }
    let cube = try Stack.cube(request, "cube")
    try requireBands(request, model, cube)
    if model.variation == .folds {
      return AppliedModels(model: model, parts: try ofFolds(request, model, cube))
    }
    let scales = try segments(request, model)
    return AppliedModels(
      model: model,
      parts: model.parts.enumerated().map { number, part in
        AppliedModel(model: part, cube: cube, segments: scales.isEmpty ? nil : scales[number])
      })
  }

  /// A single model with a cube, and superpixels where it needs them.
  static func given(
    _ request: PlanRequest, _ model: ModelProduct, _ cube: RasterProduct
  ) throws -> AppliedModel {
    try requireBands(request, model, cube)
    return AppliedModel(model: model, cube: cube, segments: try segments(request, model).first)
  }

  /// Checks that a cube has the bands of the one that a model was trained on.
  private static func requireBands(
    _ request: PlanRequest, _ model: ModelProduct, _ cube: RasterProduct
  ) throws {
    guard let trained = model.training?.cube, trained.bands.map(\.name) != cube.bands.map(\.name)
    else { return }
    throw request.failure(
      "inputs",
      "'\(cube.tag)' does not have the bands of '\(trained.tag)', which "
        + "'\(model.tag)' was trained on")
  }

  /// The models of folds, each with the input that was prepared in its fold.
  private static func ofFolds(
    _ request: PlanRequest, _ model: ModelProduct, _ cube: RasterProduct
  ) throws -> [AppliedModel] {
    let segments = request.segments("segments")
    guard let trained = model.training, trained.cube.node === cube.node,
      segments == nil || segments?.node === trained.segments?.node
    else {
      throw request.failure(
        "inputs",
        "each model of '\(model.tag)' prepares its own input: give the cube and the segments that "
          + "'train' has, or the written file as the option 'model' with other rasters")
    }
    return model.members.compactMap { member in
      member.training.map { own in
        AppliedModel(model: member, cube: own.cube, segments: own.segments)
      }
    }
  }

  /// The superpixels of each of a model's parts; none where it needs none.
  private static func segments(
    _ request: PlanRequest, _ model: ModelProduct
  ) throws -> [SegmentsProduct] {
    guard model.needsSegments else { return [] }
    guard let segments = request.segments("segments") else {
      throw request.failure("inputs", "the model has a graph branch and needs 'segments'")
    }
    let sizes = model.variation == .sizes ? model.parts.count : 1
    guard segments.family.count == sizes else {
      throw request.failure(
        "inputs",
        "'\(model.tag)' was trained on superpixels of \(sizes) sizes, "
          + "'\(segments.family.first?.tag ?? "")' and its like are of \(segments.family.count)")
    }
    return sizes == model.parts.count
      ? segments.family : model.parts.map { _ in segments.family[0] }
  }

  // MARK: Model files

  private static func fromFile(_ request: PlanRequest, _ path: String) throws -> AppliedModels {
    let bytes = try request.bytes(of: path, option: fileOption.name)
    let ensemble: ModelEnsemble
    let packages: [ModelPackage]
    do {
      ensemble = try ModelEnsemble(bytes)
      packages = try ensemble.packages
    } catch {
      throw request.failure("model", "\(path): \(error)")
    }
    let file = request.fileNode("/model", path, identity: "model file 1")
    let parts = try packages.enumerated().map { number, package in
      try replayed(
        request, package,
        packages.count == 1 ? file : member(request, number, of: file), path)
    }
    guard var model = parts.first?.model else { throw request.failure("model", "\(path): empty") }
    if parts.count > 1 {
      model = ModelProduct(
        tag: request.tag, node: file, method: model.method, architecture: model.architecture,
        classes: model.classes, training: nil, members: parts.map(\.model),
        variation: ensemble.variation, combination: ensemble.combination)
    }
    return AppliedModels(model: model, parts: parts)
  }

  /// One model of a file that holds several.
  private static func member(_ request: PlanRequest, _ number: Int, of file: Node) -> Node {
    request.planner.node(
      Node(
        name: "\(request.name)/model\(number)", kind: .value,
        identity: ["model of a file 1", "\(number)"], edges: [.all(file)]
      ) { context in
        let files = try ModelEnsemble(try context.value(0)).files
        guard files.indices.contains(number) else {
          throw ExecutionError.data("the model file changed while it was read")
        }
        return .bytes(files[number])
      })
  }

  private static func replayed(
    _ request: PlanRequest, _ package: ModelPackage, _ node: Node, _ path: String
  ) throws -> AppliedModel {
    let (cube, segments) = try Replay(request, package.notes.preparation).inputs()
    guard cube.bands == package.notes.bands else {
      throw request.failure("model", "\(path): its preparation does not make its own bands")
    }
    return AppliedModel(
      model: ModelProduct(
        tag: request.tag, node: node, method: package.predictor.method,
        architecture: package.predictor.architecture, classes: package.notes.classes,
        training: nil,
        isCalibrated: package.notes.calibration != nil || package.notes.intervals != nil,
        formsOfFile: package.notes.forms),
      cube: cube, segments: segments,
      hasOwnSources: cube.view.node.bands.map(\.name) == package.notes.sources.map(\.name))
  }
}

extension PlanRequest {
  /// The content of a file that an option names.
  func bytes(of path: String, option: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw failure(option, "\(path) cannot be read")
    }
    return [UInt8](data)
  }

  /// A node that holds what is in a file.
  func fileNode(_ suffix: String, _ path: String, identity: String) -> Node {
    planner.node(
      Node(
        name: name + suffix, kind: .value, identity: [identity], sources: [path],
        files: { _ in [path] }
      ) { _ in
        guard let data = FileManager.default.contents(atPath: path) else {
          throw ExecutionError.unreadable(file: path, reason: "it cannot be opened")
        }
        return .bytes([UInt8](data))
      })
  }
}

/// A model with the inputs of each of its parts.
struct AppliedModels: Sendable {
  let model: ModelProduct
  let parts: [AppliedModel]

  /// Makes of a raster of each part one raster; a single part's stays as it is.
  func combined(
    _ request: PlanRequest, _ nodes: [Node], identity: String,
    _ combine: @escaping @Sendable ([DataCube]) -> [Float]
  ) throws -> Node {
    guard let first = nodes.first else { throw request.failure("inputs", "needs a model") }
    guard nodes.count > 1 else { return first }
    return request.planner.node(
      Node(
        name: request.name, kind: .raster(first.bands),
        identity: [identity, model.combination.rawValue], edges: nodes.map(Node.Edge.cells)
      ) { context in
        let cubes = try nodes.indices.map { try context.cube($0, context.window) }
        return .cube(
          DataCube(
            window: context.window, bandCount: first.bands.count, values: combine(cubes)))
      })
  }
}
