import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// The synthetic filter: its files, and whether these hold what was planted.
struct FilterSceneTests {
  /// The windows cover at most a tenth of the bands.
  @Test func windowsAreNarrow() {
    let bands = FilterScene.windowBands
    #expect(bands.count == 13 && FilterScene.wavenumbers.count == 160)
    #expect(bands.map { FilterScene.wavenumbers[$0] }.min() == 1640)
  }

  /// Surface, spectrum and their interaction each tell something.
  @Test func eachSightTellsItsPart() {
    let accuracy = AgeingProcess.bestAccuracy
    #expect(abs(accuracy(.surface) - 0.506) < 0.001)
    #expect(abs(accuracy(.spectrum) - 0.521) < 0.001)
    #expect(abs(accuracy(.sum) - 0.699) < 0.001)
    #expect(abs(accuracy(.both) - 0.812) < 0.001)
    for shares in [AgeingProcess.ownShares, AgeingProcess.otherShares] {
      #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
    }
  }

  /// Particles show processes as often as the shares say, and who knows what shows decides as well
  /// as the enumeration says.
  @Test func evidenceFollowsItsShares() {
    let scene = FilterScene(seed: 3, cells: 480)
    #expect(scene.particles.count == 6400)
    let single = scene.particles.filter { $0.processes.count == 1 }
    #expect(abs(Double(single.count) / 6400 - 0.8) < 0.02)
    for process in AgeingProcess.allCases {
      let own = single.filter { $0.processes == [process] }
      for (place, share) in AgeingProcess.ownShares.enumerated() {
        let found = own.count { $0.evidence[process.rawValue] == place }
        #expect(abs(Double(found) / Double(own.count) - share) < 0.045)
      }
    }
    let right = single.count { particle in
      let probabilities = AgeingProcess.posterior(particle.evidence)
      return probabilities.indices.max { probabilities[$0] < probabilities[$1] }
        == particle.processes[0].rawValue
    }
    #expect(abs(Double(right) / Double(single.count) - AgeingProcess.bestAccuracy(.both)) < 0.02)
  }

  /// Images are those of the table's samples, also where a larger filter was before.
  @Test func aSmallerFilterLeavesNoImagesOfALargerOne() throws {
    let run = try SampleRun()
    defer { run.remove() }
    _ = try FilterScene(seed: 1, cells: 48).write(to: run.folder + "/filter")
    let before = try run.names("filter/images")
    for name in ["note.txt", "2024.png"] {
      try AtomicFile.write("not of the filter", to: "\(run.folder)/filter/images/\(name)")
    }
    // As a spreadsheet leaves a line without values.
    let table = run.folder + "/filter/samples.csv"
    let text = try String(contentsOfFile: table, encoding: .utf8)
    try AtomicFile.write(text + ",,,,\n\n,\n", to: table)
    let scene = FilterScene(seed: 1, cells: 36)
    _ = try scene.write(to: run.folder + "/filter")
    let own = scene.particles.filter { $0.processes.count == 1 }.map { "\($0.number + 1).png" }
    #expect(before.count > own.count)
    #expect(try run.names("filter/images").sorted() == (own + ["2024.png", "note.txt"]).sorted())
  }

  @Test func filesHoldWhatWasPlanted() throws {
    let run = try SampleRun()
    defer { run.remove() }
    let scene = FilterScene(seed: 1, cells: 36)
    let names = try scene.write(to: run.folder + "/filter")
    #expect(Set(names) == Set(try run.names("filter")))
    let (info, spectra) = try run.raster("filter", "spectra.tif")
    #expect(info.bands.count == 160 && info.bands[0].metadata["wavelength"] == "800")
    #expect(info.bands[0].metadata["wavelength_units"] == "Wavenumber")
    let (fine, marks) = try run.raster("filter", "marks.tif")
    #expect(fine.width == 180)
    for process in AgeingProcess.allCases {
      let peak = try #require(
        FilterScene.wavenumbers.indices.min {
          abs(FilterScene.wavenumbers[$0] - process.absorption.peak)
            < abs(FilterScene.wavenumbers[$1] - process.absorption.peak)
        })
      // Above bands outside the window; what polymers have there is in particles of either kind.
      func height(_ isAbsorbing: Bool) -> Float {
        let own = scene.particles.filter { $0.absorbs(process) == isAbsorbing }.map { particle in
          let spectrum = spectra.spectrum(column: particle.column, row: particle.row)
          return spectrum[peak] - spectrum[peak - 6] / 2 - spectrum[peak + 6] / 2
        }
        return own.reduce(0, +) / Float(own.count)
      }
      #expect(height(true) - height(false) > 0.02, "\(process) \(height(true)) \(height(false))")
    }
    for particle in scene.particles {
      let center = (particle.column * 5 + 2, particle.row * 5 + 2)
      for (x, y) in [(0, 0), (-4, 2), (3, 3)] {
        let shown = particle.marks(x: x, y: y)
        #expect(
          marks.spectrum(column: center.0 + x, row: center.1 + y)
            == AgeingProcess.allCases.map { shown.contains($0) ? 1 : 0 })
      }
    }
    let (_, photograph) = try run.raster("filter", "photograph.tif")
    let samples = try PointTable.rows(
      path: run.folder + "/filter/samples.csv", fields: ["particle", "image", "800", "3980"])
    let single = scene.particles.filter { $0.processes.count == 1 }
    #expect(samples.numbers("particle") == single.map { Double($0.number + 1) })
    for (row, particle) in single.enumerated() {
      let spectrum = spectra.spectrum(column: particle.column, row: particle.row)
      #expect(abs(samples.numbers("800")[row] - Double(spectrum[0])) < 1e-6)
      #expect(abs(samples.numbers("3980")[row] - Double(spectrum[159])) < 1e-6)
      let (image, pixels) = try run.raster(
        "filter", try #require(samples.columns["image"]?.texts[row]))
      #expect(image.width == 15 && image.height == 15 && image.bands.count == 4)
      for (x, y) in [(0, 0), (7, 7), (14, 3)] {
        #expect(
          pixels.spectrum(column: x, row: y).prefix(3)
            == photograph.spectrum(
              column: particle.column * 5 - 5 + x, row: particle.row * 5 - 5 + y)[...])
      }
    }
    let table = try PointTable.read(path: run.folder + "/filter/particles.csv", crs: "")
    let mixed = try PointTable.read(path: run.folder + "/filter/mixtures.csv", crs: "")
    #expect(table.count + mixed.count == 36)
    #expect(table.columns["second"]?.texts.allSatisfy(\.isEmpty) == true)
    for (points, causes) in [(table, 1.0), (mixed, 2)] {
      let numbers = AgeingProcess.allCases.map { points.numbers($0.name) }
      #expect((0..<points.count).allSatisfy { row in numbers.reduce(0) { $0 + $1[row] } == causes })
    }
  }

  /// The same seed makes the same files, another one others.
  @Test func theSeedDecides() {
    func colors(_ seed: UInt64) -> [[Double]] {
      FilterScene(seed: seed, cells: 24).particles.map(\.color)
    }
    #expect(colors(1) == colors(1) && colors(1) != colors(2))
  }
}
