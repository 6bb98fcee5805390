import Networks
import Testing

@testable import Explanation

/// Kernels and excitations against sums over windows, one by one.
@Suite struct FilterExcitationTests {
  private static func batch() -> ModelBatch {
    ModelBatch(
      count: 4, spectra: (0..<20).map { Float($0 * 5 % 7) / 3 - 1 },
      windows: [(0..<4 * 5 * 16).map { Float($0 * 11 % 29) / 14 - 1 }])
  }

  private static func model() throws -> Model {
    try Model(
      architecture: ModelArchitecture(
        bandCount: 5,
        branches: [
          .spectral(.init(filters: [3], kernel: 3, pool: 1, width: 4)),
          .patch(.init(window: 4, layers: [.convolution(filters: 2, kernel: 3)], width: 4)),
        ], head: .init(kind: .softmax, hidden: [4], outputs: 2)), seed: 5)
  }

  private static func tensor(_ model: Model, _ name: String) -> [Float] {
    model.tensors.first { $0.name == name }?.values ?? []
  }

  @Test func spectralFiltersAreExcitedAtTheirMiddle() throws {
    let model = try Self.model()
    let batch = Self.batch()
    let found = try #require(
      FilterExcitation(model, branch: 0, batch, isOfInterest: [true, false, true, false]))
    let weight = Self.tensor(model, "spectral.conv1.weight")
    let bias = Self.tensor(model, "spectral.conv1.bias")
    #expect(found.kernels == (0..<3).map { f in (0..<3).map { Double(weight[f * 3 + $0]) } })
    for filter in 0..<3 {
      #expect(found.excitation[filter][0].isNaN && found.excitation[filter][4].isNaN)
      for band in 1..<4 {
        let own = (0..<4).map { sample -> Double in
          var sum = Double(bias[filter])
          for tap in 0..<3 {
            sum +=
              Double(weight[filter * 3 + tap]) * Double(batch.spectra[sample * 5 + band - 1 + tap])
          }
          return max(0, sum)
        }
        let expected = (own[0] + own[2] - own[1] - own[3]) / 2
        #expect(abs(found.excitation[filter][band] - expected) < 1e-9)
      }
    }
  }

  @Test func patchFiltersAreExcitedOverTheWindow() throws {
    let model = try Self.model()
    let batch = Self.batch()
    let found = try #require(
      FilterExcitation(model, branch: 1, batch, isOfInterest: [true, true, false, true]))
    let weight = Self.tensor(model, "patch.conv1.weight")
    for filter in 0..<2 {
      for band in 0..<5 {
        let start = (filter * 5 + band) * 9
        let sum = weight[start..<start + 9].reduce(0.0) { $0 + Double($1) }
        #expect(abs(found.kernels[filter][band] - sum) < 1e-9)
        let own = (0..<4).map { sample -> Double in
          var total = 0.0
          for y in 0..<2 {
            for x in 0..<2 {
              for tap in 0..<9 {
                let cell = (y + tap / 3) * 4 + x + tap % 3
                total +=
                  Double(weight[start + tap])
                  * Double(batch.windows[0][(sample * 5 + band) * 16 + cell])
              }
            }
          }
          return total / 4
        }
        let expected = (own[0] + own[1] + own[3]) / 3 - own[2]
        #expect(abs(found.excitation[filter][band] - expected) < 1e-9)
      }
    }
  }

  @Test func aBranchWithoutConvolutionHasNoFilters() throws {
    let model = try Model(
      architecture: ModelArchitecture(
        bandCount: 5, branches: [.spectral(.init(filters: [], kernel: 3, pool: 1, width: 4))],
        head: .init(kind: .softmax, hidden: [], outputs: 2)), seed: 5)
    #expect(
      FilterExcitation(
        model, branch: 0, Self.batch(), isOfInterest: [true, false, true, false]) == nil)
  }

  /// Filters of branches that read some of the bands, against those of a model of just these.
  @Test func partsOfTheBandsAreReadAsWholes() throws {
    func model(_ count: Int, _ bands: [Range<Int>?], _ refinement: Int? = nil) throws -> Model {
      try Model(
        architecture: ModelArchitecture(
          bandCount: count,
          branches: [
            .spectral(.init(filters: [3], kernel: 2, pool: 1, width: 4, bands: bands[0])),
            .patch(
              .init(
                window: 3, layers: [.convolution(filters: 2, kernel: 2)], width: 4, bands: bands[1],
                refinement: refinement)),
          ], head: .init(kind: .softmax, hidden: [], outputs: 2)), seed: 5)
    }
    let marks = [true, false, false, true]
    let spectra: [Float] = (0..<24).map { Float($0 * 5 % 7) / 3 - 1 }
    let windows: [Float] = (0..<36).map { Float($0 * 11 % 29) / 14 - 1 }
    let part = try model(6, [1..<4, 2..<6], 2)
    // The windows as sub-cells 1 to 3 of 3 x 3 cells of two by two; the others do not count.
    var given = [Float](repeating: 9, count: 4 * 4 * 9)
    for place in 0..<36 {
      let y = place % 9 / 3 + 1
      let x = place % 3 + 1
      let plane = place / 9 * 4 + y % 2 * 2 + x % 2
      given[(plane * 3 + y / 2) * 3 + x / 2] = windows[place]
    }
    let batch = ModelBatch(
      count: 4, spectra: spectra, windows: [given], windowBands: [2..<6])
    let one = try #require(FilterExcitation(part, branch: 0, batch, isOfInterest: marks))
    let two = try #require(FilterExcitation(part, branch: 1, batch, isOfInterest: marks))
    #expect(one.bands == [1..<2, 2..<3, 3..<4] && two.bands == [2..<6])
    var twin = try model(3, [nil, nil])
    let take: (String, [Int], inout [Float]) -> Void = { name, _, values in
      if name.hasPrefix("spectral") { values = Self.tensor(part, name) }
    }
    twin.parameters.visitParameters("", take)
    var slices: [Float] = []
    for sample in 0..<4 { slices += spectra[sample * 6 + 1..<sample * 6 + 4] }
    let expected = try #require(
      FilterExcitation(
        twin, branch: 0, ModelBatch(count: 4, spectra: slices), isOfInterest: marks))
    #expect(one.kernels == expected.kernels)
    for (found, wanted) in zip(one.excitation.joined(), expected.excitation.joined()) {
      #expect(found == wanted || found.isNaN && wanted.isNaN)
    }
    let weight = Self.tensor(part, "patch.conv1.weight")
    for filter in 0..<2 {
      var sums = [Double](repeating: 0, count: 4)
      for sample in 0..<4 {
        for index in 0..<16 {
          let (position, tap) = (index / 4, index % 4)
          let cell = (position / 2 + tap / 2) * 3 + position % 2 + tap % 2
          sums[sample] += Double(weight[filter * 4 + tap] * windows[sample * 9 + cell]) / 4
        }
      }
      let wanted = (sums[0] + sums[3] - sums[1] - sums[2]) / 2
      #expect(abs(two.excitation[filter][0] - wanted) < 1e-6)
    }
  }
}
