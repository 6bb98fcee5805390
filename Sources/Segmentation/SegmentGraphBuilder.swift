public import Rasters

/// Makes the graphs of segments that graph networks read from the segments of a window.
///
/// The window must hold every segment within the hops asked for, whole, and the cells around them:
/// `lattice.haloOfGraph(hops:)` around a chunk whose segments are the targets.
public struct SegmentGraphBuilder: Sendable {
  /// The segments of the window and their neighbours.
  public let adjacency: RegionAdjacency
  /// The cells of the window.
  public let window: Window

  /// Reads the segments of a window.
  public init(_ segments: SegmentRaster) {
    adjacency = RegionAdjacency(segments)
    window = segments.window
  }

  /// The ids of the segments with a cell in a part of the window, ascending.
  public func ids(in part: Window) -> [UInt32] {
    let inside = window.intersection(part)
    guard !inside.isEmpty else { return [] }
    var seen = [Bool](repeating: false, count: adjacency.segmentCount)
    for row in inside.y..<inside.maxY {
      let start = window.index(column: inside.x, row: row)
      for number in adjacency.numberOfCell[start..<start + inside.width] where number >= 0 {
        seen[Int(number)] = true
      }
    }
    return seen.indices.filter { seen[$0] }.map { adjacency.ids[$0] }
  }

  /// The target segments and those within `hops` of them.
  ///
  /// Ids that are not in the window are left out. `weights` has a number for each of
  /// `adjacency.neighbors`; without them every edge counts the same. With them the window must hold
  /// the segments one hop further whole, since these are part of the outer segments' degrees.
  public func neighborhood(
    of targets: [UInt32], hops: Int = 2, weights: [Float]? = nil
  ) -> SegmentNeighborhood {
    var rings = [Int](repeating: .max, count: adjacency.segmentCount)
    var front = targets.compactMap { adjacency.number(of: $0) }
    var members: [Int] = []
    var ringEnds: [Int] = []
    for ring in 0...hops {
      for segment in front { rings[segment] = ring }
      let inRing = Set(front).sorted()
      members += inRing
      ringEnds.append(members.count)
      front = inRing.flatMap { segment in
        adjacency.range(ofNeighborsOf: segment).map { Int(adjacency.neighbors[$0]) }
      }.filter { rings[$0] == .max }
    }
    return SegmentNeighborhood(self, members: members, ringEnds: ringEnds, weights: weights)
  }
}

/// Target segments with the segments around them: pixels inside, adjacency outside.
///
/// Laid out as graph networks read it: targets first, then ring by ring, ascending in id within
/// each. What a network of two external layers says of the targets is what it says of them in the
/// graph of the whole raster, because `degrees` count all neighbours and not only those at hand.
public struct SegmentNeighborhood: Sendable {
  /// The id of each segment.
  public let ids: [UInt32]
  /// The number of segments within each number of hops of the targets, from none on.
  public let ringEnds: [Int]
  /// Where each segment's pixels begin; one entry more than there are segments.
  public let pixelStart: [Int]
  /// The place of each pixel in the window; ascending within a segment.
  public let cells: [Int32]
  /// Where each segment's neighbours begin; one entry more than there are segments.
  public let neighborStart: [Int]
  /// The neighbours that are at hand, ascending; every edge stands at both ends.
  public let neighbors: [Int32]
  /// The weight of each of `neighbors`; 1 without weights.
  public let weights: [Float]
  /// The sum of the weights of all neighbours of each segment; their number without weights.
  public let degrees: [Float]

  private let window: Window
  /// The pixels above, left, right and below in the same segment, -1 for none.
  private let adjacent: [SIMD4<Int32>]
  /// One over the root of each pixel's degree, which counts itself.
  private let roots: [Float]

  fileprivate init(
    _ builder: SegmentGraphBuilder, members: [Int], ringEnds: [Int], weights: [Float]?
  ) {
    let adjacency = builder.adjacency
    window = builder.window
    ids = members.map { adjacency.ids[$0] }
    self.ringEnds = ringEnds
    var places = [Int32](repeating: -1, count: adjacency.segmentCount)
    for (place, segment) in members.enumerated() { places[segment] = Int32(place) }
    (pixelStart, cells) = Self.pixels(adjacency.numberOfCell, places, of: members.count)
    (adjacent, roots) = Self.interior(adjacency.numberOfCell, cells, width: window.width)
    var start = [0]
    var edges: [(place: Int32, weight: Float)] = []
    for segment in members {
      edges += adjacency.range(ofNeighborsOf: segment)
        .map { (places[Int(adjacency.neighbors[$0])], weights?[$0] ?? 1) }
        .filter { $0.0 >= 0 }.sorted { $0.0 < $1.0 }
      start.append(edges.count)
    }
    neighborStart = start
    neighbors = edges.map(\.place)
    self.weights = edges.map(\.weight)
    // In the order of ids, which no window changes.
    degrees = members.map { segment in
      let range = adjacency.range(ofNeighborsOf: segment)
      return weights?[range].reduce(0, +) ?? Float(range.count)
    }
  }

