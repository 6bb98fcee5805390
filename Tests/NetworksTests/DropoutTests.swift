import Tensors
import Testing

@testable import Networks

@Suite struct DropoutTests {
  @Test func shareAndScale() {
    let mask = Dropout(share: 0.25).mask(features: 100, samples: 0..<200, Randomness(seed: 3))
    let dropped = mask.count { $0 == 0 }
    #expect(abs(Double(dropped) / 20_000 - 0.25) < 0.01)
    #expect(mask.allSatisfy { $0 == 0 || $0 == 1 / Float(0.75) })
    #expect(
      Dropout(share: 0).mask(features: 3, samples: 0..<2, Randomness(seed: 3)) == [
        1, 1, 1, 1, 1, 1,
      ])
  }

  @Test func groupsDoNotMatter() {
    let random = Randomness(seed: 4)
    let whole = Dropout(share: 0.5).mask(features: 3, samples: 0..<10, random)
    let part = Dropout(share: 0.5).mask(features: 3, samples: 6..<10, random)
    for feature in 0..<3 {
      #expect(part[feature * 4..<feature * 4 + 4] == whole[feature * 10 + 6..<feature * 10 + 10])
    }
  }
}
