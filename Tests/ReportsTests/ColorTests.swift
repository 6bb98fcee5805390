import Reports
import Testing

@Suite struct ColorTests {
  @Test func writesHexadecimal() {
    #expect(Color(0x0072B2).hex == "#0072b2")
    #expect(Color(0x000000).hex == "#000000")
    #expect(Color(red: 1, green: 2, blue: 255) == Color(0x0102FF))
  }

  @Test func mixesAndMeasures() {
    let (black, white) = (Color(0x000000), Color(0xFFFFFF))
    #expect(black.mixed(with: white, share: 0.5) == Color(0x808080))
    #expect(black.mixed(with: white, share: 9) == white)
    #expect(black.luminance == 0)
    #expect(abs(white.luminance - 1) < 1e-9)
    #expect(abs(Color(0x777777).luminance - 0.1845) < 1e-4)
    #expect(white.readableText == black)
    #expect(Color(0x08519C).readableText == white)
  }

  @Test func categoriesReturnLighter() {
    #expect(Palette.category(0) == Palette.okabeIto[0])
    let colors = (0..<24).map(Palette.category)
    #expect(Set(colors).count == 24)
    #expect(Palette.category(8).luminance > Palette.category(0).luminance)
    #expect(Palette.category(1000) == Palette.category(1000))
  }

  @Test func marksAreSeenOnWhite() {
    let white = Color(0xFFFFFF)
    #expect(abs(white.contrast(with: Color(0x000000)) - 21) < 1e-9)
    #expect(Color(0x777777).contrast(with: white) == white.contrast(with: Color(0x777777)))
    for index in 0..<24 {
      #expect(Palette.mark(index).contrast(with: white) >= 3)
    }
    #expect(Set((0..<8).map(Palette.mark)).count == 8)
    // Colours that are dark enough stay as they are.
    #expect(Palette.mark(0) == Palette.category(0) && Palette.mark(6) != Palette.category(6))
  }

  @Test func identifiersAreFarApart() {
    let colors = (1...1000).map { Palette.identifier(UInt32($0)) }
    #expect(Set(colors).count > 990)
    var distance = 0.0
    for (left, right) in zip(colors, colors.dropFirst()) {
      let steps = [
        Double(left.red) - Double(right.red), Double(left.green) - Double(right.green),
        Double(left.blue) - Double(right.blue),
      ]
      distance += steps.map { $0 * $0 }.reduce(0, +).squareRoot()
    }
    #expect(distance / 999 > 80)
  }
}
