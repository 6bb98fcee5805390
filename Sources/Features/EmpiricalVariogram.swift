/// Half the mean squared difference of measured values by the distance of their places.
public struct EmpiricalVariogram: Sendable, Hashable, Codable {
  /// The pairs of places whose distance is in one class.
  public struct Bin: Sendable, Hashable, Codable {
    /// How many pairs there are: at least one.
    public var pairs: Int
    /// Their mean distance.
    public var distance: Double
    /// Half their mean squared difference.
    public var semivariance: Double
  }

  /// The classes that hold pairs, nearest first.
  public let bins: [Bin]
  /// The greatest distance that counts.
  public let maximumLag: Double

  /// Of more places than this every second, third and so on is taken: pairs grow with the square.
  static let mostPlaces = 4000

  /// Goes through all pairs of places up to a distance, by default half the greatest there is.
  ///
  /// The classes are equally wide. NaN values are missing, and points at one place are one, with
  /// their mean.
  public init(
    x: [Double], y: [Double], values: [Float], lags: Int = 15, maximumLag: Double? = nil
  ) {
    self.init(PointSites(x: x, y: y, values: values), lags: lags, maximumLag: maximumLag)
  }

  init(_ sites: PointSites, lags: Int, maximumLag: Double?) {
    precondition(lags > 0, "\(lags) lags")
    let step = max(1, (sites.count + Self.mostPlaces - 1) / Self.mostPlaces)
    let places = Array(stride(from: 0, to: sites.count, by: step))
    let limit = maximumLag ?? 0.5 * Self.greatestDistance(sites, places)
    self.maximumLag = limit
    guard limit > 0 else {
      bins = []
      return
    }
    var pairs = [Int](repeating: 0, count: lags)
    var distances = [Double](repeating: 0, count: lags)
    var squares = [Double](repeating: 0, count: lags)
    for (position, first) in places.enumerated() {
      for second in places[(position + 1)...] {
        let distance = sites.distance(first, second)
        guard distance <= limit else { continue }
        let bin = min(lags - 1, Int(distance / limit * Double(lags)))
        let difference = sites.values[first] - sites.values[second]
        pairs[bin] += 1
        distances[bin] += distance
        squares[bin] += difference * difference
      }
    }
    bins = (0..<lags).filter { pairs[$0] > 0 }.map { bin in
      let count = Double(pairs[bin])
      return Bin(
        pairs: pairs[bin], distance: distances[bin] / count,
        semivariance: squares[bin] / count / 2)
    }
  }

  private static func greatestDistance(_ sites: PointSites, _ places: [Int]) -> Double {
    var greatest = 0.0
    for (position, first) in places.enumerated() {
      for second in places[(position + 1)...] {
        greatest = max(greatest, sites.distance(first, second))
      }
    }
    return greatest
  }
}
