import Foundation
import RasterFiles
import Rasters
import Tensors

/// A synthetic tungsten belt whose truth is known: four drivers decide where deposits are, the other
/// layers have nothing to do with them.
///
/// Every number depends on the seed and its place alone.
struct Belt: Sendable {
  let grid: Grid
  private let random: Randomness
  private let intrusions: [[SIMD2<Double>]]
  private let faults: [(from: SIMD2<Double>, to: SIMD2<Double>)]
  private let anomalies: [String: [SIMD2<Double>]]

  /// The number of deposits that are expected.
  static let expectedDeposits = 90.0
  /// The strike of the belt, degrees clockwise from north.
  static let strike = 60.0

  /// What decides where deposits are: a step of a layer.
  ///
  /// Beyond the threshold the layer favours them; the width is how sharp the step is, negative where
  /// small values do, and the strength what it adds to the log-odds.
  struct Driver: Sendable {
    let name: String
    let threshold: Double
    let width: Double
    let strength: Double

    /// What a value adds to the log-odds.
    func effect(_ value: Double) -> Double {
      strength / (1 + exp(-(value - threshold) / width))
    }
  }

  /// W and Mn are in mg/kg and act by their decimal logarithms.
  static let drivers = [
    Driver(name: "W", threshold: log10(12), width: 0.06, strength: 3),
    Driver(name: "Mn", threshold: log10(1100), width: 0.05, strength: 2),
    Driver(name: "intrusion distance", threshold: 2, width: -0.3, strength: 2.5),
    Driver(name: "fault density", threshold: 0.3, width: 0.04, strength: 1.5),
  ]

  init(seed: UInt64) throws {
    let random = Randomness(seed: seed, Randomness.word("belt"))
    self.random = random
    grid = Grid(
      width: 200, height: 160,
      transform: GeoTransform(left: 400_000, top: 2_900_000, cellWidth: 250, cellHeight: 250),
      crs: try CRS.wkt(from: "EPSG:32650"))
    intrusions = Self.intrusions(random.derived(Randomness.word("intrusions")))
    faults = Self.faults(random.derived(Randomness.word("faults")))
    anomalies = Dictionary(
      uniqueKeysWithValues: [("W", 14), ("Mn", 10)].map { name, count in
        let own = random.derived(Randomness.word(name), 1)
        return (
          name,
          (0..<count).map { index in
            Self.place(
              along: (own.uniformDouble(UInt64(2 * index)) - 0.5) * 50_000,
              across: (own.uniformDouble(UInt64(2 * index + 1)) - 0.5) * 20_000)
          }
        )
      })
  }

  // MARK: Places

  private static let middle = SIMD2(425_000.0, 2_880_000.0)
  private static let direction = SIMD2(sin(strike * .pi / 180), cos(strike * .pi / 180))
  private static let normal = SIMD2(direction.y, -direction.x)

  private static func place(along: Double, across: Double) -> SIMD2<Double> {
    middle + along * direction + across * normal
  }

  /// Whether a place lies in the belt; outside there is no data.
  func isInside(_ place: SIMD2<Double>) -> Bool {
    let relative = place - Self.middle
    let along = (relative * Self.direction).sum()
    let across = (relative * Self.normal).sum()
    let edge = noise("edge", 8_000)(along, across > 0 ? 1e6 : -1e6)
    return abs(across) < 13_000 + 1_200 * edge
  }

  /// Whether the geochemical survey left a place out: a lake.
  func isLake(_ place: SIMD2<Double>) -> Bool {
    let relative = place - Self.place(along: 9_000, across: -4_000)
    let along = (relative * Self.direction).sum() / 3_000
    let across = (relative * Self.normal).sum() / 1_400
    return along * along + across * across < 1
  }

  private func noise(_ word: String, _ length: Double) -> SmoothNoise {
    SmoothNoise(random.derived(Randomness.word(word)), length: length)
  }

  // MARK: Geology

  private static func intrusions(_ random: Randomness) -> [[SIMD2<Double>]] {
    (0..<4).map { index in
      let own = random.derived(UInt64(index))
      let centre = place(
        along: (Double(index) - 1.5) * 12_000 + 4_000 * (own.uniformDouble(0) - 0.5),
        across: 12_000 * (own.uniformDouble(1) - 0.5))
      let (long, short) = (2_200 + 1_800 * own.uniformDouble(2), 900 + 900 * own.uniformDouble(3))
      return (0..<48).map { corner in
        let angle = Double(corner) / 48 * 2 * .pi
        let bulge = 1 + 0.12 * Double(own.normal(UInt64(8 + corner / 4)))
        return centre + bulge * (long * cos(angle) * direction + short * sin(angle) * normal)
      }
    }
  }

