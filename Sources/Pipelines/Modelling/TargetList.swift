import Foundation
import Rasters
import Reports

/// Anomalies of a map in the order in which to go there.
struct TargetList: Codable, Sendable {
  /// The band of the map.
  let bandName: String
  let isProbability: Bool
  /// What the band exceeds in all cells of a target.
  let threshold: Double
  /// Whether areas are square metres and distances metres; else they are of map units.
  let isMetric: Bool
  /// In what unit an explanation was given, such as "log-odds"; nil for none.
  let explainedOutput: String?
  /// The known deposits in map coordinates; nil where none were given.
  let known: [Place]?
  /// The targets, best first.
  var targets: [Target] = []

  /// A place in map coordinates.
  struct Place: Codable, Sendable, Hashable {
    var x: Double
    var y: Double

    init(_ place: SIMD2<Double>) { (x, y) = (place.x, place.y) }

    var vector: SIMD2<Double> { SIMD2(x, y) }
  }

  /// What ranks targets; on ties the maximum, the area and the place on the map follow.
  enum Order: String, CaseIterable, Sendable {
    case mean, maximum, area
  }

  /// One anomaly.
  struct Target: Codable, Sendable, Hashable {
    /// The position in the list, 1 first.
    var rank = 0
    let cells: Int
    let area: Double
    let mean: Double
    let maximum: Double
    /// The centre of the cell with the maximum.
    let place: Place
    /// What moved the target's mean most, strongest first.
    let features: [Feature]
    /// The number of known deposits in it.
    let knownInside: Int
    /// From `place` to the nearest known deposit; nil where there is none.
    let distance: Double?
    /// The rings of each part of the outline in map coordinates, the outer first.
    var parts: [[[Place]]] = []
  }

  /// The mean attribution of a feature over a target.
  struct Feature: Codable, Sendable, Hashable {
    let name: String
    let value: Double
  }
}

// Words.
extension TargetList {
  /// Where to go and why, in a sentence.
  func sentence(_ target: Target) -> String {
    let subject = isProbability ? "probability" : "'\(bandName)'"
    var parts = [
      "Rank \(target.rank): mean \(subject) \(Self.text(target.mean)) over \(area(target.area))"
    ]
    let up = target.features.filter { $0.value > 0 }
    let down = target.features.filter { $0.value < 0 }
    if !up.isEmpty { parts.append("moved up by " + Self.phrase(up)) }
    if !down.isEmpty {
      parts.append((up.isEmpty ? "moved down by " : "down by ") + Self.phrase(down))
    }
    if target.knownInside > 0 {
      let count = target.knownInside
      parts.append("holds \(count) known deposit\(count == 1 ? "" : "s")")
    } else if let distance = target.distance {
      parts.append("\(length(distance)) from the nearest known deposit")
    }
    return parts.joined(separator: ", ")
  }

  /// An area with its unit.
  func area(_ area: Double) -> String {
    guard isMetric else { return "\(NumberText.short(area, significant: 2)) square map units" }
    return area >= 1e5
      ? "\(NumberText.short(area / 1e6, significant: 2)) km2"
      : "\(NumberText.short(area, significant: 2)) m2"
  }

  /// A length with its unit.
  func length(_ length: Double) -> String {
    guard isMetric else { return "\(NumberText.short(length, significant: 2)) map units" }
    return length >= 1000
      ? "\(NumberText.short(length / 1000, significant: 2)) km"
      : "\(NumberText.short(length, significant: 2)) m"
  }

  /// Two digits, and more where these would say that something is certain.
  private static func text(_ value: Double) -> String {
    let short = NumberText.short(value, significant: 2)
    return short == "1" && value < 1 ? NumberText.short(value, significant: 4) : short
  }

  private static func phrase(_ features: [Feature]) -> String {
    let texts = features.map { feature in
      let sign = feature.value > 0 ? "+" : ""
      return "\(feature.name) (\(sign)\(NumberText.short(feature.value, significant: 2)))"
    }
    guard let last = texts.last, texts.count > 1 else { return texts.joined() }
    return texts.dropLast().joined(separator: ", ") + " and " + last
  }

  /// Why there are no targets; nil where there are.
  func emptiness(leastArea: Double) -> String? {
    guard targets.isEmpty else { return nil }
    let size = leastArea > 0 ? " over at least \(area(leastArea))" : ""
    return "no targets: '\(bandName)' nowhere exceeds \(Float(threshold))\(size)"
  }
}
