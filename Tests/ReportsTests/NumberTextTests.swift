import Testing

@testable import Reports

@Suite struct NumberTextTests {
  @Test(
    arguments: [
      (1.005, 1, "1.0"), (0.25, 1, "0.3"), (-0.04, 1, "0.0"), (-1.25, 2, "-1.25"), (12, 0, "12"),
      (0.000123, 6, "0.000123"), (1e17, 0, "100000000000000000"), (.nan, 2, "n/a"),
      (-.infinity, 2, "-∞"),
    ] as [(Double, Int, String)])
  func writesDecimals(value: Double, decimals: Int, text: String) {
    #expect(NumberText.fixed(value, decimals: decimals) == text)
  }

  @Test(
    arguments: [
      (0, "0"), (0.5, "0.5"), (1234.567, "1235"), (0.00012345, "0.0001235"), (1e-7, "1e-7"),
      (-2.5e20, "-2.5e20"), (100000, "100000"), (99.999, "100"),
    ] as [(Double, String)])
  func writesShortNumbers(value: Double, text: String) {
    #expect(NumberText.short(value) == text)
  }
}
