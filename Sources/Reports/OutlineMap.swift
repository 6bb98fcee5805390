extension SVGChart {
  /// An area of an outline map.
  public struct Outline: Sendable, Hashable {
    /// The rings of all its parts; rings inside others are holes.
    public var rings: [[SIMD2<Double>]]
    /// The share from 0 to 1 that is its colour.
    public var share: Double
    /// What stands at `place`; empty for nothing.
    public var label: String
    /// Where the label stands.
    public var place: SIMD2<Double>

    /// Makes an area.
    public init(
      rings: [[SIMD2<Double>]], share: Double, label: String = "", place: SIMD2<Double>
    ) {
      self.rings = rings
      self.share = share
      self.label = label
      self.place = place
    }
  }

  /// Areas and known places inside a frame, x to the right and y upwards in one scale.
  ///
  /// - Parameters:
  ///   - bounds: the corners of the frame with the least and the largest coordinates.
  ///   - aspect: how much longer a unit of x is than one of y.
  ///   - areas: later ones are drawn first, so that the first are never covered.
  ///   - known: drawn as crosses, named by `knownTitle` in the legend.
  public static func outlines(
    title: String, description: String, bounds: (low: SIMD2<Double>, high: SIMD2<Double>),
    aspect: Double = 1, areas: [Outline], known: [SIMD2<Double>] = [], knownTitle: String = ""
  ) -> SVGChart {
    let extent = bounds.high - bounds.low
    let scale = min(
      (width - 20) / max(extent.x * aspect, .leastNonzeroMagnitude),
      480 / max(extent.y, .leastNonzeroMagnitude))
    let (across, down) = (extent.x * aspect * scale, extent.y * scale)
    let left = (width - across) / 2
    func point(_ place: SIMD2<Double>) -> (x: Double, y: Double) {
      (
        left + (place.x - bounds.low.x) * aspect * scale, 36 + (bounds.high.y - place.y) * scale
      )
    }
    var drawing = Drawing(width: width, height: down + (known.isEmpty ? 48 : 72))
    drawing.text(title, at: (left, 22), size: 15, isBold: true)
    drawing.rectangle(x: left, y: 36, width: across, height: down, Color(0xF4F4F4))
    let ramp = ColorRamp(Array(ColorRamp.probability.colors.dropFirst(2)))
    for area in areas.reversed() {
      var path = PathText()
      for ring in area.rings { path.add(ring.map(point)) }
      drawing.fill(path, ramp.color(at: area.share), opacity: 0.8, isEvenOdd: true)
      drawing.stroke(path, Drawing.ink, width: 0.6)
    }
    for place in known { drawing.cross(point(place), Palette.category(0)) }
    for area in areas where !area.label.isEmpty {
      drawing.label(area.label, at: point(area.place))
    }
    if !known.isEmpty {
      drawing.cross((left + 6, down + 56), Palette.category(0))
      drawing.text(knownTitle, at: (left + 18, down + 60), size: 12)
    }
    return SVGChart(title: title, description: description, drawing)
  }
}

extension PathText {
  /// Adds a closed ring; points that cannot be told from the one before are left out.
  fileprivate mutating func add(_ ring: [(x: Double, y: Double)]) {
    guard let first = ring.first else { return }
    move(first)
    var last = first
    for point in ring.dropFirst() where abs(point.x - last.x) + abs(point.y - last.y) > 0.4 {
      line(point)
      last = point
    }
    line(first)
  }
}

extension Drawing {
  fileprivate mutating func cross(_ center: (x: Double, y: Double), _ color: Color) {
    let reach = 3.5
    line(
      (center.x - reach, center.y - reach), (center.x + reach, center.y + reach), color,
      width: 1.2)
    line(
      (center.x - reach, center.y + reach), (center.x + reach, center.y - reach), color,
      width: 1.2)
  }

  /// A dot and beside it a text on white.
  fileprivate mutating func label(_ text: String, at place: (x: Double, y: Double)) {
    dot(place, radius: 3, Color(0xFFFFFF))
    dot(place, radius: 2, Self.ink)
    // At the upper rim there is no room above.
    let beside = (x: place.x + 10, y: place.y < 54 ? place.y + 10 : place.y - 10)
    dot(beside, radius: 8, Color(0xFFFFFF))
    self.text(text, at: (beside.x, beside.y + 4), .middle, size: 11, isBold: true)
  }
}
