import Foundation
import Rasters
import Testing

@testable import Pipelines

/// Arithmetic of bands through plans.
struct ExpressionTests {
  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.raster("bands.tif", ["nir", "red"]) { band, column, row in
      column == 3 ? .nan : column == 5 ? 0 : 100 * StageRun.noise(band, column, row)
    }
    try run.raster("other.tif", ["Cu (ppm)"]) { _, column, row in Float(column + row) }
    return run
  }

  private static let readers =
    "{ type: \"read-cube\", tag: \"bands\", files: \"bands.tif\" },"
    + "{ type: \"read-cube\", tag: \"other\", files: \"other.tif\" },"

  private static func stage(_ bands: String, _ options: String = "") -> String {
    readers
      + "{ type: \"expression\", inputs: [\"bands\", \"other\"], bands: { \(bands) }\(options) }"
  }

  @Test func bandsAreMadeOfSeveralInputs() throws {
    let plan = try run().planned(
      Self.stage(
        "ndvi: \"(nir - red) / (nir + red)\", \"Cu log\": \"log('Cu (ppm)' + 1)\"",
        ", units: { \"Cu log\": \"log ppm\" }"))
    let product = try plan.rasterProduct("expression")
    #expect(product.bands == [Band(name: "Cu log", unit: "log ppm"), Band(name: "ndvi")])
    let (bands, other) = (try plan.cube("bands"), try plan.cube("other"))
    let found = try plan.cube("expression")
    let cells = found.window.cellCount
    for cell in 0..<cells {
      let (nir, red) = (bands.values[cell], bands.values[cells + cell])
      let ndvi = (Double(nir) - Double(red)) / (Double(nir) + Double(red))
      let value = found.values[cells + cell]
      #expect(ndvi.isNaN ? value.isNaN : value == Float(ndvi))
      #expect(isSame([found.values[cell]], [Float(log(Double(other.values[cell]) + 1))]))
    }
    #expect(found.band(1).contains { $0.isNaN } && found.band(1).contains { !$0.isNaN })
  }

  @Test func mistakesAreShownWhereTheyStand() throws {
    let run = try run()
    let band = try run.problem(Self.stage("a: \"nir\",\n b: \"nri + 1\""))
    #expect(band?.key == "bands" && band?.place.line == 3)
    #expect(band?.message == "'b', column 1: there is no band 'nri'; did you mean 'nir'?")
    let function = try run.problem(Self.stage("b: \"1 + sqr(nir)\""))
    #expect(function?.message.contains("column 5: there is no function 'sqr'") == true)
    #expect(function?.message.contains("'sqrt'") == true)
    let syntax = try run.problem(Self.stage("b: \"(nir + red\""))
    #expect(syntax?.message.contains("column 11") == true)
    let units = try run.problem(Self.stage("b: \"nir\"", ", units: { c: \"m\" }"))
    #expect(units?.key == "units")
    let none = try run.problem(Self.stage(""))
    #expect(none?.key == "bands")
    let twice = try run.problem(
      Self.readers
        + "{ type: \"expression\", inputs: [\"bands\", \"bands\"], bands: { b: \"nir\" } }")
    #expect(twice != nil)
  }

  @Test func chunksDoNotMatter() throws {
    let run = try run()
    let stages =
      Self.stage("b: \"exp(nir / 100) ^ 0.3 - red\"")
      + ", { type: \"write\", inputs: [\"expression\"] }"
    let whole = try run.output(stages, "expression").cube.values
    let parts = try run.output(stages, "expression", chunk: 16).cube.values
    #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern))
  }
}
