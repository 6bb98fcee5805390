import Foundation
import RasterFiles
import Rasters
import Tensors

/// The files of a synthetic filter with aged plastic particles: a photograph, a coarser map of
/// infrared spectra, samples, and the truth that made them.
struct FilterScene {
  /// The grid of the spectra, cells of 25 um.
  let grid: Grid
  let particles: [AgedParticle]
  private let seed: UInt64
  private let random: Randomness
  /// The particle of each of the spectra's squares, by number.
  private let perRow: Int

  /// The wavenumbers of the spectra, cm-1.
  static let wavenumbers = (0..<160).map { 800 + 20 * Double($0) }
  /// The standard deviation of the noise of a spectrum's numbers and of a photograph's.
  static let noise = (spectrum: 0.01, photograph: 6.0)

  /// A filter of so many cells a side, of which whole squares hold a particle each.
  init(seed: UInt64, cells: Int) {
    self.seed = seed
    grid = Grid(
      width: cells, height: cells,
      transform: GeoTransform(
        left: 0, top: 25 * Double(cells), cellWidth: 25, cellHeight: 25), crs: "")
    let random = Randomness(seed: seed, Randomness.word("filter"))
    self.random = random
    let perRow = cells / AgedParticle.spacing
    self.perRow = perRow
    particles = (0..<perRow * perRow).map {
      AgedParticle(number: $0, perRow: perRow, random.derived(Randomness.word("particles")))
    }
  }

  /// The bands in which a process shows, and their share of all.
  static var windowBands: [Int] {
    wavenumbers.indices.filter { band in
      AgeingProcess.allCases.contains { $0.absorption.window.contains(wavenumbers[band]) }
    }
  }

  /// Writes the files; returns their names.
  func write(to folder: String) throws -> [String] {
    try FileManager.default.makeFolder(folder)
    try writeSpectra(folder + "/spectra.tif")
    try writePhotograph(folder + "/photograph.tif", folder + "/marks.tif")
    try AtomicFile.write(table { $0.processes.count == 1 }, to: folder + "/particles.csv")
    try AtomicFile.write(table { $0.processes.count == 2 }, to: folder + "/mixtures.csv")
    try writeTable(folder)
    try AtomicFile.write(
      FilterReadme(seed: seed, cells: grid.width).text, to: folder + "/README.txt")
    return [
      "spectra.tif", "photograph.tif", "marks.tif", "particles.csv", "mixtures.csv", "samples.csv",
      "images", "README.txt",
    ]
  }

  /// The particle in whose square a cell of the spectra's grid lies; nil beyond the last square.
  private func particle(column: Int, row: Int) -> AgedParticle? {
    let (x, y) = (column / AgedParticle.spacing, row / AgedParticle.spacing)
    return x < perRow && y < perRow ? particles[y * perRow + x] : nil
  }

  // MARK: Spectra

  private func writeSpectra(_ path: String) throws {
    let bands = Self.wavenumbers.map { wavenumber in
      OutputBand(
        name: "\(Int(wavenumber)) cm-1",
        metadata: BandPosition(wavenumber, .reciprocalCentimetres).metadata)
    }
    try RasterOutput(path: path, grid: grid, bands: bands).write { window in
      var values = [Float](repeating: 0, count: bands.count * window.cellCount)
      for row in window.y..<window.maxY {
        for column in window.x..<window.maxX {
          let cell = window.index(column: column, row: row)
          for (band, value) in measured(column: column, row: row).enumerated() {
            values[band * window.cellCount + cell] = value
          }
        }
      }
      return .float32(values)
    }
  }

  /// The absorbance of a cell at all wavenumbers with its noise.
  private func measured(column: Int, row: Int) -> [Float] {
    let own = random.derived(Randomness.word("spectra")).derived(
      UInt64(row * grid.width + column))
    return spectrum(column: column, row: row).enumerated().map { band, value in
      let noisy = value + Self.noise.spectrum * Double(own.normal(UInt64(band)))
      return Float((noisy * 2000).rounded() / 2000)
    }
  }

