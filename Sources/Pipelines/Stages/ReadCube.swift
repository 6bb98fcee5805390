import Features
import RasterFiles
import Rasters

/// Reads bands of raster files onto the pipeline's grid.
enum ReadCube: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "read-cube",
    summary: "Reads bands of raster files onto the pipeline's grid.",
    details: """
      Any raster that GDAL reads, warped to the grid cell by cell, so that the result does not \
      depend on chunks. Nodata values, masks, alpha bands, NaN and infinite pixels are missing and \
      never take part in interpolation; scale and offset are applied. A band is named by its \
      description, or by its file.

      With 'cells' a raster keeps a resolution higher than the grid's, cell by cell of a grid of its \
      own that divides the pipeline's: a photograph of 5 um beside spectra of 25 um has 'cells: 5'. \
      Rasters of a lower resolution are read with 'resampling: "nearest"', which changes no value.
      """,
    options: [
      OptionSpec(
        "files", .files, "The rasters: paths, patterns or a list.", example: "[\"geo/*.tif\"]"),
      OptionSpec(
        "mosaic", .choice(RasterMosaic.Order.allCases.map(\.rawValue)), default: .optional,
        "Reads the files as tiles of one raster, with cells of one lattice, seamlessly. Where they "
          + "overlap, the one modified last wins ('newest'), or the one listed last ('listed'; "
          + "patterns list by name)."),
      OptionSpec(
        "bands", .list(of: .either(.integer(1...100_000), .string)), default: .optional,
        "The bands to read of every file, by number (from 1) or description; by default all but "
          + "alpha bands.", example: "[1, \"nir\"]"),
      OptionSpec(
        "names", .list(of: .string), default: .optional,
        "Names for the bands that are read, in order.", example: "[\"red\", \"nir\"]"),
      OptionSpec(
        "categorical", .either(.map(of: .map(of: .string)), .textOrList), default: .optional,
        "Bands of class codes, which become one band per category; with the names of the codes "
          + "where the file does not have them.",
        example: "{ rock: { \"1\": \"granite\", \"2\": \"gneiss\" } }"),
      OptionSpec(
        "resampling", .choice(["auto"] + Resampling.allCases.map(\.rawValue)), default: "auto",
        "How pixels become cells. 'auto': nearest for categories (mode when cells grow), else "
          + "bilinear (average when cells grow)."),
      OptionSpec(
        "cells", .integer(1...64), default: .optional, unit: "cells",
        "Into how many cells each side of a cell of the grid is divided for these files, so that "
          + "rasters of a higher resolution keep it: every smaller cell becomes a band, and a "
          + "'patch-cnn' sees the bands of all as one finer window.", example: "5"),
      FeatureGroups.option,
    ] + BandPositions.options,
    output: .raster,
    example: #"""
      { type: "read-cube", tag: "layers", files: ["geo/*.tif"],
        categorical: { rock: { "1": "granite", "2": "gneiss" } } }
      """#)

  /// Some bands of one file.
  private struct Source: Sendable {
    let raster: Raster
    let pool: RasterPool
    let bands: [Int]
    /// What each band becomes: itself, or one band per category.
    let outputs: [Output]
  }

  /// A file, or the tiles of a mosaic.
  private enum Raster: Sendable {
    case file(RasterInfo)
    case mosaic(RasterMosaic)

    var info: RasterInfo {
      switch self {
      case .file(let info): info
      case .mosaic(let mosaic): mosaic.info
      }
    }

    func pool(_ bands: [Int], _ grid: Grid, _ resampling: Resampling) throws -> RasterPool {
      switch self {
      case .file(let info):
        try RasterPool(path: info.path, bands: bands, grid: grid, resampling: resampling)
      case .mosaic(let mosaic):
        try RasterPool(mosaic: mosaic, bands: bands, grid: grid, resampling: resampling)
      }
    }
  }

  private enum Output: Sendable {
    case value(Band)
    /// Class codes, with the group of features that the file names.
    case categories(OneHot, featureGroup: String?)

    var bands: [Band] {
      switch self {
      case .value(let band): return [band]
      case .categories(let oneHot, let featureGroup):
        return oneHot.bands.map {
          Band(name: $0.name, unit: $0.unit, group: $0.group, featureGroup: featureGroup)
        }
      }
    }

    /// The names of codes; none of values.
    var categories: [Int: String] {
      guard case .categories(let oneHot, _) = self else { return [:] }
      return Dictionary(zip(oneHot.codes, oneHot.names)) { first, _ in first }
    }
  }

  static func plan(_ request: PlanRequest) throws -> Product {
    let refinement = request.options.optionalInt("cells") ?? 1
    let sources = try sources(request, request.grid.divided(by: refinement))
    let own = request.grouped(sources.flatMap { $0.outputs.flatMap(\.bands) })
    let bands = refinement == 1 ? own : own.flatMap { $0.divided(by: refinement) }
    var seen: Set<String> = []
    for band in bands where !seen.insert(band.name).inserted {
      throw request.failure(
        "files", "two bands are named '\(band.name)'; give different 'names'")
    }
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands),
        identity: request.identity(without: ["files", "mosaic"]),
        sources: sources.map(\.raster.info.path),
        scratch: refinement == 1
          ? [] : [Node.Scratch(bytes: bands.count * MemoryLayout<Float>.size)],
        files: { window in
          sources.flatMap { $0.pool.source.files(touching: window.divided(by: refinement)) }
        }
      ) { context in
        let window = context.window.divided(by: refinement)
        var values: [Float] = []
        values.reserveCapacity(own.count * window.cellCount)
        for source in sources {
          let cube = try source.pool.read(window)
          for (index, output) in source.outputs.enumerated() {
            switch output {
            case .value: values += cube.band(index)
            case .categories(let oneHot, _): values += oneHot.apply(cube, band: index).values
            }
          }
        }
        let cube = DataCube(window: window, bandCount: own.count, values: values)
        return .cube(
          refinement == 1 ? cube : cube.gathered(into: context.window, refinement: refinement))
      })
    return .raster(
      RasterProduct(tag: request.tag, node: node, view: .identity(node), recipe: .raw(bands)))
  }

  /// The files with their bands, to be read onto a grid.
  private static func sources(_ request: PlanRequest, _ grid: Grid) throws -> [Source] {
    let categorical = try Categorical(request)
    var positions = try BandPositions(request)
    var names = request.options.strings("names")[...]
    var unused = Set(categorical.names.keys)
    let sources = try rasters(request).map { raster in
      do {
        let info = raster.info
        let numbers = try bandNumbers(request, info)
        let named = numbers.map { names.popFirst() ?? bandName(info, $0) }
        let outputs = try zip(numbers, named).map { number, name in
          unused.remove(name)
          let band = info.bands[number - 1]
          return try output(
            request, band, name, categorical, try positions.next(band, named: name))
        }
        let isCategorical = outputs.contains { if case .categories = $0 { true } else { false } }
        let resampling = resampling(request, info, grid, isCategorical: isCategorical)
        request.tell(
          SourceFacts(
            info, bands: numbers, names: named, categories: outputs.map(\.categories), resampling,
            grid: grid))
        return Source(
          raster: raster, pool: try raster.pool(numbers, grid, resampling),
          bands: numbers, outputs: outputs)
      } catch let error as GDALError {
        throw request.failure("files", "\(error)")
      }
    }
    let all = Set(sources.flatMap { $0.outputs.flatMap { $0.bands.map(\.feature) } }).sorted()
    if let name = unused.sorted().first {
      throw request.failure(
        "categorical", "no band '\(name)' is read" + Suggestion.phrase(name, among: all))
    }
    if let name = names.first {
      throw request.failure("names", "there is no band left for the name '\(name)'")
    }
    try positions.finish()
    return sources
  }

  /// The files, or the one mosaic of all of them.
  private static func rasters(_ request: PlanRequest) throws -> [Raster] {
    do {
      let options = request.options
      guard let tiles = options.tiles else {
        return try options.filePaths("files").map { .file(try RasterInfo(path: $0)) }
      }
      return [.mosaic(try request.planner.mosaic(tiles))]
    } catch let error as GDALError {
      throw request.failure("files", "\(error)")
    }
  }

  private static func bandNumbers(_ request: PlanRequest, _ info: RasterInfo) throws -> [Int] {
    guard let wanted = request.options.raw("bands")?.elements else {
      return info.bands.indices.filter { info.bands[$0].colorInterpretation != "Alpha" }.map {
        $0 + 1
      }
    }
    let names = info.bands.map(\.name)
    return try wanted.map { value in
      if let number = value.integer {
        guard number <= info.bands.count else {
          throw request.failure(
            "bands", "\(info.path) has no band \(number); it has \(info.bands.count)")
        }
        return number
      }
      let name = value.string ?? ""
      guard let index = names.firstIndex(of: name) else {
        throw request.failure(
          "bands", "\(info.path) has no band '\(name)'" + Suggestion.phrase(name, among: names))
      }
      return index + 1
    }
  }

  private static func bandName(_ info: RasterInfo, _ number: Int) -> String {
    let description = info.bands[number - 1].name
    if !description.isEmpty { return description }
    let title = PipelinePath.title(of: info.path)
    return info.bands.count == 1 ? title : "\(title)-\(number)"
  }

  private static func output(
    _ request: PlanRequest, _ info: BandInfo, _ name: String, _ categorical: Categorical,
    _ position: BandPosition?
  ) throws -> Output {
    guard let given = categorical.names[name] else {
      return .value(
        Band(
          name: name, unit: info.unit, featureGroup: info.featureGroup, position: position))
    }
    let categories =
      given.isEmpty
      ? info.categories.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } : given
    guard !categories.isEmpty else {
      throw request.failure(
        "categorical",
        "the file does not name the codes of '\(name)'; name them: { \(name): { \"1\": \"...\" } }")
    }
    return .categories(
      OneHot(feature: name, codes: categories.map(\.0), names: categories.map(\.1)),
      featureGroup: info.featureGroup)
  }

  private static func resampling(
    _ request: PlanRequest, _ info: RasterInfo, _ grid: Grid, isCategorical: Bool
  ) -> Resampling {
    if let chosen = Resampling(rawValue: request.options.string("resampling")) { return chosen }
    let grows = info.cellRatio(to: grid) > 1.5
    return isCategorical ? (grows ? .mode : .nearest) : (grows ? .average : .bilinear)
  }

  /// The option `categorical` in its two forms: names by code, or names of bands alone.
  private struct Categorical {
    /// The categories of each band; empty where the file is to name them.
    var names: [String: [(Int, String)]] = [:]

    init(_ request: PlanRequest) throws {
      let options = request.options
      guard options.raw("categorical")?.members != nil else {
        for name in options.strings("categorical") { names[name] = [] }
        return
      }
      for (name, value) in options.map("categorical") {
        names[name] = try (value.members ?? []).map { member in
          guard let code = Int(member.key), let text = member.value.string else {
            throw request.failure(
              "categorical", "the code '\(member.key)' of '\(name)' is not a whole number")
          }
          return (code, text)
        }
      }
    }
  }
}

extension OptionValues {
  /// The files that a 'read-cube' takes for tiles of one raster.
  struct Tiles: Hashable, Sendable {
    let paths: [String]
    let order: RasterMosaic.Order
    /// The files as the pipeline names them.
    let name: String

    /// Opens the tiles; throws when they are not of one raster.
    func mosaic() throws -> RasterMosaic {
      try RasterMosaic(paths, order: order, named: name)
    }
  }

  /// The tiles that a 'read-cube' reads; nil where it reads its files one beside the other.
  var tiles: Tiles? {
    optionalString("mosaic").flatMap(RasterMosaic.Order.init).map { order in
      Tiles(
        paths: filePaths("files"), order: order, name: strings("files").joined(separator: ", "))
    }
  }
}

extension RasterInfo {
  /// How many of the raster's cells fit along the side of one of the grid's, where both share a
  /// coordinate system; 1 where they do not.
  fileprivate func cellRatio(to target: Grid) -> Double {
    guard let grid, CRS.isSame(grid.crs, target.crs) else { return 1 }
    return min(
      target.transform.cellWidth / grid.transform.cellWidth,
      target.transform.cellHeight / grid.transform.cellHeight)
  }
}
