import Foundation
import Learning
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Tables of samples as rasters of one row.
struct ReadTableTests {
  private static let table = """
    id,kind,1000,1010.5,1020,photo
    p1,PET,0.1,0.2,0.3,one.tif
    p2,PE,0.4,,0.6,
    p3,Pest,0.7,0.8,none,two.tif
    """

  /// A table of three samples, two of which have an image of its own size.
  private func scene() throws -> StageRun {
    let run = try StageRun()
    try run.text(Self.table + "\n", "table.csv")
    for (name, side) in [("one", 4), ("two", 8)] {
      let grid = Grid(
        width: side, height: side,
        transform: GeoTransform(
          left: 0, top: 80, cellWidth: 80 / Double(side),
          cellHeight: 80 / Double(side)), crs: "")
      try run.raster("\(name).tif", ["gray"], on: grid) { _, column, row in
        Float(column * 4 / side + 10 * (row * 4 / side))
      }
    }
    return run
  }

  @Test func rowsAreCells() throws {
    let run = try scene()
    let (info, cube, _) = try run.output(
      "{ type: \"read-table\", tag: \"spectra\", file: \"table.csv\" }, { type: \"write\" }",
      "spectra")
    #expect(info.width == 3 && info.height == 1)
    #expect(info.bands.map(\.name) == ["1000", "1010.5", "1020"])
    #expect(isSame(cube.values, [0.1, 0.4, 0.7, 0.2, .nan, 0.8, 0.3, 0.6, .nan]))
  }

  @Test func imagesAreBroughtToOneSize() throws {
    let run = try scene()
    let plan = try run.planned(
      "{ type: \"read-table\", tag: \"photos\", file: \"table.csv\", images: \"photo\", cells: 4 }")
    let bands = try plan.rasterProduct("photos").bands
    #expect(bands.count == 16 && bands.allSatisfy { $0.feature == "gray" })
    #expect(bands[6].subcell == Subcell(refinement: 4, row: 1, column: 2))
    let cube = try plan.cube("photos")
    for band in 0..<16 {
      let expected = Float(band % 4 + 10 * (band / 4))
      #expect(isSame(cube.band(band), [expected, .nan, expected]))
    }
  }

  /// Codes of one name are one class, at the place of the first.
  @Test func labelsOfRowsAreMerged() throws {
    let run = try scene()
    let plan = try run.planned(
      """
      { type: "read-table", tag: "spectra", file: "table.csv" },
      { type: "labels", tag: "kinds", file: "table.csv", field: "kind", coordinates: "rows",
        classes: { PET: "polyester", PE: "polyethylene", Pest: "polyester" } }
      """)
    guard case .samples(let samples) = try plan.product("kinds") else {
      Issue.record("no samples")
      return
    }
    #expect(samples.classes == ["polyester", "polyethylene"])
    let set = try SampleSet.stored(try plan.executor.value(samples.node))
    #expect(set.samples.map(\.cell) == (0..<3).map { Cell(column: $0, row: 0) })
    #expect(set.samples.map(\.target) == [.category(0), .category(1), .category(0)])
  }

  @Test(arguments: [
    ("columns: [\"1000\", \"1011\"]", "columns", "no column '1011'"),
    ("columns: [\"id\", \"id\"]", "columns", "names 'id' twice"),
    ("images: \"phot\"", "images", "did you mean 'photo'"),
    ("images: \"photo\", columns: [\"1000\"]", "columns", "two stages"),
    ("cells: 4", "cells", "goes with 'images' only"),
    ("layer: \"tabel\"", "layer", "did you mean 'table'"),
    ("images: \"photo\", names: [\"a\", \"b\"]", "names", "has 1 bands"),
  ])
  func mistakesAreNamed(option: String, key: String, says: String) throws {
    let run = try scene()
    let problem = try run.problem("{ type: \"read-table\", file: \"table.csv\", \(option) }")
    #expect(problem?.key == key, "\(problem?.description ?? "")")
    #expect(problem?.message.contains(says) == true, "\(problem?.description ?? "")")
  }

  @Test func anotherGridIsRefused() throws {
    let run = try scene()
    let problem = try run.problem(
      "{ type: \"read-table\", file: \"table.csv\" }", grid: StageRun.gridText)
    #expect(problem?.key == "file" && problem?.message.contains("leave 'grid' out") == true)
  }

  @Test func anImageThatCannotBeReadIsNamed() throws {
    let run = try scene()
    try run.text(Self.table.replacingOccurrences(of: "two.tif", with: "no.tif"), "table.csv")
    let plan = try run.planned(
      "{ type: \"read-table\", tag: \"photos\", file: \"table.csv\", images: \"photo\", cells: 4 }")
    let error = #expect(throws: (any Error).self) { try plan.cube("photos") }
    #expect("\(error.map { "\($0)" } ?? "")".contains("no.tif"))
  }
}
