/// Colours for numbers, by interpolation between evenly spaced control points.
public struct ColorRamp: Sendable, Hashable {
  /// The colours from the lowest number to the highest; at least two.
  public let colors: [Color]

  /// Makes a ramp of evenly spaced colours.
  public init(_ colors: [Color]) {
    precondition(colors.count >= 2, "a ramp of \(colors.count) colours")
    self.colors = colors
  }

  /// The colour at a position, 0 first and 1 last; what is outside takes the nearest end.
  public func color(at position: Double) -> Color {
    let clamped = position.isNaN ? 0 : min(max(position, 0), 1)
    let scaled = clamped * Double(colors.count - 1)
    let index = min(Int(scaled), colors.count - 2)
    return colors[index].mixed(with: colors[index + 1], share: scaled - Double(index))
  }

  /// The ramp from its other end.
  public var reversed: ColorRamp { ColorRamp(colors.reversed()) }

  /// From dark blue to yellow, perceptually uniform (viridis, van der Walt & Smith 2015).
  public static let viridis = ColorRamp([
    Color(0x440154), Color(0x482878), Color(0x3E4A89), Color(0x31688E), Color(0x26828E),
    Color(0x1F9E89), Color(0x35B779), Color(0x6DCD59), Color(0xB4DE2C), Color(0xFDE725),
  ])

  /// From blue to yellow, the same for people with colour vision deficiency (cividis, Nuñez 2018).
  public static let cividis = ColorRamp([
    Color(0x00204D), Color(0x00336F), Color(0x39486B), Color(0x575C6D), Color(0x707173),
    Color(0x8A8779), Color(0xA69D75), Color(0xC4B56C), Color(0xE4CF5B), Color(0xFFEA46),
  ])

  /// From pale to dark for probabilities: what matters stands out on a pale base map.
  ///
  /// Perceptually uniform: equal steps are equal differences in CIELAB.
  public static let probability = ColorRamp([
    Color(0xFFFFCC), Color(0xFEE38F), Color(0xFEC04D), Color(0xF7903A), Color(0xE0562A),
    Color(0xB22A2C), Color(0x811A2F),
  ])

  /// From blue over white to orange-brown, safe for colour vision deficiency (after Brewer's PuOr).
  public static let diverging = ColorRamp([
    Color(0x1B4F8A), Color(0x3F86BE), Color(0x8FBFDD), Color(0xD4E6F1), Color(0xF7F7F7),
    Color(0xFBE0C4), Color(0xF2B26D), Color(0xD9781F), Color(0x8F4208),
  ])
}
