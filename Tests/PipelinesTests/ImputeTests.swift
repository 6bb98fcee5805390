import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

@Suite(.serialized) struct ImputeTests {
  private func values(_ band: Int) -> [Float] {
    (0..<3500).map { CompositionalScene.value(Cell(column: $0 % 70, row: $0 / 70), band) }
  }

  @Test(arguments: ["median", "mean", "constant"]) func gapsAreFilled(method: String) throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let value = method == "constant" ? ", value: -3" : ""
    let (info, cube) = try scene.raster(
      "{ type: \"impute\", tag: \"cube\", bands: [\"Zn\", \"Cu\"], method: \"\(method)\", "
        + "indicator: true\(value) }")
    #expect(info.bands.map(\.name) == CompositionalScene.names + ["Zn missing", "Cu missing"])
    for (indicator, band) in [2, 0].enumerated() {
      let given = values(band)
      let known = given.filter { !$0.isNaN }.sorted().map(Double.init)
      let middle = (known[(known.count - 1) / 2] + known[known.count / 2]) / 2
      let wanted =
        method == "median"
        ? middle : method == "mean" ? known.reduce(0, +) / Double(known.count) : -3
      for index in 0..<3500 {
        let value = cube.values[band * 3500 + index]
        let flag = cube.values[(5 + indicator) * 3500 + index]
        if index % 70 < 9 && index / 70 < 7 {
          #expect(value.isNaN && flag.isNaN)
        } else if given[index].isNaN {
          #expect(abs(Double(value) - wanted) < 1e-5 * abs(wanted) && flag == 1)
        } else {
          #expect(value == given[index] && flag == 0)
        }
      }
    }
    #expect(cube.band(1).count(where: \.isNaN) == values(1).count(where: \.isNaN))
  }

  @Test func emptyCellsCanBeFilled() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (_, cube) = try scene.raster("{ type: \"impute\", tag: \"cube\", missing: \"impute\" }")
    #expect(cube.values.allSatisfy { !$0.isNaN })
  }

  @Test(arguments: ["median", "mean"]) func nothingLeaks(method: String) throws {
    try CompositionalScene.expectNoLeak(
      "{ type: \"impute\", tag: \"cube\", method: \"\(method)\" }")
  }

  @Test func aModelFileFillsAsItWasTrained() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    let (info, cube) = try scene.replayed(
      "{ type: \"impute\", indicator: true, bands: [\"As\", \"Fe\"] }, "
        + "{ type: \"log-ratio\", bands: [\"As\", \"Fe\"], method: \"ilr\" }, "
        + "{ type: \"standardize\", tag: \"cube\" }")
    #expect(
      info.bands.map(\.name)
        == CompositionalScene.names + [
          "As missing", "Fe missing", "explained output", "base value",
        ])
    #expect(cube.band(4).contains { !$0.isNaN && $0 != 0 })
  }

  @Test func mistakesAreNamed() throws {
    let scene = try CompositionalScene()
    defer { scene.remove() }
    func check(_ options: String, _ key: String, _ says: String) throws {
      try scene.expectProblem("{ type: \"impute\", \(options) }", key, says)
    }
    try check("method: \"constant\"", "value", "needs a 'value'")
    try check("value: 1", "value", "not with 'median'")
    try check("bands: [\"Cu\", \"Cy\"]", "bands", "no band 'Cy'")
    try check("bands: [\"Cu\", \"Cu\"]", "bands", "names band 'Cu' twice")
    try check("method: \"mode\"", "method", "unknown value 'mode'")
    try check("missing: \"any\"", "missing", "unknown value 'any'")
  }
}
