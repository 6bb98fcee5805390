import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Study areas.
struct MaskTests {
  /// The written cube of a pipeline with one mask.
  private func masked(_ sample: SampleRun, _ options: String) throws -> DataCube {
    let path = try sample.ground(
      "mask", labels: "",
      then: """
        { type: "mask", tag: "area", inputs: ["ground"], \(options) },
        { type: "write", inputs: ["area"] },
        """)
    #expect(sample.run(path, out: "out") == .done)
    return try sample.raster("out", "area.tif").cube
  }

  private func ground() throws -> (grid: Grid, codes: DataCube) {
    let path = SampleRun.root + "/sample-rasters/jura/landuse_rock.tif"
    let grid = try #require(try RasterInfo(path: path).grid)
    return (
      grid, try RasterSource(path: path, grid: grid, resampling: .nearest).read(grid.window)
    )
  }

  @Test(arguments: ["inside", "outside"]) func polygonsKeepTheirCells(keep: String) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let (grid, codes) = try ground()
    let (west, east) = (grid.transform.originX + 30 * 50, grid.transform.originX + 60 * 50)
    let (north, south) = (grid.transform.originY - 40 * 50, grid.transform.originY - 80 * 50)
    try """
    {"type":"FeatureCollection","crs":{"type":"name",
    "properties":{"name":"urn:ogc:def:crs:EPSG::2056"}},"features":[{"type":"Feature",
    "properties":{},"geometry":{"type":"Polygon","coordinates":[[[\(west),\(north)],
    [\(east),\(north)],[\(east),\(south)],[\(west),\(south)],[\(west),\(north)]]]}}]}
    """.write(toFile: sample.folder + "/area.geojson", atomically: true, encoding: .utf8)
    let cube = try masked(sample, "file: \"${here}/area.geojson\", keep: \"\(keep)\"")
    var kept = 0
    for (cell, hasData) in codes.completeCells.enumerated() {
      let isInside = (30..<60).contains(cell % grid.width) && (40..<80).contains(cell / grid.width)
      let isKept = hasData && isInside == (keep == "inside")
      #expect(cube.completeCells[cell] == isKept)
      kept += isKept ? 1 : 0
    }
    #expect(kept > 100)
  }

  @Test func aRasterIsAnAreaWhereItIsNotZero() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let (_, codes) = try ground()
    let cube = try masked(sample, "file: \"${data}/landuse_rock.tif\", keep: \"outside\"")
    // All that has data lies in the raster's own area: nothing is left outside of it.
    #expect(codes.completeCells.contains(true))
    let landuse = codes.band(0)
    for (cell, code) in landuse.enumerated() where code.isFinite {
      #expect(!cube.completeCells[cell])
    }
  }

  @Test func pointsAreNoArea() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "points", labels: "",
      then: """
        { type: "mask", tag: "area", inputs: ["ground"], file: "${data}/points.gpkg" },
        """)
    let problems = Runner.problems(path, overrides: Overrides())
    #expect(problems.count == 1 && problems.first?.key == "file")
    #expect(problems.first?.message.contains("no polygons") == true)
  }
}
