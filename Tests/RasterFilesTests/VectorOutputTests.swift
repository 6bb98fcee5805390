import Foundation
import RasterFiles
import Rasters
import Testing

struct VectorOutputTests {
  private static let layers = [
    VectorOutput.Layer(
      "places", .points,
      fields: [.init("id", .integer), .init("mean \"Cu\"", .real), .init("name", .text)],
      style: "<qgis version=\"3.22.0\"/>"),
    VectorOutput.Layer("ways", .lines, fields: [.init("length", .real)]),
    VectorOutput.Layer("areas", .polygons, fields: [.init("v", .integer)]),
  ]

  private func write(_ path: String, crs: String, more: Bool = false) throws {
    try VectorOutput(path: path, crs: crs, layers: Self.layers).write { writer in
      try writer.append(
        to: 0, paths: [[SIMD2(2_600_000.25, 1_200_000)]],
        values: [.integer(4_294_967_295), .real(0.1), .text("Größe, \"x\"")])
      try writer.append(
        to: 1, paths: [[SIMD2(0, 0), SIMD2(3, 4)]], values: [.real(5)])
      try writer.append(
        to: 0, paths: [[SIMD2(1, 2)]], values: [.integer(-1), .real(.nan), .missing])
      try writer.append(
        to: 2,
        paths: [
          [SIMD2(0, 0), SIMD2(10, 0), SIMD2(10, 10), SIMD2(0, 10)],
          [SIMD2(2, 2), SIMD2(2, 8), SIMD2(8, 8), SIMD2(8, 2)],
        ], values: [.integer(7)])
      if more { try writer.append(to: 1, paths: [[SIMD2(.nan, 0)]], values: [.real(1)]) }
    }
  }

  @Test func layersComeBack() throws {
    let scratch = try Scratch()
    let path = scratch.file("out.gpkg")
    let crs = try wkt("EPSG:2056")
    try write(path, crs: crs)
    let info = try VectorInfo(path: path)
    #expect(info.driver == "GPKG")
    #expect(info.layers.map(\.name) == ["places", "ways", "areas", "layer_styles"])
    #expect(info.layers.map(\.geometry) == [.points, .lines, .polygons, .none])
    #expect(info.layers.map(\.count) == [2, 1, 1, 1])
    #expect(info.layers[0].fields.map(\.name) == ["id", "mean \"Cu\"", "name"])
    #expect(info.layers[0].fields.map(\.typeName) == ["Integer64", "Real", "String"])
    #expect(info.layers.prefix(3).allSatisfy { CRS.code($0.crs) == "EPSG:2056" })
    let table = try PointTable.read(path: path, layer: "places", crs: crs)
    #expect(table.x == [2_600_000.25, 1] && table.y == [1_200_000, 2])
    #expect(table.columns["id"]?.numbers == [4_294_967_295, -1])
    #expect(table.columns["mean \"Cu\""]?.numbers?.first == 0.1)
    #expect(table.columns["mean \"Cu\""]?.numbers?.last?.isNaN == true)
    #expect(table.columns["name"]?.texts == ["Größe, \"x\"", ""])
  }

  /// A ring of 10 x 10 with a hole of 6 x 6, and a line of three by four cells.
  @Test func linesAndRingsComeBack() throws {
    let scratch = try Scratch()
    let path = scratch.file("out.gpkg")
    try write(path, crs: "")
    let grid = Grid(
      width: 60, height: 50,
      transform: GeoTransform(left: 0, top: 50, cellWidth: 1, cellHeight: 1), crs: "")
    let areas = try Shapes(path: path, layer: "areas", grid: grid).shapes
    #expect(areas.map(\.paths.count) == [2])
    #expect(areas[0].paths.map(\.count) == [5, 5])
    let ways = try Shapes(path: path, layer: "ways", field: "length", grid: grid).shapes
    #expect(ways.map(\.value) == [5])
    #expect(ways[0].paths.map(\.count) == [2])
  }

