import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Which inputs `gossan explain` finds beyond what a model has seen.
struct PlaceRangesTests {
  private static let forest = "method: \"random-forest\", trees: 5"
  private static let apply = """
    { type: "predict", tag: "p", inputs: { model: "model", cube: "cube" } },
    { type: "write", inputs: ["p"] },
    """

  /// What is said of some cells that are flagged, and what was read there.
  private struct Answers {
    let raw: DataCube
    /// The cells that are outside the range, as many as were asked for, with what is said of them.
    var flagged: [(cell: Int, flags: PlaceReport.Flags, report: PlaceReport)] = []

    init(_ run: StageRun, _ stages: String, count: Int = 16) throws {
      try #require(run.files.run(try run.pipeline(stages, chunk: 16), out: "out") == .done)
      let source = try RasterSource(
        path: run.files.folder + "/a.tif", grid: StageRun.grid, resampling: .nearest)
      raw = try source.read(StageRun.grid.window)
      let flags = try run.files.raster("out", "p-flags.tif").cube
      let isFlagged = flags.values.map { Int($0) & 2 != 0 }
      let all = isFlagged.indices.filter { isFlagged[$0] }
      let question = try PlaceQuestion(folder: run.files.folder + "/out")
      let cells = StageRun.cells(StageRun.grid.window)
      func ask(_ index: Int) throws -> (PlaceReport.Flags, PlaceReport) {
        let report = try question.answer(
          x: 1_035 + 10 * Double(cells[index].column), y: 2_065 - 10 * Double(cells[index].row),
          crs: nil)
        return (try #require(report.flags.first), report)
      }
      for index in stride(from: 0, to: all.count, by: max(1, all.count / count)) {
        let (flags, report) = try ask(all[index])
        #expect(flags.bits & 2 != 0)
        flagged.append((all[index], flags, report))
      }
      let (other, _) = try ask(try #require(isFlagged.firstIndex(of: false)))
      #expect(other.outside.isEmpty && other.unknown.isEmpty)
    }

    func value(_ band: Int, _ cell: Int) -> Float { raw.values[band * 1008 + cell] }
  }

  /// The cells of the samples of `OreScene`.
  private static let samples = (0..<140).map { index in
    (5 * index + index / 36) % 28 * 36 + 7 * index % 36
  }

  @Test func inputsAreNamedWithValueAndRange() throws {
    let run = try OreScene.make()
    let answers = try Answers(run, OreScene.stages(train: Self.forest) + Self.apply)
    let usable = Self.samples.filter { answers.value(0, $0).isFinite }
    let ranges = (0..<2).map { band in usable.map { Double(answers.value(band, $0)) } }
    #expect(answers.flagged.count > 5)
    for (cell, flags, report) in answers.flagged {
      let expected = (0..<2).filter { band in
        let value = Double(answers.value(band, cell))
        return value < ranges[band].min() ?? 0 || value > ranges[band].max() ?? 0
      }
      #expect(flags.outside.map(\.name) == expected.map { ["copper", "zinc"][$0] })
      for (input, band) in zip(flags.outside, expected) {
        #expect(input.value == Double(answers.value(band, cell)) && input.models == nil)
        #expect(input.minimum == ranges[band].min() && input.maximum == ranges[band].max())
      }
      #expect(flags.unknown.isEmpty && !report.notes.contains { $0.contains("training samples") })
      let first = try #require(flags.outside.first)
      #expect(report.text.contains("\n      \(first.name)  "))
      #expect(report.text.contains("; the samples have "))
    }
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(try answers.flagged[0].report.json.utf8))
        as? [String: Any])
    let outside = (json["flags"] as? [[String: Any]])?.first?["outside"] as? [[String: Any]]
    #expect(outside?.first?["minimum"] is Double && outside?.first?["name"] is String)
    // A run that finds nothing new leaves the record alone.
    let record = try #require(run.files.bytes("out", "run.json"))
    #expect(run.files.run(run.files.folder + "/pipeline.json5", out: "out") == .done)
    #expect(run.files.bytes("out", "run.json") == record)
    // Without the store, and of a record of an earlier version, they are not known.
    let place = StageRun.cells(StageRun.grid.window)[answers.flagged[0].cell]
    func again() throws -> PlaceReport {
      try PlaceQuestion(folder: run.files.folder + "/out").answer(
        x: 1_035 + 10 * Double(place.column), y: 2_065 - 10 * Double(place.row), crs: nil)
    }
    try FileManager.default.removeItem(atPath: run.files.folder + "/out/.gossan/objects")
    let poorer = try again()
    #expect(poorer.flags[0].outside.isEmpty && poorer.flags[0].unknown == ["copper", "zinc"])
    #expect(poorer.notes.contains { $0.hasPrefix("whether 'copper', 'zinc' are beyond") })
    #expect(poorer.notes.contains { $0.hasPrefix("the values of 'raw' are not known") })
    let older = String(decoding: record, as: UTF8.self).replacing("\"ranges\"", with: "\"other\"")
    try run.text(older, "out/run.json")
    #expect(try again().notes.contains { $0.contains("run.json is of an earlier version") })
  }

