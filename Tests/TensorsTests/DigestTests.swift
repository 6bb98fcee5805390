import Foundation
import Tensors
import Testing

@Suite struct DigestTests {
  private let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  @Test func hexadecimalAndBack() {
    #expect(Digest(hex: hex)?.hex == hex)
    #expect(Digest(hex: hex.uppercased())?.hex == hex)
    #expect(Digest(hex: hex)?.bytes.prefix(2) == [0xba, 0x78])
    for wrong in ["", String(hex.dropLast()), hex + "0", String(hex.dropLast()) + "g"] {
      #expect(Digest(hex: wrong) == nil)
    }
  }

  @Test func codedAsText() throws {
    let digest = SHA256.digest("abc")
    #expect(try String(decoding: JSONEncoder().encode([digest]), as: UTF8.self) == "[\"\(hex)\"]")
    #expect(try JSONDecoder().decode([Digest].self, from: Data("[\"\(hex)\"]".utf8)) == [digest])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Digest].self, from: Data("[\"12\"]".utf8))
    }
  }

  @Test func orderIsThatOfTheDigits() {
    let digests = (0..<20).map { SHA256.digest("\($0)") }
    #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
  }
}
