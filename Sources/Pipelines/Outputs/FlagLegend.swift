import Reports

extension PixelFlags {
  /// What a flag says, wherever it is told: in legends and metadata, and of a single cell.
  struct Meaning: Sendable {
    let flag: UInt8
    /// In a few words.
    let label: String
    /// In a sentence.
    let sentence: String
  }

  /// What all flags say, first of those that leave no value.
  static let meanings = [
    Meaning(
      flag: bandMissing, label: "band missing",
      sentence: "a band is missing here, so there is no value"),
    Meaning(
      flag: noSegment, label: "no segment",
      sentence: "the cell is in no segment, so there is no value"),
    Meaning(
      flag: outsideRange, label: "outside the training range",
      sentence:
        "outside what the model has seen: an input is beyond the range of the training samples"),
    Meaning(
      flag: border, label: "at the border",
      sentence: "at the border of the data: part of what the model looked at was filled in"),
  ]

  /// What a combination of flags says.
  static func meanings(of flags: UInt8) -> [Meaning] { meanings.filter { flags & $0.flag != 0 } }

  /// The legend entry of a combination of flags: pale greys without a value, else the worst doubt, paler
  /// at the border; every combination has a colour of its own.
  static func entry(_ flags: UInt8) -> QMLStyle.Entry {
    let labels = meanings(of: flags).map(\.label)
    return QMLStyle.Entry(
      value: Int(flags), label: labels.isEmpty ? "no doubt" : labels.joined(separator: ", "),
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
