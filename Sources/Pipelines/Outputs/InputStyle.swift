import RasterFiles
import Reports

extension QMLStyle {
  /// A band that was read, by what it holds: a few kinds of whole numbers as classes, else a ramp.
  ///
  /// Where a few numbers lie far off, the ramp is of what is between the others.
  static func input(_ look: BandLook?, unit: String, band: Int) -> QMLStyle {
    guard let look else { return .continuous(range: 0...1, unit: unit, band: band) }
    if let classes = look.classes, classes.count > 1 {
      let entries = classes.enumerated().map { index, value in
        Entry(value: value, label: "\(value)", color: Palette.category(index))
      }
      return .classes(entries, band: band)
    }
    let (whole, middle) = (look.range, look.middle)
    let isFar =
      whole.upperBound - whole.lowerBound > 2 * (middle.upperBound - middle.lowerBound)
      && middle.lowerBound < middle.upperBound
    return .continuous(
      range: isFar ? middle : whole, of: isFar ? whole : nil, unit: unit, band: band)
  }
}
