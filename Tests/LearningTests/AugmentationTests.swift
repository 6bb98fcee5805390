import Networks
import Rasters
import Testing

@testable import Learning

struct AugmentationTests {
  /// Twelve samples of two bands, the second a category, with windows of 2 x 2 cells.
  private func set(rare: Int = 3) throws -> TrainingSet {
    let samples = (0..<12).map { number in
      Sample(
        id: 5 * number, x: Double(number), y: 0, cell: Cell(column: number, row: 0),
        target: .category(number < rare ? 1 : 0), weight: Float(1 + number % 2))
    }
    return try TrainingSet(
      samples: SampleSet(
        kind: .softmax,
        categories: [.init(code: "0", name: "barren"), .init(code: "1", name: "deposit")],
        samples: samples),
      blockSize: 1, bandCount: 2,
      spectra: (0..<12).flatMap { [Float($0 * $0 % 7), Float($0 % 2)] },
      windows: [(0..<12 * 8).map { Float($0 % 13) }], isCategory: [false, true])
  }

  private func made(
    _ set: TrainingSet, _ augmentations: [Augmentation], fitted: [Int], seed: UInt64 = 1
  ) -> (set: TrainingSet, added: [Int]) {
    set.augmented(
      by: augmentations, fitted: fitted, background: [-1, -2], seed: seed)
  }

  @Test func newSamplesAreMadeOfFittedOnesAlone() throws {
    let set = try set(rare: 4)
    let fitted = [0, 1, 2, 5, 6, 7, 8]
    let all: [Augmentation] = [
      .oversample(Oversampling(.smote, neighbors: 2)), .noise(deviation: 0.1, copies: 1),
      .drop(rate: 0.5, copies: 1), .rotateFlip,
    ]
    for augmentation in all {
      let (first, added) = made(set, [augmentation], fitted: fitted)
      #expect(Array(first.spectra.prefix(set.spectra.count)) == set.spectra)
      #expect(first.count == set.count + added.count && !added.isEmpty)
      #expect(Set(first.samples.samples.map(\.id)).count == first.count)
      // What is not trained on may change as it likes.
      var spectra = set.spectra
      for position in 0..<12 where !fitted.contains(position) { spectra[position * 2] = 999 }
      let changed = try TrainingSet(
        samples: set.samples, blockSize: 1, bandCount: 2, spectra: spectra, windows: set.windows,
        isCategory: set.isCategory)
      let second = made(changed, [augmentation], fitted: fitted).set
      #expect(second.spectra.suffix(2 * added.count) == first.spectra.suffix(2 * added.count))
      // The order of samples does not matter, the seed does.
      let turned = made(set, [augmentation], fitted: fitted.reversed()).set
      #expect(turned.spectra == first.spectra && turned.windows == first.windows)
      if augmentation != .rotateFlip {
        #expect(made(set, [augmentation], fitted: fitted, seed: 2).set.spectra != first.spectra)
      }
    }
  }

  @Test func oversamplingEvensClassesOut() throws {
    let (set, added) = made(
      try set(), [.oversample(Oversampling(.smote))], fitted: Array(0..<12))
    #expect(set.samples.counts == [9, 9] && added.count == 6)
    for position in added {
      #expect([0, 1].contains(set.spectra[2 * position + 1]))
      // Windows and spectrum move by one share.
      #expect(set.samples.samples[position].target == .category(1))
    }
  }

  @Test func noiseLeavesCategoriesAlone() throws {
    let original = try set()
    let (set, added) = made(original, [.noise(deviation: 0.5, copies: 3)], fitted: [4, 9])
    #expect(added.count == 6)
    for (number, position) in added.enumerated() {
      let parent = number < 3 ? 4 : 9
      #expect(set.spectra[2 * position + 1] == original.spectra[2 * parent + 1])
      #expect(set.spectra[2 * position] != original.spectra[2 * parent])
      let window = set.windows[0][8 * position..<8 * position + 8]
      let before = original.windows[0][8 * parent..<8 * parent + 8]
      #expect(Array(window.suffix(4)) == Array(before.suffix(4)))
      #expect(zip(window.prefix(4), before.prefix(4)).allSatisfy { $0 != $1 && abs($0 - $1) < 3 })
      #expect(set.samples.samples[position].weight == original.samples.samples[parent].weight)
    }
  }

