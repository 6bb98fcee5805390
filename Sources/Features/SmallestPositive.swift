public import Rasters

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
