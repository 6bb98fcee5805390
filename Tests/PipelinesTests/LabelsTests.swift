import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Samples of points, polygons and rasters.
struct LabelsTests {
  private let data = SampleRun.root + "/sample-rasters/jura"

  private func samples(
    _ sample: SampleRun, _ labels: String
  ) throws -> (set: SampleSet, notes: [String]) {
    let pipeline = try sample.ground("labels", labels: labels + ",", then: "")
    let (bytes, notes) = try sample.value(pipeline, of: "labels")
    return (try JSONDecoder.stable.decode(SampleSet.self, from: Data(bytes)), notes)
  }

  @Test func everyPointOfTheSampleIsASample() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let (set, notes) = try samples(
      sample,
      """
      { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "Cd_exceeds",
        classes: { "0": "below", "1": "above" } }
      """)
    let table = try PointTable.read(
      path: data + "/points.gpkg", crs: try CRS.wkt(from: "EPSG:2056"))
    #expect(set.kind == .softmax && set.categories.map(\.name) == ["below", "above"])
    #expect(set.count == 259 && table.count == 259)
    let grid = try #require(try RasterInfo(path: data + "/landuse_rock.tif").grid)
    for sample in set.samples {
      let row = table.rows[sample.id]
      #expect(sample.target == .category(row["Cd_exceeds"] == "1" ? 1 : 0))
      #expect(sample.x == table.x[sample.id] && sample.y == table.y[sample.id])
      #expect(sample.cell == grid.cell(x: sample.x, y: sample.y))
      #expect(sample.attributes["fold"] == row["fold"])
    }
    // Points that share a cell are counted, here with a count of our own.
    let cells = Dictionary(grouping: set.samples, by: \.cell).values.filter { $0.count > 1 }
    let shared = cells.reduce(0) { $0 + $1.count }
    let conflicting = cells.count { Set($0.map(\.target)).count > 1 }
    #expect(shared > 0)
    #expect(
      notes.contains {
        $0.contains("\(shared) samples share a cell")
          && $0.contains("in \(conflicting) of \(cells.count) cells")
      })
  }

  @Test func sharedCellsAreKeptAndConflictsSaid() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let grid = try #require(try RasterInfo(path: data + "/landuse_rock.tif").grid)
    let first = grid.center(of: Cell(column: 40, row: 50))
    let second = grid.center(of: Cell(column: 41, row: 50))
    let rows = [
      "x,y,class", "\(first.x),\(first.y),a", "\(first.x + 10),\(first.y),b",
      "\(second.x),\(second.y),b", "\(second.x),\(second.y - 10),b", "0,0,a",
      "\(second.x),\(second.y - 100),", "\(second.x),\(second.y - 200),c",
    ]
    try rows.joined(separator: "\n").write(
      toFile: sample.folder + "/points.csv", atomically: true, encoding: .utf8)
    let (set, notes) = try samples(
      sample,
      """
      { type: "labels", tag: "labels", file: "${here}/points.csv", x: "x", y: "y",
        field: "class", classes: { a: "a", b: "b" } }
      """)
    #expect(set.samples.map(\.id) == [0, 1, 2, 3])
    #expect(notes.contains { $0.contains("3 of 7 points are outside the grid or without a known") })
    #expect(notes.contains { $0.contains("4 samples share a cell") && $0.contains("in 1 of 2") })
  }

  @Test func labelsAndValuesKeepWhatIsKnown() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let (labels, _) = try samples(
      sample,
      """
      { type: "labels", tag: "labels", file: "${data}/points.gpkg", target: "labels",
        fields: ["Cd_exceeds", "Pb_exceeds"] }
      """)
    #expect(
      labels.kind == .sigmoid && labels.categories.map(\.name) == ["Cd_exceeds", "Pb_exceeds"])
    let (values, _) = try samples(
      sample,
      """
      { type: "labels", tag: "labels", file: "${data}/points.gpkg", target: "values",
        fields: ["Cd"] }
      """)
    #expect(values.kind == .linear)
    for (label, value) in zip(labels.samples, values.samples) {
      guard case .values(let pair) = label.target, case .values(let cadmium) = value.target else {
        Issue.record("expected values")
        continue
      }
      #expect(pair.count == 2 && pair.allSatisfy { $0 == 0 || $0 == 1 })
      #expect(cadmium == [Float(value.attributes["Cd"] ?? "")])
      // The guide value of cadmium is 0.8 mg/kg.
      #expect((pair[0] == 1) == (cadmium[0] > 0.8))
    }
  }

  @Test func everyCellInAPolygonIsASample() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let grid = try #require(try RasterInfo(path: data + "/landuse_rock.tif").grid)
    // Two rectangles on the borders of cells: columns and rows are known.
    let boxes = [
      (code: 1, columns: 30..<36, rows: 40..<43), (code: 2, columns: 50..<52, rows: 60..<65),
      (code: 7, columns: 10..<20, rows: 10..<20),
    ]
    let features = boxes.map { box in
      let t = grid.transform
      let (west, east) = (
        t.originX + t.columnX * Double(box.columns.lowerBound),
        t.originX + t.columnX * Double(box.columns.upperBound)
      )
      let (north, south) = (
        t.originY + t.rowY * Double(box.rows.lowerBound),
        t.originY + t.rowY * Double(box.rows.upperBound)
      )
      return """
        {"type":"Feature","properties":{"code":\(box.code)},"geometry":{"type":"Polygon",
        "coordinates":[[[\(west),\(north)],[\(east),\(north)],[\(east),\(south)],
        [\(west),\(south)],[\(west),\(north)]]]}}
        """
    }
    try """
    {"type":"FeatureCollection","crs":{"type":"name",
    "properties":{"name":"urn:ogc:def:crs:EPSG::2056"}},
    "features":[\(features.joined(separator: ","))]}
    """.write(toFile: sample.folder + "/areas.geojson", atomically: true, encoding: .utf8)
    let (set, _) = try samples(
      sample,
      """
      { type: "labels", tag: "labels", file: "${here}/areas.geojson", field: "code",
        classes: { "1": "one", "2": "two" } }
      """)
    var expected: [Cell: Int] = [:]
    for (index, box) in boxes.prefix(2).enumerated() {
      for row in box.rows {
        for column in box.columns { expected[Cell(column: column, row: row)] = index }
      }
    }
    #expect(set.count == expected.count)
    for sample in set.samples {
      #expect(sample.target == expected[sample.cell].map { .category($0) })
    }
  }

  /// Deposits that were mapped as areas, or as a raster of them.
  @Test func presenceIsEveryCellOfAnArea() throws {
    let run = try StageRun()
    try run.raster("ore.tif", ["ore"]) { _, column, row in
      row < 3 ? (column < 4 ? 7 : 0) : (row == 3 ? .nan : 0)
    }
    let areas = VectorOutput(
      path: run.files.folder + "/ore.gpkg", crs: "", layers: [.init("ore", .polygons, fields: [])])
    try areas.write { writer in
      try writer.append(
        to: 0,
        paths: [[SIMD2(1030, 2070), SIMD2(1070, 2070), SIMD2(1070, 2040), SIMD2(1030, 2040)]],
        values: [])
    }
    for file in ["ore.tif", "ore.gpkg"] {
      let plan = try run.planned(
        "{ type: \"labels\", tag: \"ore\", file: \"\(file)\", presence: \"deposit\" }",
        grid: StageRun.gridText, out: "out-" + file)
      guard case .samples(let product) = try plan.product("ore") else { return }
      #expect(product.classes == ["deposit"])
      let set = try SampleSet.stored(try plan.executor.value(product.node))
      #expect(
        Set(set.samples.map(\.cell))
          == Set(StageRun.cells(Window(x: 0, y: 0, width: 4, height: 3))), "\(file)")
    }
  }

  @Test(arguments: [16, 512]) func everyCellOfAClassRasterIsASample(chunk: Int) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "labels",
      labels: """
        { type: "labels", tag: "labels", file: "${data}/landuse_rock.tif",
          classes: { "3": "meadow", "1": "forest" } },
        """, then: "")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "seed: 1,", with: "seed: 1, chunk: \(chunk),")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let bytes = try sample.value(path, of: "labels").bytes
    let set = try JSONDecoder.stable.decode(SampleSet.self, from: Data(bytes))
    let grid = try #require(try RasterInfo(path: data + "/landuse_rock.tif").grid)
    let landuse = try RasterSource(
      path: data + "/landuse_rock.tif", grid: grid, resampling: .nearest
    ).read(grid.window)
    let found = Dictionary(uniqueKeysWithValues: set.samples.map { ($0.cell, $0.target) })
    #expect(found.count == set.count)
    for row in 0..<grid.height {
      for column in 0..<grid.width {
        let code = landuse.values[grid.window.index(column: column, row: row)]
        let expected: Sample.Target? =
          code == 3 ? .category(0) : (code == 1 ? .category(1) : nil)
        #expect(found[Cell(column: column, row: row)] == expected)
      }
    }
  }
}
