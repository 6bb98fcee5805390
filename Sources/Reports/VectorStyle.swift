/// A style of a vector layer for QGIS, which takes it from a GeoPackage's table `layer_styles`.
///
/// Colours of numbers grow darker with a field's value, in classes that do not depend on the data,
/// so that maps can be compared. The same arguments give the same bytes.
public struct VectorStyle: Sendable, Hashable {
  /// The style as QML.
  public let xml: String

  /// Lines, darker and wider the higher the value of a field.
  ///
  /// - Parameters:
  ///   - breaks: the ends of the classes, ascending.
  ///   - quantity: what the legend calls the field; empty for numbers alone.
  public static func lines(
    by field: String, breaks: [Double], quantity: String = ""
  ) -> VectorStyle {
    let ranges = ranges(breaks, quantity)
    let blue = ColorRamp([Color(0xC9D6E3), Color(0x08306B)])
    return VectorStyle(field, ranges, blue) { index, color in
      let share = Double(index) / Double(max(ranges.count - 1, 1))
      return symbol(
        "line", "SimpleLine", index,
        [
          ("line_color", rgba(color)),
          ("line_width", NumberText.fixed(0.15 + share * 0.65, decimals: 2)),
          ("line_width_unit", "MM"), ("line_style", "solid"), ("capstyle", "round"),
        ])
    }
  }

  /// Points drawn as strokes along a direction, darker the higher the value of a field.
  ///
  /// - Parameters:
  ///   - breaks: where the classes begin, ascending; the last has no end.
  ///   - angle: the field of the direction, in degrees clockwise from north.
  ///   - length: the length of the strokes in map units.
  ///   - quantity: what the legend calls the field; empty for numbers alone.
  public static func strikes(
    by field: String, breaks: [Double], angle: String, length: Double, quantity: String = ""
  ) -> VectorStyle {
    var ranges = ranges(breaks, quantity)
    if let last = breaks.last {
      ranges.append(
        Range(low: last, high: 1e9, label: named(quantity, "\(NumberText.short(last)) and more")))
    }
    // The palest colours would be lost on white.
    let ramp = ColorRamp(Array(ColorRamp.probability.colors.dropFirst(2)))
    return VectorStyle(field, ranges, ramp) { index, color in
      symbol(
        "marker", "SimpleMarker", index,
        [
          ("name", "line"), ("size", "\(length)"), ("size_unit", "MapUnit"),
          ("color", rgba(color)), ("outline_color", rgba(color)), ("outline_style", "solid"),
          ("outline_width", "0.8"), ("outline_width_unit", "MM"), ("scale_method", "diameter"),
        ], angle: angle)
    }
  }

  /// Points in the colours of classes, every class with a shape of its own; later ones on top.
  ///
  /// - Parameters:
  ///   - field: the field of the class.
  ///   - classes: the values of the field, in the order of the legend.
  ///   - labels: what the legend calls them; by default as the field does.
  public static func points(
    by field: String, classes: [String], labels: [String]? = nil
  ) -> VectorStyle {
    let shapes = ["circle", "square", "diamond", "triangle", "pentagon", "star"]
    var lines = ["<categories>"]
    for (index, (value, label)) in zip(classes, labels ?? classes).enumerated() {
      lines.append(
        Markup.element(
          "category",
          [
            "symbol": "\(index)", "value": value, "label": label, "type": "string",
            "render": "true",
          ]))
    }
    lines += ["</categories>", "<symbols>"]
    for index in classes.indices {
      lines.append(
        symbol(
          "marker", "SimpleMarker", index,
          [
            ("name", shapes[index % shapes.count]), ("size", "2.4"), ("size_unit", "MM"),
            ("color", rgba(Palette.category(index))), ("outline_color", "255,255,255,255"),
            ("outline_style", "solid"), ("outline_width", "0.2"), ("outline_width_unit", "MM"),
          ], pass: index))
    }
    return VectorStyle(
      renderer: "type=\"categorizedSymbol\" attr=\"\(Markup.escape(field))\"",
      lines + ["</symbols>"], hasLevels: true)
  }

  /// Areas, darker the higher the value of a field; what lies below shows through.
  ///
  /// - Parameter breaks: the ends of the classes, ascending.
  public static func areas(by field: String, breaks: [Double]) -> VectorStyle {
    let ranges = ranges(breaks, "")
    let ramp = ColorRamp(Array(ColorRamp.probability.colors.dropFirst(2)))
    return VectorStyle(field, ranges, ramp) { index, color in
      symbol(
        "fill", "SimpleFill", index,
        [
          ("color", rgba(color, alpha: 150)), ("style", "solid"),
          ("outline_color", rgba(Color(0x222222))), ("outline_style", "solid"),
          ("outline_width", "0.3"), ("outline_width_unit", "MM"), ("joinstyle", "round"),
        ])
    }
  }

  /// Points of one kind, each with the value of a field beside it.
  public static func numberedPoints(label field: String) -> VectorStyle {
    let marker = symbol(
      "marker", "SimpleMarker", 0,
      [
        ("name", "circle"), ("size", "2"), ("size_unit", "MM"),
        ("color", rgba(Color(0xFFFFFF))), ("outline_color", rgba(Color(0x222222))),
        ("outline_style", "solid"), ("outline_width", "0.4"), ("outline_width_unit", "MM"),
      ])
    let buffer = Markup.element(
      "text-buffer",
      [
        "bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM",
        "bufferColor": rgba(Color(0xFFFFFF)), "bufferOpacity": "1",
      ])
    let text = Markup.element(
      "text-style",
      [
        "fieldName": field, "isExpression": "0", "fontSize": "9", "fontSizeUnit": "Point",
        "fontFamily": "Sans Serif", "fontWeight": "75", "namedStyle": "Bold",
        "textColor": rgba(Color(0x222222)), "textOpacity": "1",
      ], buffer)
    let labels = """
      <labeling type="simple">
      <settings>
      \(text)
      <placement placement="0" dist="1" distUnits="MM" priority="8"/>
      <rendering drawLabels="1" obstacle="1"/>
      </settings>
      </labeling>
      """
    return VectorStyle(
      renderer: "type=\"singleSymbol\"", ["<symbols>", marker, "</symbols>"], labels: labels)
  }

