import RasterFiles
import Rasters

/// Groups of features, such as "remote sensing": what bands belong together in explanations.
enum FeatureGroups {
  /// The option of stages that bring bands into a pipeline.
  static let option = OptionSpec(
    "group", .string, default: .optional,
    "The group of features that the bands belong to in explanations, for 'stack' to leave out and "
      + "in the metadata of rasters; by default that of what they are made of.",
    example: "\"remote sensing\"")
  /// The key of a band's metadata in raster files.
  static let metadataKey = "GROUP"
  /// What features are called together that belong to none.
  static let other = "other"

  /// The group that all bands share; nil where they do not.
  static func shared(by bands: some Sequence<Band>) -> String? {
    var groups = Set<String?>()
    for band in bands { groups.insert(band.featureGroup) }
    return groups.count == 1 ? groups.first.flatMap(\.self) : nil
  }
}

extension PlanRequest {
  /// Bands with the group that the stage's option names, or else each with its own, or with the one
  /// that all `inputs` share.
  func grouped(_ bands: [Band], of inputs: [Band] = []) -> [Band] {
    let given = options.optionalString(FeatureGroups.option.name)
    let inherited = FeatureGroups.shared(by: inputs)
    return bands.map { band in
      var band = band
      band.featureGroup = given ?? band.featureGroup ?? inherited
      return band
    }
  }
}

extension BandInfo {
  /// The group of features that the file says the band belongs to.
  var featureGroup: String? {
    metadata[FeatureGroups.metadataKey].flatMap { $0.isEmpty ? nil : $0 }
  }
}
