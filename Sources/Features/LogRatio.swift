import Foundation
public import Rasters

/// Log-ratios of the parts of a composition.
///
/// After Aitchison 1982 and Egozcue et al. 2003. Concentrations carry information in their ratios only. Bands that are not parts pass through
/// unchanged. All log-ratios are linear in the logarithms of the parts.
public struct LogRatio: Sendable, Hashable, Codable {
  /// Which log-ratio.
  public enum Method: String, Sendable, Hashable, Codable, CaseIterable {
    /// The centred log-ratio: against the geometric mean of all parts.
    case clr
    /// The isometric log-ratio: balances of the first parts against the next, one less than parts.
    ///
    /// Balance i of D - 1 is `sqrt(i / (i + 1)) ln (g(x_1...x_i) / x_(i+1))` with the geometric
    /// mean g: an orthonormal basis of Helmert's type (Egozcue et al. 2003, equation 24).
    case ilr
    /// The additive log-ratio: against one of the parts, one less than parts.
    case alr
  }

  /// Which values count as zero parts besides zero itself.
  public enum BelowDetection: Sendable, Hashable, Codable {
    /// Every negative value.
    case negative
    /// These values; other negative values are missing.
    case codes([Float])
  }

  /// The log-ratio.
  public let method: Method
  /// The bands of the cube that are the parts.
  public let parts: [Int]
  /// What stands for a part that counts as zero, one per part in the part's own unit; nil where
  /// such parts are missing.
  public let replacements: [Float?]
  /// What brings each part to the unit of the composition.
  public let factors: [Double]
  /// Which values count as zero.
  public let belowDetection: BelowDetection
  /// The part that `alr` divides by, by its position among the parts; the last for other methods.
  public let denominator: Int

  /// Chooses parts; without `replacements`, parts that count as zero are missing.
  public init(
    method: Method = .clr, parts: [Int], replacements: [Float?]? = nil, factors: [Double]? = nil,
    belowDetection: BelowDetection = .negative, denominator: Int? = nil
  ) {
    precondition(
      replacements == nil || replacements?.count == parts.count,
      "\(replacements?.count ?? 0) replacements for \(parts.count) parts")
    precondition(
      factors == nil || factors?.count == parts.count,
      "\(factors?.count ?? 0) factors for \(parts.count) parts")
    self.method = method
    self.parts = parts
    self.replacements = replacements ?? [Float?](repeating: nil, count: parts.count)
    self.factors = factors ?? [Double](repeating: 1, count: parts.count)
    self.belowDetection = belowDetection
    self.denominator = denominator ?? max(0, parts.count - 1)
    precondition(parts.isEmpty || parts.indices.contains(self.denominator), "no such denominator")
  }

  /// The same log-ratio with other replacements for zeros.
  public func replacing(_ replacements: [Float?]) -> LogRatio {
    LogRatio(
      method: method, parts: parts, replacements: replacements, factors: factors,
      belowDetection: belowDetection, denominator: denominator)
  }

  /// The share of the detection limit, or of the smallest positive value, that stands for zeros.
  public static let replacementShare: Float = 0.65

  /// Replacements from detection limits or smallest positive values, one per part, nil for NaN.
  ///
  /// The share is that of Martín-Fernández et al. 2003.
  public static func replacements(below limits: [Float]) -> [Float?] {
    limits.map { $0 > 0 ? replacementShare * $0 : nil }
  }

  // MARK: Values

  /// Whether a value counts as zero: nothing was found of the part.
  public func isBelowDetection(_ value: Float) -> Bool {
    switch belowDetection {
    case .negative: value <= 0
    case .codes(let codes): value == 0 || codes.contains(value)
    }
  }

  /// The parts alone, NaN where a value counts as zero or is missing.
  public func detected(_ cube: DataCube) -> DataCube {
    let values = parts.flatMap { part in
      cube.band(part).map { isBelowDetection($0) ? .nan : $0 }
    }
    return DataCube(window: cube.window, bandCount: parts.count, values: values)
  }

