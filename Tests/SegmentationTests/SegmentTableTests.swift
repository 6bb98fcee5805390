import Rasters
import Testing

@testable import Segmentation

struct SegmentTableTests {
  private let grid = testGrid(140, 110)
  private let settings = Superpixels(size: 40, compactness: 1)

  @Test func rowsAgreeWithANaiveTwin() {
    let lattice = settings.lattice(on: grid)
    let cube = testCube(grid.window, bands: 2, holes: 3)
    let segments = settings.segment(cube: cube, grid: grid)
    let table = SegmentTable(
      cube: cube, segments: segments, lattice: lattice, cells: lattice.allCells, grid: grid)
    let adjacency = RegionAdjacency(segments)
    #expect(table.rows.map(\.id) == adjacency.ids)
    for (number, row) in table.rows.enumerated() {
      let cells = segments.ids.indices.filter { segments.ids[$0] == row.id }
      #expect(row.pixelCount == cells.count)
      for band in 0..<2 {
        let sum = cells.reduce(0.0) { $0 + Double(cube.values[band * grid.cellCount + $1]) }
        #expect(abs(Double(row.means[band]) - sum / Double(cells.count)) < 1e-6)
      }
      let columns = cells.map { $0 % 140 + lattice.origin.column }
      let rows = cells.map { $0 / 140 + lattice.origin.row }
      #expect(
        abs(row.column - 0.5 - Double(columns.reduce(0, +)) / Double(cells.count)) < 1e-9)
      #expect(abs(row.row - 0.5 - Double(rows.reduce(0, +)) / Double(cells.count)) < 1e-9)
      #expect(row.bounds.x == columns.min() && row.bounds.maxX - 1 == columns.max())
      #expect(row.bounds.y == rows.min() && row.bounds.maxY - 1 == rows.max())
      #expect(
        row.neighbors.map(\.id)
          == adjacency.range(ofNeighborsOf: number).map {
            adjacency.ids[Int(adjacency.neighbors[$0])]
          })
    }
    #expect(table[table.rows[5].id] == table.rows[5])
    #expect(table[1] == nil)
  }

  /// Bands of another cube may miss cells that have a segment.
  @Test func meansLeaveOutMissingCells() {
    let lattice = settings.lattice(on: grid)
    let cube = testCube(grid.window, bands: 2, holes: 0)
    let segments = settings.segment(cube: cube, grid: grid)
    var gaps = cube
    let lost = segments.ids[70 * 140 + 70]
    for cell in segments.ids.indices {
      if cell % 3 == 0 { gaps.values[cell] = .nan }
      if segments.ids[cell] == lost { gaps.values[grid.cellCount + cell] = .infinity }
    }
    let table = SegmentTable(
      cube: gaps, segments: segments, lattice: lattice, cells: lattice.allCells, grid: grid)
    for row in table.rows {
      let cells = segments.ids.indices.filter { segments.ids[$0] == row.id && $0 % 3 != 0 }
      let sum = cells.reduce(0.0) { $0 + Double(cube.values[$1]) }
      #expect(abs(Double(row.means[0]) - sum / Double(cells.count)) < 1e-6)
      #expect(row.means[1].isNaN == (row.id == lost))
    }
  }

  @Test(arguments: [30, 64])
  func chunksMakeTheSameTable(edge: Int) throws {
    let lattice = settings.lattice(on: grid)
    let cube = testCube(grid.window, bands: 3, holes: 5)
    let segments = settings.segment(cube: cube, grid: grid)
    let whole = SegmentTable(
      cube: cube, segments: segments, lattice: lattice, cells: lattice.allCells, grid: grid)
    var parts: [SegmentTable] = []
    for y in stride(from: 0, to: grid.height, by: edge) {
      for x in stride(from: 0, to: grid.width, by: edge) {
        let chunk = Window(x: x, y: y, width: edge, height: edge)
        let window = chunk.expanded(by: lattice.haloOfTable).intersection(grid.window)
        var part = SegmentRaster(window: window)
        part.paste(segments)
        parts.append(
          SegmentTable(
            cube: cube.cropped(to: window), segments: part, lattice: lattice,
            cells: lattice.cells(homeIn: chunk), grid: grid))
      }
    }
    #expect(SegmentTable.merged(parts) == whole)
    #expect(try SegmentTable(bytes: whole.bytes) == whole)
    #expect(throws: TableDataError.self) { try SegmentTable(bytes: whole.bytes.dropLast()) }
  }

  /// Chunks without a segment have such tables, whatever the number of bands.
  @Test func tablesWithoutRowsAreKept() throws {
    let empty = SegmentTable(bandCount: 300, rows: [])
    #expect(try SegmentTable(bytes: empty.bytes) == empty)
    var bytes = empty.bytes
    bytes[7] = 0x80
    #expect(throws: TableDataError.self) { try SegmentTable(bytes: bytes) }
  }

  /// A bar of about 4 x 28 cells rotated by `degrees` clockwise from north.
  @Test(arguments: [0.0, 30, 75, 120, 165])
  func strikeFollowsTheLongAxis(degrees: Double) {
    let grid = testGrid(60, 60, left: 0, top: 0)
    let lattice = SuperpixelLattice(grid: grid, size: 900)
    let id = lattice.id(latticeColumn: 1, latticeRow: lattice.allCells.y)
    var segments = SegmentRaster(window: grid.window)
    let angle = degrees / 180 * Double.pi
    let (east, north) = (sine(angle), sine(angle + .pi / 2))
    for row in 0..<60 {
      for column in 0..<60 {
        let (x, y) = (Double(column) - 30, 30 - Double(row))
        let along = x * east + y * north
        let across = x * north - y * east
        if abs(along) <= 14, abs(across) <= 2 { segments.ids[row * 60 + column] = id }
      }
    }
    let cube = DataCube(window: grid.window, bandCount: 1, filledWith: 1)
    let table = SegmentTable(
      cube: cube, segments: segments, lattice: lattice, cells: lattice.allCells, grid: grid)
    let off = abs(table.rows[0].strike - degrees)
    #expect(min(off, 180 - off) < 2)
    #expect((5.0..<9.5).contains(table.rows[0].elongation))
  }

  /// The sine by its series: tests import no mathematics library.
  private func sine(_ angle: Double) -> Double {
    var term = angle
    var sum = angle
    for k in 1..<25 {
      term *= -angle * angle / Double(2 * k * (2 * k + 1))
      sum += term
    }
    return sum
  }
}
