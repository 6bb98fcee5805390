import Foundation
import RasterFiles
import Rasters
import Reports
import Tensors

/// The styles of the rasters that a stage writes: made for what their numbers mean, or the user's own.
struct RasterStyles: Sendable {
  /// Where classes of probabilities begin; none for a ramp.
  var thresholds: [Double] = []
  /// The user's own style files by the tags of rasters.
  var files: [String: String] = [:]

  /// What decides the style of a raster beside its content.
  func word(of tag: String, _ presentation: Presentation) throws -> String {
    if let bytes = try own(tag) { return " style \(SHA256.digest(bytes).hex)" }
    guard case .probability = presentation, !thresholds.isEmpty else { return "" }
    return " classes \(thresholds)"
  }

  /// The user's own style of a raster, byte by byte; nil where there is none.
  func own(_ tag: String) throws -> [UInt8]? {
    guard let path = files[tag] else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ExecutionError.data("the style '\(path)' cannot be read")
    }
    return [UInt8](data)
  }

  /// The content of the style file of a raster.
  func bytes(
    _ raster: RasterProduct, _ statistics: [BandStatistics], _ flags: Set<UInt8>,
    _ form: RasterForm, _ executor: Executor
  ) throws -> [UInt8] {
    try own(raster.tag) ?? [UInt8](style(raster, statistics, flags, form, executor).xml.utf8)
  }

  private func style(
    _ raster: RasterProduct, _ statistics: [BandStatistics], _ flags: Set<UInt8>,
    _ form: RasterForm, _ executor: Executor
  ) throws -> QMLStyle {
    // Of two classes the last is the one that is looked for.
    let shown = form.styled(band: raster.bands.count == 2 ? 2 : 1)
    let unit = raster.bands.first?.unit ?? ""
    switch raster.presentation {
    case .probability: return probability(band: shown)
    case .deviation:
      // From 0 for all bands alike: what is certain has the same colour on every map.
      let highest = statistics.map(\.maximum).filter(\.isFinite).max() ?? 0
      return .continuous(
        range: 0...(highest > 0 ? highest : 1), ramp: .cividis, unit: unit, band: shown)
    case .entropy: return .share(ramp: .cividis, low: "certain", high: "all classes alike")
    case .attribution(let attribution):
      let strengths = try executor.strengths(attribution)
      // The feature that moves the map most is shown first.
      return .attribution(
        limit: strengths.limit, isClipped: strengths.isClipped,
        band: form.styled(band: (strengths.order.first ?? 0) + 1))
    case .flags: return .classes(flags.sorted().map(PixelFlags.entry))
    case .named(let named): return .classes(named.entries)
    case .continuous:
      let low = statistics.first?.minimum ?? 0
      let high = statistics.first?.maximum ?? 1
      return .continuous(
        range: low.isFinite && high.isFinite && low < high ? low...high : 0...1, unit: unit)
    }
  }

  /// The style of a band of probabilities.
  func probability(band: Int) -> QMLStyle {
    .probability(band: band, thresholds: thresholds)
  }
}

extension RasterProduct {
  /// The bands of an attribution raster that are features.
  var featureBands: [Band] {
    bands.filter { $0.name != "base value" && $0.name != "explained output" }
  }
}
