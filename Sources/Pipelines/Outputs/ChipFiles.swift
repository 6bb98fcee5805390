import Foundation
import RasterFiles
import Rasters
import Reports
import Tensors

/// A raster of the window of one sample, for the project.
struct ChipFile {
  /// The tag of the raster that it belongs to.
  let tag: String
  let path: String
  /// What the layer is called.
  let title: String
  let band: String
  let style: QMLStyle
  let form: RasterForm
  /// What the file was made from.
  let key: Digest
}

extension OutputWriter {
  /// The name of the band of a chip.
  private static let band = "attention over even"

  /// Writes the window of each chosen sample where it lies on the map, `<tag>-chip-<sample>.tif`, and
  /// removes those of samples that are no longer chosen; all where there are no `notes`.
  func writeChips(_ notes: Node?, _ tag: String, _ result: inout Result) throws {
    let chips = try notes.map { try AttentionNotes.stored(try executor.value($0)).chips } ?? []
    // One scale, so that windows can be compared.
    let highest = chips.flatMap(\.values).filter(\.isFinite).max() ?? 1
    let style = QMLStyle.continuous(range: 0...Double(max(highest, 1)), ramp: .viridis)
    var names: Set<String> = []
    for chip in chips {
      let name = "\(tag)-\(chip.name)"
      names.insert(name)
      try write(chip, tag: tag, name: name, style, &result)
    }
    for path in ledger.files {
      let file = PipelinePath.name(of: path)
      let name = file.split(separator: ".").first.map(String.init) ?? ""
      // Other products may have names that begin alike.
      guard path == "\(folder)/\(file)", name.hasPrefix("\(tag)-chip-"),
        Int(name.dropFirst(tag.count + 6)) != nil,
        !names.contains(name)
      else { continue }
      if try ledger.remove(path) == .changed {
        executor.events.note("\(file) is of an earlier run and was changed since; it stays")
      }
    }
  }

  private func write(
    _ chip: AttentionChip, tag: String, name: String, _ style: QMLStyle, _ result: inout Result
  ) throws {
    let (path, stylePath) = ("\(folder)/\(name)\(form.ending)", "\(folder)/\(name).qml")
    let grid = chip.grid(of: executor.lattice.grid)
    var hash = KeyHash()
    hash.add("chips 1, GDAL \(GDAL.version) \(nodata) \(form.identity) \(grid) \(style.xml)")
    hash.add(SHA256.digest([UInt8](try JSONEncoder.stable.encode(chip))))
    let key = hash.digest
    result.chips.append(
      ChipFile(
        tag: tag, path: path,
        title: "\(tag): window of sample \(chip.sample), \(chip.classes.joined(separator: ", "))",
        band: Self.band, style: style, form: form, key: key))
    guard !ledger.isCurrent([path, stylePath], key: key) else {
      return try removeOtherForms(of: name)
    }
    var output = RasterOutput(
      path: path, grid: grid, bands: [OutputBand(name: Self.band)], type: .float32)
    output.nodata = nodata
    form.apply(to: &output, key)
    let cube = DataCube(window: grid.window, bandCount: 1, values: chip.values)
    try output.write(
      metadata: { _ in
        [
          "METHOD": "attention in the window of a sample", "SAMPLE": "\(chip.sample)",
          "CLASS": chip.classes.joined(separator: ", "),
        ]
      },
      finishing: { _ in try AtomicFile.write([UInt8](style.xml.utf8), to: stylePath) },
      provider: { .float32(cube.cropped(to: $0).values) })
    try ledger.record([path, stylePath], key: key, parts: output.parts)
    try removeOtherForms(of: name)
    result.written += [stylePath, path]
  }
}
