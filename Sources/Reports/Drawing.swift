/// Collects the elements of an SVG drawing; sizes are in CSS pixels, y downwards.
struct Drawing {
  static let ink = Color(0x222222)
  static let faint = Color(0x6B6B6B)
  static let gridLine = Color(0xDDDDDD)

  let width: Double
  let height: Double
  private var elements: [String] = []

  /// Where a text is held.
  enum Anchor: String {
    case start, middle, end
  }

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  mutating func line(
    _ from: (x: Double, y: Double), _ to: (x: Double, y: Double), _ color: Color,
    width: Double = 1, dashes: String = ""
  ) {
    var path = PathText()
    path.move(from)
    path.line(to)
    stroke(path, color, width: width, dashes: dashes)
  }

  mutating func stroke(_ path: PathText, _ color: Color, width: Double, dashes: String = "") {
    guard !path.text.isEmpty else { return }
    let dash = dashes.isEmpty ? "" : " stroke-dasharray=\"\(dashes)\""
    elements.append(
      "<path d=\"\(path.text)\" fill=\"none\" stroke=\"\(color.hex)\" "
        + "stroke-width=\"\(NumberText.coordinate(width))\" stroke-linejoin=\"round\"\(dash)/>")
  }

  /// Fills a path; if `isEvenOdd`, parts of it inside others are holes.
  ///
  /// `hint` is shown when the pointer rests on it.
  mutating func fill(
    _ path: PathText, _ color: Color, opacity: Double, isEvenOdd: Bool = false, hint: String = ""
  ) {
    guard !path.text.isEmpty else { return }
    let rule = isEvenOdd ? " fill-rule=\"evenodd\"" : ""
    let title = hint.isEmpty ? "/>" : "><title>\(Markup.escape(hint))</title></path>"
    elements.append(
      "<path d=\"\(path.text)Z\" fill=\"\(color.hex)\" "
        + "fill-opacity=\"\(NumberText.coordinate(opacity))\"\(rule)" + title)
  }

  /// A rectangle; `hint` is shown when the pointer rests on it.
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ color: Color, hint: String = ""
  ) {
    let number = NumberText.coordinate
    let title = hint.isEmpty ? nil : Markup.element("title", [:], Markup.escape(hint))
    elements.append(
      Markup.element(
        "rect",
        [
          "x": number(x), "y": number(y), "width": number(max(width, 0)),
          "height": number(max(height, 0)), "fill": color.hex,
        ], title))
  }

  /// A bar; textures are white lines: 0 none, 1 across, 2 along, 3 both, and 4 to 7 the same with
  /// slanting ones.
  mutating func bar(
    x: Double, y: Double, width: Double, height: Double, _ color: Color, texture: Int,
    hint: String = ""
  ) {
    rectangle(x: x, y: y, width: width, height: height, color, hint: hint)
    var lines = PathText()
    if texture % 4 == 1 || texture % 4 == 3 {
      for place in stride(from: x + 3, to: x + width, by: 6) {
        lines.move((place, y))
        lines.line((place, y + height))
      }
    }
    if texture % 4 > 1 {
      lines.move((x, y + height / 2))
      lines.line((x + width, y + height / 2))
    }
    if texture % 8 > 3 {
      // From the lower edge up to the right, as far as the bar reaches.
      for place in stride(from: x - height + 4, to: x + width, by: 8) {
        let (from, to) = (max(place, x), min(place + height, x + width))
        lines.move((from, y + height - (from - place)))
        lines.line((to, y + height - (to - place)))
      }
    }
    stroke(lines, Color(0xFFFFFF), width: 1.5)
  }

  /// Draws the mark of a legend, which can be found in the drawing by its class.
  mutating func key(_ draw: (inout Drawing) -> Void) {
    elements.append("<g class=\"key\">")
    draw(&self)
    elements.append("</g>")
  }

  mutating func dot(_ center: (x: Double, y: Double), radius: Double, _ color: Color) {
    let number = NumberText.coordinate
    elements.append(
      Markup.element(
        "circle",
        ["cx": number(center.x), "cy": number(center.y), "r": number(radius), "fill": color.hex]))
  }

  /// A filled mark of a point, of about the same area for any shape.
  mutating func shape(
    _ shape: PointShape, at center: (x: Double, y: Double), radius: Double, _ color: Color
  ) {
    guard shape != .disc else { return dot(center, radius: radius, color) }
    var path = PathText()
    for (index, corner) in shape.corners.enumerated() {
      let point = (x: center.x + radius * corner.x, y: center.y + radius * corner.y)
      if index == 0 { path.move(point) } else { path.line(point) }
    }
    fill(path, color, opacity: 1)
  }

  mutating func text(
    _ text: String, at point: (x: Double, y: Double), _ anchor: Anchor = .start,
    size: Double = 13, color: Color = Self.ink, isBold: Bool = false, isVertical: Bool = false
  ) {
    guard !text.isEmpty else { return }
    let (x, y) = (NumberText.coordinate(point.x), NumberText.coordinate(point.y))
    var attributes = "x=\"\(x)\" y=\"\(y)\" font-size=\"\(NumberText.coordinate(size))\""
    attributes += " fill=\"\(color.hex)\""
    if anchor != .start { attributes += " text-anchor=\"\(anchor.rawValue)\"" }
    if isBold { attributes += " font-weight=\"bold\"" }
    if isVertical { attributes += " transform=\"rotate(-90 \(x) \(y))\"" }
    elements.append("<text \(attributes)>\(Markup.escape(text))</text>")
  }

  /// The whole drawing; title and description are for those who cannot see it.
  func svg(title: String, description: String) -> String {
    let number = NumberText.coordinate
    let head =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
      + "viewBox=\"0 0 \(number(width)) \(number(height))\" width=\"\(number(width))\" "
      + "height=\"\(number(height))\" font-family=\"system-ui, sans-serif\" "
      + "aria-label=\"\(Markup.escape(title))\">"
    let names = [
      Markup.element("title", [:], Markup.escape(title)),
      Markup.element("desc", [:], Markup.escape(description)),
      Markup.element("rect", ["width": "100%", "height": "100%", "fill": "#ffffff"]),
    ]
    return ([head] + names + elements + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// About how wide a text is, for placing what follows it.
  static func width(of text: String, size: Double = 13) -> Double {
    Double(text.count) * size * 0.56
  }

  /// A text cut to a width, with an ellipsis.
  static func fitted(_ text: String, width: Double, size: Double = 13) -> String {
    let count = max(1, Int(width / (size * 0.56)))
    return text.count <= count ? text : text.prefix(max(1, count - 1)) + "…"
  }
}

/// The text of an SVG path.
struct PathText {
  private(set) var text = ""

  mutating func move(_ point: (x: Double, y: Double)) { append("M", point) }
  mutating func line(_ point: (x: Double, y: Double)) { append("L", point) }

  private mutating func append(_ letter: String, _ point: (x: Double, y: Double)) {
    text += "\(letter)\(NumberText.coordinate(point.x)) \(NumberText.coordinate(point.y))"
  }
}