  @Test func droppedBandsHoldTheBackground() throws {
    let original = try set()
    let (set, added) = made(original, [.drop(rate: 0.5, copies: 20)], fitted: [4])
    var dropped = 0
    for position in added {
      for band in 0..<2 {
        let value = set.spectra[2 * position + band]
        let start = 8 * position + 4 * band
        let window = set.windows[0][start..<start + 4]
        if value == [-1, -2][band] {
          dropped += 1
          #expect(window.allSatisfy { $0 == [-1, -2][band] })
        } else {
          #expect(value == original.spectra[8 + band])
          #expect(Array(window) == Array(original.windows[0][32 + 4 * band..<36 + 4 * band]))
        }
      }
    }
    #expect((8...32).contains(dropped))
  }

  /// A set whose windows hold the second to the fifth band: four sub-cells of 2 x 2 cells.
  private func refinedSet() throws -> TrainingSet {
    let plain = try set()
    return try TrainingSet(
      samples: plain.samples, blockSize: 1, bandCount: 5,
      spectra: (0..<60).map { Float($0 % 7) },
      windows: [(0..<12 * 16).map { Float($0 % 16) }],
      windowForms: [.init(bands: 1..<5, side: 2, refinement: 2)],
      isCategory: [false, true, false, false, false])
  }

  /// The image of sub-cells of a window of four bands and 2 x 2 cells.
  private func image(_ window: [Float]) -> [[Float]] {
    (0..<4).map { y in
      (0..<4).map { x in window[((y % 2 * 2 + x % 2) * 2 + y / 2) * 2 + x / 2] }
    }
  }

  @Test func subcellsTurnWithTheirCells() throws {
    let original = try refinedSet()
    let (set, added) = original.augmented(
      by: [.rotateFlip], fitted: [0], background: [0, 0, 0, 0, 0], seed: 1)
    let own = image(Array(original.windows[0][..<16]))
    var expected: Set<[[Float]]> = []
    for mirrored in [own, own.map { $0.reversed() }] {
      var turned = mirrored
      for _ in 0..<4 {
        expected.insert(turned)
        turned = (0..<4).map { y in (0..<4).map { x in turned[3 - x][y] } }
      }
    }
    let found = ([0] + added).map { image(Array(set.windows[0][16 * $0..<16 * $0 + 16])) }
    #expect(expected.count == 8 && Set(found) == expected)
  }

  @Test func partsOfTheBandsAreChangedAsTheirBands() throws {
    let original = try refinedSet()
    let background: [Float] = [-1, -2, -3, -4, -5]
    let (dropped, added) = original.augmented(
      by: [.drop(rate: 0.5, copies: 5)], fitted: Array(0..<12), background: background, seed: 2)
    for position in added {
      let window = dropped.windows[0][16 * position..<16 * position + 16]
      for band in 1..<5 {
        let isDropped = dropped.spectra[5 * position + band] == background[band]
        let cells = window.dropFirst(4 * (band - 1)).prefix(4)
        #expect(cells.allSatisfy { ($0 == background[band]) == isDropped })
      }
    }
    let (noisy, _) = original.augmented(
      by: [.noise(deviation: 1, copies: 1)], fitted: [0], background: background, seed: 3)
    let window = noisy.windows[0].suffix(16)
    #expect(Array(window.prefix(4)) == [0, 1, 2, 3], "the first band is a category")
    #expect(zip(window.dropFirst(4), 4..<16).allSatisfy { $0 != Float($1) })
    var holed = original.windows[0]
    holed[5] = .nan
    let gap = try TrainingSet(
      samples: original.samples, blockSize: 1, bandCount: 5, spectra: original.spectra,
      windows: [holed], windowForms: original.windowForms)
    let batch = gap.batch(background: background)
    #expect(batch.windows[0][5] == -3 && batch.windowBands == [1..<5])
  }

