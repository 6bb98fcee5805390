import Features
import Foundation
import Networks
import RasterFiles
import Rasters
import Reports
import Segmentation

/// The pictures of the layers that a run wrote.
final class ReportLayers {
  let executor: Executor
  /// Tells which files are as they were written.
  private let ledger: OutputLedger?
  /// Flags are looked at twice: by the card of a model, too.
  private var flagPreviews: [String: DataCube] = [:]

  private static let pictureEdge = 640
  /// How many of the labels of a map are drawn, at most.
  private static let mostLabels = 12

  /// Without a `ledger` no file is read, only chunks.
  init(executor: Executor, ledger: OutputLedger? = nil) {
    self.executor = executor
    self.ledger = ledger
  }

  /// The pictures of a layer, with legends.
  func blocks(_ layer: OutputWriter.Layer) throws -> [HTMLReport.Block] {
    switch layer.product {
    case .segments(let segments): return [try picture(of: segments)]
    case .raster(let raster):
      let bands = shownBands(of: raster)
      return try pictures(of: raster, bands, try preview(layer, raster, bands))
    default: return []
    }
  }

  private var layout: MapLayout { MapLayout(executor.lattice.grid) }

  // MARK: Decimation

  /// Of how many cells a picture shows one, in each direction.
  private var step: Int {
    let grid = executor.lattice.grid
    return max(1, (max(grid.width, grid.height) + Self.pictureEdge - 1) / Self.pictureEdge)
  }

  /// The grid of pictures: every `step`-th cell.
  private var coarse: Grid {
    let grid = executor.lattice.grid
    let t = grid.transform
    return Grid(
      width: (grid.width + step - 1) / step, height: (grid.height + step - 1) / step,
      transform: GeoTransform(
        originX: t.originX, columnX: t.columnX * Double(step), rowX: t.rowX * Double(step),
        originY: t.originY, columnY: t.columnY * Double(step), rowY: t.rowY * Double(step)),
      crs: grid.crs)
  }

  /// The bands that the pictures of a raster are made of.
  private func shownBands(of raster: RasterProduct) -> [Int] {
    switch raster.presentation {
    case .probability:
      // Of classes the sought one says most; labels do not exclude each other.
      raster.model?.kind == .sigmoid
        ? Array(raster.bands.indices.prefix(Self.mostLabels)) : [raster.bands.count == 2 ? 1 : 0]
    // All bands have one scale.
    case .deviation: Array(raster.bands.indices)
    case .attribution: Array(raster.featureBands.indices)
    case .continuous where raster.interval != nil: Array(raster.bands.indices)
    case .flags, .named, .entropy, .continuous: [0]
    }
  }

  /// Some bands of a raster as pictures show them, one cell for each `step` columns and rows.
  private func preview(
    _ layer: OutputWriter.Layer, _ raster: RasterProduct, _ bands: [Int]
  ) throws -> DataCube {
    if case .flags = raster.presentation, let known = flagPreviews[raster.tag] {
      return known
    }
    let values = try overviews(layer, bands)?.flatMap(\.self)
    let cube =
      try values.map { DataCube(window: coarse.window, bandCount: bands.count, values: $0) }
      ?? decimated(raster.node, bands)
    if case .flags = raster.presentation { flagPreviews[raster.tag] = cube }
    return cube
  }

  /// What the overviews of a layer's file hold for a picture, band by band.
  ///
  /// Nil where every cell is shown, or the file is not as it was written or has none: then chunks
  /// are read.
  private func overviews(_ layer: OutputWriter.Layer, _ bands: [Int]) throws -> [[Float]]? {
    guard step > 1, let ledger, ledger.isCurrent([layer.path], key: layer.key) else { return nil }
    return try OverviewReader.values(
      path: layer.path, bands: bands.map { $0 + 1 }, step: step)
  }

  /// The cell in the middle of each `step` columns and rows, from chunks.
  private func decimated(_ node: Node, _ bands: [Int]) throws -> DataCube {
    var result = DataCube(window: coarse.window, bandCount: bands.count)
    let cells = result.window.cellCount
    let middle = step / 2
    for chunk in executor.lattice.chunks {
      let part = try executor.cube(node, executor.lattice.window(of: chunk))
      let window = part.window
      for row in window.y..<window.maxY where row % step == middle {
        for column in window.x..<window.maxX where column % step == middle {
          let place = result.window.index(column: column / step, row: row / step)
          let cell = window.index(column: column, row: row)
          for (index, band) in bands.enumerated() {
            result.values[index * cells + place] = part.values[band * window.cellCount + cell]
          }
        }
      }
    }
    return result
  }

