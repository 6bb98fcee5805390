/// A chart with the numbers that it shows, so that the numbers can stand beside it as CSV.
public struct Figure: Sendable, Hashable, Codable {
  /// What the file of its numbers is called: letters, digits and `-`.
  public var name: String
  /// What it shows, in a few words.
  public var title: String
  /// What can be seen in it, for those who cannot see it.
  public var description: String
  /// What it says, with how it was made.
  public var caption: String
  /// The numbers.
  public var content: Content

  /// Gathers a figure.
  public init(
    name: String, title: String, description: String, caption: String, content: Content
  ) {
    self.name = name
    self.title = title
    self.description = description
    self.caption = caption
    self.content = content
  }

  /// What is shown in which form.
  public enum Content: Sendable, Hashable, Codable {
    /// Lines over a number.
    case lines(x: String, y: String, [Line])
    /// Horizontal bars with names.
    case bars(axis: String, labels: [String], [Column])
    /// How often each class, in rows, was taken for which.
    case confusion(classes: [String], counts: [[Int]])
    /// A table of colours that diverge from zero.
    case heat(rows: [String], columns: [String], values: [[Double]])
    /// Rows of points along an axis, each with a share from 0 to 1 that is its colour.
    case swarm(axis: String, color: String, [Row])
    /// Points, each with a share from 0 to 1 that is its colour.
    case points(x: String, y: String, color: String, [Point])
    /// Paths that rows add to from below, and their standard deviation at the start and after each
    /// row; empty for none.
    case paths(axis: String, rows: [String], spread: [Double], [Path])
    /// Measured values against predicted ones, each with the limits of its prediction.
    case intervals(x: String, y: String, [Interval])
    /// Points of several groups.
    case groups(x: String, y: String, [Group])
  }

  /// One line; faint lines are many of a kind and, as spans, have no entry in the legend.
  public struct Line: Sendable, Hashable, Codable {
    /// The name.
    public var name: String
    /// The horizontal positions.
    public var x: [Double]
    /// The vertical positions.
    public var y: [Double]
    /// How far the shaded band reaches to both sides; empty for none.
    public var spread: [Double]
    /// Lines of one group have one colour.
    public var group: Int
    /// Whether it is one of many of a kind.
    public var isFaint: Bool
    /// Whether it is no line: the ground between its least and its greatest `x` is shaded.
    public var isSpan: Bool { span ?? false }
    /// Nil of figures that were stored before there were spans.
    private var span: Bool?

    /// Makes a line.
    public init(
      _ name: String, x: [Double], y: [Double], spread: [Double] = [], group: Int = 0,
      isFaint: Bool = false
    ) {
      self.name = name
      self.x = x
      self.y = y
      self.spread = spread
      self.group = group
      self.isFaint = isFaint
    }

    /// Makes a shaded span, which tables list at `height`.
    public static func span(_ name: String, _ range: ClosedRange<Double>, height: Double) -> Line {
      var line = Line(
        name, x: [range.lowerBound, range.upperBound], y: [height, height], isFaint: true)
      line.span = true
      return line
    }
  }

  /// The values of one series of bars.
  public struct Column: Sendable, Hashable, Codable {
    /// The name.
    public var name: String
    /// The values.
    public var values: [Double]
    /// How far the whiskers reach to both sides; empty for none.
    public var spread: [Double]
    /// The lower and upper ends of whiskers that reach unlike far; nil for none.
    public var lower: [Double]?, upper: [Double]?

    /// Makes a series.
    public init(_ name: String, _ values: [Double], spread: [Double] = []) {
      self.name = name
      self.values = values
      self.spread = spread
    }

    /// Makes a series with an interval for each value.
    public init(_ name: String, _ values: [Double], intervals: [ClosedRange<Double>]) {
      precondition(intervals.count == values.count, "\(intervals.count) intervals")
      self.init(name, values)
      lower = intervals.map(\.lowerBound)
      upper = intervals.map(\.upperBound)
    }