  @Test func windowsTurnInAllOrientations() throws {
    let original = try set()
    let (set, added) = made(original, [.rotateFlip], fitted: [0])
    // 0 1 / 2 3 in the first band.
    let windows = ([0] + added).map { Array(set.windows[0][8 * $0..<8 * $0 + 4]) }
    let expected: Set<[Float]> = [
      [0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0],
      [0, 2, 1, 3], [2, 0, 3, 1], [1, 3, 0, 2], [3, 1, 2, 0],
    ]
    #expect(Set(windows) == expected)
    #expect(added.allSatisfy { set.spectra[2 * $0] == original.spectra[0] })
  }

  @Test func shiftsAreDrawnAmongThoseKnown() throws {
    let plain = try set()
    let shifts = (0..<12).map { sample in
      (0..<(sample == 3 ? 1 : 6)).map { number in
        TrainingSet.Shift(
          distance: number < 4 ? 1 : 2, spectrum: [Float(100 * sample + number), 0],
          windows: [[Float](repeating: Float(number), count: 8)])
      }
    }
    let original = try TrainingSet(
      samples: plain.samples, blockSize: 1, bandCount: 2, spectra: plain.spectra,
      windows: plain.windows, isCategory: plain.isCategory, shifts: shifts)
    let (set, added) = made(original, [.shift(distance: 1, copies: 3)], fitted: [3, 7])
    #expect(added.count == 1 + 3)
    let numbers = added.dropFirst().map { Int(set.spectra[2 * $0]) - 700 }
    #expect(set.spectra[2 * added[0]] == 300)
    #expect(Set(numbers).count == 3 && numbers.allSatisfy { (0..<4).contains($0) })
    for (number, position) in zip(numbers, added.dropFirst()) {
      #expect(set.windows[0][8 * position..<8 * position + 8].allSatisfy { $0 == Float(number) })
      #expect(set.samples.samples[position].target == original.samples.samples[7].target)
    }
    let far = made(original, [.shift(distance: 2, copies: 9)], fitted: [3, 7])
    #expect(far.added.count == 1 + 6)
    #expect(
      made(original, [.shift(distance: 1, copies: 3)], fitted: [3, 7], seed: 2).set.spectra
        != set.spectra)
    // What was made of samples has no cell, so it is not shifted.
    let after = made(
      original, [.noise(deviation: 0.1, copies: 1), .shift(distance: 1, copies: 3)], fitted: [3, 7])
    #expect(after.added.count == 2 + 4)
    // Missing cells of shifted windows are filled as those of others.
    var holed = original.shifts
    holed[7][0].windows[0][5] = .nan
    let filled = try TrainingSet(
      samples: plain.samples, blockSize: 1, bandCount: 2, spectra: plain.spectra,
      windows: plain.windows, isCategory: plain.isCategory, shifts: holed
    ).filled(with: [-1, -2]).set
    #expect(filled.shifts[7][0].windows[0] == [0, 0, 0, 0, 0, -2, 0, 0])
    #expect(filled.shifts[3] == original.shifts[3])
  }

  @Test func shiftsThatDoNotFitAreRefused() throws {
    let plain = try set()
    let short = TrainingSet.Shift(
      distance: 1, spectrum: [1], windows: [[Float](repeating: 0, count: 8)])
    let none = TrainingSet.Shift(distance: 1, spectrum: [1, 0], windows: [])
    for shift in [short, none] {
      #expect(throws: SampleError.self) {
        try TrainingSet(
          samples: plain.samples, blockSize: 1, bandCount: 2, spectra: plain.spectra,
          windows: plain.windows, shifts: [[shift]] + (1..<12).map { _ in [] })
      }
    }
  }

  @Test func augmentationsFollowOneAnother() throws {
    let (set, added) = made(
      try set(), [.oversample(Oversampling(.smote)), .noise(deviation: 0.1, copies: 1)],
      fitted: Array(0..<12))
    #expect(added.count == 6 + 18 && set.samples.counts == [18, 18])
  }
}
