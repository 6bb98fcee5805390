import Foundation
public import Rasters

/// Log-ratios of the parts of a composition (after Aitchison 1982).
///
/// Concentrations carry information in their ratios only; `clr` maps parts x_b to
/// `ln x_b - mean ln x`. Bands that are not parts pass through unchanged.
public struct LogRatio: Sendable, Hashable, Codable {
  /// Which log-ratio.
  public enum Method: String, Sendable, Hashable, Codable {
    /// The centred log-ratio: against the geometric mean of all parts.
    case clr
  }

  /// The log-ratio.
  public let method: Method
  /// The bands of the cube that are the parts.
  public let parts: [Int]
  /// What stands for a part that is zero or negative, one per part; nil where such parts are
  /// missing.
  public let replacements: [Float?]

  /// Chooses parts; without `replacements`, parts that are zero or negative are missing.
  public init(method: Method = .clr, parts: [Int], replacements: [Float?]? = nil) {
    precondition(
      replacements == nil || replacements?.count == parts.count,
      "\(replacements?.count ?? 0) replacements for \(parts.count) parts")
    self.method = method
    self.parts = parts
    self.replacements = replacements ?? [Float?](repeating: nil, count: parts.count)
  }

  /// The share of the detection limit, or of the smallest positive value, that stands for zeros.
  public static let replacementShare: Float = 0.65

  /// Replacements from detection limits or smallest positive values, one per part, nil for NaN.
  ///
  /// The share is that of Martín-Fernández et al. 2003.
  public static func replacements(below limits: [Float]) -> [Float?] {
    limits.map { $0 > 0 ? replacementShare * $0 : nil }
  }

  /// The cube with log-ratios in place of the parts.
  ///
  /// Where one part is missing, all parts are: their mean is not known.
  public func apply(_ cube: DataCube) -> DataCube {
    var result = logarithms(cube)
    let cells = cube.window.cellCount
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
    for (part, replacement) in zip(parts, replacements) {
      for position in part * cells..<(part + 1) * cells {
        let value = result.values[position]
        let positive = value > 0 ? value : (value.isNaN ? .nan : replacement ?? .nan)
        result.values[position] = Float(log(Double(positive)))
      }
    }
    return result
  }

  /// The log-ratio as a matrix on the bands of `logarithms`; other bands are left as they are.
  public func linearMap(bandCount: Int) -> LinearMap {
    var matrix = LinearMap.identity(bandCount).matrix
    let share = 1 / Float(parts.count)
    for row in parts {
      for column in parts { matrix[row * bandCount + column] -= share }
    }
    return LinearMap(
      inputCount: bandCount, matrix: matrix, offset: [Float](repeating: 0, count: bandCount))
  }
}

/// The smallest positive value of every band, found chunk by chunk; merges in any order.
public struct SmallestPositive: Sendable, Hashable, Codable {
  /// One value per band; infinite while none was seen.
  private var smallest: [Float]

  /// Starts with nothing seen.
  public init(bandCount: Int) { smallest = [Float](repeating: .infinity, count: bandCount) }

  /// Looks through a chunk.
  public mutating func add(_ cube: DataCube) {
    precondition(cube.bandCount == smallest.count, "\(cube.bandCount) of \(smallest.count) bands")
    for band in 0..<cube.bandCount {
      var low = smallest[band]
      for value in cube.band(band) where value > 0 && value < low { low = value }
      smallest[band] = low
    }
  }

  /// Takes in what was seen elsewhere.
  public mutating func merge(_ other: SmallestPositive) {
    precondition(
      other.smallest.count == smallest.count, "\(other.smallest.count) of \(smallest.count) bands")
    for band in smallest.indices { smallest[band] = min(smallest[band], other.smallest[band]) }
  }

  /// The smallest positive value of each band; NaN where there is none.
  public var values: [Float] { smallest.map { $0.isFinite ? $0 : .nan } }

  private enum CodingKeys: String, CodingKey { case smallest }

  /// Reads what `encode` wrote; JSON has no infinity, so a band without values is null.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    smallest = try container.decode([Float?].self, forKey: .smallest).map { $0 ?? .infinity }
  }

  /// Writes the values, null for a band without any.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(smallest.map { $0.isFinite ? $0 : nil }, forKey: .smallest)
  }
}
