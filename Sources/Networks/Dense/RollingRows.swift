/// The rows of one layer's output that later layers still need, while a network rolls down a chunk.
///
/// A row is `channels x width`. Rows of equal remainder modulo the consumer's dilation lie one
/// after another, so that the `taps` rows which a dilated kernel reads are one matrix of `taps *
/// channels` rows for a product. The same rows are kept for several streams: the network's values
/// and its tangents, whose channels may differ.
final class RollingRows {
  /// The columns of a row.
  let width: Int
  /// The distance between the channels of a row.
  let stride: Int
  /// The rows that the consumer reads at once.
  let taps: Int
  /// The channels of each stream.
  let channels: [Int]

  private let dilation: Int
  private let capacity: Int
  private let start: [Int]
  private let storage: UnsafeMutableBufferPointer<Float>
  private var filled: [Int]
  private var received = 0

  /// New rows that fit between two moves of the kept ones to the front.
  private static let spare = 4

  init(channels: [Int], width: Int, taps: Int, dilation: Int) {
    self.channels = channels
    self.width = width
    self.taps = taps
    self.dilation = dilation
    stride = rowStride(width)
    capacity = taps == 1 ? 1 : taps - 1 + Self.spare
    var start: [Int] = []
    var total = 0
    for count in channels {
      start.append(total)
      total += dilation * capacity * count * stride
    }
    self.start = start
    filled = [Int](repeating: 0, count: dilation)
    storage = .allocate(capacity: max(total, 1))
    storage.initialize(repeating: 0)
  }

  deinit { storage.deallocate() }

  /// Forgets all rows.
  func restart() {
    received = 0
    for residue in filled.indices { filled[residue] = 0 }
  }

  /// Makes room for the next row of every stream; `newest` then points at it.
  func advance() {
    let residue = received % dilation
    if filled[residue] == capacity {
      for stream in channels.indices {
        let front = rows(stream, residue, 0, taps - 1)
        let kept = rows(stream, residue, capacity - taps + 1, taps - 1)
        if let to = front.baseAddress, let from = kept.baseAddress {
          to.update(from: from, count: front.count)
        }
      }
      filled[residue] = taps - 1
    }
    filled[residue] += 1
    received += 1
  }

  /// Whether enough rows are there for a row of the consumer.
  var isReady: Bool { received > (taps - 1) * dilation }

  /// The newest row of a stream.
  func newest(_ stream: Int) -> UnsafeMutableBufferPointer<Float> {
    let residue = (received - 1) % dilation
    return rows(stream, residue, filled[residue] - 1, 1)
  }

  /// The rows that the consumer reads, the newest last: `taps * channels` rows of a matrix.
  func stack(_ stream: Int) -> UnsafeMutableBufferPointer<Float> {
    let residue = (received - 1) % dilation
    return rows(stream, residue, filled[residue] - taps, taps)
  }

  private func rows(_ stream: Int, _ residue: Int, _ slot: Int, _ count: Int)
    -> UnsafeMutableBufferPointer<Float>
  {
    let row = channels[stream] * stride
    let first = start[stream] + (residue * capacity + slot) * row
    return UnsafeMutableBufferPointer(rebasing: storage[first..<first + count * row])
  }
}

/// The distance between rows of `width` columns: whole vectors, and no multiple of 2048 bytes, for
/// rows at such a distance compete for the same lines of the cache.
func rowStride(_ width: Int) -> Int {
  let rounded = (max(width, 1) + 15) / 16 * 16
  return rounded.isMultiple(of: 512) ? rounded + 16 : rounded
}
