import Foundation
import Testing

@testable import Learning

struct SuccessCurveTests {
  private let map = (0..<4000).map { index in
    let x = Float((index * 7919) % 4001) / 4001
    return x * x
  }
  private let deposits: [Float] = [0.93, 0.7, 0.71, 0.4, 0.12, 0.9301, .nan, 0.55]

  private func histogram(_ values: [Float]) -> ProbabilityHistogram {
    var result = ProbabilityHistogram()
    result.add(values)
    return result
  }

  /// The share of values in the bins from a threshold on.
  private func share(_ values: [Float], from threshold: Double) -> Double {
    let known = values.filter { !$0.isNaN }
    let count = known.count {
      (Double($0) * 10_000).rounded(.down) >= (threshold * 10_000).rounded()
    }
    return Double(count) / Double(known.count)
  }

  @Test func sharesAreThoseOfCounting() throws {
    let curve = try #require(SuccessCurve(area: histogram(map), deposits: deposits))
    for index in stride(from: 0, to: curve.thresholds.count, by: 37) {
      let threshold = curve.thresholds[index]
      #expect(abs(curve.areaShares[index] - share(map, from: threshold)) < 1e-12)
      #expect(abs(curve.depositShares[index] - share(deposits, from: threshold)) < 1e-12)
    }
    #expect(curve.areaShares.last == 1 && curve.depositShares.last == 1)
    #expect(curve.thresholds == curve.thresholds.sorted(by: >))
  }

  /// The area under the curve is the mean over deposits of the share of the map below, ties half.
  @Test func areaIsThatOfPairs() throws {
    let curve = try #require(SuccessCurve(area: histogram(map), deposits: deposits))
    func bin(_ value: Float) -> Int { Int(Double(value) * 10_000) }
    var sum = 0.0
    let known = deposits.filter { !$0.isNaN }
    for deposit in known {
      for cell in map {
        sum += bin(cell) < bin(deposit) ? 1 : bin(cell) == bin(deposit) ? 0.5 : 0
      }
    }
    #expect(abs(curve.areaUnderCurve - sum / Double(known.count * map.count)) < 1e-9)
  }

  @Test func curvesCrossWhereTheyAddUpToOne() throws {
    let curve = try #require(SuccessCurve(area: histogram(map), deposits: deposits))
    let crossing = curve.crossing
    // The crossing found by walking down the thresholds in small steps.
    var threshold = 1.0
    while share(map, from: threshold) + share(deposits, from: threshold) < 1 { threshold -= 1e-4 }
    #expect(abs(try #require(crossing.threshold) - threshold) < 2e-3)
    #expect(abs(crossing.areaShare + crossing.depositShare - 1) < 1e-12)
    let density = crossing.depositShare / crossing.areaShare
    #expect(abs(crossing.normalizedDensity - density) < 1e-12)
    #expect(abs(crossing.weight - log(density)) < 1e-12)
  }

  /// A map that says the same everywhere knows nothing.
  @Test func equalProbabilities() throws {
    let curve = try #require(
      SuccessCurve(
        area: histogram([Float](repeating: 0.3, count: 10)), deposits: [0.3, 0.3, 0.3]))
    #expect(curve.areaUnderCurve == 0.5)
    #expect(curve.crossing.depositShare == 0.5 && curve.crossing.weight == 0)
    #expect(abs(curve.depositShare(atArea: 0.1) - 0.1) < 1e-12)
  }

  @Test func bestPartOfTheMap() throws {
    // Ten cells, the two best of which hold three of four deposits; halves and eighths are exact.
    let curve = try #require(
      SuccessCurve(
        area: histogram([
          0.875, 0.875, 0.5, 0.5, 0.5, 0.125, 0.125, 0.125, 0.125, 0.125, .nan,
        ]),
        deposits: [0.875, 0.875, 0.875, 0.125]))
    #expect(abs(curve.depositShare(atArea: 0.2) - 0.75) < 1e-12)
    #expect(abs(curve.depositShare(atArea: 0.1) - 0.375) < 1e-12)
    #expect(curve.depositShare(atArea: 1) == 1)
    // Between 0.875 and 0.5 both shares add up to 1: 0.2 + 0.75 < 1 < 0.5 + 0.75.
    #expect(abs(curve.crossing.depositShare - 0.75) < 1e-12)
    #expect(abs(try #require(curve.crossing.threshold) - (0.875 - 0.375 / 6)) < 1e-9)
  }

  @Test func chunksAddUpAndNothingIsNil() {
    var parts = ProbabilityHistogram()
    for start in stride(from: 0, to: map.count, by: 700) {
      parts.merge(histogram(Array(map[start..<min(start + 700, map.count)])))
    }
    #expect(parts == histogram(map))
    #expect(ProbabilityHistogram.bin(of: 1) == 9999 && ProbabilityHistogram.bin(of: -3) == 0)
    #expect(SuccessCurve(area: parts, deposits: [.nan]) == nil)
    #expect(SuccessCurve(area: ProbabilityHistogram(), deposits: [0.5]) == nil)
  }
}
