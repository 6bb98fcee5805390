import Foundation
public import Rasters

/// The rank of a value among those that were fitted to, uniform or as a normal deviate.
///
/// Ranks run from 0 to 1, linear between the quantiles; a value that several quantiles share has
/// the middle of their ranks. The map is monotone and not linear.
public struct QuantileMap: Sendable, Hashable, Codable {
  /// What the mapped values are distributed like.
  public enum Distribution: String, Sendable, Hashable, Codable, CaseIterable {
    /// Ranks from 0 to 1.
    case uniform
    /// Standard normal, cut at ranks of 1e-7 from either end: -5.2 to 5.2.
    case normal
  }

  /// Evenly spaced quantiles, ascending: at least one.
  public let quantiles: [Double]
  /// What the mapped values are distributed like.
  public let distribution: Distribution

  /// Takes fitted quantiles, ascending.
  public init(quantiles: [Double], distribution: Distribution) {
    precondition(!quantiles.isEmpty, "no quantiles")
    self.quantiles = quantiles
    self.distribution = distribution
  }

  /// The mapped value; NaN stays NaN.
  public func apply(_ value: Float) -> Float {
    if value.isNaN { return .nan }
    let rank = rank(Double(value))
    return Float(distribution == .uniform ? rank : Self.normal(rank))
  }

  /// The rank of a value, 0 to 1.
  public func rank(_ value: Double) -> Double {
    let below = bound { quantiles[$0] < value }
    let through = bound { quantiles[$0] <= value }
    let last = Double(max(1, quantiles.count - 1))
    if through > below { return Double(below + through - 1) / 2 / last }
    if below == 0 { return 0 }
    if below == quantiles.count { return 1 }
    let (low, high) = (quantiles[below - 1], quantiles[below])
    return (Double(below - 1) + (value - low) / (high - low)) / last
  }

  /// How many of the first quantiles fulfil a condition that no later one does.
  private func bound(_ condition: (Int) -> Bool) -> Int {
    var low = 0
    var high = quantiles.count
    while low < high {
      let middle = (low + high) / 2
      if condition(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The standard normal quantile of a rank, ranks taken no nearer to 0 and 1 than 1e-7.
  ///
  /// Rational approximations of Wichura (1988), algorithm AS 241, to 16 digits.
  static func normal(_ rank: Double) -> Double {
    let inside = min(max(rank, 1e-7), 1 - 1e-7)
    let distance = inside - 0.5
    if abs(distance) <= 0.425 {
      let r = 0.180625 - distance * distance
      return distance * polynomial(centralNumerator, r) / polynomial(centralDenominator, r)
    }
    let r = (-log(min(inside, 1 - inside))).squareRoot() - 1.6
    let size = polynomial(tailNumerator, r) / polynomial(tailDenominator, r)
    return distance < 0 ? -size : size
  }

  private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
    coefficients.reduce(0) { $0 * x + $1 }
  }

  private static let centralNumerator = [
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
  ]
  private static let centralDenominator = [
    5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
    5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1,
  ]
  private static let tailNumerator = [
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
    1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
    4.6303378461565452959, 1.42343711074968357734,
  ]
  private static let tailDenominator = [
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
    0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
    2.05319162663775882187, 1,
  ]
}

/// Quantile maps of some bands of a cube; the other bands pass unchanged.
public struct QuantileMaps: Sendable, Hashable, Codable {
  /// The bands that are mapped.
  public let bands: [Int]
  /// One map for each.
  public let maps: [QuantileMap]

  /// Takes one map for each of some bands.
  public init(bands: [Int], maps: [QuantileMap]) {
    precondition(bands.count == maps.count, "\(maps.count) maps for \(bands.count) bands")
    self.bands = bands
    self.maps = maps
  }

  /// The mapped cube; missing samples stay missing.
  public func apply(_ cube: DataCube) -> DataCube {
    var result = cube
    let cells = cube.window.cellCount
    for (band, map) in zip(bands, maps) {
      for position in band * cells..<(band + 1) * cells {
        result.values[position] = map.apply(result.values[position])
      }
    }
    return result
  }
}
