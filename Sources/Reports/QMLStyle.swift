/// A style that QGIS loads with a raster when it lies beside it: `NAME.tif` and `NAME.qml`.
///
/// Limits are written as the user's own, so that QGIS never estimates them from the pixels. The
/// same arguments give the same bytes.
public struct QMLStyle: Sendable, Hashable {
  /// The content of the `.qml` file.
  public let xml: String

  private init(renderer: [String]) {
    let lines =
      [
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>",
        #"<qgis version="3.22.0" styleCategories="AllStyleCategories">"#,
        "<pipe>",
      ] + renderer + [
        "<brightnesscontrast brightness=\"0\" contrast=\"0\" gamma=\"1\"/>",
        "<huesaturation saturation=\"0\" grayscaleMode=\"0\" invertColors=\"0\" colorizeOn=\"0\"/>",
        "<rasterresampler maxOversampling=\"2\"/>",
        "</pipe>",
        "<blendMode>0</blendMode>",
        "</qgis>",
      ]
    xml = lines.joined(separator: "\n") + "\n"
  }

  /// One entry of a legend: a value, its name and its colour.
  public struct Entry: Sendable, Hashable {
    /// The value of the pixels.
    public var value: Int
    /// What the legend says.
    public var label: String
    /// The colour.
    public var color: Color

    /// Makes an entry.
    public init(value: Int, label: String, color: Color) {
      self.value = value
      self.label = label
      self.color = color
    }
  }
}

// Values.
extension QMLStyle {
  /// Probabilities: always from 0 to 1, so that maps of different runs can be compared.
  ///
  /// - Parameter thresholds: where classes begin, ascending between 0 and 1; none for a ramp.
  public static func probability(
    band: Int = 1, thresholds: [Double] = [], opacity: Double = 1
  ) -> QMLStyle {
    guard !thresholds.isEmpty else {
      return share(ramp: .probability, band: band, opacity: opacity)
    }
    let bounds = [0] + thresholds + [1]
    let stops = (1..<bounds.count).map { index in
      Stop(
        // What is above the last bound of discrete classes is transparent: it must be infinite.
        value: index == bounds.count - 1 ? .infinity : bounds[index],
        label: "\(NumberText.short(bounds[index - 1])) to \(NumberText.short(bounds[index]))",
        color: ColorRamp.probability.color(at: Double(index - 1) / Double(thresholds.count)))
    }
    return pseudocolor(
      band: band, range: 0...1, stops: stops, opacity: opacity, interpolation: "DISCRETE")
  }

  /// Shares of what is possible: always from 0 to 1.
  ///
  /// `low` and `high` say what the ends mean.
  public static func share(
    ramp: ColorRamp, low: String = "", high: String = "", band: Int = 1, opacity: Double = 1
  ) -> QMLStyle {
    let stops = (0...10).map { step in
      let text = NumberText.short(Double(step) / 10)
      let meaning = step == 0 ? low : step == 10 ? high : ""
      return Stop(
        value: Double(step) / 10, label: meaning.isEmpty ? text : "\(text) \(meaning)",
        color: ramp.color(at: Double(step) / 10))
    }
    return pseudocolor(band: band, range: 0...1, stops: stops, opacity: opacity)
  }

  /// Attributions: from blue (against) over white to brown (for), symmetric about zero.
  ///
  /// `limit` should be the same for all bands of a file, so that they can be compared.
  /// Where it is clipped some numbers are beyond it and take the colour of the nearest end.
  public static func attribution(
    limit: Double, isClipped: Bool = false, band: Int = 1, opacity: Double = 1
  ) -> QMLStyle {
    let bound = limit.isFinite && limit > 0 ? limit : 1
    let stops = (-4...4).map { step in
      let value = bound * Double(step) / 4
      let text = (step > 0 ? "+" : "") + NumberText.short(value, significant: 3)
      let more = isClipped && abs(step) == 4 ? (step > 0 ? "\u{2265} " : "\u{2264} ") : ""
      return Stop(
        value: value, label: more + text,
        color: ColorRamp.diverging.color(at: Double(step + 4) / 8))
    }
    return pseudocolor(band: band, range: -bound...bound, stops: stops, opacity: opacity)
  }

