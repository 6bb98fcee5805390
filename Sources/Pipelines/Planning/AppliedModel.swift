import Foundation
import Networks
import Rasters
import Segmentation

/// A model with the inputs that it reads, ready for maps.
struct AppliedModel: Sendable {
  let model: ModelProduct
  let cube: RasterProduct
  let segments: SegmentsProduct?

  /// The inputs of every stage that applies a model.
  static let inputs = [
    InputDefinition(
      "model", [.model], isRequired: false, source: .named, "The model; or the option 'model'."),
    InputDefinition(
      "cube", [.raster], isMany: true, source: .named,
      "The cube that the model was trained on; with the option 'model' the raw rasters, whose bands "
        + "are matched by name."),
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
    let rasters = request.rasters("cube")
    guard rasters.count == 1, let cube = rasters.first else {
      throw request.failure("inputs", "needs one cube, the one that the model was trained on")
    }
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
    guard let data = FileManager.default.contents(atPath: path) else {
      throw request.failure("model", "\(path) cannot be read")
    }
    let ensemble: ModelEnsemble
    let packages: [ModelPackage]
    do {
      ensemble = try ModelEnsemble([UInt8](data))
      packages = try ensemble.packages
    } catch {
      throw request.failure("model", "\(path): \(error)")
    }
    let file = request.planner.node(
      Node(
        name: request.name + "/model", kind: .value, identity: ["model file 1"], sources: [path],
        files: { _ in [path] }
      ) { _ in
        guard let data = FileManager.default.contents(atPath: path) else {
          throw ExecutionError.unreadable(file: path, reason: "it cannot be opened")
        }
        return .bytes([UInt8](data))
      })
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
      cube: cube, segments: segments)
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

/// Makes a model's input again from raw bands, by the steps that its file carries.
private struct Replay {
  private let request: PlanRequest
  private let steps: [PreparationStep]

  init(_ request: PlanRequest, _ steps: [PreparationStep]) {
    self.request = request
    self.steps = steps
  }

  /// What the last step gathers: the cube, and the segments where the model reads them.
  func inputs() throws -> (RasterProduct, SegmentsProduct?) {
    var products: [Product] = []
    guard let last = steps.last, last.type == Recipe.modelInputs else { throw damaged }
    for (index, step) in steps.dropLast().enumerated() {
      guard step.inputs.allSatisfy({ $0 >= 0 && $0 < index }) else { throw damaged }
      let inputs = step.inputs.map { products[$0] }
      products.append(
        step.type == Recipe.raw ? try raw(step.bands, index) : try again(step, inputs, index))
    }
    guard last.inputs.allSatisfy(products.indices.contains),
      case .raster(let cube)? = last.inputs.first.map({ products[$0] })
    else { throw damaged }
    if last.inputs.count > 1, case .segments(let segments) = products[last.inputs[1]] {
      return (cube, segments)
    }
    return (cube, nil)
  }

  /// Raw bands by name, from whatever rasters were given.
  private func raw(_ bands: [Band], _ index: Int) throws -> Product {
    let given = request.rasters("cube")
    let places = try bands.map { band -> (node: Int, band: Int) in
      for (number, raster) in given.enumerated() {
        if let place = raster.bands.firstIndex(where: { $0.name == band.name }) {
          return (number, place)
        }
      }
      let known = given.flatMap { $0.bands.map(\.name) }
      throw request.failure(
        "inputs",
        "the model needs the band '\(band.name)'" + Suggestion.phrase(band.name, among: known))
    }
    let node = request.selection("/raw\(index)", of: given.map(\.node), places, as: bands)
    return .raster(
      RasterProduct(tag: request.tag, node: node, view: .identity(node), recipe: .raw(bands)))
  }

  /// A stage of the training pipeline, with its own options and fitted value.
  private func again(_ step: PreparationStep, _ inputs: [Product], _ index: Int) throws -> Product {
    guard let stage = StageCatalog.stage(step.type), let role = stage.definition.inputs.first else {
      throw damaged
    }
    var problems: [Problem] = []
    let (value, syntax) = JSON5Reader.read(step.options)
    let options = OptionSpec.validate(
      value, stage.definition.options, stage: request.tag, file: nil, into: &problems)
    guard syntax.isEmpty && problems.isEmpty else { throw damaged }
    return try stage.plan(
      PlanRequest(
        name: "\(request.name)/\(step.type)\(index)", tag: request.tag, type: step.type,
        revision: stage.revision, options: options, inputs: [role.name: inputs], fold: nil,
        fitted: step.fitted.map { [UInt8]($0.utf8) }, planner: request.planner))
  }

  private var damaged: PlanFailure {
    request.failure("model", "the model file's preparation is damaged or of another version")
  }
}