  /// The ids at every `step`-th cell, as whole numbers: a Float, which GDAL makes overviews of, holds
  /// 24 bits of 32.
  func decimatedIDs(_ node: Node) throws -> SegmentRaster {
    var result = SegmentRaster(window: coarse.window)
    for chunk in executor.lattice.chunks {
      let part = try executor.segments(node, executor.lattice.window(of: chunk))
      for row in part.window.y..<part.window.maxY where row % step == 0 {
        for column in part.window.x..<part.window.maxX where column % step == 0 {
          let place = result.window.index(column: column / step, row: row / step)
          result.ids[place] = part.id(column: column, row: row)
        }
      }
    }
    return result
  }

  /// About which share of a flags layer's cells have one of some flags.
  ///
  /// Counted over the cells that a picture shows; nil where none of them has a value.
  func share(of flags: UInt8, in layer: OutputWriter.Layer) throws -> Double? {
    guard case .raster(let raster) = layer.product, case .flags = raster.presentation else {
      return nil
    }
    let values = try preview(layer, raster, shownBands(of: raster)).band(0)
      .filter(\.isFinite).map { UInt8(max(0, min(255, $0))) }
    let known = values.filter { $0 & PixelFlags.invalid == 0 }
    guard !known.isEmpty else { return nil }
    return Double(known.count { $0 & flags != 0 }) / Double(known.count)
  }

  // MARK: Pictures

  private func picture(of segments: SegmentsProduct) throws -> HTMLReport.Block {
    let ids = try decimatedIDs(segments.node)
    return try layout.figure(
      RasterPicture.render(ids, edge: Self.pictureEdge), segments.tag,
      "Superpixels of about \(NumberText.short(segments.lattice.size)) cells, coloured at random.",
      .none)
  }

  /// The pictures of a raster; `cube` holds the shown `bands`.
  private func pictures(
    of raster: RasterProduct, _ bands: [Int], _ cube: DataCube
  ) throws -> [HTMLReport.Block] {
    switch raster.presentation {
    case .probability: return try probabilities(raster, bands, cube)
    case .deviation(let models): return [try deviation(raster, cube, models)]
    case .attribution(let attribution):
      return try attributions(raster, cube, attribution)
    case .flags: return [try flags(raster, cube)]
    case .named(let named): return [try classes(raster, cube, named)]
    case .entropy:
      return try [
        layout.figure(
          RasterPicture.render(
            cube, band: 0, ramp: .cividis, range: 0...1, edge: Self.pictureEdge), raster.tag,
          "How undecided the classes are: 0 for certain, 1 for all alike.",
          legend(.cividis, 0...1, "entropy, as a share of the highest"))
      ]
    case .continuous: return try values(raster, cube)
    }
  }

  /// The first band, or each value with its limits, which have the scale of the value.
  private func values(_ raster: RasterProduct, _ cube: DataCube) throws -> [HTMLReport.Block] {
    let size = raster.interval == nil ? 1 : PredictedBands.bandsOfInterval
    return try stride(from: 0, to: cube.bandCount, by: size).flatMap { first in
      let numbers = cube.band(first).lazy.filter(\.isFinite)
      let low = Double(numbers.min() ?? 0)
      let range = low...max(Double(numbers.max() ?? 1), low + 1e-12)
      return try (first..<first + size).map { band in
        let picture = RasterPicture.render(
          cube, band: band, ramp: .viridis, range: range, edge: Self.pictureEdge)
        let name = raster.bands[band].name
        let limit =
          " A limit of the prediction interval of level \(raster.interval ?? 0), on the scale of "
          + "'\(raster.bands[first].name)'."
        return try layout.figure(
          picture, size == 1 ? raster.tag : "\(raster.tag): \(name)",
          "'\(name)'." + (band > first ? limit : ""),
          legend(.viridis, range, named(raster.bands[band]), isClipped: band > first))
      }
    }
  }

  private func probabilities(
    _ raster: RasterProduct, _ bands: [Int], _ cube: DataCube
  ) throws -> [HTMLReport.Block] {
    let isOne = bands.count == 1
    return try bands.indices.map { index in
      let name = raster.bands[bands[index]].name
      let picture = RasterPicture.render(
        cube, band: index, ramp: .probability, range: 0...1,
        edge: isOne ? Self.pictureEdge : Self.pictureEdge / 2)
      return try layout.figure(
        picture, isOne ? raster.tag : "\(raster.tag): \(name)", "Probability of '\(name)'.",
        legend(.probability, 0...1, "probability of '\(name)'"))
    }
  }

