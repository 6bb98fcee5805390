public import Rasters
public import Tensors

/// Principal components of some bands (Pearson 1901, Hotelling 1933).
///
/// A component is `sum_b l_b (x_b - m_b) / s_b` with loadings l of length 1, means m, and scales s
/// that are 1, or standard deviations (divisor n) for components of the correlations.
public struct PrincipalComponents: Sendable, Hashable, Codable {
  /// The bands that the components are made of.
  public let bands: [Int]
  /// The mean of each band.
  public let means: [Double]
  /// What each centred band is divided by.
  public let scales: [Double]
  /// The loadings, components x bands, row-major; the largest of each component is positive.
  public let loadings: [Double]
  /// The variance of each component, with divisor n - 1, largest first.
  public let variances: [Double]
  /// The variance of all bands together, scaled as they are.
  public let totalVariance: Double
  /// How many of the components are kept; the others are 0 everywhere.
  public let keptCount: Int

  /// Which components to make.
  public struct Options: Sendable, Hashable {
    /// The number of bands that come out.
    public var count: Int
    /// The share of the total variance at which the rest of the components is set to 0; nil to keep
    /// all.
    public var variance: Double?
    /// Whether bands are divided by their standard deviations first.
    public var usesCorrelation: Bool

    /// Chooses components.
    public init(count: Int, variance: Double? = nil, usesCorrelation: Bool = false) {
      self.count = count
      self.variance = variance
      self.usesCorrelation = usesCorrelation
    }
  }

  /// Fits to the exact moments of two or more complete cells, variables in the order of `bands`.
  public init(_ moments: ExactCovariance, bands: [Int], options: Options) {
    let size = bands.count
    precondition(moments.variableCount == size, "\(moments.variableCount) variables, \(size) bands")
    precondition(moments.count >= 2, "components of \(moments.count) cells")
    precondition(options.count <= size, "\(options.count) components of \(size) bands")
    let scatter = moments.scatter
    let scales = (0..<size).map { band -> Double in
      let deviation = (scatter[band * size + band] / Double(moments.count)).squareRoot()
      return options.usesCorrelation && deviation > 0 ? deviation : 1
    }
    let covariance = (0..<size * size).map { place in
      scatter[place] / Double(moments.count - 1) / scales[place / size] / scales[place % size]
    }
    let eigen = SymmetricEigen(covariance, size: size)
    self.bands = bands
    self.scales = scales
    means = moments.means
    loadings = Array(eigen.vectors.prefix(options.count * size))
    variances = eigen.values.prefix(options.count).map { max(0, $0) }
    totalVariance = (0..<size).reduce(0) { $0 + covariance[$1 * size + $1] }
    keptCount = Self.kept(variances, of: totalVariance, share: options.variance)
  }

  /// How many components it takes to reach a share of the variance; one at least.
  private static func kept(_ variances: [Double], of total: Double, share: Double?) -> Int {
    guard let share else { return variances.count }
    var sum = 0.0
    for (index, variance) in variances.enumerated() {
      sum += variance
      if sum >= share * total { return index + 1 }
    }
    return variances.count
  }

  /// The number of bands that come out.
  public var componentCount: Int { variances.count }

  /// The share of the total variance in each component.
  public var explainedShares: [Double] {
    variances.map { totalVariance > 0 ? $0 / totalVariance : 0 }
  }

  /// The components as mixtures of the bands.
  public var mixture: BandMixture {
    let size = bands.count
    var coefficients = [Double](repeating: 0, count: loadings.count)
    var offset = [Double](repeating: 0, count: componentCount)
    for row in 0..<keptCount {
      for column in 0..<size {
        let coefficient = loadings[row * size + column] / scales[column]
        coefficients[row * size + column] = coefficient
        offset[row] -= coefficient * means[column]
      }
    }
    return BandMixture(bands: bands, coefficients: coefficients, offset: offset)
  }

  /// The values of some bands at the cells where all of them are finite: bands x cells.
  public static func completeValues(_ cube: DataCube, bands: [Int]) -> [Float] {
    let cells = cube.window.cellCount
    let complete = (0..<cells).filter { cell in
      bands.allSatisfy { cube.values[$0 * cells + cell].isFinite }
    }
    return bands.flatMap { band in complete.map { cube.values[band * cells + $0] } }
  }
}
