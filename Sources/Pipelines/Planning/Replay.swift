import Rasters

/// Makes a model's input again from raw bands, by the steps that its file carries.
struct Replay {
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
    if let spectra = spectra(bands, index, given) { return .raster(spectra) }
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
    return .raster(selection(given, places, bands, index))
  }

  private func selection(
    _ given: [RasterProduct], _ places: [(node: Int, band: Int)], _ bands: [Band], _ index: Int
  ) -> RasterProduct {
    let node = request.selection("/raw\(index)", of: given.map(\.node), places, as: bands)
    return RasterProduct(tag: request.tag, node: node, view: .identity(node), recipe: .raw(bands))
  }

  /// The spectrum of another instrument in place of bands that are only resampled.
  ///
  /// It has all bands of one of the rasters that have wavelengths in the same unit. Nil where the
  /// wanted bands are there by name.
  private func spectra(
    _ bands: [Band], _ index: Int, _ given: [RasterProduct]
  ) -> RasterProduct? {
    let users = steps.filter { $0.inputs.contains(index) }
    guard let first = bands.first, let unit = first.position?.unit, !users.isEmpty,
      users.allSatisfy({ $0.type == ResampleBands.definition.name }),
      bands.allSatisfy({ $0.position?.unit == unit })
    else { return nil }
    let known = Set(given.flatMap { $0.bands.map(\.name) })
    guard !bands.allSatisfy({ known.contains($0.name) }) else { return nil }
    for (number, raster) in given.enumerated() {
      let own = raster.bands.indices.filter { raster.bands[$0].position?.unit == unit }
      guard own.count >= 2 else { continue }
      let spectrum = own.map { place in
        var band = raster.bands[place]
        (band.unit, band.featureGroup) = (first.unit, first.featureGroup)
        return band
      }
      return selection(given, own.map { (node: number, band: $0) }, spectrum, index)
    }
    return nil
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
