import Foundation
import Testing

@testable import Features

struct VariogramTests {
  private func scene(_ count: Int) -> (x: [Double], y: [Double], values: [Float]) {
    var numbers = TestNumbers(3)
    let x = (0..<count).map { _ in 5_000 + numbers.next() * 400 }
    let y = (0..<count).map { _ in 9_000 + numbers.next() * 300 }
    let values = zip(x, y).map { Float(sin($0 / 60) * 4 + cos($1 / 80) * 3) }
    return (x, y, values.map { $0 + Float(numbers.next()) })
  }

  @Test(arguments: [(15, nil), (7, 90.0)] as [(Int, Double?)])
  func classesAreThoseOfAllPairs(lags: Int, limit: Double?) {
    let (x, y, values) = scene(80)
    let found = EmpiricalVariogram(x: x, y: y, values: values, lags: lags, maximumLag: limit)
    var pairs: [(distance: Double, square: Double)] = []
    for i in x.indices {
      for j in x.indices where j > i {
        let difference = Double(values[i]) - Double(values[j])
        pairs.append((hypot(x[i] - x[j], y[i] - y[j]), difference * difference))
      }
    }
    let most = limit ?? (pairs.map(\.distance).max() ?? 0) / 2
    #expect(abs(found.maximumLag - most) < 1e-9)
    var expected: [EmpiricalVariogram.Bin] = []
    for lag in 0..<lags {
      let (low, high) = (most * Double(lag) / Double(lags), most * Double(lag + 1) / Double(lags))
      let inside = pairs.filter {
        $0.distance >= low && ($0.distance < high || lag == lags - 1 && $0.distance <= high)
      }
      guard !inside.isEmpty else { continue }
      let count = Double(inside.count)
      expected.append(
        .init(
          pairs: inside.count, distance: inside.map(\.distance).reduce(0, +) / count,
          semivariance: inside.map(\.square).reduce(0, +) / count / 2))
    }
    #expect(found.bins.map(\.pairs) == expected.map(\.pairs))
    #expect(found.bins.map(\.pairs).reduce(0, +) > 500)
    for (bin, wanted) in zip(found.bins, expected) {
      #expect(abs(bin.distance - wanted.distance) < 1e-9)
      #expect(abs(bin.semivariance - wanted.semivariance) < 1e-9)
    }
  }

  @Test func coincidentPointsAreOnePlace() {
    let merged = EmpiricalVariogram(
      x: [0, 0, 3, 9], y: [0, 0, 4, 12], values: [1, 3, 5, 9], lags: 2, maximumLag: 20)
    let apart = EmpiricalVariogram(
      x: [0, 3, 9], y: [0, 4, 12], values: [2, 5, 9], lags: 2, maximumLag: 20)
    #expect(merged == apart)
    #expect(merged.bins.map(\.pairs) == [1, 2])
  }

  /// The weighted sum of squares, as it is written in books.
  private func residual(_ model: VariogramModel, _ bins: [EmpiricalVariogram.Bin]) -> Double {
    bins.reduce(0) { sum, bin in
      let difference = bin.semivariance - model.semivariance(at: bin.distance)
      return sum + Double(bin.pairs) / (bin.distance * bin.distance) * difference * difference
    }
  }

  @Test(arguments: VariogramModel.Shape.allCases)
  func noParametersFitBetter(shape: VariogramModel.Shape) {
    let (x, y, values) = scene(120)
    let found = Variogram(x: x, y: y, values: values, shapes: [shape])
    #expect(found.model.shape == shape)
    let bins = found.empirical.bins
    let own = residual(found.model, bins)
    #expect(abs(own - found.residual) < 1e-9 * own)
    let sill = found.model.sill
    var least = Double.infinity
    for range in stride(from: 10.0, through: 700, by: 10) {
      for nugget in stride(from: 0.005, through: 1, by: 0.05) {
        for share in stride(from: 0.0, through: 4, by: 0.1) {
          let other = VariogramModel(
            shape, nugget: nugget * sill, partialSill: share * sill, range: range)
          least = min(least, residual(other, bins))
        }
      }
    }
    #expect(least > own * (1 - 1e-9) && least < own * 1.2)
  }

  @Test func theBestShapeIsTheOneWithTheLeastResidual() {
    let (x, y, values) = scene(120)
    let each = VariogramModel.Shape.allCases.map {
      Variogram(x: x, y: y, values: values, shapes: [$0])
    }
    let best = Variogram(x: x, y: y, values: values)
    #expect(each.contains(best))
    #expect(best.residual == each.map(\.residual).min())
    #expect(Set(each.map(\.residual)).count == 3)
  }

  /// A transect whose classes hold one distance each has semivariances that can be chosen.
  @Test(arguments: VariogramModel.Shape.allCases)
  func aKnownModelIsFoundAgain(shape: VariogramModel.Shape) {
    let truth = VariogramModel(shape, nugget: 0.5, partialSill: 3, range: 55)
    let bins = (1...15).map { lag in
      EmpiricalVariogram.Bin(
        pairs: 40 - lag, distance: Double(lag) * 8,
        semivariance: truth.semivariance(at: Double(lag) * 8))
    }
    let found = VariogramFit(bins, shape).best.model
    #expect(abs(found.range - 55) < 1e-3)
    #expect(abs(found.nugget - 0.5) < 1e-4)
    #expect(abs(found.partialSill - 3) < 1e-4)
  }

  @Test func equalValuesHaveNoSill() {
    let (x, y, values) = scene(30)
    let found = Variogram(x: x, y: y, values: values.map { _ in 4 })
    #expect(found.model.sill == 0)
    #expect(found.model.range > 0)
  }

  @Test func fewPointsHaveANugget() {
    let two = Variogram(x: [0, 10], y: [0, 0], values: [1, 3])
    #expect(two.empirical.bins.isEmpty)
    #expect(two.model.nugget == 2 && two.model.partialSill == 0)
    let one = Variogram(x: [0], y: [0], values: [1])
    #expect(one.model.sill == 0)
    let none = Variogram(x: [], y: [], values: [])
    #expect(none.model.sill == 0)
  }

  @Test func rangesAreThoseOfPyKrige() {
    let spherical = VariogramModel(.spherical, nugget: 1, partialSill: 2, range: 10)
    #expect(spherical.semivariance(at: 10) == 3 && spherical.semivariance(at: 25) == 3)
    #expect(spherical.semivariance(at: 0) == 0)
    let exponential = VariogramModel(.exponential, nugget: 0, partialSill: 1, range: 10)
    #expect(abs(exponential.semivariance(at: 10) - (1 - exp(-3))) < 1e-15)
    let gaussian = VariogramModel(.gaussian, nugget: 0, partialSill: 1, range: 7)
    #expect(abs(gaussian.semivariance(at: 4) - (1 - exp(-1))) < 1e-15)
  }
}