  /// The number of segments.
  public var segmentCount: Int { ids.count }
  /// The number of pixels of all segments.
  public var pixelCount: Int { cells.count }

  /// The place of each cell's segment among `ids` over a part of the window, -1 for none.
  public func segmentOfCell(in part: Window) -> [Int32] {
    var result = [Int32](repeating: -1, count: part.cellCount)
    for segment in 0..<segmentCount {
      for cell in cells[pixelStart[segment]..<pixelStart[segment + 1]] {
        let column = window.x + Int(cell) % window.width
        let row = window.y + Int(cell) / window.width
        guard part.contains(column: column, row: row) else { continue }
        result[part.index(column: column, row: row)] = Int32(segment)
      }
    }
    return result
  }

  private static func pixels(_ numberOfCell: [Int32], _ places: [Int32], of count: Int)
    -> ([Int], [Int32])
  {
    var start = [Int](repeating: 0, count: count + 1)
    for number in numberOfCell where number >= 0 && places[Int(number)] >= 0 {
      start[Int(places[Int(number)]) + 1] += 1
    }
    for segment in 0..<count { start[segment + 1] += start[segment] }
    var next = start
    var cells = [Int32](repeating: 0, count: start[count])
    for cell in 0..<numberOfCell.count {
      let number = numberOfCell[cell]
      guard number >= 0, places[Int(number)] >= 0 else { continue }
      let place = Int(places[Int(number)])
      cells[next[place]] = Int32(cell)
      next[place] += 1
    }
    return (start, cells)
  }

  private static func interior(_ numberOfCell: [Int32], _ cells: [Int32], width: Int)
    -> ([SIMD4<Int32>], [Float])
  {
    var pixelOfCell = [Int32](repeating: -1, count: numberOfCell.count)
    for (pixel, cell) in cells.enumerated() { pixelOfCell[Int(cell)] = Int32(pixel) }
    var roots: [Float] = []
    roots.reserveCapacity(cells.count)
    let adjacent = cells.map { cell32 in
      let cell = Int(cell32)
      func same(_ other: Int, _ exists: Bool) -> Int32 {
        exists && numberOfCell[other] == numberOfCell[cell] ? pixelOfCell[other] : -1
      }
      let column = cell % width
      let around = SIMD4(
        same(cell - width, cell >= width), same(cell - 1, column > 0),
        same(cell + 1, column + 1 < width), same(cell + width, cell + width < numberOfCell.count))
      let degree = 1 + (0..<4).count { around[$0] >= 0 }
      roots.append(1 / Float(degree).squareRoot())
      return around
    }
    return (adjacent, roots)
  }
}

/// Propagation inside segments: the simplified graph convolution of Wu et al. (2019).
extension SegmentNeighborhood {
  /// `S^hops X`, pixel-major, with `S = D^-1/2 (A + I) D^-1/2` and `A` the 4-neighbours inside each
  /// segment.
  ///
  /// `cube` holds any fields (bands of a model or sources of its tangents) over the builder's
  /// window, finite at every pixel of the segments.
  public func propagated(_ cube: DataCube, hops: Int) -> [Float] {
    precondition(cube.window == window, "fields over \(cube.window), segments over \(window)")
    var pixels = [Float](repeating: 0, count: pixelCount * cube.bandCount)
    for band in 0..<cube.bandCount {
      let start = band * window.cellCount
      for pixel in 0..<pixelCount {
        pixels[pixel * cube.bandCount + band] = cube.values[start + Int(cells[pixel])]
      }
    }
    return propagated(pixels, bandCount: cube.bandCount, hops: hops)
  }

  /// `S^hops 1`, one number per pixel: what propagation makes of a constant field.
  public func propagatedOnes(hops: Int) -> [Float] {
    propagated([Float](repeating: 1, count: pixelCount), bandCount: 1, hops: hops)
  }

  /// Each pixel's terms are added in the order above, left, itself, right, below.
  private func propagated(_ pixels: [Float], bandCount: Int, hops: Int) -> [Float] {
    var old = pixels
    var new = [Float](repeating: 0, count: pixels.count)
    for _ in 0..<hops {
      old.withUnsafeBufferPointer { old in
        new.withUnsafeMutableBufferPointer { new in
          for pixel in 0..<pixelCount {
            let around = adjacent[pixel]
            let own = pixel * bandCount
            let target = new.extracting(own..<own + bandCount)
            target.update(repeating: 0)
            add(around[0], old, to: target)
            add(around[1], old, to: target)
            add(Int32(truncatingIfNeeded: pixel), old, to: target)
            add(around[2], old, to: target)
            add(around[3], old, to: target)
            let root = roots[pixel]
            for band in 0..<bandCount { target[band] *= root }
          }
        }
      }
      swap(&old, &new)
    }
    return old
  }

  @inline(__always)
  private func add(
    _ pixel: Int32, _ old: UnsafeBufferPointer<Float>, to target: UnsafeMutableBufferPointer<Float>
  ) {
    guard pixel >= 0 else { return }
    let from = Int(pixel) * target.count
    let root = roots[Int(pixel)]
    for band in 0..<target.count { target[band] += root * old[from + band] }
  }
}
