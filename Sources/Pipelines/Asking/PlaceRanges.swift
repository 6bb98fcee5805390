import Foundation
import Rasters

/// What lies beyond the range of the training samples in a cell, input by input.
extension PlaceAnswer {
  private typealias Range = RecordedOutputs.InputRange

  /// The reasons for doubt, with the inputs that are beyond what the model has seen.
  func flags(
    _ layer: RecordedOutputs.Layer, _ own: [Double?], _ notes: inout [String]
  ) -> PlaceReport.Flags {
    let bits = Int(own.first.flatMap(\.self) ?? 0)
    var result = PlaceReport.Flags(
      tag: layer.tag, of: layer.of, bits: bits,
      meanings: PixelFlags.meanings(of: UInt8(clamping: bits)).map(\.sentence))
    guard bits & Int(PixelFlags.outsideRange) != 0 else { return result }
    guard let ranges = layer.ranges else {
      notes.append(
        "which inputs are beyond the range of the training samples: run.json is of an earlier "
          + "version; run the pipeline again, which makes nothing anew")
      return result
    }
    var found: [String: [PlaceReport.Outside]] = [:]
    var order: [String] = []
    for model in ranges {
      let (outside, unknown) = self.outside(model, &notes)
      for input in outside {
        if found[input.name] == nil { order.append(input.name) }
        found[input.name, default: []].append(input)
      }
      result.unknown += unknown.filter { !result.unknown.contains($0) }
    }
    result.outside = order.map { Self.joined(found[$0] ?? [], models: ranges.count) }
    if let note = Self.note(result) { notes.append(note) }
    return result
  }

  /// The inputs of one model that are beyond its range, and those that cannot be judged.
  private func outside(
    _ ranges: [Range], _ notes: inout [String]
  ) -> (outside: [PlaceReport.Outside], unknown: [String]) {
    var known: [String: [Float]] = [:]
    for name in Set(ranges.compactMap(\.source)).sorted() {
      known[name] = values(of: name, &notes)
    }
    var (outside, unknown): ([PlaceReport.Outside], [String]) = ([], [])
    for range in ranges {
      guard let source = range.source, let place = range.place,
        let values = known[source], values.indices.contains(place),
        let compared = range.compared(values[place])
      else {
        unknown.append(range.band.feature)
        continue
      }
      guard compared < range.minimum ?? -.infinity || compared > range.maximum ?? .infinity else {
        continue
      }
      let unit = question.outputs.sources[source]?.bands[place].unit ?? ""
      outside.append(range.outside(values[place], unit: unit))
    }
    // Where a new category is there, the others are not, which says nothing more.
    let categories = Set(outside.filter { $0.category != nil }.map(\.name))
    outside.removeAll { $0.category == nil && categories.contains($0.name) }
    return (outside, unknown)
  }

  /// What several models say of one input: the range of all that find it beyond theirs.
  private static func joined(
    _ parts: [PlaceReport.Outside], models: Int
  ) -> PlaceReport.Outside {
    var result = parts[0]
    result.minimum = parts.compactMap(\.minimum).min()
    result.maximum = parts.compactMap(\.maximum).max()
    result.models = parts.count < models ? parts.count : nil
    return result
  }

  /// What of the inputs is not known; nil where all is.
  private static func note(_ flags: PlaceReport.Flags) -> String? {
    guard !flags.unknown.isEmpty else {
      return flags.outside.isEmpty
        ? "which inputs are beyond the range of the training samples: what the store holds is "
          + "within it; run the pipeline again" : nil
    }
    let names = flags.unknown.prefix(8).map { "'\($0)'" }
    let rest = flags.unknown.count - names.count
    return "whether \(names.joined(separator: ", "))\(rest > 0 ? " and \(rest) more" : "") "
      + "\(flags.unknown.count == 1 ? "is" : "are") beyond the range of the training samples: the "
      + "store does not hold the values that the model read here"
  }
}

extension RecordedOutputs.InputRange {
  /// What is compared with the range for a value of the source, NaN for none; nil where that is
  /// not known.
  fileprivate func compared(_ value: Float) -> Float? {
    guard let factor else { return value.isNaN && isFilled ? nil : value }
    if value.isNaN { return value }
    guard value > 0 else { return isFilled ? nil : .nan }
    return Float(log(Double(value) * factor))
  }

  /// A bound in the unit of the source.
  private func bound(_ value: Float) -> Double {
    factor.map { exp(Double(value)) / $0 } ?? Double(value)
  }

  /// The input with a value beyond the range.
  fileprivate func outside(_ value: Float, unit: String) -> PlaceReport.Outside {
    if band.isCategory, value == 1 {
      return PlaceReport.Outside(name: band.feature, category: band.category)
    }
    return PlaceReport.Outside(
      name: band.feature, value: Double(value), unit: unit.isEmpty ? nil : unit,
      minimum: minimum.map(bound), maximum: maximum.map(bound))
  }
}

extension Band {
  /// The name of the category that the band stands for, without that of its feature.
  var category: String {
    let prefix = feature + ": "
    return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }
}