  /// Logarithms are told in the unit of what was read.
  @Test func logarithmsAreToldAsTheirParts() throws {
    let run = try OreScene.make()
    let stages = OreScene.stages(train: Self.forest).replacingOccurrences(
      of: "{ type: \"standardize\", tag: \"cube\", inputs: [\"raw\"] }",
      with: "{ type: \"log-ratio\", tag: \"cube\", inputs: [\"raw\"] }")
    let answers = try Answers(run, stages + Self.apply)
    #expect(answers.flagged.count > 5)
    var (named, unknown) = (0, 0)
    for (cell, flags, _) in answers.flagged {
      for input in flags.outside {
        let value = answers.value(input.name == "copper" ? 0 : 1, cell)
        #expect(value > 0 && input.value == Double(value))
        let (low, high) = (input.minimum ?? 0, input.maximum ?? .infinity)
        #expect(low > 0 && (Double(value) < low || Double(value) > high))
        named += 1
      }
      // What stands for a part that was not detected is not what was read.
      for name in flags.unknown {
        #expect(answers.value(name == "copper" ? 0 : 1, cell) <= 0)
        unknown += 1
      }
      #expect(!flags.outside.isEmpty || !flags.unknown.isEmpty)
    }
    #expect(named > 0 && unknown > 0)
  }

  /// Ranks are made of what was read by numbers that the store does not keep.
  @Test func whatIsComputedIsNotGuessed() throws {
    let run = try OreScene.make()
    let stages = OreScene.stages(train: Self.forest).replacingOccurrences(
      of: "tag: \"cube\", inputs: [\"raw\"]",
      with: "tag: \"cube\", method: \"quantile\", distribution: \"normal\", bands: [\"copper\"], "
        + "inputs: [\"raw\"]")
    let answers = try Answers(run, stages + Self.apply)
    #expect(answers.flagged.allSatisfy { $0.flags.unknown == ["copper", "zinc"] })
    #expect(!answers.flagged.isEmpty)
  }

  @Test func categoriesThatNoSampleHasAreNamed() throws {
    let run = try OreScene.make()
    // Limestone is where no sample is.
    let sampled = Set(Self.samples)
    try run.raster("rock.tif", ["rock"]) { _, column, row in
      sampled.contains(row * 36 + column) ? Float(column % 2) : column > 30 ? 2 : 1
    }
    let stages = OreScene.stages(train: Self.forest).replacingOccurrences(
      of: "{ type: \"standardize\", tag: \"cube\", inputs: [\"raw\"] }",
      with: """
        { type: "read-cube", tag: "rocks", files: "rock.tif",
          categorical: { rock: { "0": "granite", "1": "gneiss", "2": "limestone" } } },
        { type: "stack", tag: "both", inputs: ["raw", "rocks"] },
        { type: "standardize", tag: "cube", inputs: ["both"], bands: ["copper", "zinc"] }
        """)
    let answers = try Answers(run, stages + Self.apply)
    let rocks = answers.flagged.compactMap { answer in
      answer.flags.outside.first { $0.name == "rock" }.map { (answer.cell, $0, answer.report) }
    }
    #expect(rocks.count > 3 && rocks.allSatisfy { $0.0 % 36 > 30 && !sampled.contains($0.0) })
    #expect(rocks.allSatisfy { $0.1.category == "limestone" && $0.1.value == nil })
    #expect(rocks[0].2.text.contains("limestone, which no sample has"))
  }

  /// The models of folds have seen different samples.
  @Test func severalModelsHaveRangesOfTheirOwn() throws {
    let run = try OreScene.make()
    let answers = try Answers(
      run,
      OreScene.stages(train: Self.forest) + """
        { type: "ensemble", tag: "models", over: "folds",
          inputs: { model: "model", folds: "folds" } },
        { type: "predict", tag: "p", inputs: { model: "models", cube: "cube" } },
        { type: "write", inputs: ["p"] },
        """, count: 60)
    let counts = answers.flagged.flatMap { $0.flags.outside.map(\.models) }
    #expect(counts.contains { $0 == nil } && counts.contains { $0 ?? 0 > 0 && $0 ?? 4 < 4 })
    #expect(answers.flagged.allSatisfy { !$0.flags.outside.isEmpty && $0.flags.unknown.isEmpty })
    let some = try #require(answers.flagged.first { $0.flags.outside[0].models == 1 })
    #expect(some.report.text.contains("; those of 1 of the models have "))
  }
}
