import Reports

extension PixelFlags {
  /// The legend entry of a combination of flags: greys without a value, else the worst doubt, paler
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
        case bandMissing: Color(0xE0E0E0)
        case noSegment: Color(0xBDBDBD)
        default: Color(0x9A9A9A)
        }
      return grey.mixed(with: black, share: (isOutside ? 0.1 : 0) + (isAtBorder ? 0.05 : 0))
    }
    let plain = isOutside ? Color(0xD55E00) : Color(0x0072B2)
    return isAtBorder ? plain.mixed(with: white, share: 0.6) : plain
  }
}
