import Networks
import Rasters
import Testing

@testable import Learning

/// Bias, concordance and measures on the scale of a transform.
struct ValueAgreementTests {
  @Test func measuresOfASmallCase() throws {
    // Means 2 and 3, variances 2/3 and 8/3, covariance 4/3.
    let found = ValueAgreement(predicted: [1, 2, 3, 9], measured: [1, 3, 5, .nan])
    #expect(found.bias == -1)
    #expect(abs(try #require(found.concordance) - 8.0 / 13) < 1e-12)
    #expect(
      found.transformed == nil && found.named(scale: "").map(\.name) == ["bias", "concordance"])
    let same = ValueAgreement(predicted: [1, 2, 4], measured: [1, 2, 4])
    #expect(same.bias == 0)
    #expect(abs(try #require(same.concordance) - 1) < 1e-12)
    let none = ValueAgreement(predicted: [2], measured: [.nan])
    #expect(none.bias == nil && none.concordance == nil)
    #expect(ValueAgreement(predicted: [2, 2], measured: [2, 2]).concordance == nil)
  }

  @Test func transformedMeasuresAreThoseOfTransformedValues() throws {
    let (predicted, measured): ([Float], [Float]) = ([1, 4, 2, 30], [2, 3, 2.5, .nan])
    let transform = ValueTransform(kind: .log, offset: 0.5)
    let found = ValueAgreement(predicted: predicted, measured: measured, transform: transform)
    let expected = ValueMetrics(
      predicted: predicted.map { Float(transform.forward(Double($0))) },
      measured: measured.map { $0.isNaN ? $0 : Float(transform.forward(Double($0))) })
    #expect(found.transformed == expected)
    #expect(
      found.named(scale: "log").map(\.name)
        == ["bias", "concordance", "R2 (log)", "MAE (log)", "RMSE (log)"])
  }

  @Test func foldsArePooledAndApart() throws {
    let measured: [Float] = [1, 2, 3, 4, 6, 9]
    let set = try SampleSet(
      kind: .linear,
      categories: [.init(code: "Cd", name: "Cd", form: ValueForm(transform: .log))],
      samples: measured.enumerated().map { index, value in
        Sample(
          id: index, x: Double(index), y: 0, cell: Cell(column: index, row: 0),
          target: .values([value]))
      })
    let folds = try Folds.field(set, values: ["a", "a", "b", "b", "", "c"])
    let predictions: [Float] = [1.5, 1, 3, 5, .nan, .nan]
    let found = FoldAgreement(predictions: predictions, samples: set, folds: folds)
    #expect(found.pooled[0].bias == 0.125)
    #expect(found.perFold[0]?[0].bias == -0.25 && found.perFold[1]?[0].bias == 0.5)
    #expect(found.perFold[2] == nil && found.scales == ["log"])
    #expect(found.named(output: 0, fold: 2).isEmpty && found.named(output: 0).count == 5)
  }
}
