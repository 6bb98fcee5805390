import RasterFiles
import Reports

/// How the numbers of a raster are written.
extension Presentation {
  /// What decides the form of an output beside its content.
  var word: String {
    switch self {
    case .continuous: "continuous"
    case .probability: "probability"
    case .deviation(let models): "deviation of \(models)"
    case .entropy(let classes): "entropy of \(classes)"
    case .attribution(let attribution): "attribution of \(attribution.className)"
    case .flags: "flags"
    case .named(let named):
      "\(named.method) \(named.entries.map { "\($0.value) \($0.label) \($0.color.hex)" })"
    }
  }

  /// Whether cells are whole numbers of 8 bits.
  var isWhole: Bool {
    switch self {
    case .flags, .named: true
    case .continuous, .probability, .deviation, .entropy, .attribution: false
    }
  }

  /// What stands for missing cells: `usual` for real values.
  func nodata(_ usual: Double) -> Double? {
    switch self {
    case .flags: nil
    case .named: 255
    case .continuous, .probability, .deviation, .entropy, .attribution: usual
    }
  }

  /// How overviews are made: flags are of single cells, classes of areas.
  var overviews: RasterOutput.OverviewResampling {
    switch self {
    case .flags: .nearest
    case .named: .mode
    case .continuous, .probability, .deviation, .entropy, .attribution: .average
    }
  }

  /// The whole numbers that a cell may hold, as a legend names them.
  var entries: [QMLStyle.Entry] {
    switch self {
    case .named(let named): named.entries
    case .flags: (0...PixelFlags.all).map(PixelFlags.entry)
    case .continuous, .probability, .deviation, .entropy, .attribution: []
    }
  }

  /// The names of whole numbers.
  var categories: [Int: String] {
    Dictionary(entries.map { ($0.value, $0.label) }, uniquingKeysWith: { first, _ in first })
  }

  /// The colours of whole numbers.
  var palette: [Int: OutputBand.PaletteColor] {
    Dictionary(
      entries.map { entry in
        let color = entry.color
        return (
          entry.value,
          OutputBand.PaletteColor(red: color.red, green: color.green, blue: color.blue)
        )
      }, uniquingKeysWith: { first, _ in first })
  }

  /// A value that is written into the metadata.
  var facts: Node? {
    if case .named(let named) = self { named.facts } else { nil }
  }
}
