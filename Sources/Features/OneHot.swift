public import Rasters

/// A band of class codes as one band per category: 1 where the code is the category's, else 0.
public struct OneHot: Sendable, Hashable, Codable {
  /// The name of the categorical feature.
  public let feature: String
  /// The codes of the categories, one band each, in order.
  public let codes: [Int]
  /// The names of the categories, in the order of the codes.
  public let names: [String]

  /// Lists the categories of a feature; without names they are called by their codes.
  public init(feature: String, codes: [Int], names: [String]? = nil) {
    precondition(
      names == nil || names?.count == codes.count, "\(names?.count ?? 0) names for \(codes)")
    self.feature = feature
    self.codes = codes
    self.names = names ?? codes.map(String.init)
  }

  /// The bands that come out: one group under the feature's name.
  public var bands: [Band] { names.map { Band(name: "\(feature): \($0)", group: feature) } }

  /// The categories of one band of a cube; all NaN where the code is missing or not listed.
  public func apply(_ cube: DataCube, band: Int = 0) -> DataCube {
    var result = DataCube(window: cube.window, bandCount: codes.count)
    let cells = cube.window.cellCount
    let wanted = codes.map { Float($0) }
    let source = cube.band(band)
    for (cell, value) in source.enumerated() {
      guard let category = wanted.firstIndex(of: value) else { continue }
      for other in 0..<codes.count { result.values[other * cells + cell] = 0 }
      result.values[category * cells + cell] = 1
    }
    return result
  }
}

/// How often each class code occurs in a band, counted chunk by chunk; merges in any order.
public struct CodeCounts: Sendable, Hashable, Codable {
  /// The number of cells by code.
  public private(set) var counts: [Int: Int] = [:]
  /// The number of cells whose value is not a whole number.
  public private(set) var otherCount = 0

  /// Starts with nothing counted.
  public init() {}

  /// Counts the codes of one band of a chunk; missing cells do not count.
  public mutating func add(_ cube: DataCube, band: Int = 0) {
    // Neighbouring cells mostly share a code: look each run up once.
    var run = 0
    var last = Float.nan
    for value in cube.band(band) where !value.isNaN {
      if value != last {
        note(last, run)
        last = value
        run = 0
      }
      run += 1
    }
    note(last, run)
  }

  private mutating func note(_ value: Float, _ cells: Int) {
    guard cells > 0 else { return }
    if let code = Int(exactly: value) {
      counts[code, default: 0] += cells
    } else {
      otherCount += cells
    }
  }

  /// Takes in what was counted elsewhere.
  public mutating func merge(_ other: CodeCounts) {
    counts.merge(other.counts, uniquingKeysWith: +)
    otherCount += other.otherCount
  }

  /// The codes that occur, ascending.
  public var codes: [Int] { counts.keys.sorted() }
}
