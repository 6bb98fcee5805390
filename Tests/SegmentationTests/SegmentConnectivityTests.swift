import Rasters
import Testing

@testable import Segmentation

struct SegmentConnectivityTests {
  /// Labels of the 3 x 3 lattice cells around each cell, in blobs of `grain` cells, with gaps.
  static func randomLabels(_ lattice: SuperpixelLattice, grain: Int, seed: UInt64) -> SegmentRaster
  {
    var noise = Noise(seed)
    var raster = SegmentRaster(window: lattice.gridWindow)
    let window = raster.window
    for y in stride(from: 0, to: window.height, by: grain) {
      for x in stride(from: 0, to: window.width, by: grain) {
        let dx = noise.integer(-1..<2)
        let dy = noise.integer(-1..<2)
        let hole = noise.uniform() < 0.06
        for row in y..<min(y + grain, window.height) {
          for column in x..<min(x + grain, window.width) where !hole {
            let cell = Cell(
              column: lattice.latticeColumn(ofColumn: column) + dx,
              row: lattice.latticeRow(ofRow: row) + dy)
            guard lattice.allCells.contains(column: cell.column, row: cell.row) else { continue }
            raster.ids[row * window.width + column] = lattice.id(
              latticeColumn: cell.column, latticeRow: cell.row)
          }
        }
      }
    }
    return raster
  }

  /// The rule by flood fill and dictionaries over the whole raster.
  static func naive(_ labels: SegmentRaster, lattice: SuperpixelLattice) -> SegmentRaster {
    let (width, height) = (labels.window.width, labels.window.height)
    var component = [Int](repeating: -1, count: labels.ids.count)
    var parts: [[Int]] = []
    func neighbors(_ cell: Int) -> [Int] {
      let (x, y) = (cell % width, cell / width)
      return [(x, y - 1), (x - 1, y), (x + 1, y), (x, y + 1)]
        .filter { $0.0 >= 0 && $0.1 >= 0 && $0.0 < width && $0.1 < height }
        .map { $0.1 * width + $0.0 }
    }
    for start in 0..<labels.ids.count where labels.ids[start] != 0 && component[start] < 0 {
      var part = [start]
      component[start] = parts.count
      var next = 0
      while next < part.count {
        for other in neighbors(part[next])
        where component[other] < 0 && labels.ids[other] == labels.ids[start] {
          component[other] = parts.count
          part.append(other)
        }
        next += 1
      }
      parts.append(part)
    }
    var ids = [UInt32](repeating: 0, count: parts.count)
    for (label, members) in Dictionary(grouping: parts.indices, by: { labels.ids[parts[$0][0]] }) {
      let large = members.filter { Double(parts[$0].count) >= lattice.size / 2 }
        .sorted { (-parts[$0].count, parts[$0][0]) < (-parts[$1].count, parts[$1][0]) }
      for (rank, part) in large.prefix(4).enumerated() { ids[part] = label + UInt32(rank) }
    }
    var final = ids
    for (index, part) in parts.enumerated() where ids[index] == 0 {
      var borders: [UInt32: Int] = [:]
      for cell in part {
        for other in neighbors(cell) where component[other] >= 0 && component[other] != index {
          let id = ids[component[other]]
          if id != 0 { borders[id, default: 0] += 1 }
        }
      }
      let allowed = borders.filter { id, _ in
        let home = lattice.latticeCell(of: id)
        return part.allSatisfy {
          abs(lattice.latticeColumn(ofColumn: $0 % width) - home.column) <= 2
            && abs(lattice.latticeRow(ofRow: $0 / width) - home.row) <= 2
        }
      }
      let best = allowed.max { ($0.value, $1.key) < ($1.value, $0.key) }
      final[index] = best?.key ?? labels.ids[part[0]]
    }
    var result = SegmentRaster(window: labels.window)
    for cell in result.ids.indices where component[cell] >= 0 {
      result.ids[cell] = final[component[cell]]
    }
    return result
  }

  @Test(arguments: 0..<12)
  func windowsEqualTheWhole(seed: Int) {
    let sizes = [12.0, 31, 50, 9]
    let grid = testGrid(120, 97, left: Double(1_000 + seed))
    let lattice = SuperpixelLattice(grid: grid, size: sizes[seed % 4])
    let labels = Self.randomLabels(lattice, grain: 1 + seed % 5, seed: UInt64(seed))
    let expected = Self.naive(labels, lattice: lattice)
    #expect(lattice.connect(labels, target: grid.window) == expected)
    var pieces = SegmentRaster(window: grid.window)
    for y in stride(from: 0, to: 97, by: 23) {
      for x in stride(from: 0, to: 120, by: 31) {
        let target = Window(x: x, y: y, width: 31, height: 23).intersection(grid.window)
        let window = target.expanded(by: lattice.haloOfConnectivity).intersection(grid.window)
        var part = SegmentRaster(window: window)
        part.paste(labels)
        pieces.paste(lattice.connect(part, target: target))
      }
    }
    #expect(pieces == expected)
    #expect(Set(expected.ids).count > 20)
  }

  @Test(arguments: 0..<4)
  func segmentsStayWithinTwoLatticeCells(seed: Int) {
    let grid = testGrid(90, 80)
    let lattice = SuperpixelLattice(grid: grid, size: 30)
    let labels = Self.randomLabels(lattice, grain: 2 + seed, seed: UInt64(seed))
    let segments = lattice.connect(labels, target: grid.window)
    for row in 0..<80 {
      for column in 0..<90 {
        let id = segments.id(column: column, row: row)
        #expect((id == 0) == (labels.id(column: column, row: row) == 0))
        if id != 0 {
          #expect(lattice.window(ofSegment: id).contains(column: column, row: row))
        }
      }
    }
  }

  @Test func aSmallPartJoinsTheLongerBorder() {
    // Two lattice cells side by side; a 1 x 2 island of the right label inside the left.
    let grid = testGrid(20, 10, left: 0, top: 0)
    let lattice = SuperpixelLattice(grid: grid, size: 100)
    let row = lattice.allCells.y
    let left = lattice.id(latticeColumn: 0, latticeRow: row)
    let right = lattice.id(latticeColumn: 1, latticeRow: row)
    var labels = SegmentRaster(window: grid.window)
    for y in 0..<10 { for x in 0..<20 { labels.ids[y * 20 + x] = x < 10 ? left : right } }
    labels.ids[4 * 20 + 3] = right
    labels.ids[4 * 20 + 4] = right
    let segments = lattice.connect(labels, target: grid.window)
    #expect(segments.id(column: 3, row: 4) == left)
    #expect(Set(segments.ids) == [left, right])
  }

  @Test func largePartsGetRanksAndIslandsKeepTheLabel() {
    let grid = testGrid(30, 10, left: 0, top: 0)
    let lattice = SuperpixelLattice(grid: grid, size: 20)
    let label = lattice.id(latticeColumn: 2, latticeRow: lattice.allCells.y + 1)
    var labels = SegmentRaster(window: grid.window)
    for y in 0..<10 {
      for x in 5..<8 { labels.ids[y * 30 + x] = label }  // 30 cells
      for x in 10..<14 { labels.ids[y * 30 + x] = label }  // 40 cells
    }
    labels.ids[29] = label
    let segments = lattice.connect(labels, target: grid.window)
    #expect(segments.id(column: 11, row: 3) == label)
    #expect(segments.id(column: 6, row: 3) == label + 1)
    #expect(segments.id(column: 29, row: 0) == label)
  }
}
