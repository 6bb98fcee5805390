import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Reading rasters onto the pipeline's grid, through whole pipelines.
struct ReadCubeTests {
  private static let jura = SampleRun.root + "/sample-rasters/jura"

  @Test func valuesAndNamesAreThoseOfTheFile() throws {
    let run = try StageRun()
    let value = { (band: Int, column: Int, row: Int) -> Float in
      band == 1 && column == 3 ? .nan : StageRun.noise(band, column, row) - 0.5
    }
    try run.raster("a.tif", ["copper", "zinc"], unit: "mg/kg", value: value)
    let (info, cube, _) = try run.output(
      "{ type: \"read-cube\", tag: \"cube\", files: \"a.tif\" }, { type: \"write\" }", "cube")
    #expect(info.bands.map(\.name) == ["copper", "zinc"])
    #expect(info.bands.map(\.unit) == ["mg/kg", "mg/kg"])
    #expect(info.gridOfCells == StageRun.grid)
    let expected = (0..<2).flatMap { band in
      StageRun.cells(StageRun.grid.window).map { value(band, $0.column, $0.row) }
    }
    #expect(isSame(cube.values, expected))
    #expect(cube.band(1).count(where: \.isNaN) == StageRun.grid.height)
  }

  @Test func severalFilesComeInTheOrderOfTheirNames() throws {
    let run = try StageRun()
    for (number, name) in [(3, "part-c"), (1, "part-a"), (2, "part-b")] {
      try run.raster("\(name).tif", ["\(name)-x", "same"]) { band, _, _ in
        Float(10 * number + band)
      }
    }
    let chosen = try run.planned("{ type: \"read-cube\", files: \"part-*.tif\", bands: [1] }")
    let product = try chosen.rasterProduct("read-cube")
    #expect(product.bands.map(\.name) == ["part-a-x", "part-b-x", "part-c-x"])
    let cube = try chosen.cube("read-cube")
    #expect((0..<3).map { cube.band($0).first } == [10, 20, 30])

    let clash = try run.problem("{ type: \"read-cube\", files: \"part-*.tif\" }")
    #expect(clash?.key == "files" && clash?.message.contains("two bands are named 'same'") == true)
    let named = try run.planned(
      "{ type: \"read-cube\", files: [\"part-b.tif\", \"part-a.tif\"], bands: [\"same\"],"
        + " names: [\"b\", \"a\"] }", out: "named")
    #expect(try named.rasterProduct("read-cube").bands.map(\.name) == ["b", "a"])
    #expect(try named.cube("read-cube").band(0).first == 21)
  }

