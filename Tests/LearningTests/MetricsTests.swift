import Foundation
import Networks
import Rasters
import Testing

@testable import Learning

/// Expected numbers come from scikit-learn by `make_fixtures.py`.
struct MetricsTests {
  private func check(_ metrics: ClassMetrics, _ expected: [String: Double]) {
    #expect(metrics.named.count == expected.count)
    for (name, value) in metrics.named {
      let wanted = expected[name] ?? .nan
      #expect(abs((value ?? .nan) - wanted) < 1e-12, "\(name)")
    }
  }

  @Test func twoClassesAgreeWithScikitLearn() {
    let sixtyFourths = [
      19, 45, 50, 14, 25, 39, 39, 25, 30, 34, 45, 19, 22, 42, 6, 58, 19, 45, 40, 24, 40, 24, 62, 2,
      16, 48, 27, 37, 60, 4, 8, 56, 45, 19, 61, 3, 58, 6, 43, 21,
    ]
    let metrics = ClassMetrics(
      probabilities: sixtyFourths.map { Float($0) / 64 },
      classes: [1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 0, 1], classCount: 2)
    #expect(metrics.confusion == [8, 1, 3, 8])
    check(
      metrics,
      [
        // One of nine is a false alarm.
        "false-positive rate": 1.0 / 9, "accuracy": 0.8, "balanced accuracy": 0.8080808080808081,
        "precision": 0.8888888888888888,
        "recall": 0.7272727272727273, "F1": 0.8, "kappa": 0.6039603960396039,
        "MCC": 0.6161616161616161, "average precision": 0.9212592962592963,
        "ROC AUC": 0.9090909090909091, "log loss": 0.43665614436051603,
      ])
  }

  private let threeClasses = [
    24, 25, 15, 13, 29, 22, 6, 54, 4, 17, 25, 22, 2, 27, 35, 10, 53, 1, 21, 33, 10, 21, 32, 11, 3,
    1, 60, 18, 17, 29, 11, 28, 25, 4, 29, 31, 22, 9, 33, 21, 37, 6, 14, 7, 43, 30, 21, 13, 23, 4,
    37, 7, 34, 23, 24, 14, 26, 38, 20, 6, 15, 10, 39, 12, 14, 38, 5, 20, 39, 16, 17, 31,
  ].map { Float($0) / 64 }
  private let threeTruths = [
    0, 2, 1, 1, 0, 2, 1, 1, 0, 2, 1, 2, 2, 1, 2, 0, 0, 1, 0, 2, 2, 1, 0, 0,
  ]

  @Test func threeClassesAgreeWithScikitLearn() {
    let metrics = ClassMetrics(probabilities: threeClasses, classes: threeTruths, classCount: 3)
    #expect(metrics.confusion == [1, 1, 6, 0, 7, 1, 1, 2, 5])
    check(
      metrics,
      [
        "accuracy": 0.5416666666666666, "balanced accuracy": 0.5416666666666666,
        "precision": 0.5388888888888889, "recall": 0.5416666666666666, "F1": 0.49259259259259264,
        "kappa": 0.3125, "MCC": 0.3381261130002871, "average precision": 0.5465489728933665,
        "ROC AUC": 0.6380208333333334, "log loss": 1.2859421143894074,
      ])
  }

  @Test func valuesAgreeWithScikitLearn() {
    let measured: [Float] = [
      3.125, 2.875, 2.5, 2.8125, -3.5, 2.4375, 3.5, -1.9375, -2.6875, -3.4375, 2.375, 3.5625,
    ]
    let predicted: [Float] = [
      3.3125, 3.0625, 3.0625, 1.8125, -2.875, 3.25, 2.75, -1.0, -2.0, -3.875, 2.3125, 4.1875,
    ]
    let metrics = ValueMetrics(predicted: predicted + [99], measured: measured + [.nan])
    #expect(metrics.count == 12)
    #expect(abs((metrics.r2 ?? 0) - 0.946619367371933) < 1e-12)
    #expect(abs((metrics.mae ?? 0) - 0.5729166666666666) < 1e-12)
    #expect(abs((metrics.rmse ?? 0) - 0.6414501799308605) < 1e-12)
  }