  /// A file in which QGIS saved a style still has one layer.
  @Test func stylesAreNoLayerToRead() throws {
    let scratch = try Scratch()
    let path = scratch.file("one.gpkg")
    try VectorOutput(path: path, crs: "", layers: [Self.layers[0]]).write { writer in
      try writer.append(
        to: 0, paths: [[SIMD2(3, 4)]], values: [.integer(1), .real(2), .text("x")])
    }
    #expect(try VectorInfo(path: path).layers.map(\.crs) == ["", ""])
    #expect(try PointTable.read(path: path, crs: "").x == [3])
  }

  @Test func bytesAreTheSame() throws {
    let scratch = try Scratch()
    let crs = try wkt("EPSG:2056")
    try write(scratch.file("a.gpkg"), crs: crs)
    // Longer than the resolution of the times that would otherwise be written.
    Thread.sleep(forTimeInterval: 1.1)
    try write(scratch.file("b.gpkg"), crs: crs)
    let first = try #require(FileManager.default.contents(atPath: scratch.file("a.gpkg")))
    #expect(first == FileManager.default.contents(atPath: scratch.file("b.gpkg")))
  }

  @Test func failuresLeaveTheEarlierFile() throws {
    let scratch = try Scratch()
    let path = scratch.file("out.gpkg")
    try write(path, crs: "")
    let before = FileManager.default.contents(atPath: path)
    let error = #expect(throws: GDALError.self) { try write(path, crs: "", more: true) }
    #expect(error?.path == path)
    #expect(error?.place == "layer ways, feature 2")
    #expect(FileManager.default.contents(atPath: path) == before)
    #expect(scratch.names == ["out.gpkg"])
    #expect(throws: GDALError.self) { try write(path, crs: "EPSG:nonsense") }
    #expect(throws: GDALError.self) { try write(scratch.file("none/out.gpkg"), crs: "") }
    #expect(scratch.names == ["out.gpkg"])
  }

  /// A log of changes that belongs to the older file would be taken for the new one's.
  @Test func logsOfTheEarlierFileGo() throws {
    let scratch = try Scratch()
    _ = try scratch.write("old", "out.gpkg-wal")
    _ = try scratch.write("old", "out.gpkg-shm")
    try write(scratch.file("out.gpkg"), crs: "")
    #expect(scratch.names == ["out.gpkg"])
  }

  @Test func namesAreMadeToDiffer() {
    #expect(
      VectorOutput.Field.distinct(["Cu", "cu", "fid", "CU_2", "geom", "Cu"])
        == ["Cu", "cu_2", "fid_2", "CU_2_2", "geom_2", "Cu_3"])
  }

  @Test func twoFieldsOfOneNameAreRefused() throws {
    let scratch = try Scratch()
    let output = VectorOutput(
      path: scratch.file("x.gpkg"), crs: "",
      layers: [.init("a", .points, fields: [.init("Cu", .real), .init("cu", .real)])])
    #expect(throws: GDALError.self) { try output.write { _ in } }
    #expect(scratch.names == [])
  }

  /// Two polygons, one with a hole, are one feature.
  @Test func severalPolygonsComeBackAsParts() throws {
    let scratch = try Scratch()
    let path = scratch.file("out.gpkg")
    let layer = VectorOutput.Layer(
      "areas", .polygons, isMultiple: true, fields: [.init("v", .integer)])
    try VectorOutput(path: path, crs: "", layers: [layer]).write { writer in
      try writer.append(
        to: 0,
        parts: [
          [[SIMD2(0, 0), SIMD2(10, 0), SIMD2(10, 10)]],
          [
            [SIMD2(20, 0), SIMD2(30, 0), SIMD2(30, 10), SIMD2(20, 10)],
            [SIMD2(22, 2), SIMD2(22, 8), SIMD2(28, 8)],
          ],
        ], values: [.integer(3)])
    }
    let info = try VectorInfo(path: path).layers[0]
    #expect(info.count == 1 && info.geometry == .polygons)
    let grid = Grid(
      width: 60, height: 50,
      transform: GeoTransform(left: 0, top: 50, cellWidth: 1, cellHeight: 1), crs: "")
    let shapes = try Shapes(path: path, layer: "areas", field: "v", grid: grid).shapes
    #expect(shapes.map(\.paths.count) == [1, 2] && shapes.allSatisfy { $0.value == 3 })
  }
}
