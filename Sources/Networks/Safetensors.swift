internal import Foundation

/// Why a model file cannot be read, as one sentence.
public struct ModelFileError: Error, Hashable, CustomStringConvertible {
  /// What is wrong and what was expected.
  public let description: String

  /// States what is wrong.
  public init(_ description: String) { self.description = description }
}

/// Named arrays of 32-bit floats in the safetensors format.
///
/// A file is the header's length (8 bytes, little-endian), the header (JSON: each tensor's type,
/// shape and place, and text under `__metadata__`), then the numbers without gaps. The same
/// contents give the same bytes.
public struct Safetensors: Sendable, Equatable {
  /// The tensors, by ascending name.
  public var tensors: [NamedTensor]
  /// The texts of `__metadata__`.
  public var metadata: [String: String]

  /// Gathers tensors and metadata.
  public init(tensors: [NamedTensor], metadata: [String: String] = [:]) {
    self.tensors = tensors.sorted { $0.name < $1.name }
    self.metadata = metadata
  }

  /// The file's bytes.
  public func encoded() -> [UInt8] {
    var entries: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }
        .map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
      entries.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      precondition(
        tensor.values.count == tensor.shape.reduce(1, *),
        "\(tensor.values.count) values of \(tensor.name) in the shape \(tensor.shape)")
      let end = offset + 4 * tensor.values.count
      let shape = tensor.shape.map { "\($0)" }.joined(separator: ",")
      entries.append(
        "\(Self.quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    // Spaces keep the numbers aligned to eight bytes.
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + offset)
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: header.count >> (8 * shift))) }
    bytes += header
    for tensor in tensors {
      tensor.values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// Reads a file's bytes.
  ///
  /// Every size, place and type is compared with the file before any array is made.
  ///
  /// - Throws: `ModelFileError` for anything but a whole file of 32-bit floats.
  public init(_ bytes: [UInt8]) throws(ModelFileError) {
    let header = try SafetensorsHeader(bytes)
    metadata = header.metadata
    tensors = []
    for entry in header.entries.sorted(by: { $0.name < $1.name }) {
      let count = (entry.end - entry.start) / 4
      let first = header.dataStart + entry.start
      let values = [Float](unsafeUninitializedCapacity: count) { target, initialized in
        bytes.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(target).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[first..<first + 4 * count]))
        }
        initialized = count
      }
      tensors.append(NamedTensor(name: entry.name, shape: entry.shape, values: values))
    }
  }

  /// A JSON string.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}

/// A checked header: every entry lies within the file, none overlaps another.
struct SafetensorsHeader {
  struct Entry {
    var name: String
    var shape: [Int]
    var start: Int
    var end: Int
  }

  /// More is no header: the format's own limit.
  static let largestHeader = 100_000_000

  var entries: [Entry] = []
  var metadata: [String: String] = [:]
  /// Where the numbers begin.
  let dataStart: Int

  init(_ bytes: [UInt8]) throws(ModelFileError) {
    guard bytes.count >= 8 else {
      throw ModelFileError("the file has \(bytes.count) bytes; a safetensors file has at least 8")
    }
    let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
    guard length <= UInt64(min(bytes.count - 8, Self.largestHeader)) else {
      throw ModelFileError(
        "the header should have \(length) bytes, but \(bytes.count - 8) follow its length; "
          + "the file is cut off or no safetensors file")
    }
    dataStart = 8 + Int(length)
    let fields = try Self.object(Array(bytes[8..<dataStart]))
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      if name == "__metadata__" {
        metadata = try Self.texts(value)
      } else {
        entries.append(try Self.entry(name, value))
      }
    }
    try checkCoverage(bytes.count - dataStart)
  }

  /// The data must be covered without gap or overlap.
  private func checkCoverage(_ dataCount: Int) throws(ModelFileError) {
    var covered = 0
    for entry in entries.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      guard entry.end <= dataCount else {
        throw ModelFileError(
          "tensor \(entry.name) ends at byte \(entry.end) of \(dataCount); the file is cut off")
      }
      guard entry.start == covered else {
        throw ModelFileError(
          "tensor \(entry.name) begins at byte \(entry.start) where \(covered) was expected; "
            + "tensors overlap or leave a gap")
      }
      covered = entry.end
    }
    guard covered == dataCount else {
      throw ModelFileError("the tensors cover \(covered) of \(dataCount) bytes of numbers")
    }
  }

  /// The fields of the header; refuses what nests too deep to be one.
  private static func object(_ json: [UInt8]) throws(ModelFileError) -> [String: Any] {
    guard json.first == UInt8(ascii: "{"), nesting(json) <= 8 else {
      throw ModelFileError("the header is no JSON object of tensors")
    }
    let parsed: Any
    do {
      parsed = try JSONSerialization.jsonObject(with: Data(json))
    } catch {
      throw ModelFileError("the header is not valid JSON")
    }
    guard let fields = parsed as? [String: Any] else {
      throw ModelFileError("the header is no JSON object of tensors")
    }
    return fields
  }

  /// The deepest nesting outside of strings.
  private static func nesting(_ json: [UInt8]) -> Int {
    var (depth, deepest) = (0, 0)
    var (isInString, isEscaped) = (false, false)
    for byte in json {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        deepest = max(deepest, depth)
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
    }
    return deepest
  }

  private static func texts(_ value: Any) throws(ModelFileError) -> [String: String] {
    guard let texts = value as? [String: String] else {
      throw ModelFileError("__metadata__ of the header is no object of texts")
    }
    return texts
  }

  private static func entry(_ name: String, _ value: Any) throws(ModelFileError) -> Entry {
    guard let fields = value as? [String: Any] else {
      throw ModelFileError("tensor \(name) is described by no JSON object")
    }
    guard let type = fields["dtype"] as? String, type == "F32" else {
      let found = fields["dtype"].map { "\($0)" } ?? "none"
      throw ModelFileError("tensor \(name) has the type \(found); F32 was expected")
    }
    let shape = try integers(fields["shape"], "the shape of tensor \(name)")
    let place = try integers(fields["data_offsets"], "the place of tensor \(name)")
    guard place.count == 2, place[0] <= place[1] else {
      throw ModelFileError("the place of tensor \(name) is no pair of first and end byte")
    }
    var size = 4
    for length in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard !overflow else {
        throw ModelFileError("tensor \(name) has the impossible shape \(shape)")
      }
      size = product
    }
    guard size == place[1] - place[0] else {
      throw ModelFileError(
        "tensor \(name) takes \(place[1] - place[0]) bytes; its shape \(shape) needs \(size)")
    }
    return Entry(name: name, shape: shape, start: place[0], end: place[1])
  }

  /// Non-negative whole numbers up to 2^53, which JSON keeps exactly.
  private static func integers(_ value: Any?, _ what: String) throws(ModelFileError) -> [Int] {
    guard let numbers = value as? [NSNumber] else {
      throw ModelFileError("\(what) is no list of numbers")
    }
    var result: [Int] = []
    for number in numbers {
      let double = number.doubleValue
      guard double >= 0, double <= 0x1p53, double == double.rounded() else {
        throw ModelFileError("\(what) holds \(number); whole numbers from 0 on were expected")
      }
      result.append(Int(double))
    }
    return result
  }
}
