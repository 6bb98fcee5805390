import Testing

@testable import Reports

@Suite struct AxisTests {
  private func labels(_ values: [Double]) -> [String] {
    let axis = Axis("", covering: values)
    return axis.ticks.map(axis.label)
  }

  @Test func marksRoundNumbers() {
    #expect(labels([0, 1]) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels([0, 0.87]) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels([-3, 12]) == ["-5", "0", "5", "10", "15"])
    #expect(labels([1, 11.5]) == ["0.0", "2.5", "5.0", "7.5", "10.0", "12.5"])
    #expect(labels([0, 4_000_000]) == ["0", "1000000", "2000000", "3000000", "4000000"])
    #expect(labels([2e-9, 9e-9]) == ["2e-9", "4e-9", "6e-9", "8e-9", "1e-8"])
  }

  @Test func partsOfATickEndAnAxisSooner() {
    #expect(Axis("", covering: [410, 2450]).range == 0...2500)
    let axis = Axis("", covering: [410, 2450], parts: 5)
    #expect(axis.range == 400...2500 && axis.ticks == [500, 1000, 1500, 2000, 2500])
  }

  @Test(
    arguments: [
      [], [5], [0, 0], [.nan, .infinity], [1e300, -1e300], [1e-300, 0], [3, 3.0000000000001],
      [-1e17, 1e17], [1e9, 1e9 + 1],
    ] as [[Double]])
  func coversWhateverComes(values: [Double]) {
    let axis = Axis("", covering: values)
    #expect(axis.range.lowerBound < axis.range.upperBound)
    #expect(axis.ticks.count >= 2 && axis.ticks.count <= 12, "\(axis.ticks)")
    for value in values where value.isFinite {
      #expect(axis.range.lowerBound <= value && value <= axis.range.upperBound)
    }
    for tick in axis.ticks { #expect(!axis.label(tick).isEmpty) }
  }

  @Test func placesNumbers() {
    let axis = Axis("", exactly: 10...20)
    #expect(axis.position(15) == 0.5)
    #expect(axis.position(25) == 1)
    #expect(axis.position(.nan) == 0)
    #expect(axis.range == 10...20)
    #expect(Axis("", exactly: 0...0.93).ticks.last == 0.8)
  }
}
