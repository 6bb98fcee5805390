import Foundation
import Networks
import Rasters
import Testing

@testable import Learning

struct FoldsTests {
  private func clustered() throws -> SampleSet {
    try scatteredSamples(200, seed: 5) { x, y in .category(x + y > 130 ? 1 : 0) }
  }

  private func block(_ sample: Sample, _ size: Double) -> Cell {
    Cell(column: Int((sample.x / size).rounded(.down)), row: Int((sample.y / size).rounded(.down)))
  }

  @Test func blocksStayTogetherAndClassesAreBalanced() throws {
    let set = try clustered()
    let folds = try Folds.blocks(set, size: 20, folds: 5, seed: 1)
    var foldOfBlock: [Cell: Int] = [:]
    for (sample, fold) in zip(set.samples, folds.foldOfSample) {
      #expect(foldOfBlock[block(sample, 20), default: fold] == fold)
      foldOfBlock[block(sample, 20)] = fold
    }
    #expect(folds.places.count == foldOfBlock.count)
    for fold in 0..<5 {
      let counts = set.counts(of: folds.testSamples(fold))
      #expect(counts.reduce(0, +) >= 32 && counts.reduce(0, +) <= 48, "\(counts)")
      // The second class fills one corner only; still every fold has near a fifth of it.
      #expect(abs(counts[1] - set.counts[1] / 5) <= 5, "\(counts) of \(set.counts)")
    }
  }

  /// Moved blocks are other blocks, with test places of their own.
  @Test func blocksCanBeMoved() throws {
    let set = try clustered()
    let plain = try Folds.blocks(set, size: 20, folds: 5, seed: 1)
    let shift = SIMD2(7.5, 12.0)
    let moved = try Folds.blocks(set, size: 20, shift: shift, folds: 5, seed: 1)
    #expect(moved.foldOfSample != plain.foldOfSample)
    for (sample, fold) in zip(set.samples, moved.foldOfSample) {
      for other in 0..<5 {
        #expect(moved.isTestPlace(other, x: sample.x, y: sample.y, cell: nil) == (other == fold))
      }
    }
  }

  @Test func everySampleIsTestedOnceAndTrainedOnElsewhere() throws {
    let set = try clustered()
    for folds in [
      try Folds.blocks(set, size: 13, folds: 4, seed: 2), try Folds.random(set, folds: 4, seed: 2),
    ] {
      let tested = (0..<4).flatMap { folds.testSamples($0) }
      #expect(tested.sorted() == Array(0..<200))
      for fold in 0..<4 {
        let both = folds.testSamples(fold) + folds.trainingSamples(fold)
        #expect(both.sorted() == Array(0..<200))
      }
    }
  }

  /// Fewer samples are among more, with both classes, and what is not drawn is hidden.
  @Test func samplesAreDrawnForEachFold() throws {
    let set = try clustered()
    for folds in [
      try Folds.blocks(set, size: 13, folds: 4, seed: 2), try Folds.random(set, folds: 4, seed: 2),
    ] {
      for fold in 0..<4 {
        let all = folds.trainingSamples(fold)
        func drawn(_ count: Int, seed: UInt64 = 7) -> Set<Int> {
          let seen = folds.drawing(count, from: set, seed: seed)
          #expect(seen.foldOfSample == folds.foldOfSample && seen.places == folds.places)
          let kept = Set(seen.trainingSamples(fold))
          for position in all {
            let sample = set.samples[position]
            let isHidden = seen.isHidden(fold, x: sample.x, y: sample.y, cell: sample.cell)
            #expect(isHidden == !kept.contains(position))
          }
          for position in seen.testSamples(fold) {
            let sample = set.samples[position]
            #expect(seen.isHidden(fold, x: sample.x, y: sample.y, cell: sample.cell))
          }
          return kept
        }
        let (few, more, most) = (drawn(2), drawn(20), drawn(80))
        // The last cell may hold one too many.
        #expect(few.count == 2 && [19, 20].contains(more.count) && [79, 80].contains(most.count))
        #expect(few.isSubset(of: more) && more.isSubset(of: most) && most.isSubset(of: all))
        #expect(set.counts(of: Array(few)) == [1, 1])
        let share = Double(set.counts(of: all)[1]) / Double(all.count)
        #expect(abs(Double(set.counts(of: Array(most))[1]) / Double(most.count) - share) < 0.03)
        #expect(drawn(20, seed: 8) != more)
        #expect(drawn(10_000) == Set(all))
      }
    }
  }

