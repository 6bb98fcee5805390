import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

@Suite(.serialized) struct LogRatioMethodsTests {
  @Test(arguments: ["zeros: 0.5", "zeros: \"smallest\"", "\"detection-limits\": { Cu: 2, Pb: 4 }"])
  func balancesOfAnyChunk(zeros: String) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.raster(
      "{ type: \"log-ratio\", tag: \"cube\", method: \"ilr\", \(zeros) }")
    #expect(info.bands.map(\.name) == ["ilr 1", "ilr 2", "ilr 3", "ilr 4"])
    let smallest = (0..<2).map { band in
      let cells = (0..<3500).map {
        CompositionalScene.value(Cell(column: $0 % 70, row: $0 / 70), band)
      }
      return cells.filter { $0 > 0 }.min() ?? 0
    }
    let stands: [Float] =
      zeros.contains("smallest")
      ? smallest.map { 0.65 * $0 } : zeros.contains("limits") ? [1.3, 2.6] : [0.5, 0.5]
    for index in 0..<3500 {
      let cell = Cell(column: index % 70, row: index / 70)
      let parts = (0..<5).map { band -> Double in
        let value = CompositionalScene.value(cell, band)
        return log(Double(value == 0 ? stands[band] : value))
      }
      for row in 1...4 {
        let mean = parts[..<row].reduce(0, +) / Double(row)
        let wanted = sqrt(Double(row) / Double(row + 1)) * (mean - parts[row])
        let value = Double(cube.values[(row - 1) * 3500 + index])
        #expect(parts.contains { $0.isNaN } ? value.isNaN : abs(value - wanted) < 1e-5)
      }
    }
  }

  @Test func ratiosToANamedPart() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.raster(
      "{ type: \"log-ratio\", tag: \"cube\", method: \"alr\", bands: [\"As\", \"Zn\", \"Fe\"], "
        + "denominator: \"Zn\" }")
    #expect(info.bands.map(\.name) == ["Cu", "Pb", "As/Zn", "Fe/Zn"])
    let cell = Cell(column: 31, row: 22)
    let value = { Double(CompositionalScene.value(cell, $0)) }
    #expect(abs(Double(cube.values[2 * 3500 + 22 * 70 + 31]) - log(value(3) / value(2))) < 1e-5)
  }

  @Test(arguments: ["clr", "ilr", "alr"]) func partsAreExplained(method: String) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.replayed(
      "{ type: \"log-ratio\", method: \"\(method)\", zeros: \"smallest\" }, "
        + "{ type: \"standardize\", tag: \"cube\" }")
    #expect(
      info.bands.map(\.name)
        == CompositionalScene.names + ["explained output", "base value"])
    #expect(cube.band(0).contains { !$0.isNaN && $0 != 0 })
  }

  @Test func smallestValuesAreThoseOfTheTrainingPart() throws {
    try CompositionalScene.expectNoLeak(
      "{ type: \"log-ratio\", tag: \"cube\", zeros: \"smallest\" }", planting: 1e-4)
  }

  @Test func unitsAreBroughtTogether() throws {
    let mixed = try CompositionalScene(units: ["ppm", "mg/kg", "%", "ppb", "g/t"])
    defer { mixed.remove() }
    let same = try CompositionalScene()
    defer { same.remove() }
    let stage = "{ type: \"log-ratio\", tag: \"cube\", zeros: 1 }"
    let factors =
      "{ type: \"log-ratio\", tag: \"cube\", zeros: 1, units: { Zn: 10000, As: \"ppb\" } }"
    let first = try mixed.raster(stage).cube.values
    let second = try same.raster(factors).cube.values
    #expect(zip(first, second).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
  }

  @Test func onlyGivenCodesAreZeros() throws {
    let coded = try CompositionalScene(planted: -77)
    defer { coded.remove() }
    let zero = try CompositionalScene(planted: 0)
    defer { zero.remove() }
    let stage = "{ type: \"log-ratio\", tag: \"cube\", zeros: 2, \"below-detection\": "
    let wanted = try zero.raster(stage + "[] }").cube.values
    for rule in ["\"negative\"", "[-77]"] {
      let values = try coded.raster(stage + rule + " }").cube.values
      #expect(zip(values, wanted).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, "\(rule)")
    }
    let missing = try coded.raster(stage + "[-1] }").cube.values
    let pairs = zip(missing, wanted).filter { $0.isNaN != $1.isNaN }
    #expect(!pairs.isEmpty && pairs.allSatisfy { $0.0.isNaN && abs($0.1) < 1e-6 })
  }

  @Test func mistakesAreNamed() throws {
    let scene = try CompositionalScene(units: ["ppm", "ppm", "counts", "", "%"])
    defer { scene.remove() }
    func check(_ options: String, _ key: String, _ says: String) throws {
      try scene.expectProblem("{ type: \"log-ratio\", \(options) }", key, says)
    }
    try check("zeros: 1", "units", "'Zn' is in 'counts'")
    try check("units: { Zn: \"ppm\" }", "units", "'As' has no unit")
    try check("units: { Zm: \"ppm\" }", "units", "did you mean 'Zn'")
    try check("units: { Zn: \"cps\" }", "units", "'cps' of 'Zn' is not known")
    try check("bands: [\"Cu\", \"Cu\"]", "bands", "names band 'Cu' twice")
    try check("bands: [\"Cu\", \"Pb\"], denominator: \"Pb\"", "denominator", "'alr' only")
    try check(
      "bands: [\"Cu\", \"Pb\"], method: \"alr\", denominator: \"Zn\"", "denominator", "no band 'Zn'"
    )
    try check(
      "bands: [\"Cu\", \"Pb\"], \"detection-limits\": { Fe: 1 }", "detection-limits", "no band 'Fe'"
    )
    try check("zeros: \"smalest\"", "zeros", "did you mean 'smallest'")
    #expect(try scene.problems("{ type: \"log-ratio\", bands: [\"Cu\", \"Fe\"] }").isEmpty)
  }
}
