extension SegmentGraph {
  /// The part of the graph within `hops` of some segments, laid out with those first.
  ///
  /// Degrees stay those of this graph, so that a network says the same of the targets.
  ///
  /// - Parameters:
  ///   - targets: Segments of this graph; those of a partial graph must be among its wanted ones.
  ///   - hops: The number of external layers.
  /// - Returns: The part, and the segments of this graph that it holds, in its order.
  public func subgraph(around targets: [Int], hops: Int = 2) -> (
    graph: SegmentGraph, segments: [Int]
  ) {
    var places = [Int32](repeating: -1, count: segmentCount)
    var segments: [Int] = []
    var ends: [Int] = []
    var front = targets
    for _ in 0...max(1, hops) {
      for segment in Set(front).sorted() where places[segment] < 0 {
        places[segment] = Int32(segments.count)
        segments.append(segment)
      }
      let before = ends.last ?? 0
      ends.append(segments.count)
      front = segments[before...].flatMap { segment in
        neighbors[neighborStart[segment]..<neighborStart[segment + 1]].map(Int.init)
      }
    }
    var pixelStart = [0]
    var propagated: [Float] = []
    var ones: [Float] = []
    for segment in segments {
      let pixels = self.pixelStart[segment]..<self.pixelStart[segment + 1]
      propagated += self.propagated[pixels.lowerBound * bandCount..<pixels.upperBound * bandCount]
      if !propagatedOnes.isEmpty { ones += propagatedOnes[pixels] }
      pixelStart.append(pixelStart[pixelStart.count - 1] + pixels.count)
    }
    let edges = edges(of: segments, places: places)
    let part = SegmentGraph(
      bandCount: bandCount, pixelStart: pixelStart, propagated: propagated,
      neighborStart: edges.start, neighbors: edges.neighbors, weights: edges.weights,
      degrees: segments.map { degrees[$0] }, targetCount: ends[0], innerCount: ends[1],
      propagatedOnes: ones)
    return (part, segments)
  }

  private func edges(of segments: [Int], places: [Int32]) -> (
    start: [Int], neighbors: [Int32], weights: [Float]
  ) {
    var start = [0]
    var neighbors: [Int32] = []
    var weights: [Float] = []
    for segment in segments {
      let range = neighborStart[segment]..<neighborStart[segment + 1]
      let kept = range.map { (places[Int(self.neighbors[$0])], self.weights[$0]) }
        .filter { $0.0 >= 0 }.sorted { $0.0 < $1.0 }
      neighbors += kept.map(\.0)
      weights += kept.map(\.1)
      start.append(neighbors.count)
    }
    return (start, neighbors, weights)
  }

  /// One graph of parts of the same raster, in which a segment has the same id.
  ///
  /// All targets of the parts come first, then their neighbours, then the rest, ascending in id;
  /// segments of several parts are kept once.
  ///
  /// - Parameters:
  ///   - parts: Graphs with the ids of their segments.
  /// - Returns: The graph and the ids of its segments, or nil without parts.
  public static func merged(_ parts: [(graph: SegmentGraph, ids: [UInt32])]) -> (
    graph: SegmentGraph, ids: [UInt32]
  )? {
    guard let first = parts.first else { return nil }
    let sources = MergedSources(parts)
    let places = Dictionary(uniqueKeysWithValues: zip(sources.ids, sources.ids.indices))
    var graph = SegmentGraph(
      bandCount: first.graph.bandCount, pixelStart: [0], propagated: [], neighborStart: [0],
      neighbors: [], degrees: [], targetCount: sources.targetCount,
      innerCount: sources.innerCount)
    for id in sources.ids {
      let homes = sources.places[id] ?? []
      guard let home = homes.first else { continue }
      graph.appendPixels(of: parts[home.part].graph, segment: home.segment)
      var edges: [Int: Float] = [:]
      for home in homes {
        let (source, ids) = parts[home.part]
        for edge in source.neighborStart[home.segment]..<source.neighborStart[home.segment + 1] {
          if let place = places[ids[Int(source.neighbors[edge])]] {
            edges[place] = source.weights[edge]
          }
        }
      }
      let sorted = edges.sorted { $0.key < $1.key }
      graph.neighbors += sorted.map { Int32($0.key) }
      graph.weights += sorted.map(\.value)
      graph.neighborStart.append(graph.neighbors.count)
    }
    return (graph, sources.ids)
  }

  private mutating func appendPixels(of other: SegmentGraph, segment: Int) {
    let pixels = other.pixelStart[segment]..<other.pixelStart[segment + 1]
    propagated += other.propagated[pixels.lowerBound * bandCount..<pixels.upperBound * bandCount]
    if !other.propagatedOnes.isEmpty { propagatedOnes += other.propagatedOnes[pixels] }
    pixelStart.append(pixelCount + pixels.count)
    degrees.append(other.degrees[segment])
  }
}

/// Where the segments of several graphs are, and their order in a common one.
private struct MergedSources {
  private(set) var places: [UInt32: [(part: Int, segment: Int)]] = [:]
  let ids: [UInt32]
  let targetCount: Int
  let innerCount: Int

  init(_ parts: [(graph: SegmentGraph, ids: [UInt32])]) {
    var rings: [UInt32: Int] = [:]
    for (part, (graph, ids)) in parts.enumerated() {
      precondition(
        ids.count == graph.segmentCount, "\(ids.count) ids of \(graph.segmentCount) segments")
      for (segment, id) in ids.enumerated() {
        let ring = segment < graph.targetCount ? 0 : segment < graph.innerCount ? 1 : 2
        rings[id] = min(rings[id] ?? 2, ring)
        places[id, default: []].append((part, segment))
      }
    }
    ids = rings.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    targetCount = rings.values.count { $0 == 0 }
    innerCount = rings.values.count { $0 <= 1 }
  }
}
