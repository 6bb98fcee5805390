import Rasters

/// Bytes that are not the table that was expected.
public struct TableDataError: Error, CustomStringConvertible, Equatable {
  /// What was wrong, where, and what was expected.
  public let description: String
}

/// Writes numbers little-endian.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: Int) { append(bits: UInt64(bitPattern: Int64(value))) }

  mutating func append(_ value: Double) { append(bits: value.bitPattern) }

  mutating func append(_ window: Window) {
    for value in [window.x, window.y, window.width, window.height] { append(value) }
  }

  mutating func append(_ values: [Float]) {
    for value in values { append(bits: value.bitPattern) }
  }

  mutating func append(_ values: [Int32]) {
    for value in values { append(bits: UInt32(bitPattern: value)) }
  }

  mutating func append(_ values: [UInt32]) {
    for value in values { append(bits: value) }
  }

  private mutating func append(bits: some FixedWidthInteger) {
    withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

/// Reads what `ByteWriter` wrote; every size is checked before anything is allocated.
struct ByteReader {
  private let bytes: [UInt8]
  private let subject: String
  private var position = 0

  init(_ bytes: [UInt8], of subject: String) {
    self.bytes = bytes
    self.subject = subject
  }

  mutating func integer() throws -> Int {
    try need(8)
    return Int(truncatingIfNeeded: next(UInt64.self))
  }

  mutating func double() throws -> Double {
    try need(8)
    return Double(bitPattern: next(UInt64.self))
  }

  /// A number of things that follow: never negative, and no more than there are bytes.
  mutating func count() throws -> Int {
    let value = try integer()
    guard (0...bytes.count).contains(value) else {
      throw TableDataError(description: "\(subject) names \(value) things in \(bytes.count) bytes")
    }
    return value
  }

  /// A number of bands: never negative; a table without rows has more bands than bytes.
  mutating func bandCount() throws -> Int {
    let value = try integer()
    guard value >= 0 else {
      throw TableDataError(description: "\(subject) names \(value) bands")
    }
    return value
  }

  /// A window; `limited` to no more cells than there are bytes where its cells are stored.
  mutating func window(limited: Bool = true) throws -> Window {
    let window = try Window(x: integer(), y: integer(), width: integer(), height: integer())
    let area = window.width.multipliedReportingOverflow(by: window.height)
    if limited, area.overflow || area.partialValue > bytes.count {
      throw TableDataError(description: "\(subject) names \(window) in \(bytes.count) bytes")
    }
    return window
  }

  mutating func floats(_ count: Int, each: Int = 1) throws -> [Float] {
    let length = count.multipliedReportingOverflow(by: each)
    try need(length.overflow ? (0, true) : length.partialValue.multipliedReportingOverflow(by: 4))
    return (0..<length.partialValue).map { _ in Float(bitPattern: next(UInt32.self)) }
  }

  mutating func integers(_ count: Int) throws -> [Int32] {
    try unsigned(count).map { Int32(bitPattern: $0) }
  }

  mutating func unsigned(_ count: Int) throws -> [UInt32] {
    try need(count.multipliedReportingOverflow(by: 4))
    return (0..<count).map { _ in next(UInt32.self) }
  }

  /// Throws where bytes are left over.
  func finish() throws {
    guard position == bytes.count else {
      throw TableDataError(
        description: "\(subject) ends after \(position) of \(bytes.count) bytes")
    }
  }

  private func need(_ product: (partialValue: Int, overflow: Bool)) throws {
    try need(product.overflow ? .max : product.partialValue)
  }

  private func need(_ length: Int) throws {
    guard length >= 0, length <= bytes.count - position else {
      throw TableDataError(
        description: "\(subject) is cut off: \(bytes.count) bytes, more expected at \(position)")
    }
  }

  /// The next number; `need` must have said that it is there.
  private mutating func next<T: FixedWidthInteger>(_ type: T.Type) -> T {
    var value = T.zero
    withUnsafeMutableBytes(of: &value) { target in
      for byte in 0..<target.count { target[byte] = bytes[position + byte] }
    }
    position += MemoryLayout<T>.size
    return T(littleEndian: value)
  }
}
