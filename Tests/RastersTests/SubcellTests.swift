import Testing

@testable import Rasters

struct SubcellTests {
  @Test func bandsAreDividedRowByRow() {
    let bands = Band(name: "red", unit: "DN", featureGroup: "image").divided(by: 2)
    #expect(bands.map(\.name) == ["red 1.1", "red 1.2", "red 2.1", "red 2.2"])
    #expect(bands.allSatisfy { $0.feature == "red" && !$0.isCategory && $0.unit == "DN" })
    #expect(bands.map(\.featureGroup) == Array(repeating: "image", count: 4))
    #expect(bands[1].subcell == Subcell(refinement: 2, row: 0, column: 1))
    #expect(Band(name: "rock: chalk", group: "rock").isCategory)
  }

  @Test func dividedGridsCoverTheSameMap() {
    let grid = Grid(
      width: 3, height: 2,
      transform: GeoTransform(left: 100, top: 50, cellWidth: 25, cellHeight: 10), crs: "")
    let fine = grid.divided(by: 5)
    #expect(fine.width == 15 && fine.height == 10)
    #expect(fine.transform.cellWidth == 5 && fine.transform.cellHeight == 2)
    let (own, other) = (grid.extent, fine.extent)
    #expect(own.left == other.left && own.top == other.top)
    #expect(abs(own.right - other.right) < 1e-9 && abs(own.bottom - other.bottom) < 1e-9)
  }

  /// Each number tells its band, row and column on the finer grid.
  @Test(arguments: [1, 2, 3, 5]) func smallerCellsBecomeBands(refinement: Int) {
    let window = Window(x: 4, y: 7, width: 3, height: 2)
    let fine = window.divided(by: refinement)
    var values: [Float] = []
    for band in 0..<2 {
      for y in fine.y..<fine.maxY {
        for x in fine.x..<fine.maxX { values.append(Float(band * 10_000 + y * 100 + x)) }
      }
    }
    let cube = DataCube(window: fine, bandCount: 2, values: values)
      .gathered(into: window, refinement: refinement)
    #expect(cube.window == window && cube.bandCount == 2 * refinement * refinement)
    for (band, subcell) in (0..<2).flatMap({ band in
      Subcell.all(refinement: refinement).map { (band, $0) }
    }) {
      let plane = band * refinement * refinement + subcell.row * refinement + subcell.column
      for row in window.y..<window.maxY {
        for column in window.x..<window.maxX {
          let (x, y) = (column * refinement + subcell.column, row * refinement + subcell.row)
          #expect(
            cube.spectrum(column: column, row: row)[plane] == Float(band * 10_000 + y * 100 + x))
        }
      }
    }
  }

  @Test func smallerCellsOfABandArePooled() {
    let bands =
      [Band(name: "slope")] + Band(name: "red").divided(by: 2)
      + Band(name: "green").divided(by: 2) + [Band(name: "rock: chalk", group: "rock")]
    let pools = BandPools(bands, chosen: [0, 2, 1, 5, 9])
    #expect(pools.ranges == [0..<1, 1..<5, 5..<9, 9..<10])
    #expect(pools.poolOfBand == [0, 1, 1, 2, 3])
  }
}
