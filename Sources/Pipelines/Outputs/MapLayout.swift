import Foundation
import RasterFiles
import Rasters
import Reports

/// How the maps of a grid lie on a page: the shape of their cells, scale and north.
struct MapLayout {
  let grid: Grid
  private let measure: GroundMeasure

  init(_ grid: Grid) {
    self.grid = grid
    measure = GroundMeasure(grid)
  }

  /// A map of the whole grid.
  func figure(
    _ picture: RasterPicture, _ title: String, _ caption: String, _ legend: MapFigure.Legend
  ) throws -> HTMLReport.Block {
    let isBlank = stride(from: 3, to: picture.rgba.count, by: 4).contains { picture.rgba[$0] == 0 }
    return .map(
      MapFigure(
        png: try PNGImage.encode(
          width: picture.width, height: picture.height, rgba: picture.rgba),
        width: Double(picture.width) * min(stretch, 1),
        height: Double(picture.height) / max(stretch, 1), description: "Map of \(title)",
        caption: "\(title). \(caption)" + (isBlank ? " White: no data." : ""), legend: legend,
        scaleBar: ScaleBar(across: across, isMetric: measure.isMetric), north: north))
  }

  /// How much wider than high a cell is on the round earth; 1 of a square one.
  ///
  /// Cells that differ by less than can be seen count as square, so that pixels stay sharp.
  private var stretch: Double {
    let center = SIMD2(Double(grid.width) / 2, Double(grid.height) / 2)
    let across = length(center, center + SIMD2(1, 0))
    let down = length(center, center + SIMD2(0, 1))
    guard across > 0, down > 0, across.isFinite, down.isFinite else { return 1 }
    return abs(across / down - 1) < 0.02 ? 1 : across / down
  }

  /// The width of the map in its middle.
  private var across: Double {
    let middle = Double(grid.height) / 2
    return length(SIMD2(0, middle), SIMD2(Double(grid.width), middle))
  }

  private func length(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double {
    let (from, to) = (
      grid.transform.map(column: a.x, row: a.y), grid.transform.map(column: b.x, row: b.y)
    )
    return measure.distance(SIMD2(from.x, from.y), SIMD2(to.x, to.y))
  }

  /// Where y grows, in degrees clockwise from the top; nil without a coordinate system.
  private var north: Double? {
    let t = grid.transform
    guard !grid.crs.isEmpty, t.determinant != 0 else { return nil }
    let (column, row) = (-t.rowX / t.determinant * stretch, t.columnX / t.determinant)
    // Adding 0 makes an even -0 plain.
    return atan2(column, -row) * 180 / .pi + 0
  }

  /// Where the maps are, in a sentence.
  var sentence: String {
    let extent = grid.extent
    func text(_ value: Double) -> String { NumberText.short(value, significant: 9) }
    return "Every map shows the whole grid: x from \(text(extent.left)) to \(text(extent.right)), "
      + "y from \(text(extent.bottom)) to \(text(extent.top))"
      + (grid.crs.isEmpty ? "; it has no coordinate system." : ", in \(CRS.name(grid.crs)).")
      + (CRS.isGeographic(grid.crs) && !grid.crs.isEmpty
        ? " The scale is that of the middle latitude." : "")
  }
}
