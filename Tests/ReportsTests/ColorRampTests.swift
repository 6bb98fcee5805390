import Reports
import Testing

@Suite struct ColorRampTests {
  @Test func interpolatesBetweenControlPoints() {
    let ramp = ColorRamp([Color(0x000000), Color(0x646464), Color(0xFFFFFF)])
    #expect(ramp.color(at: 0) == Color(0x000000))
    #expect(ramp.color(at: 0.25) == Color(0x323232))
    #expect(ramp.color(at: 0.5) == Color(0x646464))
    #expect(ramp.color(at: 1) == Color(0xFFFFFF))
    #expect(ramp.color(at: -3) == Color(0x000000))
    #expect(ramp.color(at: .infinity) == Color(0xFFFFFF))
    #expect(ramp.color(at: .nan) == Color(0x000000))
    #expect(ramp.reversed.color(at: 0) == Color(0xFFFFFF))
  }

  @Test(arguments: [ColorRamp.viridis, .cividis, ColorRamp.probability.reversed])
  func sequentialRampsGetSteadilyLighter(ramp: ColorRamp) {
    let luminances = (0...100).map { ramp.color(at: Double($0) / 100).luminance }
    for (left, right) in zip(luminances, luminances.dropFirst()) { #expect(right >= left - 0.002) }
    #expect((luminances.last ?? 0) - (luminances.first ?? 0) > 0.6)
  }

  @Test func theDivergingRampIsLightestInTheMiddleAndEven() {
    let ramp = ColorRamp.diverging
    for step in 0..<50 {
      let share = Double(step) / 100
      #expect(ramp.color(at: share).luminance < ramp.color(at: 0.5).luminance)
      let difference = ramp.color(at: share).luminance - ramp.color(at: 1 - share).luminance
      #expect(abs(difference) < 0.15)
    }
    #expect(ramp.color(at: 0.5) == Color(0xF7F7F7))
  }
}