  private func deviation(
    _ raster: RasterProduct, _ cube: DataCube, _ models: Int
  ) throws -> HTMLReport.Block {
    let band = raster.bands.count == 2 ? 1 : 0
    let range = 0...max(Double(cube.values.lazy.filter(\.isFinite).max() ?? 1), 1e-12)
    return try layout.figure(
      RasterPicture.render(
        cube, band: band, ramp: .cividis, range: range, edge: Self.pictureEdge), raster.tag,
      "How far \(models) models differ on '\(raster.bands[band].name)': their standard deviation.",
      legend(.cividis, range, "standard deviation of \(named(raster.bands[band]))"))
  }

  private func flags(_ raster: RasterProduct, _ cube: DataCube) throws -> HTMLReport.Block {
    let entries = Set(cube.band(0).lazy.filter(\.isFinite).map { UInt8(max(0, min(255, $0))) })
      .sorted().map(PixelFlags.entry)
    let colors = Dictionary(uniqueKeysWithValues: entries.map { ($0.value, $0.color) })
    return try layout.figure(
      RasterPicture.render(cube, band: 0, classes: colors, edge: Self.pictureEdge), raster.tag,
      "Why a pixel is missing or doubtful.", self.entries(entries))
  }

  private func classes(
    _ raster: RasterProduct, _ cube: DataCube, _ named: NamedValues
  ) throws -> HTMLReport.Block {
    let colors = Dictionary(
      named.entries.map { ($0.value, $0.color) }, uniquingKeysWith: { first, _ in first })
    // A legend of hundreds of classes is none.
    return try layout.figure(
      RasterPicture.render(cube, band: 0, classes: colors, edge: Self.pictureEdge), raster.tag,
      "'\(raster.bands[0].name)': \(named.method).",
      entries(named.entries.prefix(QMLStyle.maximumEntries)))
  }

  private func attributions(
    _ raster: RasterProduct, _ cube: DataCube, _ attribution: Presentation.Attribution
  ) throws -> [HTMLReport.Block] {
    let features = raster.featureBands
    let strengths = try executor.strengths(attribution)
    let limit = strengths.limit
    let legend = legend(
      .diverging, -limit...limit, "attribution in \(attribution.output)", isSigned: true,
      isClipped: strengths.isClipped)
    return try [importance(features, strengths, attribution).block]
      + features.indices.map { band in
        try layout.figure(
          RasterPicture.render(
            cube, band: band, ramp: .diverging, range: -limit...limit, edge: Self.pictureEdge / 2),
          "\(raster.tag): \(features[band].name)",
          "What '\(features[band].name)' adds to the \(attribution.output) of "
            + "'\(attribution.className)'.", legend)
      }
  }

  /// The charts of a layer, which stand beside its pictures.
  func figures(_ layer: OutputWriter.Layer) throws -> [Figure] {
    guard case .raster(let raster) = layer.product,
      case .attribution(let attribution) = raster.presentation
    else { return [] }
    return [importance(raster.featureBands, try executor.strengths(attribution), attribution)]
  }

  private func importance(
    _ features: [Band], _ strengths: AttributionStrengths,
    _ attribution: Presentation.Attribution
  ) -> Figure {
    let order = strengths.order
    let groups = attribution.areGroups
    return Figure(
      name: "features",
      title: "\(groups ? "Groups of features" : "Features") of '\(attribution.className)'",
      description: groups
        ? "Mean absolute sum of the attributions of each group of features over the map."
        : "Mean absolute attribution of each feature over the map.",
      caption: groups
        ? "Which groups of features move the map most." : "Which features move the map most.",
      content: .bars(
        axis: "mean |SHAP| (\(attribution.output))", labels: order.map { features[$0].name },
        [Figure.Column("mean |SHAP|", order.map { strengths.means[$0] })]))
  }

  private func legend(
    _ ramp: ColorRamp, _ range: ClosedRange<Double>, _ title: String, isSigned: Bool = false,
    isClipped: Bool = false
  ) -> MapFigure.Legend {
    let ticks = (0...4).map { step in
      let value = range.lowerBound + (range.upperBound - range.lowerBound) * Double(step) / 4
      return (isSigned && step > 2 ? "+" : "") + NumberText.short(value, significant: 3)
    }
    guard isClipped else { return .ramp(ramp, title: title, ticks: ticks) }
    return .ramp(
      ramp, title: title, ticks: ["\u{2264} " + ticks[0]] + ticks[1...3] + ["\u{2265} " + ticks[4]])
  }

  /// A name with its unit, where it has one.
  private func named(_ band: Band) -> String {
    band.unit.isEmpty ? band.name : "\(band.name) [\(band.unit)]"
  }

  private func entries(_ entries: some Sequence<QMLStyle.Entry>) -> MapFigure.Legend {
    .entries(entries.map { HTMLReport.LegendEntry($0.label, $0.color) })
  }
}
