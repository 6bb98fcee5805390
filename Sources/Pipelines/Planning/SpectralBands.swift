import Features
import Rasters

/// The options of stages that work on spectra.
enum SpectralBands {
  static let option = OptionSpec(
    "bands", .bands, default: .optional,
    "The bands of the spectrum; by default all that have a wavelength or wavenumber, or if none "
      + "has, all that are not categories.", example: "[\"717.42 cm-1\", \"725.13 cm-1\"]")

  /// The option that says how far bands are apart.
  static let alongOption = OptionSpec(
    "along", .choice(["wavelength", "bands"]), default: .optional,
    "What spectra run along: the wavelengths or wavenumbers of the bands, by default where they "
      + "have them; or the bands as they are listed, each 1 from the next.")
}

extension PlanRequest {
  /// Named ranges of wavelengths or wavenumbers that an option declares, in the order of their names;
  /// none where it is not given.
  func spectralRanges(_ key: String) throws -> [(name: String, range: ClosedRange<Double>)] {
    guard options.has(key) else { return [] }
    return try options.map(key).map { entry in
      let ends = (entry.value.elements ?? []).compactMap(\.number)
      guard ends.count == 2, ends[0] <= ends[1] else {
        throw failure(key, "'\(entry.key)' is no pair of a lower and an upper end")
      }
      return (entry.key, ends[0]...ends[1])
    }.sorted { $0.0 < $1.0 }
  }
}

extension BandPosition.Unit {
  /// The unit as units of values have it below a line.
  var divisor: String { self == .nanometres ? "nm" : "(cm-1)" }
}

extension RasterProduct {
  /// The chosen bands as one spectrum, in order; `least` is the number of bands that it needs, and
  /// `along` stands for the option where the stage leaves no choice.
  func spectrum(
    _ request: PlanRequest, least: Int, along fixed: String? = nil
  ) throws -> SpectralAxis {
    let chosen = try spectralBands(request)
    guard chosen.count >= least else {
      throw request.failure(
        "bands", "a spectrum has \(least) bands or more here, not \(chosen.count)")
    }
    let along = fixed ?? request.options.optionalString("along")
    let placed = chosen.filter { bands[$0].position != nil }
    if along == "bands" || along == nil && placed.isEmpty { return SpectralAxis(bands: chosen) }
    return try axis(request, chosen, hasChoice: fixed == nil)
  }

  private func spectralBands(_ request: PlanRequest) throws -> [Int] {
    let placed = bands.indices.filter { bands[$0].position != nil && bands[$0].group == nil }
    let chosen =
      request.options.has("bands") || placed.isEmpty
      ? try bandSelection(request, option: "bands") : placed
    if let category = chosen.map({ bands[$0] }).first(where: { $0.group != nil }) {
      throw request.failure(
        "bands",
        "'\(category.name)' is one of the categories of '\(category.feature)', and no band of a "
          + "spectrum")
    }
    return chosen
  }

  /// The chosen bands by their positions, which all must have, in one unit and each its own.
  private func axis(
    _ request: PlanRequest, _ chosen: [Int], hasChoice: Bool
  ) throws -> SpectralAxis {
    let way = hasChoice ? ", or take them as they are listed with along: \"bands\"" : ""
    let positions = try chosen.map { band -> BandPosition in
      guard let position = bands[band].position else {
        throw request.failure(
          "bands",
          "the band '\(bands[band].name)' has no wavelength; give it to 'read-cube', choose others"
            + way)
      }
      return position
    }
    let unit = positions[0].unit
    if let other = positions.firstIndex(where: { $0.unit != unit }) {
      throw request.failure(
        "bands",
        "'\(bands[chosen[0]].name)' is at \(positions[0]), '\(bands[chosen[other]].name)' at "
          + "\(positions[other]); choose bands of one unit" + way)
    }
    var seen: [Double: Int] = [:]
    for (band, position) in zip(chosen, positions) {
      if let other = seen.updateValue(band, forKey: position.value) {
        throw request.failure(
          "bands",
          "'\(bands[other].name)' and '\(bands[band].name)' are both at \(position); choose one of "
            + "them" + way)
      }
    }
    return SpectralAxis(bands: chosen, at: positions.map(\.value), unit: unit)
  }

  /// A raster of spectra that a filter makes: linear, so that explanations go through it.
  ///
  /// `option` is the one that a name that two bands have is blamed on.
  func filtered(
    _ request: PlanRequest, _ filter: SpectralFilter, _ made: [Band], option: String = "bands"
  ) throws -> RasterProduct {
    let bands = filter.layout(of: bands.count).map { source in
      switch source {
      case .kept(let band): self.bands[band]
      case .made(let index): made[index]
      }
    }
    try request.requireDifferentNames(bands, option: option)
    let count = self.bands.count
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands),
        identity: request.identity() + [filter.axis.text], edges: [.cells(node)],
        isStored: false, origins: origins(filter)
      ) { context in
        .cube(filter.apply(try context.cube(0, context.window)))
      })
    let view = view
    return RasterProduct(
      tag: request.tag, node: node,
      view: LinearView(node: view.node, values: view.values) {
        try view.map($0).then(filter.linearMap(bandCount: count))
      },
      recipe: Recipe(
        type: request.type, options: request.options.canonicalJSON, inputs: [recipe],
        bands: bands))
  }

  private func origins(_ filter: SpectralFilter) -> [BandOrigin?] {
    filter.layout(of: bands.count).map { source in
      switch source {
      case .kept(let band): BandOrigin(band: band)
      case .made: nil
      }
    }
  }

  /// A raster whose spectra `change` makes of this one's, not linearly: it is its own source.
  func changed(
    _ request: PlanRequest, _ axis: SpectralAxis, _ bands: [Band], isStored: Bool,
    _ change: @escaping @Sendable (DataCube) -> DataCube
  ) -> RasterProduct {
    let chosen = Set(axis.bands)
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: request.identity() + [axis.text],
        edges: [.cells(node)], isStored: isStored,
        origins: isStored
          ? [] : bands.indices.map { chosen.contains($0) ? nil : BandOrigin(band: $0) }
      ) { context in
        .cube(change(try context.cube(0, context.window)))
      })
    return RasterProduct(
      tag: request.tag, node: node, view: .identity(node),
      recipe: Recipe(
        type: request.type, options: request.options.canonicalJSON, inputs: [recipe],
        bands: bands))
  }
}
