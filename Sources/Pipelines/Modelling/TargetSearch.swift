import Foundation
import Learning
import RasterFiles
import Rasters
import Segmentation
import Tensors

/// Finds, measures, ranks and outlines the anomalies of a map.
///
/// The map is gone through twice, chunk by chunk: for the cells that exceed the threshold, which
/// are kept as runs, and for what lies under each region.
struct TargetSearch: Sendable {
  let bandName: String
  let band: Int
  let isProbability: Bool
  let connectivity: MaskRegions.Connectivity
  let leastArea: Double
  /// In cells.
  let tolerance: Double
  let order: TargetList.Order
  /// The names of the first bands of the explanation; nil for none.
  let features: [String]?
  let explainedOutput: String?
  /// The class of the samples that is a known deposit; nil without samples.
  let knownClass: Int?

  /// How many features are named.
  private static let namedFeatures = 3

  /// Reads map, threshold, explanation and samples, in this order, where there are such.
  func find(_ context: NodeContext) throws -> TargetList {
    let cuts = try ClassifyCuts.stored(try context.value(1)).values
    guard let threshold = cuts.first else { throw ExecutionError.data("there is no threshold") }
    let regions = MaskRegions(try mask(context, above: threshold), connectivity)
    let measure = GroundMeasure(context.grid)
    let areas = Self.areas(regions, measure)
    let chosen = areas.indices.filter { areas[$0] >= leastArea }
    let zones = try zones(context, regions, chosen)
    let known = try knownSamples(context)
    var list = TargetList(
      bandName: bandName, isProbability: isProbability, threshold: threshold,
      isMetric: measure.isMetric, explainedOutput: explainedOutput,
      known: known?.map { TargetList.Place(SIMD2($0.x, $0.y)) })
    var inside = [Int](repeating: 0, count: regions.count)
    for sample in known ?? [] {
      if let region = regions.region(column: sample.cell.column, row: sample.cell.row) {
        inside[region] += 1
      }
    }
    let found = chosen.enumerated().map { place, region in
      (
        region: region,
        target: target(
          zones[place], area: areas[region], knownInside: inside[region], list.known ?? [],
          context.grid, measure)
      )
    }.sorted { precedes($0.target, $0.region, $1.target, $1.region) }
    let runs = Self.runs(regions, of: Set(chosen))
    for (place, entry) in found.enumerated() {
      try Parallel.checkCancellation()
      var target = entry.target
      target.rank = place + 1
      target.parts = try outline(runs[entry.region] ?? [], target, context.grid)
      list.targets.append(target)
    }
    return list
  }

  private func mask(_ context: NodeContext, above threshold: Double) throws -> MaskRuns {
    var mask = MaskRuns(height: context.grid.height)
    for chunk in context.lattice.chunks {
      let window = context.lattice.window(of: chunk)
      let values = try context.cube(0, window).band(band)
      mask.add(window, values.map { $0.isFinite && Double($0) > threshold })
    }
    return mask
  }

  /// The areas of all regions, summed row by row.
  private static func areas(_ regions: MaskRegions, _ measure: GroundMeasure) -> [Double] {
    var areas = [Double](repeating: 0, count: regions.count)
    var row = -1
    var cell = 0.0
    for run in regions.runs {
      if run.row != row { (row, cell) = (run.row, measure.cellArea(row: run.row)) }
      areas[run.region] += Double(run.columns.count) * cell
    }
    return areas
  }

  private func zones(
    _ context: NodeContext, _ regions: MaskRegions, _ chosen: [Int]
  ) throws -> [TargetZones.Zone] {
    var zones = TargetZones(regions, of: chosen, featureCount: features?.count ?? 0)
    for chunk in context.lattice.chunks {
      let window = context.lattice.window(of: chunk)
      guard zones.touches(window) else { continue }
      let explanation = features == nil ? nil : try context.cube(2, window)
      zones.add(try context.cube(0, window).band(band), window, explanation)
    }
    return zones.zones
  }

  /// The samples that are known deposits; nil where no samples are given.
  private func knownSamples(_ context: NodeContext) throws -> [Sample]? {
    guard let knownClass else { return nil }
    return try SampleSet.stored(try context.value(features == nil ? 2 : 3)).samples.filter {
      $0.target.isPositive(knownClass) == true
    }
  }

  private func target(
    _ zone: TargetZones.Zone, area: Double, knownInside: Int, _ known: [TargetList.Place],
    _ grid: Grid, _ measure: GroundMeasure
  ) -> TargetList.Target {
    let center = grid.center(of: zone.cell)
    let place = SIMD2(center.x, center.y)
    let moves = zone.meanFeatures
    let strongest = moves.indices.filter { moves[$0] != 0 }.sorted {
      (abs(moves[$1]), $0) < (abs(moves[$0]), $1)
    }
    return TargetList.Target(
      cells: zone.count, area: area, mean: zone.mean, maximum: Double(zone.maximum),
      place: TargetList.Place(place),
      features: strongest.prefix(Self.namedFeatures).map { index in
        TargetList.Feature(name: features?[index] ?? "", value: moves[index])
      }, knownInside: knownInside,
      distance: known.lazy.map { measure.distance(place, $0.vector) }.min())
  }

  /// Whether one target comes before another; regions are numbered by their place on the map.
  private func precedes(
    _ a: TargetList.Target, _ first: Int, _ b: TargetList.Target, _ second: Int
  ) -> Bool {
    func score(_ target: TargetList.Target) -> Double {
      switch order {
      case .mean: target.mean
      case .maximum: target.maximum
      case .area: target.area
      }
    }
    let (x, y) = ((score(a), a.maximum, a.area), (score(b), b.maximum, b.area))
    return x == y ? first < second : x > y
  }

  private static func runs(
    _ regions: MaskRegions, of chosen: Set<Int>
  ) -> [Int: [RegionOutline.Run]] {
    var result: [Int: [RegionOutline.Run]] = [:]
    for run in regions.runs where chosen.contains(run.region) {
      result[run.region, default: []].append(
        RegionOutline.Run(row: run.row, columns: run.columns))
    }
    return result
  }

  private func outline(
    _ runs: [RegionOutline.Run], _ target: TargetList.Target, _ grid: Grid
  ) throws -> [[[TargetList.Place]]] {
    let cell = grid.transform.cell(x: target.place.x, y: target.place.y)
    let outline = try RegionOutline(
      of: runs, tolerance: tolerance, keeping: SIMD2(cell.column, cell.row))
    return outline.parts.map { rings in
      rings.map { ring in
        ring.map { point in
          let place = grid.transform.map(column: point.x, row: point.y)
          return TargetList.Place(SIMD2(place.x, place.y))
        }
      }
    }
  }
}
