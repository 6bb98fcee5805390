import Rasters
import Segmentation
import Testing

struct MaskRegionsTests {
  private static let window = Window(x: 0, y: 0, width: 23, height: 19)

  /// Cells that look random, the same for the same seed.
  private static func cells(_ seed: UInt64, share: UInt64) -> [Bool] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<window.cellCount).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state % 100 < share
    }
  }

  private static func mask(_ cells: [Bool], chunk: Int) -> MaskRuns {
    var mask = MaskRuns(height: window.height)
    for y in stride(from: 0, to: window.height, by: chunk) {
      for x in stride(from: 0, to: window.width, by: chunk) {
        let part = Window(x: x, y: y, width: chunk, height: chunk).intersection(window)
        mask.add(
          part,
          (part.y..<part.maxY).flatMap { row in
            (part.x..<part.maxX).map { cells[window.index(column: $0, row: row)] }
          })
      }
    }
    return mask
  }

  /// The naive twin: a flood from every cell that has no region yet, by rows.
  private static func flooded(_ cells: [Bool], corners: Bool) -> [Int] {
    var labels = [Int](repeating: -1, count: cells.count)
    var count = 0
    for start in cells.indices where cells[start] && labels[start] < 0 {
      var open = [start]
      labels[start] = count
      while let cell = open.popLast() {
        let (x, y) = (cell % window.width, cell / window.width)
        for dy in -1...1 {
          for dx in -1...1 where corners || dx == 0 || dy == 0 {
            guard window.contains(column: x + dx, row: y + dy) else { continue }
            let next = window.index(column: x + dx, row: y + dy)
            guard cells[next], labels[next] < 0 else { continue }
            labels[next] = count
            open.append(next)
          }
        }
      }
      count += 1
    }
    return labels
  }

  @Test(arguments: [20, 45, 60, 90])
  func regionsAreThoseOfAFlood(share: UInt64) {
    for seed in 1...12 {
      let cells = Self.cells(UInt64(seed), share: share)
      let mask = Self.mask(cells, chunk: 23)
      for connectivity in [MaskRegions.Connectivity.four, .eight] {
        let expected = Self.flooded(cells, corners: connectivity == .eight)
        let regions = MaskRegions(mask, connectivity)
        let found = cells.indices.map { cell in
          regions.region(column: cell % Self.window.width, row: cell / Self.window.width) ?? -1
        }
        #expect(found == expected)
        #expect(
          regions.cellCounts
            == (0..<regions.count).map { region in expected.count { $0 == region } })
        #expect(regions.runs(rows: 3..<7).allSatisfy { (3..<7).contains($0.row) })
        #expect(
          regions.runs(rows: 3..<7).reduce(0) { $0 + $1.columns.count }
            == cells[3 * 23..<7 * 23].count { $0 })
      }
    }
  }

  @Test func runsCrossTheBordersOfChunks() {
    let cells = Self.cells(5, share: 80)
    let whole = Self.mask(cells, chunk: 23)
    #expect(whole.rows.joined().reduce(0) { $0 + $1.count } == cells.count { $0 })
    for chunk in [1, 4, 7] { #expect(Self.mask(cells, chunk: chunk) == whole) }
  }

  @Test func nothingIsARegionOfAnEmptyMask() {
    let regions = MaskRegions(MaskRuns(height: 4), .eight)
    #expect(regions.count == 0 && regions.runs.isEmpty)
    #expect(regions.region(column: 0, row: 0) == nil)
    #expect(regions.region(column: 0, row: 9) == nil)
  }
}
