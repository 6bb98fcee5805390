import Foundation

/// A variogram model with the classes of distances that it was fitted to.
public struct Variogram: Sendable, Hashable, Codable {
  /// The fitted model.
  public let model: VariogramModel
  /// What it was fitted to.
  public let empirical: EmpiricalVariogram
  /// The sum of squares that the fit made least, weights included.
  public let residual: Double

  /// Fits the shapes and keeps the one with the least weighted sum of squares, the first on ties.
  ///
  /// A class of N pairs at the mean distance h has the weight `N / h^2`, as by default in gstat
  /// (Pebesma 2004): near pairs decide about kriging, and weights that do not depend on the model
  /// make shapes comparable. For a given range nugget and partial sill, neither below 0, follow from
  /// linear least squares; the range is searched from the first class's distance to three times the
  /// last one's. So a fit has no start values and the same numbers give the same bits.
  ///
  /// The nugget of a gaussian model is at least a thousandth of its sill: without any its equations
  /// are next to singular. Where no two places are near enough the model is a nugget alone, the
  /// variance of the values.
  public init(
    x: [Double], y: [Double], values: [Float],
    shapes: [VariogramModel.Shape] = VariogramModel.Shape.allCases, lags: Int = 15,
    maximumLag: Double? = nil
  ) {
    precondition(!shapes.isEmpty, "no shape to fit")
    let sites = PointSites(x: x, y: y, values: values)
    let empirical = EmpiricalVariogram(sites, lags: lags, maximumLag: maximumLag)
    self.empirical = empirical
    guard !empirical.bins.isEmpty else {
      model = VariogramModel(
        shapes[0], nugget: Self.variance(sites.values), partialSill: 0,
        range: empirical.maximumLag > 0 ? empirical.maximumLag : 1)
      residual = 0
      return
    }
    var best: VariogramFit.Result?
    for shape in shapes {
      let found = VariogramFit(empirical.bins, shape).best
      if found.residual < best?.residual ?? .infinity { best = found }
    }
    // A sum of squares is infinite only for values beyond the square root of the largest number.
    model =
      best?.model ?? VariogramModel(shapes[0], nugget: 0, partialSill: 0, range: 1)
    residual = best?.residual ?? .infinity
  }

  private static func variance(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  }
}

/// The search for the range of one shape.
struct VariogramFit {
  struct Result {
    var model: VariogramModel
    var residual: Double
  }

  /// The least share of the nugget in the sill of a gaussian model.
  private static let gaussianNugget = 1e-3
  private static let candidateCount = 96

  let bins: [EmpiricalVariogram.Bin]
  let weights: [Double]
  let shape: VariogramModel.Shape

  init(_ bins: [EmpiricalVariogram.Bin], _ shape: VariogramModel.Shape) {
    self.bins = bins
    self.shape = shape
    weights = bins.map { Double($0.pairs) / ($0.distance * $0.distance) }
  }

  /// Looks at ranges in equal ratios, then narrows the interval around the best by golden sections.
  var best: Result {
    let low = log(bins[0].distance)
    let high = log(3 * (bins.last?.distance ?? bins[0].distance))
    let step = (high - low) / Double(Self.candidateCount - 1)
    let results = (0..<Self.candidateCount).map { fit(range: exp(low + Double($0) * step)) }
    var place = 0
    for index in results.indices where results[index].residual < results[place].residual {
      place = index
    }
    let ratio = (5.0.squareRoot() - 1) / 2
    var left = low + Double(max(0, place - 1)) * step
    var right = low + Double(min(Self.candidateCount - 1, place + 1)) * step
    var found = results[place]
    for _ in 0..<60 {
      let first = fit(range: exp(right - ratio * (right - left)))
      let second = fit(range: exp(left + ratio * (right - left)))
      if first.residual <= second.residual {
        right = left + ratio * (right - left)
      } else {
        left = right - ratio * (right - left)
      }
      for result in [first, second] where result.residual < found.residual { found = result }
    }
    return found
  }

  /// The least weighted squares for one range, with nugget and partial sill at least 0.
  private func fit(range: Double) -> Result {
    let least = shape == .gaussian ? Self.gaussianNugget : 0
    let shares = bins.map { least + (1 - least) * shape.share(of: $0.distance, range: range) }
    let (nugget, sill) = solution(shares)
    let residual = residual(shares, nugget, sill)
    return Result(
      model: VariogramModel(
        shape, nugget: nugget + least * sill, partialSill: (1 - least) * sill, range: range),
      residual: residual)
  }

  private func solution(_ shares: [Double]) -> (nugget: Double, sill: Double) {
    var (w, ws, wss, wg, wsg) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (index, bin) in bins.enumerated() {
      let weight = weights[index]
      let weighted = weight * shares[index]
      w += weight
      ws += weighted
      wss += weighted * shares[index]
      wg += weight * bin.semivariance
      wsg += weighted * bin.semivariance
    }
    let determinant = w * wss - ws * ws
    if determinant > 1e-12 * w * wss {
      let nugget = (wss * wg - ws * wsg) / determinant
      let sill = (w * wsg - ws * wg) / determinant
      if nugget >= 0, sill >= 0 { return (nugget, sill) }
    }
    let flat = (nugget: wg / w, sill: 0.0)
    guard wss > 0 else { return flat }
    let steep = (nugget: 0.0, sill: wsg / wss)
    return residual(shares, flat.nugget, flat.sill) <= residual(shares, steep.nugget, steep.sill)
      ? flat : steep
  }

  private func residual(_ shares: [Double], _ nugget: Double, _ sill: Double) -> Double {
    bins.indices.reduce(0) { sum, index in
      let difference = bins[index].semivariance - nugget - sill * shares[index]
      return sum + weights[index] * difference * difference
    }
  }
}
