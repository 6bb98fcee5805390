import Features
import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// How well points predict one another, and where that is told.
struct InterpolationSummaryTests {
  private typealias Survey = PointInterpolationTests.Survey

  private func summary(_ survey: Survey, _ options: String) throws -> InterpolationSummary {
    let plan = try PointInterpolationTests.run(survey).planned(
      PointInterpolationTests.gridding(options), grid: StageRun.gridText)
    let node = try #require(try plan.rasterProduct("metals").interpolation)
    return try InterpolationSummary.stored(try plan.executor.value(node))
  }

  /// The errors, point by point, of predictions from the points that `training` leaves.
  private func errors(
    _ survey: Survey, _ column: Int, predict: (Int) throws -> Double
  ) throws -> (mean: Double, rmse: Double, r2: Double) {
    let points = survey.x.indices.filter { survey.columns[column][$0].isFinite }
    let truth = points.map { Double(survey.columns[column][$0]) }
    let errors = try points.map { try predict($0) - Double(survey.columns[column][$0]) }
    let count = Double(points.count)
    let mean = truth.reduce(0, +) / count
    let square = errors.reduce(0) { $0 + $1 * $1 } / count
    let variance = truth.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    return (errors.reduce(0, +) / count, square.squareRoot(), 1 - square / variance)
  }

  private func expect(
    _ found: InterpolationSummary.Errors, _ wanted: (mean: Double, rmse: Double, r2: Double)
  ) {
    #expect(abs((found.mean ?? .nan) - wanted.mean) < 1e-4)
    #expect(abs((found.rmse ?? .nan) - wanted.rmse) < 1e-4)
    #expect(abs((found.r2 ?? .nan) - wanted.r2) < 1e-4)
  }

  @Test(arguments: 0..<2)
  func pointsAreLeftOutOneByOne(column: Int) throws {
    let survey = Survey()
    let summary = try summary(survey, "method: \"idw\", power: 3, neighbours: 5")
    #expect(summary.entries.map(\.field) == ["Cu", "Cu", "Cu", "Zn", "Zn", "Zn"])
    let (x, y, values) = (survey.x, survey.y, survey.columns[column])
    let variogram = Variogram(x: x, y: y, values: values)
    for (method, entry) in zip(
      PointInterpolation.Method.allCases, summary.entries[3 * column..<3 * column + 3])
    {
      let measured = values.count { $0.isFinite }
      #expect(entry.method == method && entry.leaveOneOut.count == measured)
      let wanted = try errors(survey, column) { point in
        let rest = x.indices.filter { x[$0] != x[point] || y[$0] != y[point] }
        let (restX, restY) = (rest.map { x[$0] }, rest.map { y[$0] })
        let restValues = rest.map { values[$0] }
        switch method {
        case .idw:
          let surface = InverseDistance(
            x: restX, y: restY, columns: [restValues], options: .init(power: 3, neighbors: 5))
          return Double(surface.values(x: x[point], y: y[point])[0])
        case .kriging:
          let surface = OrdinaryKriging(
            x: restX, y: restY, values: restValues, variogram: variogram.model, neighbors: 5)
          return surface.estimate(x: x[point], y: y[point]).value
        case .trend:
          let surface = TrendSurface(x: restX, y: restY, values: restValues, degree: 2)
          return try #require(surface).value(x: x[point], y: y[point])
        }
      }
      expect(entry.leaveOneOut, wanted)
    }
  }

  @Test func blocksArePredictedFromOthersAlone() throws {
    let survey = Survey()
    let summary = try summary(survey, "method: \"kriging\"")
    let (left, bottom) = (survey.x.min() ?? 0, survey.y.min() ?? 0)
    let side = max((survey.x.max() ?? 0) - left, (survey.y.max() ?? 0) - bottom) / 5
    let folds = survey.x.indices.map { point in
      let column = min(4, Int((survey.x[point] - left) / side))
      return (column + 2 * min(4, Int((survey.y[point] - bottom) / side))) % 5
    }
    #expect(Set(folds).count == 5)
    let surfaces = (0..<5).map { fold in
      let rest = folds.indices.filter { folds[$0] != fold }
      let (x, y) = (rest.map { survey.x[$0] }, rest.map { survey.y[$0] })
      let values = rest.map { survey.columns[0][$0] }
      return OrdinaryKriging(
        x: x, y: y, values: values, variogram: Variogram(x: x, y: y, values: values).model)
    }
    let wanted = try errors(survey, 0) { point in
      surfaces[folds[point]].estimate(x: survey.x[point], y: survey.y[point]).value
    }
    let entry = try #require(summary.entries.first { $0.field == "Cu" && $0.method == .kriging })
    expect(entry.blocked, wanted)
    #expect((entry.blocked.rmse ?? 0) > (entry.leaveOneOut.rmse ?? 0))
    #expect(summary.variograms.count == 2)
  }

  /// Methods that the points do not determine have no errors; the others have.
  @Test func aMethodThatCannotBeFittedIsLeftOut() throws {
    let run = try StageRun()
    try run.text("x,y,Cu,Zn\n1100,2000,1,1\n1200,1950,2,2\n1300,1900,2,2\n", "points.csv")
    let plan = try run.planned(
      PointInterpolationTests.gridding("method: \"idw\""), grid: StageRun.gridText)
    let node = try #require(try plan.rasterProduct("metals").interpolation)
    let found = try InterpolationSummary.stored(try plan.executor.value(node))
    #expect(found.entries.map(\.leaveOneOut.count) == [3, 3, 0, 3, 3, 0])
    #expect(found.entries[2].leaveOneOut.rmse == nil)
  }

  @Test func reportTablesAndRecordTellTheErrors() throws {
    let run = try PointInterpolationTests.run(Survey())
    let path = try run.pipeline(
      PointInterpolationTests.gridding("method: \"kriging\"")
        + ", { type: \"regionalize\", tag: \"regions\" },"
        + " { type: \"write\", inputs: [\"metals\", \"regions\"] }, { type: \"report\" }",
      grid: StageRun.gridText)
    try #require(run.files.run(path, out: "out") == .done)
    let page = String(decoding: try #require(run.files.bytes("out", "report.html")), as: UTF8.self)
    for words in [
      "Interpolation: metals", "Errors of prediction", "ordinary kriging (used)",
      "Variogram of Cu", "Levels: regions",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    let names = try run.files.names("out")
    for name in ["metals-cross-validation.csv", "metals-variogram-Cu.csv"] {
      #expect(names.contains(name), "\(name)")
    }
    struct Record: Decodable { var metrics: [String: [String: Double]] }
    let record = try JSONDecoder().decode(
      Record.self, from: try #require(run.files.bytes("out", "run.json")))
    let metals = try #require(record.metrics["metals"])
    #expect(metals["Cu, kriging: leave-one-out RMSE"] != nil)
    #expect(metals["Zn, trend: blocks R2"] != nil)
    #expect(metals.keys.contains { $0.hasPrefix("Cu, ") && $0.hasSuffix("variogram: range") })
  }
}
