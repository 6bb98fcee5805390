import Foundation
import Learning
import Networks
import Rasters
import Segmentation
import Testing

@testable import Pipelines

/// Shifts of gathered samples, against windows that are read at the shifted cell.
struct TrainingSamplesTests {
  private static func value(_ band: Int, _ column: Int, _ row: Int) -> Float {
    // A hole in the second band.
    band == 1 && column == 12 && row == 9
      ? .nan : Float(10_000 * band + 100 * row + column)
  }

  private static func window(_ cell: Cell, _ size: Int) -> [Float] {
    (0..<2).flatMap { band in
      (0..<size * size).map { place in
        value(band, cell.column - size / 2 + place % size, cell.row - size / 2 + place / size)
      }
    }
  }

  private func gathered(sizes: [Int], reach: Int) throws -> GatheredSamples {
    let cells = [Cell(column: 10, row: 10), Cell(column: 11, row: 9), Cell(column: 30, row: 20)]
    let set = try SampleSet(
      kind: .softmax, categories: ["a", "b"].map { .init(code: $0, name: $0) },
      samples: cells.enumerated().map { number, cell in
        Sample(id: number, x: 0, y: 0, cell: cell, target: .category(number % 2))
      })
    var rows = SampleRows()
    rows.rows = cells.enumerated().map { position, cell in
      let all = sizes + (reach > 0 ? [(sizes.max() ?? 1) + 2 * reach] : [])
      return SampleRows.Row(
        position: position, spectrum: Self.window(cell, 1), sources: Self.window(cell, 1),
        windows: all.map { Self.window(cell, $0) }, segment: SegmentRaster.none)
    }
    return try GatheredSamples(
      set, tables: [rows.bytes], bands: ["x", "y"].map { Band(name: $0) },
      windowForms: sizes.map { .init(bands: 0..<2, side: $0) }, needsSegments: false)
  }

  @Test(arguments: [[], [3], [5, 3]], [1, 2]) func shiftsAreReadAtTheirCells(
    sizes: [Int], reach: Int
  ) throws {
    let gathered = try gathered(sizes: sizes, reach: reach)
    let hidden = Cell(column: 31, row: 21)
    let set = try gathered.trainingSet([0, 2, 1], blockSize: 1) { $0 != hidden }
    #expect(set.windows.map(\.count) == sizes.map { 3 * 2 * $0 * $0 })
    let places = gathered.set.samples.map(\.cell)
    for (row, position) in [0, 2, 1].enumerated() {
      var expected: [TrainingSet.Shift] = []
      for y in -reach...reach {
        for x in -reach...reach {
          let cell = Cell(column: places[position].column + x, row: places[position].row + y)
          guard !places.contains(cell), cell != hidden,
            !Self.window(cell, 1).contains(where: \.isNaN)
          else { continue }
          expected.append(
            TrainingSet.Shift(
              distance: max(abs(x), abs(y)), spectrum: Self.window(cell, 1),
              windows: sizes.map { Self.window(cell, $0) }))
        }
      }
      #expect(set.shifts[row].count == expected.count)
      for (found, wanted) in zip(set.shifts[row], expected) {
        #expect(found.distance == wanted.distance && found.spectrum == wanted.spectrum)
        #expect(zip(found.windows, wanted.windows).allSatisfy { isSame($0, $1) })
      }
    }
  }

  @Test func asManyAreKeptAsCanBeUsed() throws {
    let gathered = try gathered(sizes: [3], reach: 2)
    let all = try gathered.trainingSet([2, 1], blockSize: 1).shifts
    #expect(all[0].count == 24)
    let shifting = Shifting(ways: [(distance: 1, copies: 3), (distance: 2, copies: 2)], seed: 4)
    let kept = try gathered.trainingSet([2, 1], blockSize: 1, shifting: shifting).shifts
    #expect((3...5).contains(kept[0].count) && kept[0].count { $0.distance == 1 } >= 3)
    #expect(kept[0].allSatisfy(all[0].contains))
    // The draw hangs on seed and sample, not on who else is there.
    #expect(
      try gathered.trainingSet([0, 1, 2], blockSize: 1, shifting: shifting).shifts[2] == kept[0])
    let other = Shifting(ways: shifting.ways, seed: 5)
    let others = try gathered.trainingSet([2, 1], blockSize: 1, shifting: other).shifts
    #expect(others[0] != kept[0])
  }

  @Test func nothingIsSeenBeyondTheGrid() {
    let grid = StageRun.grid
    #expect(grid.shows(Cell(column: 0, row: 0), hiding: []))
    for cell in [
      Cell(column: -1, row: 3), Cell(column: 3, row: -1), Cell(column: grid.width, row: 3),
      Cell(column: 3, row: grid.height),
    ] { #expect(!grid.shows(cell, hiding: [])) }
  }

  @Test func withoutAWiderWindowNothingIsShifted() throws {
    #expect(try gathered(sizes: [3], reach: 0).trainingSet([0, 1], blockSize: 1).shifts.isEmpty)
  }
}