  /// A cell's samples come together: what is in a hidden cell is hidden.
  @Test func samplesOfACellAreDrawnTogether() throws {
    let set = try SampleSet(
      kind: .softmax, categories: ["0", "1"].map { .init(code: $0, name: $0) },
      samples: (0..<40).map { number in
        Sample(
          id: number, x: Double(number / 4), y: 0, cell: Cell(column: number / 4, row: 0),
          target: .category(number / 4 % 2))
      })
    let folds = try Folds.random(set, folds: 2, seed: 1)
    for count in [4, 6, 9, 12] {
      let seen = folds.drawing(count, from: set, seed: 3)
      for fold in 0..<2 {
        let kept = Set(seen.trainingSamples(fold))
        #expect(kept.count == count / 4 * 4)
        for position in 0..<40 {
          let cell = set.samples[position].cell
          #expect(
            seen.isHidden(fold, x: set.samples[position].x, y: 0, cell: cell)
              == !kept.contains(position))
        }
      }
    }
    let coded = try JSONEncoder().encode(folds.drawing(6, from: set, seed: 3))
    #expect(
      try JSONDecoder().decode(Folds.self, from: coded) == folds.drawing(6, from: set, seed: 3))
  }

  @Test func otherPointsOfATestPlaceAreKnown() throws {
    let set = try clustered()
    let folds = try Folds.blocks(set, size: 20, folds: 5, seed: 1)
    for position in [0, 17, 99] {
      let corner = block(set.samples[position], 20)
      let fold = folds.foldOfSample[position]
      let x = Double(corner.column) * 20
      let y = Double(corner.row) * 20
      for (dx, dy) in [(0.0, 0.0), (19.99, 19.99), (7, 3)] {
        #expect(folds.isTestPlace(fold, x: x + dx, y: y + dy, cell: nil))
        #expect(!folds.isTestPlace((fold + 1) % 5, x: x + dx, y: y + dy, cell: nil))
      }
    }
    #expect((0..<5).allSatisfy { !folds.isTestPlace($0, x: -1, y: 500, cell: nil) })
    let random = try Folds.random(set, folds: 5, seed: 1)
    for (sample, fold) in zip(set.samples, random.foldOfSample) {
      #expect(random.isTestPlace(fold, x: -1e9, y: 0, cell: sample.cell))
      #expect(!random.isTestPlace((fold + 1) % 5, x: 0, y: 0, cell: sample.cell))
    }
    #expect(!random.isTestPlace(0, x: set.samples[0].x, y: set.samples[0].y, cell: nil))
  }

  @Test func blocksAreAnchoredToTheMapAndNotToTheSamples() throws {
    let set = try clustered()
    let folds = try Folds.blocks(set, size: 20, folds: 5, seed: 3)
    // Reversed samples in another grid: the same places in the same folds.
    let moved = try SampleSet(
      kind: set.kind, categories: set.categories,
      samples: set.samples.reversed().map { old in
        var sample = old
        sample.cell = Cell(column: old.cell.column + 40, row: old.cell.row)
        return sample
      })
    let again = try Folds.blocks(moved, size: 20, folds: 5, seed: 3)
    #expect(again.places == folds.places)
    #expect(again.foldOfSample.reversed() == folds.foldOfSample)
    let random = try Folds.random(set, folds: 5, seed: 3)
    #expect(
      try Folds.random(moved, folds: 5, seed: 3).foldOfSample.reversed() == random.foldOfSample)
    #expect(try Folds.random(set, folds: 5, seed: 4) != random)
  }

  @Test func samplesOfACellStayTogetherAtRandom() throws {
    let old = try clustered()
    let set = try SampleSet(
      kind: old.kind, categories: old.categories,
      samples: old.samples.map { old in
        var sample = old
        sample.cell = Cell(column: Int(old.x / 10), row: Int(old.y / 10))
        return sample
      })
    let folds = try Folds.random(set, folds: 3, seed: 9)
    var foldOfCell: [Cell: Int] = [:]
    for (sample, fold) in zip(set.samples, folds.foldOfSample) {
      #expect(foldOfCell[sample.cell, default: fold] == fold)
      foldOfCell[sample.cell] = fold
    }
    for fold in 0..<3 {
      let counts = set.counts(of: folds.testSamples(fold))
      for (count, all) in zip(counts, set.counts) { #expect(abs(count * 3 - all) <= 9) }
    }
  }

  @Test func aColumnGivesFoldsAndSharedCellsAreLeftOut() throws {
    var samples = try clustered().samples.prefix(6).map { $0 }
    samples[3].cell = samples[0].cell
    let set = try SampleSet(
      kind: .softmax, categories: clustered().categories, samples: samples)
    let folds = try Folds.field(set, values: ["10", "9", "10", "9", "", "9"])
    #expect(folds.names == ["9", "10"])
    #expect(folds.foldOfSample == [1, 0, 1, 0, -1, 0])
    #expect(folds.testSamples(1) == [0, 2])
    #expect(folds.trainingSamples(1) == [1, 4, 5])
    #expect(folds.trainingSamples(0) == [2, 4])
  }

  @Test func impossibleDivisionsAreErrors() throws {
    let set = try clustered()
    #expect(throws: SampleError.self) { try Folds.blocks(set, size: 60, folds: 5, seed: 0) }
    #expect(throws: SampleError.self) { try Folds.blocks(set, size: 0, folds: 5, seed: 0) }
    #expect(throws: SampleError.self) { try Folds.blocks(set, size: 20, folds: 1, seed: 0) }
    #expect(throws: SampleError.self) { try Folds.field(set, values: ["1"]) }
    #expect(throws: SampleError.self) {
      try Folds.field(set, values: [String](repeating: "1", count: 200))
    }
  }

  @Test func labelsAndValuesAreBalancedToo() throws {
    let labels = try scatteredSamples(200, seed: 6, kind: .sigmoid) { x, y in
      .values([x > 80 ? 1 : 0, y > 50 ? .nan : 1])
    }
    let values = try scatteredSamples(200, seed: 6, kind: .linear) { x, y in
      .values([Float(x), .nan])
    }
    let labelFolds = try Folds.random(labels, folds: 4, seed: 0)
    let valueFolds = try Folds.random(values, folds: 4, seed: 0)
    for fold in 0..<4 {
      for (count, all) in zip(labels.counts(of: labelFolds.testSamples(fold)), labels.counts) {
        #expect(abs(count * 4 - all) <= 8)
      }
      let low = valueFolds.testSamples(fold).filter { values.samples[$0].x < 25 }.count
      let all = values.samples.filter { $0.x < 25 }.count
      #expect(abs(low * 4 - all) <= 12)
    }
  }

  @Test func defaultBlockIsAFifthOfTheLongestSide() {
    let grid = Grid(
      width: 30, height: 10,
      transform: GeoTransform(left: 5, top: 0, cellWidth: 2, cellHeight: 7), crs: "")
    #expect(Folds.defaultBlockSize(for: grid) == 14)
  }

  @Test func codable() throws {
    let folds = try Folds.blocks(clustered(), size: 20, folds: 5, seed: 1)
    let copy = try JSONDecoder().decode(Folds.self, from: JSONEncoder().encode(folds))
    #expect(copy == folds)
    #expect(copy.trainingSamples(2) == folds.trainingSamples(2))
  }

  /// Joined folds are tested together, and the others keep their samples.
  @Test func joinedFoldsAreOne() throws {
    let set = try SampleSet(
      kind: .linear, categories: [.init(code: "v", name: "v")],
      samples: (0..<40).map { index in
        Sample(
          id: index, x: 10 * Double(index % 8) + 5, y: 10 * Double(index / 8) + 5,
          cell: Cell(column: index % 8, row: index / 8), target: .values([Float(index % 7)]))
      })
    let folds = try Folds.blocks(set, size: 20, folds: 4, seed: 3)
    let joined = folds.joining([3, 1])
    #expect(joined.count == 3 && joined.names == ["2+4", "1", "3"])
    #expect(joined.testSamples(0) == (folds.testSamples(1) + folds.testSamples(3)).sorted())
    #expect(joined.testSamples(1) == folds.testSamples(0))
    #expect(joined.testSamples(2) == folds.testSamples(2))
    #expect(
      joined.trainingSamples(0)
        == folds.trainingSamples(1).filter(Set(folds.trainingSamples(3)).contains))
    for sample in set.samples {
      let isHidden = [1, 3].contains {
        folds.isTestPlace($0, x: sample.x, y: sample.y, cell: sample.cell)
      }
      #expect(joined.isTestPlace(0, x: sample.x, y: sample.y, cell: sample.cell) == isHidden)
    }
    // Samples of no fold stay in none.
    let named = try Folds.field(set, values: set.samples.map { ["", "a", "b", "c"][$0.id % 4] })
    #expect(
      named.joining([0, 1]).foldOfSample == named.foldOfSample.map { [-1: -1, 2: 1][$0] ?? 0 })
  }
}
