/// Sorting of samples by the rank of their value, equal ones as they came.
///
/// A key holds a rank above and a sample below, so sorted keys are all that a sweep reads.
struct RankSorter {
  /// First the keys in order: rank above the lowest one in the upper half, sample in the lower one.
  private(set) var sorted: [UInt64]
  /// The number of keys.
  private(set) var count = 0
  private var spare: [UInt64]
  private var lowest: UInt32 = 0

  /// Up to so many keys insertion is faster than counting.
  private static let fewest = 40

  init(capacity: Int) {
    sorted = [UInt64](repeating: 0, count: capacity)
    spare = sorted
  }

  /// The rank at a place.
  func rank(_ place: Int) -> Int32 {
    Int32(bitPattern: UInt32(sorted[place] >> 32) &+ lowest)
  }

  /// Sorts samples; false where all have the same rank, with nothing sorted.
  mutating func sort(_ samples: Span<Int32>, ranks: UnsafeBufferPointer<Int32>) -> Bool {
    count = samples.count
    var (low, high) = (Int32.max, Int32.min)
    for place in samples.indices {
      let rank = ranks[Int(samples[place])]
      low = min(low, rank)
      high = max(high, rank)
    }
    guard low < high else { return false }
    lowest = UInt32(bitPattern: low)
    for place in samples.indices {
      let rank = UInt64(UInt32(bitPattern: ranks[Int(samples[place])] - low))
      sorted[place] = rank << 32 | UInt64(UInt32(bitPattern: samples[place]))
    }
    if count <= Self.fewest {
      insert()
    } else {
      for shift in stride(from: 0, to: Int32.bitWidth - (high - low).leadingZeroBitCount, by: 8) {
        distribute(shift: UInt64(32 + shift))
      }
    }
    return true
  }

  private mutating func insert() {
    sorted.withUnsafeMutableBufferPointer { keys in
      for place in 1..<count {
        let key = keys[place]
        var hole = place
        while hole > 0, keys[hole - 1] > key {
          keys[hole] = keys[hole - 1]
          hole -= 1
        }
        keys[hole] = key
      }
    }
  }

  /// One pass of a radix sort: by the eight bits from `shift` on.
  private mutating func distribute(shift: UInt64) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { starts in
      starts.initialize(repeating: 0)
      sorted.withUnsafeBufferPointer { keys in
        for place in 0..<count { starts[Int(keys[place] >> shift & 255)] += 1 }
        var start = 0
        for digit in 0..<256 { (starts[digit], start) = (start, start + starts[digit]) }
        spare.withUnsafeMutableBufferPointer { target in
          for place in 0..<count {
            let digit = Int(keys[place] >> shift & 255)
            target[starts[digit]] = keys[place]
            starts[digit] += 1
          }
        }
      }
    }
    swap(&sorted, &spare)
  }
}
