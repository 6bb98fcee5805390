/// A colour of a chart, a picture or a style, as sRGB.
public struct Color: Sendable, Hashable {
  /// Red, 0...255.
  public var red: UInt8
  /// Green, 0...255.
  public var green: UInt8
  /// Blue, 0...255.
  public var blue: UInt8

  /// Mixes a colour.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// A colour as written in hexadecimal: `0xE69F00`.
  public init(_ rgb: UInt32) {
    self.init(
      red: UInt8(rgb >> 16 & 255), green: UInt8(rgb >> 8 & 255), blue: UInt8(rgb & 255))
  }

  /// The colour as CSS, SVG and QGIS write it: `#e69f00`.
  public var hex: String {
    let digits = String(UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue), radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }

  /// The colour a share of the way to another, channel by channel.
  public func mixed(with other: Color, share: Double) -> Color {
    func mix(_ from: UInt8, _ to: UInt8) -> UInt8 {
      UInt8((Double(from) + (Double(to) - Double(from)) * min(max(share, 0), 1)).rounded())
    }
    return Color(
      red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue))
  }

  /// The relative luminance of WCAG 2, 0 for black and 1 for white.
  public var luminance: Double {
    0.2126 * Self.linear[Int(red)] + 0.7152 * Self.linear[Int(green)]
      + 0.0722 * Self.linear[Int(blue)]
  }

  /// The contrast of WCAG 2 with another colour, 1 for none to 21.
  public func contrast(with other: Color) -> Double {
    let (dark, light) = (min(luminance, other.luminance), max(luminance, other.luminance))
    return (light + 0.05) / (dark + 0.05)
  }

  /// Black or white, whichever is easier to read on this colour.
  public var readableText: Color { luminance > 0.179 ? Color(0x000000) : Color(0xFFFFFF) }

  private static let linear: [Double] = (0...255).map { step in
    let value = Double(step) / 255
    return value <= 0.04045 ? value / 12.92 : power((value + 0.055) / 1.055, 2.4)
  }
}

/// Colours for things that have no order.
public enum Palette {
  /// Eight colours that people with any kind of colour vision can tell apart (Okabe & Ito 2008).
  public static let okabeIto: [Color] = [
    Color(0x0072B2), Color(0xE69F00), Color(0x009E73), Color(0xCC79A7), Color(0x56B4E9),
    Color(0xD55E00), Color(0xF0E442), Color(0x000000),
  ]

  /// The colour of the class at `index`; after eight the colours return, lighter each time.
  public static func category(_ index: Int) -> Color {
    let color = okabeIto[index % okabeIto.count]
    let round = min(index / okabeIto.count, 3)
    return color.mixed(with: Color(0xFFFFFF), share: 0.25 * Double(round))
  }

  /// The colour of the class at `index` for lines and bars on white: darkened until its contrast
  /// is 3, which WCAG 2 asks of what a chart consists of.
  public static func mark(_ index: Int) -> Color {
    let (black, white) = (Color(0x000000), Color(0xFFFFFF))
    let shades = (0...20).lazy.map { category(index).mixed(with: black, share: Double($0) / 20) }
    return shades.first { $0.contrast(with: white) >= 3 } ?? black
  }

  /// A colour for an id that is always the same and unlike those of neighbouring ids.
  ///
  /// Hue, saturation and lightness come from different bits of a hash (SplitMix64's finaliser).
  public static func identifier(_ id: UInt32) -> Color {
    var bits = UInt64(id) &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    let hue = Double(bits & 0xFFFF) / 65536
    let saturation = 0.35 + 0.4 * Double(bits >> 16 & 0xFF) / 255
    let lightness = 0.4 + 0.35 * Double(bits >> 24 & 0xFF) / 255
    return Color(hue: hue, saturation: saturation, lightness: lightness)
  }
}

extension Color {
  /// A colour by hue (0...1 around the circle), saturation and lightness.
  init(hue: Double, saturation: Double, lightness: Double) {
    let chroma = saturation * min(lightness, 1 - lightness)
    func channel(_ offset: Double) -> UInt8 {
      let step = (offset + hue * 12).truncatingRemainder(dividingBy: 12)
      let value = lightness - chroma * max(-1, min(step - 3, 9 - step, 1))
      return UInt8((min(max(value, 0), 1) * 255).rounded())
    }
    self.init(red: channel(0), green: channel(8), blue: channel(4))
  }
}