  /// Any numbers, from the lower to the upper bound.
  ///
  /// Where `whole` reaches further, numbers beyond a bound take the colour of the nearest end.
  public static func continuous(
    range: ClosedRange<Double>, of whole: ClosedRange<Double>? = nil,
    ramp: ColorRamp = .viridis, unit: String = "", band: Int = 1, opacity: Double = 1
  ) -> QMLStyle {
    let isUsable = range.lowerBound.isFinite && range.upperBound.isFinite
    var range = isUsable ? range : 0...1
    if range.lowerBound == range.upperBound {
      range = range.lowerBound...range.lowerBound + max(abs(range.lowerBound) * 1e-6, 1e-6)
    }
    let suffix = unit.isEmpty ? "" : " \(unit)"
    // Round numbers between the ends: what the legend lists must be easy to read.
    let length = range.upperBound - range.lowerBound
    let inner = Axis("", exactly: range, count: 8).ticks.filter {
      $0 > range.lowerBound + length * 0.04 && $0 < range.upperBound - length * 0.04
    }
    let stops = ([range.lowerBound] + inner + [range.upperBound]).map { value in
      let isLow = value == range.lowerBound && whole?.lowerBound ?? value < value
      let isHigh = value == range.upperBound && whole?.upperBound ?? value > value
      return Stop(
        value: value,
        label: (isLow ? "\u{2264} " : isHigh ? "\u{2265} " : "") + NumberText.short(value) + suffix,
        color: ramp.color(at: (value - range.lowerBound) / length))
    }
    return pseudocolor(band: band, range: range, stops: stops, opacity: opacity)
  }

  private struct Stop {
    var value: Double
    var label: String
    var color: Color
  }

  private static func pseudocolor(
    band: Int, range: ClosedRange<Double>, stops: [Stop], opacity: Double, legend: String? = nil,
    interpolation: String = "INTERPOLATED"
  ) -> QMLStyle {
    let (low, high) = (number(range.lowerBound), number(range.upperBound))
    let items = stops.map { stop in
      Markup.element(
        "item",
        [
          "value": number(stop.value), "label": stop.label, "color": stop.color.hex,
          "alpha": "255",
        ])
    }
    let head =
      #"<rasterrenderer type="singlebandpseudocolor" band="\#(band)""#
      + #" opacity="\#(number(opacity))" alphaBand="-1" nodataColor="""#
      + #" classificationMin="\#(low)" classificationMax="\#(high)">"#
    let shader =
      "<colorrampshader colorRampType=\"\(interpolation)\" classificationMode=\"1\" clip=\"0\""
      + " minimumValue=\"\(low)\" maximumValue=\"\(high)\" labelPrecision=\"4\">"
    return QMLStyle(
      renderer: [head, "<rasterTransparency/>", userLimits, "<rastershader>", shader]
        + [colorRamp(stops, over: range)] + items
        + [legendSettings(legend)]
        + ["</colorrampshader>", "</rastershader>", "</rasterrenderer>"])
  }

  /// Every stop is listed; with a text the legend is a bar that says the text and no numbers.
  private static func legendSettings(_ text: String?) -> String {
    guard let text else { return "<rampLegendSettings useContinuousLegend=\"0\"/>" }
    return Markup.element(
      "rampLegendSettings",
      ["useContinuousLegend": "1", "minimumLabel": text, "maximumLabel": " "])
  }

