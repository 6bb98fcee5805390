import Features
import Foundation

/// Appends plain numbers and arrays to a row of a table, little-endian.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: Int) { append(words: [Int64(value)]) }
  mutating func append(_ value: Double) { append(words: [value]) }

  mutating func append<T: BitwiseCopyable>(_ values: [T]) {
    append(values.count)
    append(words: values)
  }

  mutating func append(_ text: String) { append([UInt8](text.utf8)) }

  private mutating func append<T: BitwiseCopyable>(words: [T]) {
    words.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }
}

extension ByteWriter {
  /// Appends counts of magnitudes.
  mutating func append(_ counts: MagnitudeCounts) {
    append(counts.keys)
    append(counts.counts)
  }
}

extension ByteReader {
  /// Reads counts of magnitudes.
  mutating func magnitudes() throws -> MagnitudeCounts {
    guard
      let counts = MagnitudeCounts(keys: try array(UInt32.self), counts: try array(Int.self))
    else { throw ExecutionError.data("a stored table of counts is damaged") }
    return counts
  }

  /// Reads a value that `JSONEncoder.stable` wrote, as a text of its own.
  mutating func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try .stored(try array(UInt8.self))
  }
}

/// Reads what `ByteWriter` wrote; throws at the end of the bytes instead of trapping.
struct ByteReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether everything has been read.
  var isAtEnd: Bool { position == bytes.count }

  mutating func int() throws -> Int { Int(try word(Int64.self)) }
  mutating func double() throws -> Double { try word(Double.self) }
  mutating func text() throws -> String { String(decoding: try array(UInt8.self), as: UTF8.self) }

  mutating func array<T: BitwiseCopyable>(_ type: T.Type) throws -> [T] {
    let count = try int()
    let stride = MemoryLayout<T>.stride
    guard count >= 0, count <= (bytes.count - position) / stride else { throw truncated }
    defer { position += count * stride }
    return [T](littleEndianBytes: [UInt8](bytes[position..<position + count * stride]))
  }

  private mutating func word<T: BitwiseCopyable>(_ type: T.Type) throws -> T {
    let size = MemoryLayout<T>.size
    guard position + size <= bytes.count else { throw truncated }
    defer { position += size }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: T.self) }
  }

  private var truncated: ExecutionError {
    .data("a stored table ends early, after \(position) of \(bytes.count) bytes")
  }
}