    /// What tables call the ends of whiskers, with the numbers for each value.
    fileprivate var ends: [(name: String, values: [Double])] {
      if let lower, let upper { return [("lower", lower), ("upper", upper)] }
      return spread.isEmpty ? [] : [("spread", spread)]
    }

    /// The bars of the column.
    fileprivate var bars: SVGChart.Bars {
      var bars = SVGChart.Bars(name, values, spread: spread)
      if let lower, let upper {
        bars.whiskers = zip(lower, upper).map { $0 <= $1 ? $0...$1 : nil }
      }
      return bars
    }

    /// The column with some of its values.
    func part(_ kept: [Int]) -> Column {
      func part(_ numbers: [Double]) -> [Double] {
        numbers.isEmpty ? [] : kept.map { numbers[$0] }
      }
      var column = Column(name, part(values), spread: part(spread))
      (column.lower, column.upper) = (lower.map(part), upper.map(part))
      return column
    }
  }

  /// One row of a swarm.
  public struct Row: Sendable, Hashable, Codable {
    /// The name.
    public var name: String
    /// The values.
    public var values: [Double]
    /// The share of each point that is its colour; NaN for none.
    public var shares: [Double]
    /// The numbers that the shares stand for; empty where they stand for themselves.
    public var numbers: [Double]

    /// Makes a row.
    public init(
      _ name: String, values: [Double], shares: [Double], numbers: [Double] = []
    ) {
      self.name = name
      self.values = values
      self.shares = shares
      self.numbers = numbers
    }
  }

  /// One point.
  public struct Point: Sendable, Hashable, Codable {
    /// The horizontal position.
    public var x: Double
    /// The vertical position.
    public var y: Double
    /// The share that is its colour; NaN for none.
    public var share: Double
    /// The number that the share stands for; by default the share itself.
    public var number: Double

    /// Makes a point.
    public init(x: Double, y: Double, share: Double, number: Double? = nil) {
      self.x = x
      self.y = y
      self.share = share
      self.number = number ?? share
    }
  }

  /// One path from a start, row by row.
  public struct Path: Sendable, Hashable, Codable {
    /// The name of its group.
    public var name: String
    /// The value at the start and after each row.
    public var values: [Double]
    /// Paths of one group have one colour.
    public var group: Int

    /// Makes a path.
    public init(_ name: String, values: [Double], group: Int = 0) {
      self.name = name
      self.values = values
      self.group = group
    }
  }
}

extension Figure {
  /// The drawing.
  public var chart: SVGChart {
    switch content {
    case .lines(let x, let y, let lines):
      SVGChart.lines(
        title: title, description: description,
        // Spectra need not begin near zero: the axis is not longer than they are.
        x: Axis(x, covering: lines.flatMap(\.x), parts: 5),
        y: Axis(
          y,
          covering: lines.flatMap { line in
            line.spread.isEmpty
              ? line.y : zip(line.y, line.spread).flatMap { [$0 - $1, $0 + $1] }
          }),
        series: lines.map { line in
          var series = SVGChart.Series(line.name, x: line.x, y: line.y, spread: line.spread)
          series.color = line.group
          series.isFaint = line.isFaint
          series.isSpan = line.isSpan
          return series
        })
    case .bars(let axis, let labels, let columns):
      SVGChart.bars(
        title: title, description: description, axisTitle: axis, labels: labels,
        series: columns.map(\.bars))
    case .confusion(let classes, let counts):
      SVGChart.confusion(
        title: title, description: description, classes: classes, counts: counts)
    case .heat(let rows, let columns, let values):
      SVGChart.heatTable(
        title: title, description: description, rows: rows, columns: columns, values: values,
        ramp: .diverging, range: Self.symmetric(values.flatMap(\.self)))
    case .swarm(let axis, let color, let rows):
      SVGChart.swarm(
        title: title, description: description, axisTitle: axis, colorTitle: color, rows: rows)
    case .points(let x, let y, let color, let points):
      SVGChart.points(
        title: title, description: description, x: Axis(x, covering: points.map(\.x)),
        y: Axis(y, covering: points.map(\.y)), colorTitle: color, points: points)
    case .paths(let axis, let rows, let spread, let paths):
      SVGChart.paths(
        title: title, description: description, axisTitle: axis, rows: rows, paths: paths,
        spread: spread)
    case .intervals(let x, let y, let intervals):
      SVGChart.intervals(
        title: title, description: description, x: x, y: y, intervals: intervals)
    case .groups(let x, let y, let groups):
      SVGChart.groups(title: title, description: description, x: x, y: y, groups: groups)
    }
  }

