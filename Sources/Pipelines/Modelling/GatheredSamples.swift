import Foundation
import Learning
import Networks
import Rasters

/// The rows of all samples of a set, put together from the tables of all chunks.
struct GatheredSamples {
  let set: SampleSet
  let bandCount: Int
  /// Whether each band is one of a group of categories.
  private(set) var isCategory: [Bool]
  /// The windows of patch branches.
  let windowForms: [ModelArchitecture.WindowForm]
  /// Rows by position in the set; nil where a sample misses a band or a segment it needs.
  private(set) var rows: [SampleRows.Row?]
  /// The segments around the samples, for a graph branch.
  private(set) var graph: SegmentGraph?
  /// The number of each sample's segment in the graph, -1 for none.
  let segmentOfSample: [Int32]

  /// Puts tables together; the result does not depend on how the map was divided into chunks.
  ///
  /// Rows may hold a further, wider window, which samples are shifted in.
  init(
    _ set: SampleSet, tables: [[UInt8]], bands: [Band],
    windowForms: [ModelArchitecture.WindowForm], needsSegments: Bool
  ) throws {
    self.set = set
    bandCount = bands.count
    self.windowForms = windowForms
    isCategory = bands.map(\.isCategory)
    var rows = [SampleRows.Row?](repeating: nil, count: set.count)
    var segments: [UInt32: SampleRows.Segment] = [:]
    for table in tables {
      let part = try SampleRows(table)
      for row in part.rows
      where row.spectrum.allSatisfy(\.isFinite)
        && (!needsSegments || row.segment != SegmentRaster.none)
      {
        rows[row.position] = row
      }
      for segment in part.segments { segments[segment.id] = segment }
    }
    self.rows = rows
    let rings = Self.rings(Set(rows.compactMap { $0?.segment }), segments)
    let ids = rings.flatMap(\.self)
    let number = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, Int32($0)) })
    segmentOfSample = rows.map { row in row.flatMap { number[$0.segment] } ?? -1 }
    graph =
      needsSegments
      ? Self.graph(
        ids.compactMap { segments[$0] }, number, bandCount, targetCount: rings[0].count,
        innerCount: rings[0].count + rings[1].count) : nil
  }

  /// The positions of samples that can be used.
  var usable: [Int] { rows.indices.filter { rows[$0] != nil } }

  /// How many of some samples share their segment with others, and in how many segments they do
  /// not agree.
  func sharing(_ positions: [Int]) -> (samples: Int, conflicts: Int) {
    let groups = Dictionary(
      grouping: positions.filter { segmentOfSample[$0] >= 0 }, by: { segmentOfSample[$0] }
    ).values.filter { $0.count > 1 }
    let conflicts = groups.count { group in
      Set(group.map { set.samples[$0].target }).count > 1
    }
    return (groups.reduce(0) { $0 + $1.count }, set.kind == .linear ? 0 : conflicts)
  }

  /// The spectra of some samples, samples x bands.
  func spectra(_ positions: [Int]) -> [Float] { positions.flatMap { rows[$0]?.spectrum ?? [] } }

  /// The windows of some samples, per patch branch, samples x bands x rows x columns.
  func windows(_ positions: [Int]) -> [[Float]] {
    windowForms.indices.map { branch in
      positions.flatMap { rows[$0]?.windows[branch] ?? [] }
    }
  }

  /// What a model reads at some samples, missing window cells filled with `fill` (one per band).
  func batch(_ positions: [Int], fill: [Float]) -> ModelBatch {
    let windows = zip(windows(positions), windowForms).map { values, form in
      let (first, count) = (form.bands.lowerBound, form.bands.count)
      let cells = values.count / max(1, positions.count * count)
      var filled = values
      for index in filled.indices where filled[index].isNaN {
        filled[index] = fill[first + index / cells % count]
      }
      return filled
    }
    return ModelBatch(
      count: positions.count, spectra: spectra(positions), windows: windows,
      windowBands: windowForms.map(\.bands), graph: graph,
      segmentOfSample: graph == nil ? [] : positions.map { segmentOfSample[$0] })
  }

  /// The samples as they are with the bands at `places` one after another; sources stay.
  ///
  /// All windows must hold all bands.
  func reordered(_ places: [Int]) -> GatheredSamples {
    precondition(
      places.count == bandCount && windowForms.allSatisfy { $0.bands.count == bandCount },
      "\(places.count) places for \(bandCount) bands and windows of \(windowForms)")
    var result = self
    result.isCategory = places.map { isCategory[$0] }
    for (position, row) in rows.enumerated() {
      guard let row else { continue }
      result.rows[position]?.spectrum = places.map { row.spectrum[$0] }
      result.rows[position]?.windows = row.windows.map { window in
        let cells = window.count / bandCount
        return places.flatMap { window[$0 * cells..<($0 + 1) * cells] }
      }
    }
    if let propagated = graph?.propagated {
      result.graph?.propagated = stride(from: 0, to: propagated.count, by: bandCount).flatMap {
        pixel in places.map { propagated[pixel + $0] }
      }
    }
    return result
  }

  /// The samples' segments, those one hop away and those two hops away, each ascending.
  private static func rings(
    _ targets: Set<UInt32>, _ segments: [UInt32: SampleRows.Segment]
  ) -> [[UInt32]] {
    var seen = targets.filter { segments[$0] != nil }
    var rings = [seen.sorted()]
    for _ in 0..<2 {
      var next: Set<UInt32> = []
      for id in rings.last ?? [] {
        for neighbor in segments[id]?.neighbors ?? []
        where segments[neighbor] != nil && !seen.contains(neighbor) {
          next.insert(neighbor)
        }
      }
      seen.formUnion(next)
      rings.append(next.sorted())
    }
    return rings
  }

  private static func graph(
    _ segments: [SampleRows.Segment], _ number: [UInt32: Int32], _ bandCount: Int,
    targetCount: Int, innerCount: Int
  ) -> SegmentGraph {
    var pixelStart = [0]
    var neighborStart = [0]
    var edges: [(number: Int32, weight: Float)] = []
    for segment in segments {
      pixelStart.append((pixelStart.last ?? 0) + segment.propagated.count / bandCount)
      edges += zip(segment.neighbors, segment.weights)
        .compactMap { id, weight in number[id].map { (number: $0, weight: weight) } }
        .sorted { $0.number < $1.number }
      neighborStart.append(edges.count)
    }
    return SegmentGraph(
      bandCount: bandCount, pixelStart: pixelStart,
      propagated: segments.flatMap(\.propagated), neighborStart: neighborStart,
      neighbors: edges.map(\.number), weights: edges.map(\.weight),
      degrees: segments.map { $0.weights.reduce(0, +) },
      targetCount: targetCount, innerCount: innerCount)
  }
}
