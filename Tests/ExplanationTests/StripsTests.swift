import Testing

@testable import Explanation

@Suite struct StripsTests {
  private func covering(_ wanted: [Bool]?, margin: Int, whole: Bool = false, limit: Int = .max)
    -> [Strip]
  {
    Strip.covering(
      wanted, width: 4, height: 10, margin: margin, whole: whole, rowLimit: limit)
  }

  @Test func everythingWithoutAMask() {
    #expect(covering(nil, margin: 1) == [Strip(rows: 0..<10, columns: 0..<4)])
    #expect(covering(nil, margin: 1, limit: 4).map(\.rows) == [0..<4, 4..<8, 8..<10])
  }

  @Test func nearlyAllIsAll() {
    var wanted = [Bool](repeating: false, count: 40)
    for row in 1..<10 { wanted[row * 4] = true }
    wanted[5 * 4 + 3] = true
    #expect(covering(wanted, margin: 1) == [Strip(rows: 0..<10, columns: 0..<4)])
    // Rows that are taken in parts stay parts.
    #expect(covering(wanted, margin: 1, limit: 5).map(\.rows) == [1..<6, 6..<10])
  }

  @Test func gapsWiderThanTheHaloAreSkipped() {
    var wanted = [Bool](repeating: false, count: 40)
    wanted[1 * 4 + 1] = true
    wanted[3 * 4 + 2] = true
    wanted[9 * 4 + 2] = true
    #expect(
      covering(wanted, margin: 1)
        == [Strip(rows: 1..<4, columns: 1..<3), Strip(rows: 9..<10, columns: 1..<3)])
    #expect(covering(wanted, margin: 0).map(\.rows) == [1..<2, 3..<4, 9..<10])
    #expect(covering(wanted, margin: 1, whole: true, limit: 2).map(\.rows) == [1..<10])
  }
}