  /// Points, lines or areas of one kind, as pale outlines of what is in them.
  public static func plain(_ content: QGISProject.Layer.Content) -> VectorStyle {
    let dark = rgba(Color(0x222222))
    let symbol =
      switch content {
      case .lines:
        symbol(
          "line", "SimpleLine", 0,
          [("line_color", dark), ("line_width", "0.4"), ("line_width_unit", "MM")])
      case .polygons:
        symbol(
          "fill", "SimpleFill", 0,
          [
            ("color", rgba(Color(0xFFFFFF), alpha: 0)), ("style", "no"), ("outline_color", dark),
            ("outline_style", "solid"), ("outline_width", "0.4"), ("outline_width_unit", "MM"),
          ])
      case .points, .raster, .table:
        symbol(
          "marker", "SimpleMarker", 0,
          [
            ("name", "circle"), ("size", "1.8"), ("size_unit", "MM"),
            ("color", rgba(Color(0x222222))), ("outline_color", rgba(Color(0xFFFFFF))),
            ("outline_style", "solid"), ("outline_width", "0.2"), ("outline_width_unit", "MM"),
          ])
      }
    return VectorStyle(renderer: "type=\"singleSymbol\"", ["<symbols>", symbol, "</symbols>"])
  }

  private init(
    renderer: String, _ content: [String], labels: String = "", hasLevels: Bool = false
  ) {
    let head =
      labels.isEmpty
      ? #"<qgis version="3.22.0" styleCategories="Symbology">"#
      : #"<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="1">"#
    let lines =
      [
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>", head,
        "<renderer-v2 \(renderer) symbollevels=\"\(hasLevels ? 1 : 0)\" enableorderby=\"0\">",
      ] + content + ["</renderer-v2>"] + (labels.isEmpty ? [] : [labels])
      + ["<blendMode>0</blendMode>", "</qgis>"]
    xml = lines.joined(separator: "\n") + "\n"
  }

  private struct Range {
    var low: Double
    var high: Double
    var label: String
  }

  /// The classes between breaks, with what the legend says of them.
  private static func ranges(_ breaks: [Double], _ quantity: String) -> [Range] {
    zip(breaks, breaks.dropFirst()).map { low, high in
      Range(
        low: low, high: high,
        label: named(quantity, "\(NumberText.short(low)) to \(NumberText.short(high))"))
    }
  }

  private static func named(_ quantity: String, _ text: String) -> String {
    quantity.isEmpty ? text : "\(quantity) \(text)"
  }

  private init(
    _ field: String, _ ranges: [Range], _ ramp: ColorRamp, _ symbol: (Int, Color) -> String
  ) {
    var lines = ["<ranges>"]
    for (index, range) in ranges.enumerated() {
      lines.append(
        Markup.element(
          "range",
          [
            "symbol": "\(index)", "lower": "\(range.low)", "upper": "\(range.high)",
            "label": range.label, "render": "true",
          ]))
    }
    lines += ["</ranges>", "<symbols>"]
    for index in ranges.indices {
      let share = Double(index) / Double(max(ranges.count - 1, 1))
      lines.append(symbol(index, ramp.color(at: share)))
    }
    self.init(
      renderer: "type=\"graduatedSymbol\" attr=\"\(Markup.escape(field))\""
        + " graduatedMethod=\"GraduatedColor\"", lines + ["</symbols>"])
  }

  private static func symbol(
    _ type: String, _ layer: String, _ name: Int, _ options: [(String, String)],
    angle: String? = nil, pass: Int = 0
  ) -> String {
    var lines = ["<symbol type=\"\(type)\" name=\"\(name)\" alpha=\"1\" clip_to_extent=\"1\">"]
    lines.append("<layer class=\"\(layer)\" enabled=\"1\" locked=\"0\" pass=\"\(pass)\">")
    lines.append("<Option type=\"Map\">")
    for (key, value) in options {
      lines.append(
        Markup.element("Option", ["type": "QString", "name": key, "value": value]))
    }
    lines.append("</Option>")
    if let angle { lines.append(rotation(angle)) }
    return (lines + ["</layer>", "</symbol>"]).joined(separator: "\n")
  }

  /// Turns a symbol by a field.
  private static func rotation(_ field: String) -> String {
    """
    <data_defined_properties>
    <Option type="Map">
    <Option type="QString" name="name" value=""/>
    <Option type="Map" name="properties">
    <Option type="Map" name="angle">
    <Option type="bool" name="active" value="true"/>
    \(Markup.element("Option", ["type": "QString", "name": "field", "value": field]))
    <Option type="int" name="type" value="2"/>
    </Option>
    </Option>
    <Option type="QString" name="type" value="collection"/>
    </Option>
    </data_defined_properties>
    """
  }

  private static func rgba(_ color: Color, alpha: Int = 255) -> String {
    "\(color.red),\(color.green),\(color.blue),\(alpha)"
  }
}