  @Test func bandsWithoutDescriptionAreNamedByTheirFile() throws {
    let run = try StageRun()
    try run.raster("one.tif", [""]) { _, _, _ in 1 }
    try run.raster("two.x.tif", ["", ""]) { _, _, _ in 2 }
    let plan = try run.planned("{ type: \"read-cube\", files: [\"one.tif\", \"two.x.tif\"] }")
    #expect(
      try plan.rasterProduct("read-cube").bands.map(\.name) == ["one", "two.x-1", "two.x-2"])
  }

  @Test(arguments: [
    ("bands: [3]", "bands", "has no band 3; it has 2"),
    ("bands: [\"cooper\"]", "bands", "did you mean 'copper'"),
    ("names: [\"a\", \"b\", \"c\"]", "names", "no band left for the name 'c'"),
    ("names: [\"a\", \"a\"]", "files", "two bands are named 'a'"),
    ("categorical: [\"zink\"]", "categorical", "did you mean 'zinc'"),
    ("categorical: [\"zinc\"]", "categorical", "does not name the codes of 'zinc'"),
    (
      "categorical: { zinc: { \"1.5\": \"rich\" } }", "categorical",
      "the code '1.5' of 'zinc' is not a whole number"
    ),
  ])
  func mistakesAreNamed(option: String, key: String, says: String) throws {
    let run = try StageRun()
    try run.raster("a.tif", ["copper", "zinc"]) { _, _, _ in 0 }
    let problem = try run.problem("{ type: \"read-cube\", files: \"a.tif\", \(option) }")
    #expect(problem?.key == key, "\(problem?.description ?? "")")
    #expect(problem?.message.contains(says) == true, "\(problem?.description ?? "")")
  }

  /// Nodata, scale, offset and category names as a virtual raster states them.
  private func virtualRaster(_ run: StageRun, _ band: String) throws {
    try run.raster("codes.tif", ["code"]) { _, column, row in Float((column + row) % 4) }
    let grid = StageRun.grid
    let transform = grid.transform.coefficients.map { "\($0)" }.joined(separator: ", ")
    try run.text(
      """
      <VRTDataset rasterXSize="\(grid.width)" rasterYSize="\(grid.height)">
        <GeoTransform>\(transform)</GeoTransform>
        <VRTRasterBand dataType="Float32" band="1"><Description>rock</Description>\(band)
          <SimpleSource><SourceFilename relativeToVRT="1">codes.tif</SourceFilename>
            <SourceBand>1</SourceBand></SimpleSource>
        </VRTRasterBand>
      </VRTDataset>
      """, "rock.vrt")
  }

  @Test func nodataScaleAndOffsetAreApplied() throws {
    let run = try StageRun()
    try virtualRaster(
      run, "<NoDataValue>2</NoDataValue><Offset>100</Offset><Scale>0.5</Scale>")
    let cube = try run.planned("{ type: \"read-cube\", files: \"rock.vrt\" }").cube("read-cube")
    let expected = StageRun.cells(StageRun.grid.window).map { cell -> Float in
      let code = (cell.column + cell.row) % 4
      return code == 2 ? .nan : 100 + 0.5 * Float(code)
    }
    #expect(isSame(cube.values, expected))
  }

  @Test(arguments: [true, false]) func categoriesBecomeBands(isNamedByFile: Bool) throws {
    let run = try StageRun()
    let names = ["", "granite", "gneiss"].map { "<Category>\($0)</Category>" }.joined()
    try virtualRaster(run, isNamedByFile ? "<CategoryNames>\(names)</CategoryNames>" : "")
    let option =
      isNamedByFile ? "\"rock\"" : "{ rock: { \"1\": \"granite\", \"2\": \"gneiss\" } }"
    let plan = try run.planned(
      "{ type: \"read-cube\", files: \"rock.vrt\", categorical: \(option) }")
    let bands = try plan.rasterProduct("read-cube").bands
    #expect(bands.map(\.name) == ["rock: granite", "rock: gneiss"])
    #expect(bands.map(\.group) == ["rock", "rock"])
    let cube = try plan.cube("read-cube")
    for (index, cell) in StageRun.cells(plan.grid.window).enumerated() {
      let code = (cell.column + cell.row) % 4
      let expected: [Float] = code == 1 ? [1, 0] : code == 2 ? [0, 1] : [.nan, .nan]
      #expect(isSame([cube.band(0)[index], cube.values[plan.grid.cellCount + index]], expected))
    }
  }

  @Test func aRotatedFileIsReadCellByCell() throws {
    let run = try StageRun()
    let file = Self.jura + "/landuse_rock_rotated.tif"
    let rotated = try #require(try RasterInfo(path: file).grid)
    #expect(rotated.transform.rowX != 0)
    let source = try RasterSource(path: file, grid: rotated, resampling: .nearest)
    let whole = try source.read(rotated.window)
    let stage = "{ type: \"read-cube\", files: \"\(file)\", resampling: \"nearest\" }"
    let plan = try run.planned(stage, grid: "{ like: \"\(Self.jura)/landuse_rock.tif\" }")
    let cube = try plan.cube("read-cube")
    var wrong = 0
    var valid = 0
    for (index, cell) in StageRun.cells(plan.grid.window).enumerated() {
      let center = plan.grid.center(of: cell)
      let under = rotated.cell(x: center.x, y: center.y)
      let expected = under.map { whole.spectrum(column: $0.column, row: $0.row) }
      let found = [cube.band(0)[index], cube.values[plan.grid.cellCount + index]]
      if !isSame(found, expected ?? [.nan, .nan]) { wrong += 1 }
      if !found[0].isNaN { valid += 1 }
    }
    #expect(wrong == 0 && valid > 5000)
    // Without another grid the rotated one is the pipeline's own.
    let own = try run.output("\(stage), { type: \"write\" }", "read-cube")
    #expect(own.info.grid?.transform == rotated.transform)
    #expect(isSame(own.cube.values, whole.values))
  }

  @Test func aFileWithoutCoordinateSystemNeedsAGridWithoutOne() throws {
    let run = try StageRun()
    let file = Self.jura + "/landuse_rock_nocrs.tif"
    let stage = "{ type: \"read-cube\", files: \"\(file)\" }"
    let problem = try run.problem(stage, grid: "{ like: \"\(Self.jura)/landuse_rock.tif\" }")
    #expect(problem?.key == "files" && problem?.stage == "read-cube")
    #expect(problem?.message.contains("landuse_rock_nocrs.tif") == true)
    let (info, cube, _) = try run.output("\(stage), { type: \"write\" }", "read-cube")
    #expect(info.gridOfCells.crs.isEmpty)
    #expect(info.gridOfCells == (try RasterInfo(path: file)).gridOfCells)
    #expect(cube.band(0).count { !$0.isNaN } > 1000)
  }
}
