import Foundation
import Testing

@testable import Tensors

@Suite struct WideIntegerTests {
  @Test func productsAndDifferences() {
    var a = WideInteger(Int.max).multiplied(by: WideInteger(Int.max), digitCount: 6)
    #expect(a.double(unit: 0) == Double(Int.max) * Double(Int.max))
    a.subtract(WideInteger(1).multiplied(by: WideInteger(1), digitCount: 6))
    a.subtract(WideInteger(Int.max).multiplied(by: WideInteger(Int.max), digitCount: 6))
    #expect(a.double(unit: 3) == -8)
    #expect(a.multiplied(by: a, digitCount: 6).double(unit: 0) == 1)
  }

  @Test func carriesDoNotChangeEquality() {
    var many = WideInteger(digitCount: 10)
    for _ in 0..<4096 { many.add(0x1_ffff_ffff, shift: 31, isNegative: false) }
    var once = WideInteger(digitCount: 10)
    once.add(0x1_ffff_ffff, shift: 43, isNegative: false)
    #expect(many == once)
    #expect(many.hashValue == once.hashValue)
  }

  @Test func refusesForeignDigits() {
    for text in ["[]", "[1]", "[-1,0]", "[4294967296,0]"] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(WideInteger.self, from: Data(text.utf8))
      }
    }
  }
}