  /// The absorbance of a cell at all wavenumbers: that of the filter, and of the share of the cell
  /// that a particle covers.
  private func spectrum(column: Int, row: Int) -> [Double] {
    let particle = particle(column: column, row: row)
    let share = particle.map { cover($0, column, row) } ?? 0
    return Self.wavenumbers.map { wavenumber in
      let filter =
        0.3 * AgedParticle.gaussian(wavenumber, 1210, 40)
        + 0.2 * AgedParticle.gaussian(wavenumber, 1150, 30)
      return (1 - 0.8 * share) * filter
        + (share > 0 ? share * (particle?.absorbance(wavenumber) ?? 0) : 0)
    }
  }

  /// The share of a cell that a particle covers, by its cells of the photograph.
  private func cover(_ particle: AgedParticle, _ column: Int, _ row: Int) -> Double {
    let parts = AgedParticle.refinement
    let covered = (0..<parts * parts).count { part in
      let x = Double(part % parts - parts / 2) / Double(parts)
      let y = Double(part / parts - parts / 2) / Double(parts)
      return particle.covers(
        Double(column - particle.column) + x, Double(row - particle.row) + y)
    }
    return Double(covered) / Double(parts * parts)
  }

  // MARK: Photograph

  private func writePhotograph(_ path: String, _ marksPath: String) throws {
    let fine = grid.divided(by: AgedParticle.refinement)
    let bands = zip(["red", "green", "blue"], [OutputBand.Color.red, .green, .blue]).map {
      OutputBand(name: $0, color: $1)
    }
    try RasterOutput(path: path, grid: fine, bands: bands, type: .byte).write { window in
      var values = [UInt8](repeating: 0, count: 3 * window.cellCount)
      for row in window.y..<window.maxY {
        for column in window.x..<window.maxX {
          let cell = window.index(column: column, row: row)
          for (band, value) in pictured(column, row).enumerated() {
            values[band * window.cellCount + cell] = value
          }
        }
      }
      return .byte(values)
    }
    let processes = AgeingProcess.allCases.map { OutputBand(name: $0.name) }
    try RasterOutput(path: marksPath, grid: fine, bands: processes, type: .byte).write { window in
      var values = [UInt8](repeating: 0, count: processes.count * window.cellCount)
      for row in window.y..<window.maxY {
        for column in window.x..<window.maxX {
          guard let (particle, x, y) = central(column, row) else { continue }
          let cell = window.index(column: column, row: row)
          for process in particle.marks(x: x, y: y) {
            values[process.rawValue * window.cellCount + cell] = 1
          }
        }
      }
      return .byte(values)
    }
  }

  /// The particle near a cell of the photograph, and the cell counted from its central one.
  private func central(_ column: Int, _ row: Int) -> (AgedParticle, x: Int, y: Int)? {
    let parts = AgedParticle.refinement
    guard let particle = particle(column: column / parts, row: row / parts) else { return nil }
    return (
      particle, column - particle.column * parts - parts / 2,
      row - particle.row * parts - parts / 2
    )
  }

  /// Red, green and blue of a cell of the photograph with its noise.
  private func pictured(_ column: Int, _ row: Int) -> [UInt8] {
    let width = grid.width * AgedParticle.refinement
    let own = random.derived(Randomness.word("photograph")).derived(UInt64(row * width + column))
    return look(column, row).enumerated().map { band, value in
      let noisy = value + Self.noise.photograph * Double(own.normal(UInt64(band)))
      return UInt8(min(255, max(1, noisy.rounded())))
    }
  }

  /// Red, green and blue of a cell of the photograph, without noise.
  private func look(_ column: Int, _ row: Int) -> [Double] {
    let light = 1 + 0.1 * sin(Double(column) / 150) * cos(Double(row) / 190)
    let parts = Double(AgedParticle.refinement)
    guard let (particle, x, y) = central(column, row),
      particle.covers(Double(x) / parts, Double(y) / parts)
    else { return [200, 200, 195].map { $0 * light } }
    let factor = particle.brightness(x: x, y: y)
    return particle.color.map { $0 * factor * light }
  }

