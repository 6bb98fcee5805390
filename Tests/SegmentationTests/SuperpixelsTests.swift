import Rasters
import Testing

@testable import Segmentation

/// A repeatable stream of numbers: SplitMix64 (Steele, Lea and Flood 2014).
struct Noise {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A number in 0..<1.
  mutating func uniform() -> Float { Float(next() >> 40) / Float(1 << 24) }

  mutating func integer(_ range: Range<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }
}

func testGrid(_ width: Int, _ height: Int, left: Double = 5_003, top: Double = 7_777) -> Grid {
  Grid(
    width: width, height: height,
    transform: GeoTransform(left: left, top: top, cellWidth: 1, cellHeight: 1), crs: "")
}

/// Patches of different colours under noise, with `holes` disks without data.
func testCube(_ window: Window, bands: Int, holes: Int = 0, seed: UInt64 = 1) -> DataCube {
  var noise = Noise(seed)
  var cube = DataCube(window: window, bandCount: bands, filledWith: 0)
  let patchColumns = window.width / 13 + 3
  let colors = (0..<patchColumns * (window.height / 11 + 3)).map { _ in
    (0..<bands).map { _ in noise.uniform() * 4 }
  }
  var gaps: [(Float, Float, Float)] = []
  for _ in 0..<holes {
    gaps.append(
      (
        noise.uniform() * Float(window.width), noise.uniform() * Float(window.height),
        1 + 9 * noise.uniform()
      ))
  }
  for row in 0..<window.height {
    for column in 0..<window.width {
      let (x, y) = (Float(column), Float(row))
      func distance(_ px: Float, _ py: Float) -> Float { (x - px) * (x - px) + (y - py) * (y - py) }
      let patch = (row + column / 4) % 997 / 11 * patchColumns + (column + row / 3) % 991 / 13
      let color = colors[patch % colors.count]
      let missing = gaps.contains { distance($0.0, $0.1) < $0.2 * $0.2 }
      for band in 0..<bands {
        let index = band * window.cellCount + row * window.width + column
        cube.values[index] = missing && band == 0 ? .nan : color[band] + noise.uniform()
      }
    }
  }
  return cube
}

struct SuperpixelsTests {
  /// The same algorithm in Double, pixel by pixel, without blocks, lanes or windows.
  static func naiveLabels(_ settings: Superpixels, cube: DataCube, grid: Grid) -> SegmentRaster {
    let lattice = settings.lattice(on: grid)
    let all = lattice.allCells
    var table = settings.seeds(cube: cube, lattice: lattice, cells: all)
    var raster = SegmentRaster(window: grid.window)
    for iteration in 0...settings.iterations {
      var sums: [Cell: (count: Double, column: Double, row: Double, colors: [Double])] = [:]
      for row in 0..<grid.height {
        for column in 0..<grid.width {
          guard
            let nearest = naiveNearest(
              settings, cube: cube, lattice: lattice, table: table, column: column, row: row)
          else { continue }
          raster.ids[row * grid.width + column] = lattice.id(
            latticeColumn: nearest.column, latticeRow: nearest.row)
          var sum = sums[nearest] ?? (0, 0, 0, [Double](repeating: 0, count: cube.bandCount))
          sum.count += 1
          sum.column += Double(column - lattice.firstColumn(nearest.column))
          sum.row += Double(row - lattice.firstRow(nearest.row))
          for (band, value) in cube.spectrum(column: column, row: row).enumerated() {
            sum.colors[band] += Double(value)
          }
          sums[nearest] = sum
        }
      }
      guard iteration < settings.iterations else { break }
      for (cell, sum) in sums {
        let index = all.index(column: cell.column, row: cell.row)
        table.columns[index] = Float(sum.column / sum.count)
        table.rows[index] = Float(sum.row / sum.count)
        for band in 0..<cube.bandCount {
          table.colors[index * cube.bandCount + band] = Float(sum.colors[band] / sum.count)
        }
      }
    }
    return raster
  }

  private static func naiveNearest(
    _ settings: Superpixels, cube: DataCube, lattice: SuperpixelLattice, table: CentreTable,
    column: Int, row: Int
  ) -> Cell? {
    let spectrum = cube.spectrum(column: column, row: row)
    guard !spectrum.contains(where: \.isNaN) else { return nil }
    let home = Cell(
      column: lattice.latticeColumn(ofColumn: column), row: lattice.latticeRow(ofRow: row))
    var best: (distance: Double, cell: Cell)?
    for y in home.row - 1...home.row + 1 {
      for x in home.column - 1...home.column + 1 where table.cells.contains(column: x, row: y) {
        let index = table.cells.index(column: x, row: y)
        if table.counts[index] == CentreTable.absent { continue }
        let dx = Double(column - lattice.firstColumn(x)) - Double(table.columns[index])
        let dy = Double(row - lattice.firstRow(y)) - Double(table.rows[index])
        if max(abs(dx), abs(dy)) > 2 * lattice.spacing { continue }
        var distance =
          settings.compactness * settings.compactness / settings.size * (dx * dx + dy * dy)
        for (band, value) in spectrum.enumerated() {
          let delta = Double(value) - Double(table.colors[index * cube.bandCount + band])
          distance += delta * delta
        }
        if distance < best?.distance ?? .infinity { best = (distance, Cell(column: x, row: y)) }
      }
    }
    return best?.cell
  }

