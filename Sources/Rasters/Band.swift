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
  /// The group of features that the band belongs to, such as "remote sensing"; nil for none.
  ///
  /// Attributions are also summed by these groups, and pipelines can leave one out.
  public var featureGroup: String?
  /// Which cell within the grid's cells the band holds, of a raster with smaller cells; nil where
  /// the raster has the grid's.
  public var subcell: Subcell?
  /// Where the band lies along a spectrum; nil where it is no band of one or that is not known.
  public var position: BandPosition?

  /// Describes a band.
  public init(
    name: String, unit: String = "", group: String? = nil, featureGroup: String? = nil,
    subcell: Subcell? = nil, position: BandPosition? = nil
  ) {
    self.name = name
    self.unit = unit
    self.group = group
    self.featureGroup = featureGroup
    self.subcell = subcell
    self.position = position
  }

  /// The name of the feature that the band belongs to: its group, or itself.
  public var feature: String { group ?? name }

  /// Whether the band tells whether a cell belongs to one category of a group.
  public var isCategory: Bool { group != nil && subcell == nil }
}

extension Band: CustomDebugStringConvertible {
  /// All that is known of the band, as text.
  ///
  /// It decides what a chunk store calls the band's chunks: a band without a group of features and
  /// without a position has the text that it always had.
  public var debugDescription: String {
    "Rasters.Band(name: \(name.debugDescription), unit: \(unit.debugDescription), "
      + "group: \(String(reflecting: group))"
      + (featureGroup.map { ", featureGroup: \($0.debugDescription)" } ?? "")
      + (subcell.map { ", subcell: \($0)" } ?? "")
      + (position.map { ", position: \($0)" } ?? "") + ")"
  }
}