  /// The cube with log-ratios in place of the parts.
  ///
  /// Where one part is missing, all log-ratios are.
  public func apply(_ cube: DataCube) -> DataCube {
    let logarithms = logarithms(cube)
    if let mixture { return mixture.apply(logarithms) }
    return centred(logarithms)
  }

  private func centred(_ logarithms: DataCube) -> DataCube {
    var result = logarithms
    let cells = logarithms.window.cellCount
    for cell in 0..<cells {
      var sum = 0.0
      for part in parts { sum += Double(result.values[part * cells + cell]) }
      let mean = sum / Double(parts.count)
      for part in parts {
        let position = part * cells + cell
        result.values[position] = Float(Double(result.values[position]) - mean)
      }
    }
    return result
  }

  /// The cube with logarithms in place of the parts: the sources that `linearMap` mixes.
  public func logarithms(_ cube: DataCube) -> DataCube {
    for part in parts {
      precondition(part >= 0 && part < cube.bandCount, "part \(part) of \(cube.bandCount) bands")
    }
    var result = cube
    let cells = cube.window.cellCount
    for (index, part) in parts.enumerated() {
      for position in part * cells..<(part + 1) * cells {
        let value = positive(result.values[position], replacements[index])
        result.values[position] = Float(log(Double(value) * factors[index]))
      }
    }
    return result
  }

  private func positive(_ value: Float, _ replacement: Float?) -> Float {
    if value.isNaN { return .nan }
    if isBelowDetection(value) { return replacement ?? .nan }
    return value > 0 ? value : .nan
  }

  // MARK: Bands

  /// The bands that come out of a cube with `bands`.
  public func bands(_ bands: [Band]) -> [Band] {
    let names = parts.map { bands[$0].name }
    switch method {
    case .clr:
      var result = bands
      for part in parts { result[part].unit = "" }
      return result
    case .ilr: return layout(bands, (1..<max(2, parts.count)).map { "ilr \($0)" })
    case .alr: return layout(bands, numerators.map { "\(names[$0])/\(names[denominator])" })
    }
  }

  private func layout(_ bands: [Band], _ names: [String]) -> [Band] {
    // The new bands are of a group of features if all parts are.
    let groups = Set(parts.map { bands[$0].featureGroup })
    let group = groups.count == 1 ? groups.first.flatMap(\.self) : nil
    return BandMixture.layout(replacing: parts, by: names.count, of: bands.count).map { source in
      switch source {
      case .kept(let band): bands[band]
      case .made(let index): Band(name: names[index], featureGroup: group)
      }
    }
  }

  private var numerators: [Int] { parts.indices.filter { $0 != denominator } }

  /// The log-ratio as a matrix on the bands of `logarithms`; other bands are left as they are.
  public func linearMap(bandCount: Int) -> LinearMap {
    if let mixture { return mixture.linearMap(bandCount: bandCount) }
    var matrix = LinearMap.identity(bandCount).matrix
    let share = 1 / Float(parts.count)
    for row in parts {
      for column in parts { matrix[row * bandCount + column] -= share }
    }
    return LinearMap(
      inputCount: bandCount, matrix: matrix, offset: [Float](repeating: 0, count: bandCount))
  }

  /// What `ilr` and `alr` make of the logarithms; nil for `clr`, which keeps the bands.
  private var mixture: BandMixture? {
    let rows: [[Double]]
    switch method {
    case .clr: return nil
    case .ilr: rows = (1..<parts.count).map { Self.balance($0, of: parts.count) }
    case .alr:
      rows = numerators.map { numerator in
        parts.indices.map { $0 == numerator ? 1 : $0 == denominator ? -1 : 0 }
      }
    }
    return BandMixture(
      bands: parts, coefficients: rows.flatMap { $0 },
      offset: [Double](repeating: 0, count: rows.count))
  }

  /// The coefficients of the first `count` parts against the next one: a unit vector of sum 0.
  private static func balance(_ count: Int, of parts: Int) -> [Double] {
    let size = Double(count)
    let scale = (size / (size + 1)).squareRoot()
    return (0..<parts).map { $0 < count ? scale / size : $0 == count ? -scale : 0 }
  }
}
