import Foundation

/// A map of the report: the picture of a raster with its legend, a scale bar and a north arrow.
public struct MapFigure: Sendable {
  /// The bytes of a PNG file.
  public var png: [UInt8]
  /// The width of the picture, in pixels of the page.
  public var width: Double
  /// The height of the picture, in pixels of the page: cells have their shape on the ground.
  public var height: Double
  /// What the picture shows, for those who cannot see it.
  public var description: String
  /// What stands below the map.
  public var caption: String
  /// What its colours mean.
  public var legend: Legend
  /// How long a piece of the picture is on the ground; nil where nobody knows.
  public var scaleBar: ScaleBar?
  /// Where the grid's north is, in degrees clockwise from the top of the picture; nil where it has
  /// none.
  public var north: Double?

  /// Makes a map.
  public init(
    png: [UInt8], width: Double, height: Double, description: String, caption: String,
    legend: Legend = .none, scaleBar: ScaleBar? = nil, north: Double? = nil
  ) {
    self.png = png
    self.width = width
    self.height = height
    self.description = description
    self.caption = caption
    self.legend = legend
    self.scaleBar = scaleBar
    self.north = north
  }

  /// What the colours of a map mean.
  public enum Legend: Sendable {
    /// Nothing is said.
    case none
    /// A colour for each of some names.
    case entries([HTMLReport.LegendEntry])
    /// Colours for numbers; the ticks are evenly spaced from one end of the ramp to the other.
    case ramp(ColorRamp, title: String, ticks: [String])
  }
}

/// A round length that fits into a map.
public struct ScaleBar: Sendable, Hashable {
  /// The share of the map's width, from 0 to 1.
  public let share: Double
  /// The length with its unit.
  public let label: String

  /// The longest of 1, 2 and 5 times a power of ten that takes up to 35 % of a map's width; nil
  /// unless that is a positive number.
  ///
  /// - Parameters:
  ///   - across: the width of the map on the ground, in metres or in map units.
  ///   - isMetric: whether it is metres.
  public init?(across: Double, isMetric: Bool) {
    guard across.isFinite, across > 0 else { return nil }
    let most = across * 0.35
    let power = pow(10, log10(most).rounded(.down))
    let length = [5, 2, 1].map { $0 * power }.first { $0 <= most } ?? power
    share = length / across
    if !isMetric {
      label = "\(NumberText.short(length)) map units"
    } else if length >= 1000 {
      label = "\(NumberText.short(length / 1000, significant: 9)) km"
    } else if length >= 1 {
      label = "\(NumberText.short(length)) m"
    } else {
      label = "\(NumberText.short(length * 1000)) mm"
    }
  }
}

// The page.
extension MapFigure {
  /// The map without its caption.
  var html: String {
    let source = "data:image/png;base64,\(Base64.encode(png))"
    let image =
      "<img alt=\"\(Markup.escape(description))\" width=\"\(pixels(width))\" "
      + "height=\"\(pixels(height))\" style=\"aspect-ratio:\(pixels(width))/\(pixels(height))\" "
      + "src=\"\(source)\">"
    return "<div class=\"sheet\">\n\(image)\n\(ground)</div>\(legendHTML)"
  }

  private func pixels(_ length: Double) -> Int { max(1, Int(length.rounded())) }

  /// North and scale below the picture.
  private var ground: String {
    guard scaleBar != nil || north != nil else { return "" }
    let bar = scaleBar.map {
      "<span class=\"scale\" style=\"width:\(NumberText.coordinate($0.share * 100))%\"></span>"
        + "<span>\(Markup.escape($0.label))</span>"
    }
    return "<div class=\"ground\">\(arrow)\(bar ?? "")</div>\n"
  }

  private var arrow: String {
    guard let north else { return "" }
    let angle = NumberText.coordinate(north)
    let turn = north == 0 ? "" : " transform=\"rotate(\(angle) 12 15)\""
    let words = north == 0 ? "North is up" : "North is \(angle) degrees clockwise from up"
    return """
      <svg class="north" role="img" aria-label="\(words)" width="24" height="30" \
      viewBox="0 0 24 30"><g\(turn)><path d="M12 1 L17 17 L12 14 L7 17 Z"/>\
      <text x="12" y="28" text-anchor="middle" font-size="11" font-weight="700">N</text></g></svg>
      """
  }

  private var legendHTML: String {
    switch legend {
    case .none: return ""
    case .entries(let entries):
      let items = entries.map {
        "<li><span style=\"background:\($0.color.hex)\"></span>\(Markup.escape($0.label))</li>"
      }
      return "\n<ul class=\"legend\" aria-label=\"Legend\">\(items.joined())</ul>"
    case .ramp(let ramp, let title, let ticks):
      return Self.html(ramp, title, ticks, every: isCrowded(ticks) ? 2 : 1)
    }
  }

  /// Whether the ticks below the picture would touch, at about 8 pixels for each letter.
  private func isCrowded(_ ticks: [String]) -> Bool {
    let last = ticks.count - 1
    let places = ticks.enumerated().map { index, text -> (start: Double, end: Double) in
      let (x, length) = (width * Double(index) / Double(max(last, 1)), 8 * Double(text.count))
      let start = index == 0 ? 0 : index == last ? x - length : x - length / 2
      return (start, start + length)
    }
    return zip(places, places.dropFirst()).contains { $0.end + 4 > $1.start }
  }

  /// A ramp with every so many of its ticks.
  private static func html(
    _ ramp: ColorRamp, _ title: String, _ ticks: [String], every step: Int
  ) -> String {
    // Colours are mixed by the browser as the ramp mixes them: evenly between control points.
    let colors = ramp.colors.map(\.hex).joined(separator: ",")
    let last = max(ticks.count - 1, 1)
    let shown = ticks.enumerated().filter { $0.offset % step == 0 || $0.offset == last }
    let labels = shown.map { index, text in
      let side = index == 0 ? "first" : index == last ? "last" : ""
      let name = side.isEmpty ? "" : " class=\"\(side)\""
      let place = NumberText.coordinate(100 * Double(index) / Double(last))
      return "<li\(name) style=\"left:\(place)%\">\(Markup.escape(text))</li>"
    }
    return """

      <div class="ramp"><p>\(Markup.escape(title))</p>
      <div class="colors" style="background:linear-gradient(to right,\(colors))"></div>
      <ol aria-label="Legend">\(labels.joined())</ol></div>
      """
  }
}