  @Test(arguments: [20.0, 47, 64])
  func labelsAgreeWithANaiveTwin(size: Double) {
    let grid = testGrid(61, 53)
    let cube = testCube(grid.window, bands: 3, holes: 4)
    let settings = Superpixels(size: size, compactness: 1, iterations: 4)
    let lattice = settings.lattice(on: grid)
    var centres = settings.seeds(cube: cube, lattice: lattice, cells: lattice.allCells)
    for _ in 0..<settings.iterations {
      centres = settings.updated(centres, cube: cube, lattice: lattice, cells: lattice.allCells)
    }
    let labels = settings.assign(
      cube: cube, centres: centres, lattice: lattice, window: grid.window)
    let expected = Self.naiveLabels(settings, cube: cube, grid: grid)
    let different = zip(labels.ids, expected.ids).count { $0 != $1 }
    #expect(Double(different) <= 0.002 * Double(grid.cellCount))
    #expect(Set(labels.ids).count > 20)
  }

  @Test(arguments: [(0, 50.0), (40, 50.0), (40, 211.3), (12, 9.0)])
  func labelsDoNotDependOnTheChunk(holes: Int, size: Double) {
    let grid = testGrid(611, 540)
    let cube = testCube(grid.window, bands: 3, holes: holes)
    let settings = Superpixels(size: size, compactness: 0.8, iterations: 5)
    let whole = settings.segment(cube: cube, grid: grid)
    #expect(settings.segment(cube: cube, grid: grid, chunk: 64) == whole)
    #expect(settings.segment(cube: cube, grid: grid, chunk: 517) == whole)
    for index in 0..<grid.cellCount {
      if (whole.ids[index] == SegmentRaster.none) != cube.values[index].isNaN {
        Issue.record("cell \(index) has \(cube.values[index]) and id \(whole.ids[index])")
        return
      }
    }
  }

  @Test func idsSurviveAGrowingSurvey() {
    let large = testGrid(300, 200)
    let cube = testCube(large.window, bands: 2)
    let small = testGrid(180, 200, left: 5_003 + 120)
    let part = cube.cropped(to: Window(x: 120, y: 0, width: 180, height: 200))
    let moved = DataCube(window: small.window, bandCount: 2, values: part.values)
    let settings = Superpixels(size: 36, compactness: 1, iterations: 10)
    let before = settings.segment(cube: moved, grid: small)
    let after = settings.segment(cube: cube, grid: large)
    for row in 0..<200 {
      for column in 60..<180
      where before.id(column: column, row: row)
        != after.id(column: column + 120, row: row)
      {
        Issue.record("the id at column \(column), row \(row) changed")
        return
      }
    }
  }

  @Test func blocksOfColorAreFound() {
    // Four lattice cells wide blocks of one colour each: every segment has one colour.
    let grid = testGrid(96, 96, left: 0, top: 0)
    var cube = DataCube(window: grid.window, bandCount: 1, filledWith: 0)
    for row in 0..<96 {
      for column in 0..<96 {
        cube.values[row * 96 + column] = Float((row / 17 + column / 23) % 2)
      }
    }
    let raster = Superpixels(size: 25, compactness: 0.1).segment(cube: cube, grid: grid)
    var cells: [UInt32: [Float: Int]] = [:]
    for (id, value) in zip(raster.ids, cube.values) {
      cells[id, default: [:]][value, default: 0] += 1
    }
    // Only slivers under half a segment's size may sit with the other colour.
    let strays = cells.values.reduce(0) { $0 + $1.values.reduce(0, +) - ($1.values.max() ?? 0) }
    #expect(strays < 96 * 96 / 25)
    #expect(cells.count > 250)
  }

  @Test func aSeedWithoutDataMovesToTheNearestCell() {
    let grid = testGrid(30, 30, left: 0, top: 0)
    let settings = Superpixels(size: 100, compactness: 1)
    let lattice = settings.lattice(on: grid)
    var cube = DataCube(window: grid.window, bandCount: 1, filledWith: .nan)
    // The middle of the first lattice cell is (5, 5): equally near are (5, 3) and (3, 5).
    cube.values[3 * 30 + 5] = 1
    cube.values[5 * 30 + 3] = 2
    // Too far from every other middle.
    let table = settings.seeds(cube: cube, lattice: lattice, cells: lattice.allCells)
    #expect(table.counts == [0] + [Int32](repeating: CentreTable.absent, count: 8))
    #expect(table.colors[0] == 1)
    #expect(table.columns[0] == 5)
    #expect(table.rows[0] == 3)
  }

  @Test func aCentreWithoutPixelsStays() {
    let grid = testGrid(20, 10, left: 0, top: 0)
    let settings = Superpixels(size: 100, compactness: 0)
    let lattice = settings.lattice(on: grid)
    let cube = DataCube(window: grid.window, bandCount: 1, filledWith: 1)
    let seeds = settings.seeds(cube: cube, lattice: lattice, cells: lattice.allCells)
    // All distances are equal, so every pixel goes to the lower lattice index.
    let centres = settings.updated(seeds, cube: cube, lattice: lattice, cells: lattice.allCells)
    #expect(centres.counts[0] == 200 - 0)
    #expect(centres.counts[1] == 0)
    #expect(centres.columns[1] == seeds.columns[1])
  }
}
