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
}