  private static func symmetric(_ values: [Double]) -> ClosedRange<Double> {
    let limit = values.lazy.filter(\.isFinite).map(abs).max() ?? 0
    return limit > 0 ? -limit...limit : -1...1
  }

  /// The numbers, one observation a line.
  public var csv: String {
    (header + records).map { $0.joined(separator: ",") + "\n" }.joined()
  }

  private var header: [[String]] {
    switch content {
    case .lines(let x, let y, let lines):
      let hasSpread = lines.contains { !$0.spread.isEmpty }
      return [["line", x.csvField, y.csvField] + (hasSpread ? ["spread"] : [])]
    case .bars(_, _, let columns):
      return [
        ["name"]
          + columns.flatMap { column in
            [column.name.csvField] + column.ends.map(\.name)
          }
      ]
    case .confusion(let classes, _): return [["true class"] + classes.map(\.csvField)]
    case .heat(_, let columns, _): return [["name"] + columns.map(\.csvField)]
    case .swarm(let axis, let color, _): return [["name", axis.csvField, color.csvField]]
    case .points(let x, let y, let color, _):
      return [[x.csvField, y.csvField, color.csvField]]
    case .paths(let axis, _, _, _): return [["path", "group", "after", axis.csvField]]
    case .intervals(let x, let y, _): return [[x.csvField, y.csvField, "lower", "upper"]]
    case .groups(let x, let y, _): return [["group", x.csvField, y.csvField]]
    }
  }

  private var records: [[String]] {
    switch content {
    case .lines(_, _, let lines):
      let hasSpread = lines.contains { !$0.spread.isEmpty }
      return lines.flatMap { line in
        line.x.indices.map { index in
          [line.name.csvField, Self.number(line.x[index]), Self.number(line.y[index])]
            + (hasSpread ? [line.spread.isEmpty ? "" : Self.number(line.spread[index])] : [])
        }
      }
    case .bars(_, let labels, let columns):
      return labels.indices.map { index in
        [labels[index].csvField]
          + columns.flatMap { column in
            [Self.number(column.values[index])] + column.ends.map { Self.number($0.values[index]) }
          }
      }
    case .confusion(let classes, let counts):
      return zip(classes, counts).map { name, line in [name.csvField] + line.map { "\($0)" } }
    case .heat(let rows, _, let values):
      return zip(rows, values).map { name, line in [name.csvField] + line.map(Self.number) }
    case .swarm(_, _, let rows):
      return rows.flatMap { row in
        zip(row.values, row.numbers.isEmpty ? row.shares : row.numbers).map {
          [row.name.csvField, Self.number($0), Self.number($1)]
        }
      }
    case .points(_, _, _, let points):
      return points.map { [Self.number($0.x), Self.number($0.y), Self.number($0.number)] }
    case .intervals(_, _, let intervals):
      return intervals.map { [$0.x, $0.y, $0.lower, $0.upper].map(Self.number) }
    case .groups(_, _, let groups):
      return groups.flatMap { group in
        zip(group.x, group.y).map { [group.name.csvField, Self.number($0), Self.number($1)] }
      }
    case .paths(_, let rows, let spread, let paths):
      let places = ["start"] + rows.map(\.csvField)
      let lines = paths.enumerated().map { ("\($0 + 1)", $1.name.csvField, $1.values) }
      let deviation = spread.isEmpty ? [] : [("", "standard deviation", spread)]
      return (lines + deviation).flatMap { path, group, values in
        zip(places, values).map { [path, group, $0, Self.number($1)] }
      }
    }
  }

  private static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "" }
}
