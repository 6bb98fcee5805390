import Foundation
import Learning
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Held-out places on the maps of their folds.
struct FoldMapsTests {
  private static let folds = 3

  /// A scene with a gap over some of its places, and a forest, whose maps have many ties.
  private func scene() throws -> StageRun {
    let run = try StageRun()
    try run.raster("bands.tif", ["a", "b"]) { band, column, row in
      (10..<14).contains(column) ? .nan : StageRun.noise(band, column / 3, row / 3)
    }
    var lines = ["x,y,label,fold"]
    for index in 0..<90 {
      let column = Int(StageRun.noise(7, index) * 36)
      let row = Int(StageRun.noise(8, index) * 28)
      let center = StageRun.grid.center(of: Cell(column: column, row: row))
      let value = StageRun.noise(0, column / 3, row / 3) + 0.3 * StageRun.noise(9, index)
      lines.append("\(center.x),\(center.y),\(value > 0.7 ? 1 : 0),\(index % Self.folds)")
    }
    try run.text(lines.joined(separator: "\n") + "\n", "points.csv")
    return run
  }

  private func stages(_ validate: String, then more: String = "") -> String {
    """
    { type: "labels", tag: "places", file: "points.csv", x: "x", y: "y", field: "label",
      classes: { "0": "barren", "1": "deposit" } },
    { type: "split", tag: "folds", inputs: { samples: "places" }, method: "field", field: "fold" },
    { type: "read-cube", tag: "raw", files: ["bands.tif"] },
    { type: "standardize", tag: "cube" },
    { type: "train", tag: "model", method: "random-forest", trees: 15,
      inputs: { cube: "cube", samples: "places" } },
    { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds"\(validate) },
    { type: "predict", tag: "map", inputs: { model: "model", cube: "cube" } },
    \(more)
    """
  }

  private func scores(_ run: PlannedRun) throws -> ScoresProduct {
    guard case .scores(let scores) = try run.product("scores") else {
      throw SampleRun.SampleError.missing("scores")
    }
    return scores
  }

