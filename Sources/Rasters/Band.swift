/// What one band of a cube is: its name and what its numbers mean.
public struct Band: Sendable, Hashable, Codable {
  /// The feature's name, unique within a cube; what QGIS shows and models bind to.
  public var name: String
  /// The unit of the values, empty when there is none.
  public var unit: String
  /// The categorical feature of which this band is one category (one-hot), or nil.
  ///
  /// All bands of one group are one feature: one player in Shapley values, one attribution band.
  public var group: String?

  /// Describes a band.
  public init(name: String, unit: String = "", group: String? = nil) {
    self.name = name
    self.unit = unit
    self.group = group
  }

  /// The name of the feature that the band belongs to: its group, or itself.
  public var feature: String { group ?? name }
}
