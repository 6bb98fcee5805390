import Features
import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Kriging and trend surfaces through plans, and what may reach a fold.
struct PointInterpolationTests {
  /// Points of three folds with a smooth column and a noisy one with gaps.
  struct Survey {
    var x: [Double] = []
    var y: [Double] = []
    var columns: [[Float]] = [[], []]

    init(count: Int = 60) {
      for point in 0..<count {
        x.append(1_030 + 360 * Double(StageRun.noise(11, point)))
        y.append(1_790 + 280 * Double(StageRun.noise(12, point)))
        let wave = 20 + 6 * sin(x[point] / 70) + (y[point] - 1_790) / 40
        columns[0].append(Float(wave) + 2 * StageRun.noise(13, point))
        columns[1].append(point % 7 == 0 ? .nan : 3 + StageRun.noise(14, point))
      }
      // Two points coincide, a third shares their cell.
      (x[4], y[4]) = (x[1], y[1])
      (x[7], y[7]) = (x[1] + 0.25, y[1])
    }

    func fold(_ point: Int) -> Int { point % 3 }

    var csv: String {
      var lines = ["x,y,Cu,Zn,kind,fold"]
      for point in x.indices {
        let zinc = columns[1][point].isNaN ? "" : "\(columns[1][point])"
        lines.append(
          "\(x[point]),\(y[point]),\(columns[0][point]),\(zinc),\(point / 3 % 2),\(fold(point))")
      }
      return lines.joined(separator: "\n") + "\n"
    }

    func cell(_ point: Int) -> Cell? { StageRun.grid.cell(x: x[point], y: y[point]) }

    /// The points in the cells of the points of a fold, which are its test places.
    func hidden(in fold: Int) -> Set<Int> {
      let cells = Set(x.indices.filter { self.fold($0) == fold }.map(cell))
      return Set(x.indices.filter { cells.contains(cell($0)) })
    }
  }

  static func gridding(_ options: String) -> String {
    "{ type: \"grid-points\", tag: \"metals\", file: \"points.csv\", fields: [\"Cu\", \"Zn\"],"
      + " unit: \"mg/kg\", \(options) }"
  }

  static func run(_ survey: Survey) throws -> StageRun {
    let run = try StageRun()
    try run.text(survey.csv, "points.csv")
    return run
  }

  // MARK: Values

  @Test func krigingTakesTheVariogramOfEachColumn() throws {
    let survey = Survey()
    let plan = try Self.run(survey).planned(
      Self.gridding("method: \"kriging\", model: \"spherical\", neighbours: 9, variance: true"),
      grid: StageRun.gridText)
    let bands = try plan.rasterProduct("metals").bands
    #expect(bands.map(\.name) == ["Cu", "Cu variance", "Zn", "Zn variance"])
    #expect(bands.map(\.unit) == ["mg/kg", "(mg/kg)^2", "mg/kg", "(mg/kg)^2"])
    let cube = try plan.cube("metals")
    for column in 0..<2 {
      let variogram = Variogram(
        x: survey.x, y: survey.y, values: survey.columns[column], shapes: [.spherical])
      let surface = OrdinaryKriging(
        x: survey.x, y: survey.y, values: survey.columns[column], variogram: variogram.model,
        neighbors: 9)
      let found = StageRun.cells(StageRun.grid.window).map { cell in
        let place = StageRun.grid.center(of: cell)
        return surface.estimate(x: place.x, y: place.y)
      }
      #expect(isSame(cube.band(2 * column), found.map { Float($0.value) }))
      #expect(isSame(cube.band(2 * column + 1), found.map { Float($0.variance) }))
      #expect(Set(cube.band(2 * column)).count > 900)
    }
  }

