import Foundation
import RasterFiles
import Rasters
import Tensors

/// A synthetic province whose soil is polluted by works, mines, roads and its rocks.
///
/// Every number depends on the seed and its place alone; all but the noise of the image is the same
/// for any size of cells.
struct Province: Sendable {
  /// Which of the two provinces it is.
  enum Role: String, CaseIterable, Sendable {
    /// The one with many samples, from which a model is carried over.
    case source
    /// The one with few samples.
    case target
  }

  let role: Role
  let grid: Grid
  let works: [SIMD2<Double>]
  /// The mines, with their tonnage in kt a year.
  let mines: [(place: SIMD2<Double>, tonnage: Double)]
  let roads: [[SIMD2<Double>]]
  private let heaps: [(place: SIMD2<Double>, radius: Double)]
  private let fields: [String: SmoothNoise]
  private let random: Randomness

  /// The side of a province.
  static let side = 40_000.0
  /// How far the kernel of the mines reaches.
  static let mineReach = 5_000.0
  /// Fields over the provinces: names, and how far they resemble themselves.
  static let lengths: [(String, Double)] = [
    ("vegetation", 3_000.0), ("heap texture", 1_200), ("moisture", 2_500), ("cloud", 2_500),
    ("elevation", 5_000), ("background", 6_000),
  ]

  /// A province of so many cells a side.
  init(_ role: Role, seed: UInt64, cells: Int) throws {
    self.role = role
    let left = role == .source ? 420_000.0 : 520_000
    let size = Self.side / Double(cells)
    grid = Grid(
      width: cells, height: cells,
      transform: GeoTransform(left: left, top: 2_760_000, cellWidth: size, cellHeight: size),
      crs: try CRS.wkt(from: "EPSG:32650"))
    let all = Randomness(seed: seed, Randomness.word("provinces"))
    let own = all.derived(Randomness.word(role.rawValue))
    random = own
    fields = Dictionary(
      uniqueKeysWithValues: Self.lengths.map { name, length in
        (name, SmoothNoise(all.derived(Randomness.word(name)), length: length))
      })
    let corner = SIMD2(left, 2_760_000 - Self.side)
    works = Self.places(18, corner, own.derived(Randomness.word("works")))
    let sizes = own.derived(Randomness.word("tonnage"))
    let mines = Self.places(14, corner, own.derived(Randomness.word("mines"))).enumerated().map {
      (place: $1, tonnage: (20 + 180 * sizes.uniformDouble(UInt64($0))).rounded())
    }
    self.mines = mines
    roads = Self.roads(corner, own.derived(Randomness.word("roads")))
    heaps = Self.heaps(mines.map(\.place), corner, own.derived(Randomness.word("heaps")))
  }

  // MARK: What is there

  private static func places(
    _ count: Int, _ corner: SIMD2<Double>, _ random: Randomness
  ) -> [SIMD2<Double>] {
    (0..<UInt64(count)).map { index in
      corner + side * SIMD2(random.uniformDouble(2 * index), random.uniformDouble(2 * index + 1))
    }
  }

  /// Five roads from the west to the east and four from the north to the south, in bends.
  private static func roads(_ corner: SIMD2<Double>, _ random: Randomness) -> [[SIMD2<Double>]] {
    (0..<9).map { number in
      let own = random.derived(UInt64(number))
      let isAcross = number < 5
      let start = side * own.uniformDouble(0)
      return (0...10).map { step in
        let along = side * Double(step) / 10
        let bend = start + 1_500 * Double(own.normal(UInt64(1 + step)))
        return corner + (isAcross ? SIMD2(along, bend) : SIMD2(bend, along))
      }
    }
  }

  /// A heap beside each mine, and eight that nobody has on a map.
  private static func heaps(
    _ mines: [SIMD2<Double>], _ corner: SIMD2<Double>, _ random: Randomness
  ) -> [(place: SIMD2<Double>, radius: Double)] {
    let forgotten = places(8, corner, random.derived(1))
    return (mines + forgotten).enumerated().map { index, place in
      let own = random.derived(2, UInt64(index))
      let shift = SIMD2(own.uniformDouble(0) - 0.5, own.uniformDouble(1) - 0.5)
      return (place + 1_200 * shift, 700 + 900 * own.uniformDouble(2))
    }
  }

  private func field(_ name: String, _ place: SIMD2<Double>) -> Double {
    fields[name]?(place.x, place.y) ?? 0
  }

