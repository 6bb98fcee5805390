import RasterFiles
import Rasters
import Testing

@Suite struct ShapesTests {
  private static let grid = Grid(
    width: 60, height: 50,
    transform: GeoTransform(left: 100, top: 200, cellWidth: 1, cellHeight: 1), crs: "")

  /// A layer in no coordinate system: a table with WKT geometries.
  private static func layer(_ scratch: Scratch, _ shapes: [(wkt: String, value: String)]) throws
    -> String
  {
    let lines = shapes.map { "\"\($0.wkt)\",\($0.value)\n" }
    _ = try scratch.write("\"WKT\",\"Real\"\n", "shapes.csvt")
    return try scratch.write("WKT,v\n" + lines.joined(), "shapes.csv")
  }

  private static let star =
    "POLYGON ((110.3 190.1, 150.7 160.2, 105.2 165.9, 148.1 195.4, 125.6 152.2, 110.3 190.1))"

  /// Whether a point lies inside by the even-odd rule: a ray to the right, edge by edge.
  private static func isInside(_ x: Double, _ y: Double, _ ring: [(Double, Double)]) -> Bool {
    var inside = false
    for (a, b) in zip(ring, ring.dropFirst()) where (a.1 > y) != (b.1 > y) {
      if x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0) { inside.toggle() }
    }
    return inside
  }

  @Test func polygonsCoverTheCellsWhoseCentresLieInside() throws {
    let scratch = try Scratch()
    let path = try Self.layer(scratch, [(Self.star, "2.5")])
    let values = try Shapes.rasterize(
      path: path, field: "v", grid: Self.grid, window: Self.grid.window)
    let ring = [
      (110.3, 190.1), (150.7, 160.2), (105.2, 165.9), (148.1, 195.4), (125.6, 152.2),
      (110.3, 190.1),
    ]
    let expected = cells(of: Self.grid.window).map { cell -> Float in
      let (x, y) = Self.grid.center(of: cell)
      return Self.isInside(x, y, ring) ? 2.5 : .nan
    }
    #expect(bits(values) == bits(expected))
    #expect(expected.contains(2.5))
  }

  @Test func holesStayEmptyAndNeighboursDoNotOverlap() throws {
    let scratch = try Scratch()
    // Edges run exactly through centres of cells.
    let path = try Self.layer(
      scratch,
      [
        (
          "POLYGON ((100.5 199.5, 110.5 199.5, 110.5 180.5, 100.5 180.5, 100.5 199.5), "
            + "(103 195, 105 195, 105 190, 103 190, 103 195))", "1"
        ),
        ("POLYGON ((110.5 199.5, 120.5 199.5, 120.5 180.5, 110.5 180.5, 110.5 199.5))", "2"),
      ])
    let values = try Shapes(path: path, field: "v", grid: Self.grid).burn(Self.grid.window)
    #expect(values.count(where: { $0 == 1 }) == 190 - 10)
    #expect(values.count(where: { $0 == 2 }) == 190)
    #expect(values[Self.grid.window.index(column: 3, row: 5)].isNaN)
  }

  @Test func windowsDoNotMatter() throws {
    let scratch = try Scratch()
    let path = try Self.layer(
      scratch,
      [
        (Self.star, "1"), ("LINESTRING (90 210, 131.5 177.5, 170 140)", "2"),
        ("MULTIPOINT (101.5 199.5, 159.9 150.1, 400 400)", "3"),
      ])
    let shapes = try Shapes(path: path, field: "v", grid: Self.grid)
    let whole = shapes.burn(Self.grid.window)
    var pieces = DataCube(window: Self.grid.window, bandCount: 1)
    for window in partition(Self.grid, 7, 11) {
      pieces.paste(DataCube(window: window, bandCount: 1, values: shapes.burn(window)))
    }
    #expect(bits(pieces.values) == bits(whole))
    #expect(whole.contains(2) && whole[3] == 2 && whole[1] == 3 && whole.last == 3)
  }

  @Test func linesCoverEveryCellTheyCross() throws {
    let scratch = try Scratch()
    let path = try Self.layer(scratch, [("LINESTRING (101.2 198.7, 157.3 153.1)", "1")])
    let values = try Shapes(path: path, grid: Self.grid).burn(Self.grid.window)
    // Points along the line, a thousandth of a cell apart, miss only corners.
    var touched: Set<Cell> = []
    for step in 0...60_000 {
      let share = Double(step) / 60_000
      let place = (101.2 + share * 56.1, 198.7 - share * 45.6)
      if let cell = Self.grid.cell(x: place.0, y: place.1) { touched.insert(cell) }
    }
    let burnt = Set(
      cells(of: Self.grid.window).filter { values[$0.row * Self.grid.width + $0.column] == 1 })
    #expect(touched.isSubset(of: burnt))
    #expect(burnt.count <= touched.count + 1)
  }

  @Test func shapesAreReprojected() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      """
      {"type":"Feature","properties":{"v":4,"s":"x"},"geometry":
       {"type":"Point","coordinates":[7.438632,46.951083]}}
      """, "p.geojson")
    let grid = Grid(
      width: 10, height: 10,
      transform: GeoTransform(left: 2_599_950, top: 1_200_050, cellWidth: 10, cellHeight: 10),
      crs: try CRS.wkt(from: "EPSG:2056"))
    let values = try Shapes(path: path, field: "v", grid: grid).burn(grid.window)
    #expect(values.count(where: { $0 == 4 }) == 1)
    #expect((values[45] == 4) || (values[44] == 4) || (values[54] == 4) || (values[55] == 4))
    #expect(throws: GDALError.self) { try Shapes(path: path, field: "v", grid: Self.grid) }
    let text = #expect(throws: GDALError.self) {
      try Shapes(path: path, field: "s", grid: grid)
    }
    #expect(text?.candidates == ["v"])
  }
}
