extension SVGChart {
  /// Points of several groups over two axes, each group in a colour and a shape of its own.
  static func groups(
    title: String, description: String, x: String, y: String, groups: [Figure.Group]
  ) -> SVGChart {
    func color(_ group: Figure.Group) -> Color {
      let own = Palette.mark(group.color)
      return group.isPale ? own.mixed(with: Color(0xFFFFFF), share: 0.65) : own
    }
    let shown = groups.filter { !$0.x.isEmpty }
    var drawing = Drawing(width: width, height: 460)
    let frame = PlotFrame(
      &drawing, title: title, x: Axis(x, covering: shown.flatMap(\.x)),
      y: Axis(y, covering: shown.flatMap(\.y)),
      legend: shown.map {
        LegendEntry(name: $0.name, color: color($0), mark: .shape(PointShape(group: $0.color)))
      })
    // What stands out is drawn last.
    for isPale in [true, false] {
      for group in shown where group.isPale == isPale {
        for (x, y) in zip(group.x, group.y) where x.isFinite && y.isFinite {
          drawing.shape(
            PointShape(group: group.color), at: frame.point(x, y), radius: isPale ? 2.2 : 2.8,
            color(group))
        }
      }
    }
    return SVGChart(title: title, description: description, drawing)
  }
}

extension Figure {
  /// Points that have something in common.
  public struct Group: Sendable, Hashable, Codable {
    /// The name.
    public var name: String
    /// The horizontal positions.
    public var x: [Double]
    /// The vertical positions.
    public var y: [Double]
    /// Groups of one number have one colour.
    public var color: Int
    /// Whether the points stand back behind others of the colour.
    public var isPale: Bool

    /// Makes a group.
    public init(_ name: String, x: [Double], y: [Double], color: Int, isPale: Bool = false) {
      self.name = name
      self.x = x
      self.y = y
      self.color = color
      self.isPale = isPale
    }
  }
}
