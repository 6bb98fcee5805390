/// The places of points that have a value; points that coincide are one place.
struct PointSites: Sendable {
  private(set) var x: [Double] = []
  private(set) var y: [Double] = []
  /// The mean of the points at each place.
  private(set) var values: [Double] = []
  /// The points at each place, ascending.
  private(set) var members: [[Int]] = []
  private let points: [Float]

  /// Takes the points with finite coordinates and values, places in the order of their first point.
  init(x: [Double], y: [Double], values: [Float]) {
    precondition(
      x.count == y.count && x.count == values.count,
      "\(x.count) x, \(y.count) y and \(values.count) values")
    points = values
    let valid = x.indices.filter { x[$0].isFinite && y[$0].isFinite && values[$0].isFinite }
    for group in Self.coincident(x: x, y: y, among: valid) {
      self.x.append(x[group[0]])
      self.y.append(y[group[0]])
      members.append(group)
      self.values.append(Self.mean(group, values))
    }
  }

  /// The number of places.
  var count: Int { x.count }

  /// How far two places are from one another.
  func distance(_ first: Int, _ second: Int) -> Double {
    let dx = x[first] - x[second]
    let dy = y[first] - y[second]
    return (dx * dx + dy * dy).squareRoot()
  }

  /// The mean of the points at a place without some; nil where none is left.
  func value(of site: Int, excluding: Set<Int>) -> Double? {
    guard !excluding.isEmpty, members[site].contains(where: excluding.contains) else {
      return values[site]
    }
    let rest = members[site].filter { !excluding.contains($0) }
    return rest.isEmpty ? nil : Self.mean(rest, points)
  }

  private static func mean(_ members: [Int], _ values: [Float]) -> Double {
    members.reduce(0) { $0 + Double(values[$1]) } / Double(members.count)
  }

  /// Points at one place, together; groups in the order of their first point.
  static func coincident(x: [Double], y: [Double], among points: [Int]) -> [[Int]] {
    var groups: [[Int]] = []
    var known: [SIMD2<Double>: Int] = [:]
    for point in points {
      let place = SIMD2(x[point], y[point])
      if let group = known[place] {
        groups[group].append(point)
      } else {
        known[place] = groups.count
        groups.append([point])
      }
    }
    return groups
  }
}
