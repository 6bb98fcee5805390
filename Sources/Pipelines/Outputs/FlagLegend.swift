import Reports

extension PixelFlags {
  /// The legend entry of a combination of flags: pale greys without a value, else the worst doubt, paler
  /// at the border; every combination has a colour of its own.
  static func entry(_ flags: UInt8) -> QMLStyle.Entry {
    let meanings: [(UInt8, String)] = [
      (bandMissing, "band missing"), (noSegment, "no segment"),
      (outsideRange, "outside the training range"), (border, "at the border"),
    ]
    let names = meanings.filter { flags & $0.0 != 0 }.map(\.1)
    return QMLStyle.Entry(
      value: Int(flags), label: names.isEmpty ? "no doubt" : names.joined(separator: ", "),
      color: color(flags))
  }

  private static func color(_ flags: UInt8) -> Color {
    let isAtBorder = flags & border != 0
    let isOutside = flags & outsideRange != 0
    let (white, black) = (Color(0xFFFFFF), Color(0x000000))
    if flags & invalid != 0 {
      let grey: Color =
        switch flags & invalid {
        case bandMissing: Color(0xF4F4F4)
        case noSegment: Color(0xE4E4E4)
        default: Color(0xD4D4D4)
        }
      return grey.mixed(with: black, share: (isOutside ? 0.04 : 0) + (isAtBorder ? 0.02 : 0))
    }
    // Far apart in lightness, so that they are told apart without any hue.
    let plain = isOutside ? Color(0x8C2D00) : Color(0x3D8BC4)
    return isAtBorder ? plain.mixed(with: white, share: isOutside ? 0.2 : 0.35) : plain
  }
}
