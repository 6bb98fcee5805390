import Features
import Foundation
import Rasters
import Testing

@testable import Pipelines

struct RegionalizeTests {
  /// A band of real values with gaps, one of few different values, and one to leave out.
  private func value(_ band: Int, _ column: Int, _ row: Int) -> Float {
    switch band {
    case 0: column == 3 ? .nan : StageRun.noise(21, column, row) * StageRun.noise(22, column, row)
    case 1: Float((column + row) % 5)
    default: StageRun.noise(23, column, row)
    }
  }

  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.raster("bands.tif", ["a", "b", "c"], value: value)
    return run
  }

  private static func stages(_ options: String) -> String {
    "{ type: \"read-cube\", tag: \"bands\", files: [\"bands.tif\"] },"
      + " { type: \"regionalize\", tag: \"regions\", \(options) }"
  }

  private func values(_ band: Int) -> [Float] {
    StageRun.cells(StageRun.grid.window).map { value(band, $0.column, $0.row) }
  }

  @Test func quantilesPutAsManyCellsIntoEachLevel() throws {
    let plan = try run().planned(Self.stages("bands: \"a\""), grid: StageRun.gridText)
    let product = try plan.rasterProduct("regions")
    #expect(product.bands.map(\.name) == ["a, 2 levels", "a, 4 levels", "a, 8 levels"])
    let cube = try plan.cube("regions")
    let sorted = values(0).filter(\.isFinite).sorted()
    for (band, count) in [2, 4, 8].enumerated() {
      let expected = values(0).map { value -> Float in
        if value.isNaN { return .nan }
        let breaks = (1..<count).count { part in
          let place = Double((sorted.count - 1) * part) / Double(count)
          let low = Int(place)
          let quantile =
            Double(sorted[low]) + (place - Double(low))
            * Double(sorted[min(low + 1, sorted.count - 1)] - sorted[low])
          return quantile < Double(value)
        }
        return Float(breaks + 1)
      }
      #expect(isSame(cube.band(band), expected))
      for level in 1...count {
        let cells = cube.band(band).count { $0 == Float(level) }
        #expect(abs(cells - sorted.count / count) <= 1)
      }
    }
  }

  @Test func naturalBreaksAreNested() throws {
    let plan = try run().planned(
      Self.stages("bands: [\"a\", \"b\"], levels: [2, 6], breaks: \"natural\""),
      grid: StageRun.gridText)
    let cube = try plan.cube("regions")
    #expect(cube.bandCount == 4)
    for (coarse, fine) in zip(cube.band(0), cube.band(1)) where !fine.isNaN {
      #expect(coarse == ((fine - 1) / 3).rounded(.down) + 1)
    }
    // As many cells as are quantiles' own limit: the breaks are those of all values.
    let sorted = values(0).filter(\.isFinite).map(Double.init).sorted()
    #expect(sorted.count < 1_001)
    let breaks = LevelBreaks(naturalOf: sorted, counts: [2, 6])
    let expected = values(0).map {
      $0.isNaN ? .nan : Float(breaks.level(of: Double($0), count: 6))
    }
    #expect(isSame(cube.band(1), expected))
    // Five different values have five levels of six.
    #expect(Set(cube.band(3)).count == 5)
  }

  @Test func foldsFitToTheirTrainingPart() throws {
    let run = try run()
    try run.text("x,y,kind\n1050,2050,0\n1200,1900,1\n1300,1800,0\n1370,2060,1\n", "labels.csv")
    let plan = try run.planned(
      "{ type: \"labels\", tag: \"labels\", file: \"labels.csv\", field: \"kind\" },"
        + " { type: \"split\", tag: \"folds\", inputs: \"labels\", method: \"blocks\", size: 120,"
        + " folds: 2 }," + Self.stages("bands: \"a\""), grid: StageRun.gridText)
    let places = try plan.places(0)
    let mask = places.trainingMask(StageRun.grid.window, of: StageRun.grid)
    #expect(mask.contains(false))
    let known = zip(values(0), mask).filter { $1 && $0.isFinite }.map { Double($0.0) }.sorted()
    let fit = try #require(try plan.rasterProduct("regions", fold: 0).recipe.fit)
    let breaks = try [LevelBreaks].stored(try plan.executor.value(fit))
    let median = (known[(known.count - 1) / 2] + known[known.count / 2]) / 2
    #expect(abs(breaks[0].breaks[3] - median) < 1e-6)
    let shipped = try #require(try plan.rasterProduct("regions").recipe.fit)
    #expect(try plan.executor.value(shipped) != plan.executor.value(fit))
  }

  @Test(arguments: ["[2, 3]", "[4, 2]", "[2, 2]", "[]"])
  func levelsMustBeNested(levels: String) throws {
    let problem = try run().problem(
      Self.stages("levels: \(levels)"), grid: StageRun.gridText)
    #expect(problem?.key == "levels")
  }

  @Test func aBandWithoutValuesIsSaid() throws {
    let run = try StageRun()
    try run.raster("bands.tif", ["a"]) { _, _, _ in .nan }
    let plan = try run.planned(Self.stages("levels: [2]"), grid: StageRun.gridText)
    let error = #expect(throws: ExecutionError.self) { try plan.cube("regions") }
    #expect(error?.description.contains("band 'a' has no value") == true)
  }
}