  private static func faults(
    _ random: Randomness
  ) -> [(from: SIMD2<Double>, to: SIMD2<Double>)] {
    (0..<16).map { index in
      let own = random.derived(UInt64(index))
      let centre = place(
        along: 46_000 * (own.uniformDouble(0) - 0.5), across: 20_000 * (own.uniformDouble(1) - 0.5))
      // Every fourth fault crosses the belt.
      let turn = (index % 4 == 3 ? 70 : 0) + 18 * Double(own.normal(2))
      let azimuth = (strike + turn) * .pi / 180
      let half = (2_500 + 4_500 * own.uniformDouble(3)) * SIMD2(sin(azimuth), cos(azimuth))
      return (centre - half, centre + half)
    }
  }

  /// The distance to the nearest intrusion in km, 0 inside.
  func intrusionDistance(_ place: SIMD2<Double>) -> Double {
    intrusions.map { ring in
      Self.contains(ring, place)
        ? 0
        : ring.indices.map {
          Self.distance(place, ring[$0], ring[($0 + 1) % ring.count])
        }.min() ?? 0
    }.min().map { $0 / 1000 } ?? 0
  }

  /// The length of faults around a place in km per square km, weighted by a quartic kernel of 3 km.
  func faultDensity(_ place: SIMD2<Double>) -> Double {
    let (reach, step) = (3_000.0, 100.0)
    var sum = 0.0
    for fault in faults {
      let way = fault.to - fault.from
      let count = Int((Self.length(way) / step).rounded(.up))
      for index in 0..<count {
        let share = (Double(index) + 0.5) / Double(count)
        let ratio = Self.length(fault.from + share * way - place) / reach
        if ratio < 1 {
          sum += (1 - ratio * ratio) * (1 - ratio * ratio) * Self.length(way) / Double(count)
        }
      }
    }
    // The kernel's integral over its disc is pi / 3.
    return sum / (.pi / 3 * reach * reach) * 1000
  }

  static func length(_ vector: SIMD2<Double>) -> Double {
    (vector * vector).sum().squareRoot()
  }

  static func distance(
    _ place: SIMD2<Double>, _ from: SIMD2<Double>, _ to: SIMD2<Double>
  ) -> Double {
    let way = to - from
    let share = ((place - from) * way).sum() / max((way * way).sum(), 1e-12)
    return length(from + min(max(share, 0), 1) * way - place)
  }

  private static func contains(_ ring: [SIMD2<Double>], _ place: SIMD2<Double>) -> Bool {
    var isInside = false
    for (index, a) in ring.enumerated() {
      let b = ring[(index + 1) % ring.count]
      if (a.y > place.y) != (b.y > place.y),
        place.x < (b.x - a.x) * (place.y - a.y) / (b.y - a.y) + a.x
      {
        isInside.toggle()
      }
    }
    return isInside
  }

  // MARK: Geochemistry

  /// The elements: the median in mg/kg, and how far the logarithm varies over some kilometres and
  /// from cell to cell.
  static let elements: [(name: String, median: Double, smooth: Double, single: Double)] = [
    ("W", 4, 0.22, 0.1), ("Mn", 650, 0.14, 0.06), ("Cu", 25, 0.18, 0.08), ("Pb", 30, 0.16, 0.08),
    ("Ba", 450, 0.12, 0.05), ("Sr", 120, 0.2, 0.06),
  ]

  /// The decimal logarithm of an element's content.
  func content(
    _ element: (name: String, median: Double, smooth: Double, single: Double),
    _ place: SIMD2<Double>, _ cell: Cell
  ) -> Double {
    let smooth = noise(element.name, 3_000)(place.x, place.y)
    let single = random.derived(
      Randomness.word(element.name), 2, UInt64(cell.column), UInt64(cell.row)
    ).normal(0)
    let anomaly = (anomalies[element.name] ?? []).reduce(0.0) { sum, centre in
      let ratio = Self.length(place - centre) / 1_500
      return sum + 0.6 * exp(-ratio * ratio)
    }
    return log10(element.median) + element.smooth * smooth + element.single * Double(single)
      + anomaly
  }

  /// Layers of geology: name, unit, value.
  func geology(_ place: SIMD2<Double>) -> [(name: String, unit: String, value: Double)] {
    [
      ("intrusion distance", "km", intrusionDistance(place)),
      ("fault density", "km/km2", faultDensity(place)),
      ("magnetic", "nT", 80 * noise("magnetic", 5_000)(place.x, place.y)),
      ("elevation", "m", 420 + 150 * noise("elevation", 4_000)(place.x, place.y)),
    ]
  }

  // MARK: Deposits

  /// What each driver adds to the log-odds of a cell, in the order of `drivers`.
  func effects(_ values: [String: Double]) -> [Double] {
    Self.drivers.map { $0.effect(values[$0.name] ?? 0) }
  }

  /// A number that looks random between 0 and 1, for the draw of a cell.
  func draw(_ cell: Cell, _ number: UInt64) -> Double {
    random.derived(Randomness.word("deposits"), UInt64(cell.column), UInt64(cell.row))
      .uniformDouble(number)
  }

  /// The outlines of the intrusions.
  var intrusionRings: [[SIMD2<Double>]] { intrusions }
  /// The faults from end to end.
  var faultLines: [[SIMD2<Double>]] { faults.map { [$0.from, $0.to] } }
}