  private func rates(_ run: PlannedRun) throws -> PredictionRates {
    let scores = try scores(run)
    return try PredictionRates.stored(try run.executor.value(try #require(scores.rates)))
  }

  @Test func ranksAreThoseOnTheMapsOfTheFolds() throws {
    let run = try scene().planned(
      stages(", map: \"map\" }, positive: [\"deposit\", \"barren\"]"), grid: StageRun.gridText)
    let rates = try rates(run)
    guard case .samples(let samples) = try run.product("places") else { return }
    let set = try SampleSet.stored(try run.executor.value(samples.node))
    #expect(rates.classes.map(\.name) == ["deposit", "barren"])
    let shipped = try run.cube("map")
    let scored = try Scores.stored(try run.executor.value(try scores(run).node))
    for found in rates.classes {
      let output = found.name == "deposit" ? 1 : 0
      var expected: [PredictionRates.Place] = []
      var missing = 0
      var below = 0.0
      for fold in 0..<Self.folds {
        let map = try run.cube("map", fold: fold)
        #expect(!isSame(map.values, shipped.values))
        let cells = map.band(output).filter { !$0.isNaN }
        #expect(cells.count < map.window.cellCount)
        for (position, sample) in set.samples.enumerated()
        where sample.attributes["fold"] == "\(fold)" && sample.target == .category(output) {
          let p = map.band(output)[
            map.band(output).startIndex
              + map.window.index(column: sample.cell.column, row: sample.cell.row)]
          guard !p.isNaN else {
            missing += 1
            continue
          }
          // The map says of a place what the scores count there: both are of the fold's model.
          #expect(abs(p - scored.predictions[2 * position + output]) < 1e-4)
          let rank = PlaceRank(
            above: cells.count { $0 > p }, atOrAbove: cells.count { $0 >= p }, cells: cells.count)
          below += 1 - (rank.areaAbove + rank.areaAtOrAbove) / 2
          expected.append(
            PredictionRates.Place(
              id: sample.id, x: sample.x, y: sample.y, fold: fold, probability: p, rank: rank))
        }
      }
      #expect(found.places == expected && expected.count > 10)
      #expect(found.missing == missing && missing > 0)
      // Ties are of use in this test: some cells must be as probable as a place.
      #expect(expected.contains { $0.rank.atOrAbove > $0.rank.above + 1 })
      let curve = try #require(found.curve)
      #expect(abs(curve.areaUnderCurve - below / Double(expected.count)) < 1e-9)
    }
  }

  @Test func chunksDoNotMatter() throws {
    let run = try scene()
    func value(_ chunk: Int) throws -> String {
      let planned = try run.planned(
        stages(", map: \"map\" }"), grid: StageRun.gridText, chunk: chunk, out: "chunk\(chunk)")
      return try rates(planned).placesCSV
    }
    let whole = try value(512)
    #expect(whole.split(separator: "\n").count > 10)
    #expect(try value(16) == whole)
  }

  /// A graph, patches and metals gridded anew in each fold: the same bytes for any workers.
  @Test func workersDoNotMatter() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try sample.pipeline(
      "workers",
      replacing: [
        (
          "inputs: { model: \"model\", folds: \"folds\" }",
          "inputs: { model: \"model\", folds: \"folds\", map: \"probability\" }"
        ),
        ("\"probability\", \"shap\", \"segments\", \"model\", \"scores\"", "\"scores\""),
        ("    { type: \"report\" },\n", ""),
      ])
    for jobs in [1, 3] {
      #expect(sample.run(path, out: "jobs\(jobs)", jobs: jobs) == .done)
    }
    for name in ["scores.csv", "scores-places.csv"] {
      let bytes = try #require(sample.bytes("jobs1", name))
      #expect(bytes == sample.bytes("jobs3", name))
      #expect(String(decoding: bytes, as: UTF8.self).split(separator: "\n").count > 20)
    }
  }

  /// Scores are the same with a map and without; whoever needs these alone makes no maps.
  @Test func mapsAreApartFromScores() throws {
    let run = try scene()
    let bare = try run.planned(stages(" }"), grid: StageRun.gridText)
    let plain = try scores(bare)
    let planned = try run.planned(
      stages(", map: \"map\" }"), grid: StageRun.gridText, out: "mapped")
    let mapped = try scores(planned)
    #expect(plain.rates == nil && plain.node.structure == mapped.node.structure)
    func foldMaps(_ targets: [Node]) -> Int {
      Schedule(targets: targets).nodes.count { $0.name.hasPrefix("map@") }
    }
    #expect(foldMaps(planned.plan.targets) == Self.folds)
    #expect(foldMaps([mapped.node]) == 0)
  }

  @Test func outputs() throws {
    let run = try scene()
    let path = try run.pipeline(
      stages(
        ", map: \"map\" }",
        then: "{ type: \"write\", inputs: [\"map\", \"scores\"] }, { type: \"report\" }"),
      grid: StageRun.gridText)
    #expect(run.files.run(path, out: "out") == .done)
    func text(_ name: String) throws -> String {
      String(decoding: try #require(run.files.bytes("out", name)), as: UTF8.self)
    }
    let page = try text("report.html")
    for words in [
      "prediction rate (held-out places on the maps of their folds)",
      "Success rate: the places on the map whose model was trained with them",
      "Prediction and area: deposit, prediction rate",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    #expect(!page.contains("pproximate prediction rate"))
    let places = try text("scores-places.csv").split(separator: "\n")
    #expect(places[0] == "class,fold,sample,x,y,probability,area above,area at or above")
    let ranks = places.dropFirst().compactMap { Double($0.split(separator: ",")[7]) }
    #expect(ranks.count == places.count - 1 && ranks == ranks.sorted() && ranks.count > 10)
    let scores = try text("scores.csv").split(separator: "\n")
    #expect(scores.contains("fold maps,deposit,places,\(Double(ranks.count))"))
    let area = try #require(
      scores.first { $0.hasPrefix("fold maps,deposit,area under the prediction rate,") }
        .flatMap { Double($0.split(separator: ",")[3]) })
    // The curve as it is written has the same area.
    let points = try text("report-curves.csv").split(separator: "\n")
      .filter { $0.hasPrefix("map,deposit,prediction rate,") }
      .map { $0.split(separator: ",").suffix(2).compactMap { Double($0) } }
    let sum = zip(points, points.dropFirst()).reduce(0) {
      $0 + ($1.1[0] - $1.0[0]) * ($1.1[1] + $1.0[1]) / 2
    }
    #expect(abs(sum - area) < 1e-12 && points.first == [0, 0] && points.last == [1, 1])
    let record = try text("run.json")
    #expect(record.contains("area under the prediction rate"))
  }

  @Test func mistakesAreNamed() throws {
    let run = try scene()
    func problem(_ validate: String) throws -> Problem? {
      try run.problem(stages(validate), grid: StageRun.gridText)
    }
    #expect(try problem(", map: \"cube\" }")?.message.contains("by 'predict'") == true)
    #expect(try problem(" }, positive: \"deposit\"")?.key == "positive")
    #expect(try problem(", map: \"map\" }, positive: \"deposits\"")?.key == "positive")
  }
}
