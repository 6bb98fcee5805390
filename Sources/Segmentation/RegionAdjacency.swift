public import Rasters

/// The segments of a window and which of them touch: `A[s, t] = 1` where a cell of `s` is one of
/// the eight around a cell of `t`.
public struct RegionAdjacency: Sendable, Equatable {
  /// The ids of the segments, ascending; segments are numbered by their place in this list.
  public let ids: [UInt32]
  /// Where each segment's neighbours begin; one entry more than there are segments.
  public let neighborStart: [Int]
  /// The numbers of each segment's neighbours, ascending; every edge stands at both ends.
  public let neighbors: [Int32]
  /// The cell edges shared with each of `neighbors`; 0 where only corners touch.
  public let borderLengths: [Int32]
  /// The number of the segment of each cell of the window, -1 for none.
  let numberOfCell: [Int32]

  /// Finds the segments of a window and their neighbours inside it.
  public init(_ segments: SegmentRaster) {
    (ids, numberOfCell) = Self.numbered(segments.ids)
    let contacts = Self.contacts(numberOfCell, width: segments.window.width)
    var start = [Int](repeating: 0, count: ids.count + 1)
    var neighbors: [Int32] = []
    var lengths: [Int32] = []
    var previous: UInt64?
    // Sorted by segment, neighbour and kind of contact.
    for contact in contacts {
      let pair = contact >> 1
      if pair != previous {
        neighbors.append(Int32(truncatingIfNeeded: pair & 0x7FFF_FFFF))
        lengths.append(0)
        start[Int(pair >> 31) + 1] += 1
        previous = pair
      }
      lengths[lengths.count - 1] += Int32(contact & 1)
    }
    for segment in 0..<ids.count { start[segment + 1] += start[segment] }
    neighborStart = start
    self.neighbors = neighbors
    borderLengths = lengths
  }

  /// The number of segments.
  public var segmentCount: Int { ids.count }

  /// The number of the segment with an id, or nil.
  public func number(of id: UInt32) -> Int? {
    var low = 0
    var high = ids.count
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < ids.count && ids[low] == id ? low : nil
  }

  /// The places of a segment's neighbours in `neighbors`.
  public func range(ofNeighborsOf segment: Int) -> Range<Int> {
    neighborStart[segment]..<neighborStart[segment + 1]
  }

  /// The distinct ids, ascending, and the place of each cell's id among them.
  private static func numbered(_ cells: [UInt32]) -> ([UInt32], [Int32]) {
    var seen: Set<UInt32> = []
    var last = SegmentRaster.none
    for id in cells where id != last {
      last = id
      if id != SegmentRaster.none { seen.insert(id) }
    }
    let ids = seen.sorted()
    var numbers: [UInt32: Int32] = [SegmentRaster.none: -1]
    for (number, id) in ids.enumerated() { numbers[id] = Int32(number) }
    var result = [Int32](repeating: -1, count: cells.count)
    last = SegmentRaster.none
    var number: Int32 = -1
    for index in 0..<cells.count {
      if cells[index] != last {
        last = cells[index]
        number = numbers[last] ?? -1
      }
      result[index] = number
    }
    return (ids, result)
  }

  /// Every contact of two cells of different segments, from both sides, sorted: 31 bits of segment,
  /// 31 bits of neighbour, then 1 for a shared edge and 0 for a corner.
  private static func contacts(_ numbers: [Int32], width: Int) -> [UInt64] {
    var result: [UInt64] = []
    func add(_ a: Int32, _ b: Int32, edge: UInt64) {
      guard a != b, a >= 0, b >= 0 else { return }
      result.append(UInt64(a) << 32 | UInt64(b) << 1 | edge)
      result.append(UInt64(b) << 32 | UInt64(a) << 1 | edge)
    }
    for cell in 0..<numbers.count {
      let number = numbers[cell]
      let column = cell % width
      let hasRight = column + 1 < width
      if hasRight { add(number, numbers[cell + 1], edge: 1) }
      guard cell + width < numbers.count else { continue }
      add(number, numbers[cell + width], edge: 1)
      if hasRight { add(number, numbers[cell + width + 1], edge: 0) }
      if column > 0 { add(number, numbers[cell + width - 1], edge: 0) }
    }
    return result.sorted()
  }
}