  @Test func trendIsThePolynomialOfItsDegree() throws {
    let survey = Survey()
    let plan = try Self.run(survey).planned(
      Self.gridding("method: \"trend\", degree: 3"), grid: StageRun.gridText)
    let cube = try plan.cube("metals")
    for column in 0..<2 {
      let surface = try #require(
        TrendSurface(x: survey.x, y: survey.y, values: survey.columns[column], degree: 3))
      let expected = StageRun.cells(StageRun.grid.window).map { cell in
        let place = StageRun.grid.center(of: cell)
        return Float(surface.value(x: place.x, y: place.y))
      }
      #expect(isSame(cube.band(column), expected))
    }
  }

  @Test(arguments: [
    "method: \"kriging\", variance: true", "method: \"kriging\", neighbours: 0",
    "method: \"trend\"",
  ])
  func chunksDoNotMatter(options: String) throws {
    let run = try Self.run(Survey())
    let stages =
      Self.gridding(options)
      + ", { type: \"regionalize\", tag: \"regions\", breaks: \"natural\" }, { type: \"write\","
      + " inputs: [\"metals\", \"regions\"] }"
    for tag in ["metals", "regions"] {
      let parts = try run.output(stages, tag, grid: StageRun.gridText, chunk: 16)
      let whole = try run.output(stages, tag, grid: StageRun.gridText, chunk: 512)
      #expect(parts.bytes == whole.bytes)
    }
  }

  /// A training sample reads the estimate without the points in its cell, with the variogram of all.
  @Test func samplesLeaveTheirOwnPointsOut() throws {
    let survey = Survey()
    let plan = try Self.run(survey).planned(
      Self.labels + Self.gridding("method: \"kriging\"") + Self.training("metals"),
      grid: StageRun.gridText)
    let variogram = Variogram(x: survey.x, y: survey.y, values: survey.columns[0])
    let surface = OrdinaryKriging(
      x: survey.x, y: survey.y, values: survey.columns[0], variogram: variogram.model)
    for row in try rows(plan, fold: nil) {
      let cell = try #require(survey.cell(row.position))
      let place = StageRun.grid.center(of: cell)
      let own = Set(survey.x.indices.filter { survey.cell($0) == cell })
      let expected = surface.estimate(x: place.x, y: place.y, excluding: own)
      #expect(row.spectrum[0] == Float(expected.value))
      #expect(expected != surface.estimate(x: place.x, y: place.y))
    }
  }

  // MARK: Leaks

  private static let labels =
    "{ type: \"labels\", tag: \"labels\", file: \"points.csv\", field: \"kind\" },"
    + " { type: \"split\", tag: \"folds\", inputs: \"labels\", method: \"field\", field: \"fold\" },"

  private static func training(_ cube: String) -> String {
    ", { type: \"train\", tag: \"model\", inputs: { cube: \"\(cube)\", samples: \"labels\" },"
      + " branches: [{ type: \"spectral-cnn\", filters: [2], kernel: 1 }] }"
  }

  private func rows(_ plan: PlannedRun, fold: Int?) throws -> [SampleRows.Row] {
    guard case .model(let model) = try plan.product("model", fold: fold),
      let training = model.training
    else { throw SampleRun.SampleError.missing("model") }
    return try plan.executor.tables(training.rows, plan.grid.window).flatMap {
      try SampleRows($0).rows
    }
  }

  /// Everything that a fold fits, maps and reads at samples, bit by bit.
  private struct Seen: Equatable {
    /// Variograms, where there are any.
    var variograms: [UInt8]?
    var breaks: [UInt8]
    var surfaces: [UInt32]
    var levels: [UInt32]
    var rows: [[UInt32]]
  }

  private func seen(
    _ survey: Survey, _ options: String, _ breaks: String, labels: String = Self.labels
  ) throws -> Seen {
    let plan = try Self.run(survey).planned(
      labels + Self.gridding(options)
        + ", { type: \"regionalize\", tag: \"regions\", levels: [2, 4, 8], breaks: \"\(breaks)\" },"
        + " { type: \"stack\", tag: \"cube\", inputs: [\"metals\", \"regions\"] }"
        + Self.training("cube"), grid: StageRun.gridText)
    let metals = try plan.rasterProduct("metals", fold: 0).node
    let fit = try #require(try plan.rasterProduct("regions", fold: 0).recipe.fit)
    return Seen(
      variograms: try metals.edges.count > 1 ? plan.executor.value(metals.edges[1].node) : nil,
      breaks: try plan.executor.value(fit),
      surfaces: try plan.cube("metals", fold: 0).values.map(\.bitPattern),
      levels: try plan.cube("regions", fold: 0).values.map(\.bitPattern),
      rows: try rows(plan, fold: 0).map { [UInt32($0.position)] + $0.spectrum.map(\.bitPattern) })
  }

  @Test(arguments: ["method: \"idw\"", "method: \"kriging\", variance: true", "method: \"trend\""])
  func testPointsReachNothingOfTheirFold(options: String) throws {
    let survey = Survey()
    let hidden = survey.hidden(in: 0)
    #expect(hidden.count >= 20 && hidden.count < 30)
    for breaks in ["quantiles", "natural"] {
      let plain = try seen(survey, options, breaks)
      #expect(plain.rows.count == survey.x.count)
      // Features at the test places themselves are among the rows.
      #expect(plain.rows.count { hidden.contains(Int($0[0])) } == hidden.count)
      var test = survey
      for point in hidden {
        for column in 0..<2 { test.columns[column][point] = 900 * StageRun.noise(column, point) }
      }
      #expect(try seen(test, options, breaks) == plain)
      var one = survey
      one.columns[0][3] = 1e6
      #expect(hidden.contains(3))
      #expect(try seen(one, options, breaks) == plain)
    }
  }

  /// What is not drawn for a fold is hidden from it like its test points.
  @Test(arguments: ["method: \"idw\"", "method: \"kriging\", variance: true"])
  func pointsThatAreNotDrawnReachNothing(options: String) throws {
    let survey = Survey()
    let labels = Self.labels.replacingOccurrences(
      of: "field: \"fold\"", with: "field: \"fold\", \"train-samples\": 15")
    #expect(labels != Self.labels)
    let plain = try seen(survey, options, "quantiles", labels: labels)
    let tested = survey.hidden(in: 0)
    var (reaching, silent) = (0, 0)
    for point in survey.x.indices where !tested.contains(point) && point % 4 == 0 {
      var other = survey
      other.columns[0][point] = 400
      if try seen(other, options, "quantiles", labels: labels) == plain {
        silent += 1
      } else {
        reaching += 1
      }
    }
    // Of some 35 training points 15 are drawn.
    #expect(reaching >= 2 && silent >= 2 && reaching + silent >= 8)
  }

  /// The same change at a training point is seen everywhere: the test above can fail.
  @Test(arguments: ["method: \"idw\"", "method: \"kriging\", variance: true", "method: \"trend\""])
  func trainingPointsReachAllOfTheirFold(options: String) throws {
    let survey = Survey()
    var other = survey
    #expect(!survey.hidden(in: 0).contains(20))
    other.columns[0][20] = 400
    for breaks in ["quantiles", "natural"] {
      let plain = try seen(survey, options, breaks)
      let changed = try seen(other, options, breaks)
      #expect(changed.surfaces != plain.surfaces && changed.levels != plain.levels)
      #expect(changed.breaks != plain.breaks && changed.rows != plain.rows)
      #expect((changed.variograms == plain.variograms) == (plain.variograms == nil))
      #expect((plain.variograms != nil) == options.contains("kriging"))
    }
  }

  // MARK: Problems

  @Test(arguments: [
    ("method: \"idw\", variance: true", "variance"), ("method: \"idw\", degree: 2", "degree"),
    ("method: \"kriging\", power: 2", "power"), ("method: \"trend\", neighbours: 5", "neighbours"),
    ("method: \"trend\", model: \"spherical\"", "model"),
    ("method: \"kriging\", neighbours: 1", "neighbours"),
    ("method: \"kriging\", neighbours: 501", "neighbours"),
  ])
  func optionsGoWithTheirMethod(options: String, key: String) throws {
    let problem = try Self.run(Survey()).problem(
      Self.gridding(options), grid: StageRun.gridText)
    #expect(problem?.key == key)
  }

  @Test(arguments: [
    ("method: \"kriging\"", "x,y,Cu,Zn\n1100,2000,1,1\n1200,2000,2,2\n", "three places"),
    (
      "method: \"kriging\", \"max-lag\": 5",
      "x,y,Cu,Zn\n1100,2000,1,1\n1200,2000,2,2\n1300,1900,2,2\n", "max-lag"
    ),
    (
      "method: \"trend\", degree: 1",
      "x,y,Cu,Zn\n1100,2000,1,1\n1200,1950,2,2\n1300,1900,2,2\n1350,1875,3,3\n", "do not determine"
    ),
  ])
  func tooFewPointsAreSaid(options: String, csv: String, words: String) throws {
    let run = try StageRun()
    try run.text(csv, "points.csv")
    let plan = try run.planned(Self.gridding(options), grid: StageRun.gridText)
    let error = #expect(throws: ExecutionError.self) { try plan.cube("metals") }
    #expect(error?.description.contains(words) == true)
    #expect(error?.description.contains("'Cu'") == true)
  }

  @Test func equalValuesGiveThatValue() throws {
    var survey = Survey()
    survey.columns[0] = survey.x.map { _ in 7 }
    let plan = try Self.run(survey).planned(
      Self.gridding("method: \"kriging\", variance: true"), grid: StageRun.gridText)
    let cube = try plan.cube("metals")
    #expect(cube.band(0).allSatisfy { $0 == 7 } && cube.band(1).allSatisfy { $0 == 0 })
  }
}
