public import Rasters

/// A labelled place: where it is, what is known there and how much it counts.
public struct Sample: Sendable, Hashable, Codable {
  /// The sample's number, unique within a set; random choices are keyed by it.
  public var id: Int
  /// The x coordinate in map units.
  public var x: Double
  /// The y coordinate in map units.
  public var y: Double
  /// The cell of the grid that holds the sample.
  public var cell: Cell
  /// What is to be learnt at the sample.
  public var target: Target
  /// How much the sample counts in training; 1 by default.
  public var weight: Float
  /// Further columns of the sample's row, by name.
  public var attributes: [String: String]

  /// Describes a sample.
  public init(
    id: Int, x: Double, y: Double, cell: Cell, target: Target, weight: Float = 1,
    attributes: [String: String] = [:]
  ) {
    self.id = id
    self.x = x
    self.y = y
    self.cell = cell
    self.target = target
    self.weight = weight
    self.attributes = attributes
  }

  /// What is known at a sample.
  public enum Target: Sendable, Hashable {
    /// The index of one class of several that exclude one another.
    case category(Int)
    /// A number for each label (0 or 1) or measured value; NaN where it is not known.
    case values([Float])
  }
}

extension Sample.Target {
  /// Whether a class or label holds; nil where that is not known.
  public func isPositive(_ output: Int) -> Bool? {
    switch self {
    case .category(let index): index == output
    case .values(let values): values[output].isNaN ? nil : values[output] == 1
    }
  }
}

extension Sample.Target: Codable {
  private enum CodingKeys: String, CodingKey { case category, values }

  /// Reads what `encode` wrote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let category = try container.decodeIfPresent(Int.self, forKey: .category) {
      self = .category(category)
    } else {
      self = .values(try container.decode([Float?].self, forKey: .values).map { $0 ?? .nan })
    }
  }

  /// Writes the target; unknown values are null, for JSON has no NaN.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .category(let index): try container.encode(index, forKey: .category)
    case .values(let values):
      try container.encode(values.map { $0.isNaN ? nil : $0 }, forKey: .values)
    }
  }
}