  // MARK: Samples

  /// The cells of the photograph along the side of a sample's image.
  static let imageSide = 15
  /// The cells of the spectra along the side of a square whose samples are neighbours.
  static let blockSide = 36

  /// Writes the particles of one process as a laboratory has them: a table of spectra, and an image of
  /// each, cut out of the photograph.
  private func writeTable(_ folder: String) throws {
    try FileManager.default.makeFolder(folder + "/images")
    let before = Self.images(in: folder)
    var written: Set<String> = []
    var lines = [
      (["particle", "process", "block", "image"] + Self.wavenumbers.map { "\(Int($0))" })
        .joined(separator: ",")
    ]
    for particle in particles where particle.processes.count == 1 {
      let name = "images/\(particle.number + 1).png"
      try AtomicFile.write(try image(of: particle), to: "\(folder)/\(name)")
      written.insert(name)
      let block = "\(particle.column / Self.blockSide)-\(particle.row / Self.blockSide)"
      lines.append(
        (["\(particle.number + 1)", particle.processes[0].name, block, name]
          + measured(column: particle.column, row: particle.row).map { "\($0)" })
          .joined(separator: ","))
    }
    try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: folder + "/samples.csv")
    let manager = FileManager.default
    for path in before.subtracting(written).map({ "\(folder)/\($0)" })
    where manager.fileExists(atPath: path) {
      try manager.removeItem(atPath: path)
    }
  }

  /// The images that the table of an earlier filter names.
  private static func images(in folder: String) -> Set<String> {
    let text = try? String(contentsOfFile: folder + "/samples.csv", encoding: .utf8)
    let lines = (text ?? "").split(separator: "\n").map { $0.split(separator: ",") }
    guard let head = lines.first, head.prefix(4) == ["particle", "process", "block", "image"] else {
      return []
    }
    return Set(
      lines.dropFirst().filter { $0.count == head.count && Int($0[0]) != nil }
        .map { "images/\($0[0]).png" })
  }

  /// The part of the photograph around a particle's central cell, as a PNG.
  private func image(of particle: AgedParticle) throws -> [UInt8] {
    let (parts, half) = (AgedParticle.refinement, Self.imageSide / 2)
    let (column, row) = (
      particle.column * parts + parts / 2, particle.row * parts + parts / 2
    )
    var pixels: [UInt8] = []
    for y in -half...half {
      for x in -half...half { pixels += pictured(column + x, row + y) + [255] }
    }
    return try PNGImage.encode(width: Self.imageSide, height: Self.imageSide, rgba: pixels)
  }

  /// The particles that are wanted, with what shows of each process and how probable each is.
  private func table(_ isWanted: (AgedParticle) -> Bool) -> String {
    let names = AgeingProcess.allCases.map(\.name)
    var lines = [
      (["particle", "x", "y", "process", "second"] + names + names.map { "surface \($0)" }
        + names.map { "spectrum \($0)" } + names.map { "p \($0)" }).joined(separator: ",")
    ]
    for particle in particles where isWanted(particle) {
      let center = grid.center(of: Cell(column: particle.column, row: particle.row))
      let shown = AgeingProcess.allCases.map { particle.shows($0) ? "1" : "0" }
      let absorbed = AgeingProcess.allCases.map { particle.absorbs($0) ? "1" : "0" }
      let probabilities = AgeingProcess.posterior(particle.evidence).map {
        "\(SceneRaster.rounded($0, digits: 3))"
      }
      lines.append(
        (["\(particle.number + 1)", "\(center.x)", "\(center.y)", particle.processes[0].name]
          + [particle.processes.count > 1 ? particle.processes[1].name : ""]
          + AgeingProcess.allCases.map { particle.processes.contains($0) ? "1" : "0" } + shown
          + absorbed + probabilities).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
