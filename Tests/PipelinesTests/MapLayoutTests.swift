import Foundation
import RasterFiles
import Rasters
import Reports
import Testing

@testable import Pipelines

/// Maps have the shape, the scale and the north of their grid.
struct MapLayoutTests {
  private static func map(_ transform: GeoTransform, _ crs: String) throws -> MapFigure {
    let grid = Grid(
      width: 20, height: 10, transform: transform, crs: crs.isEmpty ? "" : try CRS.wkt(from: crs))
    let cube = DataCube(
      window: grid.window, bandCount: 1, values: [Float](repeating: 1, count: 200))
    let picture = RasterPicture.render(cube, band: 0, ramp: .viridis, range: 0...1, edge: 20)
    let block = try MapLayout(grid).figure(picture, "title", "Caption.", .none)
    guard case .map(let map) = block else { throw ExecutionError.data("no map") }
    return map
  }

  @Test func squareCellsStaySquare() throws {
    let map = try Self.map(
      GeoTransform(left: 600_000, top: 200_000, cellWidth: 50, cellHeight: 50), "EPSG:2056")
    #expect(map.width == 20 && map.height == 10 && map.north == 0)
    #expect(map.scaleBar == ScaleBar(across: 1000, isMetric: true))
    #expect(map.caption == "title. Caption.")
  }

  @Test func longCellsAreLong() throws {
    let map = try Self.map(
      GeoTransform(left: 600_000, top: 200_000, cellWidth: 50, cellHeight: 100), "EPSG:2056")
    #expect(map.width == 10 && map.height == 10)
  }

  /// Cells of a degree grid get narrower towards the pole.
  @Test func degreesHaveTheirShapeOnTheGround() throws {
    let map = try Self.map(
      GeoTransform(left: 10, top: 60.05, cellWidth: 0.01, cellHeight: 0.01), "EPSG:4326")
    // At 60 degrees north: 558.0 m and 1114.1 m.
    #expect(abs(map.width / map.height - 2 * 558.0 / 1114.1) < 2e-3 && map.height == 10)
    #expect(map.scaleBar?.label == "2 km")
    #expect(abs((map.scaleBar?.share ?? 0) - 2000 / (20 * 558.0)) < 2e-3)
  }

  /// North is where y grows: a step along the arrow changes y alone, and upwards.
  @Test(arguments: [0.0, 30, -75, 180])
  func northIsWhereYGrows(angle: Double) throws {
    let turn = angle * .pi / 180
    let transform = GeoTransform(
      originX: 5000, columnX: 50 * cos(turn), rowX: 50 * sin(turn),
      originY: 9000, columnY: 50 * sin(turn), rowY: -50 * cos(turn))
    let north = try #require(try Self.map(transform, "EPSG:2056").north) * .pi / 180
    let (start, end) = (
      transform.map(column: 0, row: 0), transform.map(column: sin(north), row: -cos(north))
    )
    #expect(abs(end.x - start.x) < 1e-9 && abs(end.y - start.y - 50) < 1e-9)
  }

  @Test func cellsWithoutAPlaceHaveNoNorth() throws {
    let map = try Self.map(
      GeoTransform(originX: 0, columnX: 1, rowX: 0, originY: 0, columnY: 0, rowY: 1), "")
    #expect(map.north == nil && map.scaleBar?.label == "5 map units")
  }
}