  @Test func areaEqualsThePairsInOrder() {
    let scores: [Float] = [0.5, 0.25, 0.5, 0.75, 0.125, 0.5, 0.25, 1]
    let isPositive = [true, false, false, true, false, true, true, false]
    var wins = 0.0
    for a in 0..<8 where isPositive[a] {
      for b in 0..<8 where !isPositive[b] {
        wins += scores[a] > scores[b] ? 1 : scores[a] == scores[b] ? 0.5 : 0
      }
    }
    #expect(rocAUC(scores: scores, isPositive: isPositive) == wins / 16)
    #expect(rocAUC(scores: scores, isPositive: isPositive.map { !$0 }) == 1 - wins / 16)
  }

  @Test func whatCannotBeToldIsNil() {
    let one = ClassMetrics(probabilities: [0.2, 0.8, 0.6, 0.4], classes: [1, 1], classCount: 2)
    #expect(one.accuracy == 0.5 && one.logLoss != nil)
    #expect(
      one.named.filter { $0.value == nil }.map(\.name) == [
        "balanced accuracy", "precision", "recall", "F1", "kappa", "MCC", "ROC AUC",
        "average precision", "false-positive rate",
      ])
    let never = ClassMetrics(probabilities: [0.9, 0.1, 0.6, 0.4], classes: [1, 0], classCount: 2)
    #expect(never.precision == nil && never.recall == 0 && never.f1 == 0)
    let none = ClassMetrics(probabilities: [], classes: [], classCount: 2)
    #expect(none.named.allSatisfy { $0.value == nil })
    let flat = ValueMetrics(predicted: [1, 2], measured: [3, 3])
    #expect(flat.r2 == nil && flat.mae == 1.5)
    #expect(ValueMetrics(predicted: [1], measured: [.nan]).rmse == nil)
  }

  @Test func labelsAreMeasuredEachForThemselves() {
    let targets: [Sample.Target] = [[1, 0], [0, .nan], [1, 1], [0, 1]].map { .values($0) }
    let metrics = Metrics(
      predictions: [0.75, 0.25, 0.25, 0.5, 0.75, 0.5, 0.625, 1], targets: targets, kind: .sigmoid)
    guard case .labels(let labels) = metrics else {
      Issue.record("labels expected")
      return
    }
    #expect(labels[0].confusion == [1, 1, 0, 2])
    // A probability of one half is not above it.
    #expect(labels[1].confusion == [1, 0, 1, 1])
    #expect(labels[1].rocAUC == 1)
  }

  @Test func foldsAreMeasuredPooledAndApart() throws {
    let samples = (0..<24).map {
      Sample(
        id: $0, x: Double($0), y: 0, cell: Cell(column: $0, row: 0),
        target: .category(threeTruths[$0]))
    }
    let set = try SampleSet(
      kind: .softmax, categories: ["a", "b", "c"].map { .init(code: $0, name: $0) },
      samples: samples)
    let folds = try Folds.field(set, values: (0..<24).map { $0 == 5 ? "" : $0 < 12 ? "1" : "2" })
    var predictions = threeClasses
    predictions[7 * 3] = .nan
    let metrics = FoldMetrics(predictions: predictions, samples: set, folds: folds)
    func classes(_ positions: [Int]) -> Metrics {
      .classes(
        ClassMetrics(
          probabilities: positions.flatMap { threeClasses[$0 * 3..<$0 * 3 + 3] },
          classes: positions.map { threeTruths[$0] }, classCount: 3))
    }
    let first = (0..<12).filter { $0 != 5 && $0 != 7 }
    #expect(metrics.perFold == [classes(first), classes(Array(12..<24))])
    #expect(metrics.pooled == classes(first + Array(12..<24)))
    let copy = try JSONDecoder().decode(
      FoldMetrics.self, from: JSONEncoder().encode(metrics))
    #expect(copy == metrics)
  }
}
