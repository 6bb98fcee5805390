import Networks
import Tensors
import Testing

@Suite struct SafetensorsTests {
  private let file = Safetensors(
    tensors: [
      NamedTensor(name: "b", shape: [2, 3], values: [1, 2, 3, 4, 5, 6]),
      NamedTensor(name: "a.weight", shape: [1], values: [-0.5]),
      NamedTensor(name: "empty", shape: [0, 4], values: []),
      NamedTensor(name: "scalar", shape: [], values: [7]),
    ], metadata: ["z": "line\n\"quoted\" \\ \u{1} é", "a": "{}"])

  /// A file of a header and some data.
  private func bytes(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  private func entry(_ name: String, _ shape: String, _ start: String, _ end: String) -> String {
    "\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(start),\(end)]}"
  }

  @Test func survivesARoundTrip() throws {
    let encoded = file.encoded()
    #expect(try Safetensors(encoded) == file)
    #expect(
      encoded == Safetensors(tensors: file.tensors.reversed(), metadata: file.metadata).encoded())
    let length = (0..<8).reduce(0) { $0 | Int(encoded[$1]) << (8 * $1) }
    #expect(length % 8 == 0)
  }

  @Test func bytesAreThoseOfTheFormat() {
    let one = Safetensors(tensors: [NamedTensor(name: "x", shape: [1], values: [1])])
    let header = "{\(entry("x", "[1]", "0", "4"))}"
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(one.encoded() == Array(bytes(padded)) + [0, 0, 0x80, 0x3f])
  }

  @Test func goldenDigest() {
    #expect(SHA256.digest(file.encoded()).hex.prefix(16) == "72633cc5f09ad04f")
  }

  @Test func everyTruncationIsRefused() {
    let encoded = file.encoded()
    for count in 0..<encoded.count {
      #expect(throws: ModelFileError.self) { try Safetensors(Array(encoded[..<count])) }
    }
    #expect(throws: ModelFileError.self) { try Safetensors(encoded + [0]) }
  }

  @Test func malformedHeadersAreRefused() throws {
    let good = "{\(entry("x", "[2]", "0", "8"))}"
    #expect(try Safetensors(bytes(good, data: 8)).tensors.map(\.shape) == [[2]])
    let cases: [(String, Int, String)] = [
      ("", 0, "JSON"), ("[]", 0, "JSON"), ("{", 0, "JSON"), ("{\"x\":3}", 0, "object"),
      (String(repeating: "{\"a\":", count: 100_000), 0, "JSON"),
      ("{\"x\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, "F64"),
      ("{\"x\":{\"shape\":[1],\"data_offsets\":[0,8]}}", 8, "none"),
      ("{\(entry("x", "2", "0", "8"))}", 8, "list"),
      ("{\(entry("x", "[-2]", "0", "8"))}", 8, "whole"),
      ("{\(entry("x", "[1.5]", "0", "8"))}", 8, "whole"),
      ("{\(entry("x", "[\"2\"]", "0", "8"))}", 8, "list"),
      ("{\(entry("x", "[1e300]", "0", "8"))}", 8, "whole"),
      ("{\(entry("x", "[4294967296,4294967296]", "0", "8"))}", 8, "impossible"),
      ("{\(entry("x", "[3]", "0", "8"))}", 8, "needs 12"),
      ("{\(entry("x", "[2]", "8", "0"))}", 8, "pair"),
      ("{\(entry("x", "[2]", "4", "12"))}", 12, "gap"),
      ("{\(entry("x", "[2]", "0", "8")),\(entry("y", "[2]", "4", "12"))}", 12, "overlap"),
      ("{\(entry("x", "[2]", "0", "8")),\(entry("x", "[2]", "0", "8"))}", 16, "bytes"),
      ("{\(entry("x", "[1000000000]", "0", "4000000000"))}", 8, "cut off"),
      (good, 12, "cover"),
      ("{\"__metadata__\":{\"a\":1}}", 0, "texts"),
    ]
    for (header, data, word) in cases {
      let error = #expect(throws: ModelFileError.self) {
        try Safetensors(bytes(header, data: data))
      }
      #expect(
        error?.description.contains(word) == true, "\(header.prefix(80)): \(error ?? .init(""))")
    }
    #expect(throws: ModelFileError.self) { try Safetensors(bytes("{}", length: .max)) }
    #expect(throws: ModelFileError.self) { try Safetensors(bytes("{}", length: 1 << 40)) }
  }

  @Test func randomDamageNeverTraps() {
    let encoded = file.encoded()
    let random = Randomness(seed: 11)
    for trial in 0..<3000 {
      var damaged = encoded
      let one = random.derived(UInt64(trial))
      for change in 0..<1 + one.integer(0, below: 4) {
        let place = one.integer(UInt64(2 * change + 1), below: 400)
        damaged[min(place, damaged.count - 1)] = UInt8(
          one.integer(UInt64(2 * change + 2), below: 256))
      }
      // Either is fine, as long as the reader comes back and sizes agree.
      if let read = try? Safetensors(damaged) {
        #expect(read.tensors.allSatisfy { $0.values.count == $0.shape.reduce(1, *) })
      }
    }
  }
}
