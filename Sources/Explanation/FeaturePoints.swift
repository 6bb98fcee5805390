/// Points in a space of features, such as what a model makes of samples before its head.
public struct FeaturePoints: Sendable, Hashable {
  /// The number of features.
  public let dimensions: Int
  /// The coordinates, points x features, row-major.
  public private(set) var values: [Double]

  /// Points of coordinates `points x dimensions`, row-major.
  public init(_ values: [Double], dimensions: Int) {
    precondition(
      dimensions > 0 && values.count % dimensions == 0,
      "\(values.count) coordinates of \(dimensions) dimensions")
    self.values = values
    self.dimensions = dimensions
  }

  /// Points of coordinates `points x dimensions`, row-major.
  public init(_ values: [Float], dimensions: Int) {
    self.init(values.map(Double.init), dimensions: dimensions)
  }

  /// The number of points.
  public var count: Int { values.count / dimensions }

  /// The coordinates of a point.
  public subscript(point: Int) -> ArraySlice<Double> {
    values[point * dimensions..<(point + 1) * dimensions]
  }

  /// Some of the points, in the order in which they are named.
  public func selecting(_ points: [Int]) -> FeaturePoints {
    FeaturePoints(points.flatMap { self[$0] }, dimensions: dimensions)
  }

  /// The mean of some points; zeros of none.
  public func mean(of points: some Sequence<Int>) -> [Double] {
    var sums = [Double](repeating: 0, count: dimensions)
    var count = 0
    for point in points {
      count += 1
      for index in 0..<dimensions { sums[index] += values[point * dimensions + index] }
    }
    return sums.map { $0 / Double(max(1, count)) }
  }

  /// The squared Euclidean distances of all points to one.
  public func squaredDistances(to center: ArraySlice<Double>) -> [Double] {
    precondition(center.count == dimensions, "a point of \(center.count) dimensions")
    let center = Array(center)
    return values.withUnsafeBufferPointer { values in
      center.withUnsafeBufferPointer { center in
        (0..<count).map { Self.squaredDistance(values, at: $0 * dimensions, center) }
      }
    }
  }

  /// In 8 lanes of fixed order, the same on every machine.
  private static func squaredDistance(
    _ values: UnsafeBufferPointer<Double>, at start: Int, _ center: UnsafeBufferPointer<Double>
  ) -> Double {
    let (left, right) = (UnsafeRawBufferPointer(values), UnsafeRawBufferPointer(center))
    var lanes = SIMD8<Double>(repeating: 0)
    let whole = center.count / 8 * 8
    for index in stride(from: 0, to: whole, by: 8) {
      let difference =
        left.loadUnaligned(fromByteOffset: (start + index) * 8, as: SIMD8<Double>.self)
        - right.loadUnaligned(fromByteOffset: index * 8, as: SIMD8<Double>.self)
      lanes += difference * difference
    }
    var total = lanes.sum()
    for index in whole..<center.count {
      let difference = values[start + index] - center[index]
      total += difference * difference
    }
    return total
  }

  /// Neighbours of a point: their positions, nearest first, with their squared distances.
  public typealias Neighbors = (positions: [Int], squaredDistances: [Double])

  /// The `limit` other points nearest to one; the lower position wins ties.
  public func nearest(_ limit: Int, of point: Int) -> Neighbors {
    nearest(limit, to: self[point], without: point)
  }

  /// The `limit` points nearest to a place, but for the one at a position.
  public func nearest(
    _ limit: Int, to place: ArraySlice<Double>, without own: Int? = nil
  ) -> Neighbors {
    let distances = squaredDistances(to: place)
    let found = Self.smallest(limit, of: distances, without: own)
    return (found, found.map { distances[$0] })
  }

  /// The positions of the smallest numbers, ascending; the lower position wins ties.
  private static func smallest(
    _ limit: Int, of distances: [Double], without own: Int?
  ) -> [Int] {
    var heap = LargestFirst(limit: limit)
    for (position, distance) in distances.enumerated() where position != own {
      heap.add(distance, position)
    }
    return heap.ascending
  }
}

/// The smallest of many numbers, in a binary heap with the largest of them on top.
private struct LargestFirst {
  let limit: Int
  private var entries: [(distance: Double, position: Int)] = []

  init(limit: Int) {
    self.limit = limit
    entries.reserveCapacity(limit)
  }

  var ascending: [Int] {
    entries.sorted { ($0.distance, $0.position) < ($1.distance, $1.position) }.map(\.position)
  }

  mutating func add(_ distance: Double, _ position: Int) {
    guard entries.count == limit else {
      entries.append((distance, position))
      rise(entries.count - 1)
      return
    }
    guard limit > 0, (distance, position) < entries[0] else { return }
    entries[0] = (distance, position)
    sink()
  }

  private mutating func rise(_ from: Int) {
    var place = from
    while place > 0, entries[(place - 1) / 2] < entries[place] {
      entries.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func sink() {
    var place = 0
    while true {
      var largest = place
      for child in [2 * place + 1, 2 * place + 2]
      where child < entries.count && entries[largest] < entries[child] { largest = child }
      if largest == place { return }
      entries.swapAt(place, largest)
      place = largest
    }
  }
}
