import Foundation
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

  /// A colour in CIELAB under D65.
  private func lab(_ color: Color) -> SIMD3<Double> {
    func linear(_ channel: UInt8) -> Double {
      let value = Double(channel) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    let (r, g, b) = (linear(color.red), linear(color.green), linear(color.blue))
    func root(_ share: Double) -> Double {
      share > 0.008856 ? cbrt(share) : 7.787 * share + 16.0 / 116
    }
    let x = root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047)
    let y = root(0.2126729 * r + 0.7151522 * g + 0.0721750 * b)
    let z = root((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883)
    return SIMD3(116 * y - 16, 500 * (x - y), 200 * (y - z))
  }

  @Test func equalStepsOfProbabilityLookEqual() {
    let colors = ColorRamp.probability.colors.map(lab)
    let steps = zip(colors, colors.dropFirst()).map { a, b in
      let d = a - b
      return (d * d).sum().squareRoot()
    }
    let mean = steps.reduce(0, +) / Double(steps.count)
    for step in steps { #expect(abs(step - mean) < 0.1 * mean, "\(steps)") }
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
