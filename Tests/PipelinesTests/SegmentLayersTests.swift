import Foundation
import RasterFiles
import Rasters
import Segmentation
import Testing

@testable import Pipelines

/// The graph of superpixels as points and lines.
struct SegmentLayersTests {
  private static let stages = """
    { type: "superpixels", tag: "segments", inputs: ["cube"], size: 60 },
    { type: "write", inputs: ["segments"] },
    """

  private func run(_ sample: SampleRun, chunk: Int) throws {
    let path = try sample.ground("layers", labels: "", then: Self.stages)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "seed: 1,", with: "seed: 1, chunk: \(chunk),")
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(sample.run(path, out: "out\(chunk)") == .done)
  }

  @Test func anyChunkMakesTheSameFile() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    for chunk in [512, 57, 40] { try run(sample, chunk: chunk) }
    let whole = try #require(sample.bytes("out512", "segments.gpkg"))
    #expect(sample.bytes("out57", "segments.gpkg") == whole)
    #expect(sample.bytes("out40", "segments.gpkg") == whole)
    let names = try sample.names("out512")
    #expect(names == ["layers.qgz", "run.json", "segments.gpkg", "segments.qml", "segments.tif"])
  }

  /// Every number is found anew from the raster of ids and the cube, cell by cell.
  @Test func featuresAreThoseOfTheCells() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.ground(
      "twin", labels: "",
      then: """
        { type: "superpixels", tag: "segments", inputs: ["cube"], size: 60 },
        { type: "write", inputs: ["segments", "cube"] },
        """)
    #expect(sample.run(path, out: "out") == .done)
    let (info, cube) = try sample.raster("out", "cube.tif")
    let grid = info.gridOfCells
    let ids = try sample.segmentIDs(path, "segments", out: "out")
    let file = sample.folder + "/out/segments.gpkg"
    let nodes = try PointTable.read(path: file, layer: "nodes", crs: grid.crs)
    func numbers(_ name: String) throws -> [Double] {
      try #require(nodes.columns[name]?.numbers)
    }
    let (id, cells, area) = try (numbers("id"), numbers("cells"), numbers("area"))
    #expect(Set(id.map { UInt32($0) }) == Set(ids).subtracting([0]))
    var members: [UInt32: [Int]] = [:]
    for (cell, id) in ids.enumerated() where id != 0 { members[id, default: []].append(cell) }
    let means = try info.bands.map { try numbers("mean_\($0.name)") }
    for row in id.indices {
      let own = try #require(members[UInt32(id[row])])
      #expect(Int(cells[row]) == own.count && area[row] == Double(own.count) * 2500)
      let centers = own.map { grid.center(of: Cell(column: $0 % grid.width, row: $0 / grid.width)) }
      let x = centers.reduce(0) { $0 + $1.x } / Double(own.count)
      let y = centers.reduce(0) { $0 + $1.y } / Double(own.count)
      #expect(abs(nodes.x[row] - x) < 1e-6 && abs(nodes.y[row] - y) < 1e-6)
      for band in info.bands.indices {
        let sum = own.reduce(0.0) { $0 + Double(cube.values[band * grid.cellCount + $1]) }
        #expect(abs(means[band][row] - sum / Double(own.count)) < 1e-5)
      }
    }
    try compareEdges(file, grid, ids, means: { row in means.map { $0[row] } }, ids: id)
  }

  private func compareEdges(
    _ file: String, _ grid: Grid, _ cells: [UInt32], means: (Int) -> [Double], ids: [Double]
  ) throws {
    var borders: [Set<UInt32>: Int] = [:]
    for row in 0..<grid.height {
      for column in 0..<grid.width {
        let own = cells[row * grid.width + column]
        for (dx, dy, edge) in [(1, 0, 1), (0, 1, 1), (1, 1, 0), (-1, 1, 0)] {
          let (x, y) = (column + dx, row + dy)
          guard x >= 0, x < grid.width, y < grid.height else { continue }
          let other = cells[y * grid.width + x]
          if own != other, own != 0, other != 0 { borders[[own, other], default: 0] += edge }
        }
      }
    }
    func numbers(_ field: String) throws -> [Double] {
      try Shapes(path: file, layer: "edges", field: field, grid: grid).shapes.map(\.value)
    }
    let (from, to) = (try numbers("from"), try numbers("to"))
    let (border, weight) = (try numbers("border"), try numbers("weight"))
    #expect(from.count == borders.count && from.count > 200)
    let place = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
    for edge in from.indices {
      let pair: Set = [UInt32(from[edge]), UInt32(to[edge])]
      #expect(borders[pair] == Int(border[edge]))
      let (a, b) = (try #require(place[from[edge]]), try #require(place[to[edge]]))
      let squares = zip(means(a), means(b)).map { ($0 - $1) * ($0 - $1) }
      let expected = exp(-squares.reduce(0, +) / Double(squares.count))
      #expect(abs(weight[edge] - expected) < 1e-6)
    }
  }

  @Test func namesDifferByMoreThanTheirCase() {
    let bands = ["Cu", "CU", "cu", "Zn"].map { Band(name: $0) }
    #expect(SegmentLayers.meanNames(bands) == ["mean_Cu", "mean_CU_2", "mean_cu_3", "mean_Zn"])
  }
}

extension SampleRun {
  /// The ids that a stage made in an earlier run, cell by cell; a raster read as Floats rounds them.
  func segmentIDs(_ pipeline: String, _ tag: String, out: String) throws -> [UInt32] {
    let plan = try Runner.plan(pipeline, overrides: Overrides())
    let executor = Executor(
      lattice: ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk),
      store: try ChunkStore(directory: "\(folder)/\(out)/.gossan"), events: Notes(),
      cacheBytes: 1 << 24)
    guard case .segments(let segments) = plan.products.first(where: { $0.tag == tag })?.product
    else { throw SampleError.missing(tag) }
    return try executor.segments(segments.node, executor.lattice.grid.window).ids
  }
}