  /// The ramp that QGIS offers when somebody edits the style; of many colours only some.
  private static func colorRamp(_ stops: [Stop], over range: ClosedRange<Double>) -> String {
    func rgba(_ color: Color) -> String { "\(color.red),\(color.green),\(color.blue),255" }
    let step = max(1, stops.count / 64)
    let inner = stride(from: step, to: max(stops.count - 1, step), by: step).map { index in
      let share = (stops[index].value - range.lowerBound) / (range.upperBound - range.lowerBound)
      return "\(number(share));\(rgba(stops[index].color))"
    }
    let options: [(String, String)] = [
      ("color1", rgba(stops[0].color)), ("color2", rgba(stops[stops.count - 1].color)),
      ("discrete", "0"),
      ("rampType", "gradient"), ("stops", inner.joined(separator: ":")),
    ]
    let lines = options.map { "<Option type=\"QString\" name=\"\($0.0)\" value=\"\($0.1)\"/>" }
    return "<colorramp type=\"gradient\" name=\"[source]\">\n<Option type=\"Map\">\n"
      + lines.joined(separator: "\n") + "\n</Option>\n</colorramp>"
  }

  private static let userLimits = """
    <minMaxOrigin>
    <limits>None</limits>
    <extent>WholeRaster</extent>
    <statAccuracy>Exact</statAccuracy>
    </minMaxOrigin>
    """

  private static func number(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }
}

// Names.
extension QMLStyle {
  /// More entries than this make a legend that nobody reads.
  public static let maximumEntries = 64
  /// More colours than this make a style file that is slow to load.
  static let maximumStops = 4096

  /// Classes by name; values that have no entry are transparent.
  public static func classes(_ entries: [Entry], band: Int = 1, opacity: Double = 1) -> QMLStyle {
    let lines = entries.map { entry in
      Markup.element(
        "paletteEntry",
        [
          "value": "\(entry.value)", "label": entry.label, "color": entry.color.hex,
          "alpha": "255",
        ])
    }
    let head =
      "<rasterrenderer type=\"paletted\" band=\"\(band)\" opacity=\"\(number(opacity))\""
      + " alphaBand=\"-1\" nodataColor=\"\">"
    return QMLStyle(
      renderer: [head, "<rasterTransparency/>", userLimits, "<colorPalette>"] + lines
        + ["</colorPalette>", "</rasterrenderer>"])
  }

  /// Classes with the colours of the palette; the first name belongs to the value `first`.
  public static func classes(names: [String], first: Int = 0, band: Int = 1) -> QMLStyle {
    classes(
      names.enumerated().map {
        Entry(value: first + $0, label: $1, color: Palette.category($0))
      }, band: band)
  }

  /// Segments, each in a colour of its own.
  ///
  /// Up to `maximumEntries` are listed in the legend. More share a ramp that jumps from colour to
  /// colour; beyond some thousands of them neighbours may look alike.
  public static func segments(ids: [UInt32], band: Int = 1) -> QMLStyle {
    let known = Set(ids).subtracting([0]).sorted()
    if known.count <= maximumEntries {
      return classes(
        known.map { Entry(value: Int($0), label: "\($0)", color: Palette.identifier($0)) },
        band: band)
    }
    let step = (known.count + maximumStops - 1) / maximumStops
    return segments(
      at: stride(from: 0, to: known.count, by: step).map { known[$0] },
      legend: "\(known.count) segments, coloured at random", band: band)
  }

  /// Segments of which only the lowest and the highest id are known.
  public static func segments(from lowest: UInt32, to highest: UInt32, band: Int = 1) -> QMLStyle {
    let low = max(min(lowest, highest), 1)
    let high = max(low, highest)
    let step = (high - low) / UInt32(maximumStops) + 1
    if high - low < UInt32(maximumEntries) { return segments(ids: Array(low...high), band: band) }
    return segments(
      at: Array(stride(from: low, through: high, by: Int(step))),
      legend: "segments, coloured at random", band: band)
  }

  private static func segments(at ids: [UInt32], legend: String, band: Int) -> QMLStyle {
    let stops = ids.map { id in
      Stop(value: Double(id), label: "\(id)", color: Palette.identifier(id))
    }
    let range = Double(ids.first ?? 1)...Double(ids.last ?? 1)
    return pseudocolor(band: band, range: range, stops: stops, opacity: 1, legend: legend)
  }
}