  /// How much of the ground is waste, 0 to 1.
  private func waste(_ place: SIMD2<Double>) -> Double {
    let most =
      heaps.map { heap in
        let ratio = Belt.length(place - heap.place) / heap.radius
        return exp(-ratio * ratio)
      }.max() ?? 0
    return min(max(most * (1 + 0.25 * field("heap texture", place)), 0), 1)
  }

  /// How much of the ground is green, 0 to 1.
  private func vegetation(_ place: SIMD2<Double>, waste: Double) -> Double {
    min(max(0.6 + 0.18 * field("vegetation", place) - 0.5 * waste, 0.02), 0.98)
  }

  /// Whether clouds hid the ground from the satellite.
  func isCloudy(_ place: SIMD2<Double>) -> Bool { field("cloud", place) > 2.2 }

  /// The names of the bands of the image.
  static let imageBands = ["red", "nir", "swir1", "swir2"]

  /// The reflectances of the ground, without noise, in the order of the bands.
  private func reflectances(_ place: SIMD2<Double>) -> [Double] {
    let heap = waste(place)
    let green = vegetation(place, waste: heap)
    let wet = 0.01 * field("moisture", place)
    return [
      0.05 + 0.14 * (1 - green) + 0.06 * heap, 0.18 + 0.32 * green - 0.04 * heap,
      0.14 + 0.1 * (1 - green) + 0.1 * heap - wet, 0.1 + 0.08 * (1 - green) + 0.01 * heap - wet,
    ]
  }

  /// What the satellite saw of a cell: noise of its own, and in the target another gain.
  func image(_ place: SIMD2<Double>, _ cell: Cell) -> [Double] {
    let noise = random.derived(
      Randomness.word("image"), UInt64(cell.column), UInt64(cell.row))
    return reflectances(place).enumerated().map { band, value in
      let seen = value + 0.004 * Double(noise.normal(UInt64(band)))
      return max(role == .source ? seen : 1.08 * seen + 0.01, 0.001)
    }
  }

  /// The elevation in m, which has nothing to do with pollution.
  func elevation(_ place: SIMD2<Double>) -> Double { 310 + 120 * field("elevation", place) }

  // MARK: Drivers

  /// The values of the drivers at a place, in the order of `SoilMetal.drivers`.
  func values(_ place: SIMD2<Double>) -> [Double] {
    let seen = reflectances(place)
    return [
      (seen[2] - seen[3]) / (seen[2] + seen[3]), (seen[1] - seen[0]) / (seen[1] + seen[0]),
      (works.map { Belt.length(place - $0) }.min() ?? 0) / 1000, mineDensity(place),
      roadDistance(place) / 1000, field("background", place),
    ]
  }

  /// The effects of the drivers at a place.
  func effects(_ place: SIMD2<Double>) -> [Double] {
    zip(SoilMetal.drivers, values(place)).map { $0.form.effect($1) }
  }

  /// Tonnage around a place in kt a year for each km2, by a quartic kernel.
  private func mineDensity(_ place: SIMD2<Double>) -> Double {
    let sum = mines.reduce(0.0) { sum, mine in
      let ratio = Belt.length(mine.place - place) / Self.mineReach
      return ratio < 1 ? sum + mine.tonnage * (1 - ratio * ratio) * (1 - ratio * ratio) : sum
    }
    return sum * 3 / (.pi * Self.mineReach * Self.mineReach) * 1e6
  }

  private func roadDistance(_ place: SIMD2<Double>) -> Double {
    roads.map { road in
      zip(road, road.dropFirst()).map { Belt.distance(place, $0, $1) }.min() ?? 0
    }.min() ?? 0
  }

  // MARK: Samples

  /// How many samples were taken.
  var sampleCount: Int { role == .source ? 900 : 120 }

  /// The place of a sample, to a metre.
  func samplePlace(_ number: Int) -> SIMD2<Double> {
    let own = random.derived(Randomness.word("sample"), UInt64(number))
    let (left, top) = (grid.transform.originX, grid.transform.originY)
    return SIMD2(
      left + (Self.side * own.uniformDouble(0)).rounded(.down),
      top - (Self.side * own.uniformDouble(1)).rounded(.down) - 0.5)
  }

  /// The draw of a sample's content of a metal, between 0 and 1 and neither.
  func draw(_ number: Int, _ metal: Int) -> Double {
    let own = random.derived(Randomness.word("content"), UInt64(number))
    return max(own.uniformDouble(UInt64(metal)), 0x1p-53)
  }

  /// Whether the laboratory left a metal of a sample out: one of eight.
  func isUnmeasured(_ number: Int, _ metal: Int) -> Bool {
    let own = random.derived(Randomness.word("unmeasured"), UInt64(number))
    return own.uniformDouble(UInt64(metal)) < 0.125
  }
}
