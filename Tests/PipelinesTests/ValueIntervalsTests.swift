import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Prediction intervals of values: residuals, coverage on held-out folds, and maps of their limits.
@Suite(.serialized) struct ValueIntervalsTests {
  private static let boxCox =
    "fields: [\"cd\", \"pb\"], transform: { cd: \"box-cox\", pb: \"log\" }, unit: \"mg/kg\""
  private static let predict = """
    { type: "predict", tag: "map", inputs: { model: "sure", cube: "cube" }, interval: 0.8 },
    """

  private func intervals(_ run: PlannedRun) throws -> ValueIntervals {
    try #require(try package(run, "sure").notes.intervals)
  }

  private func package(_ run: PlannedRun, _ tag: String, fold: Int? = nil) throws -> ModelPackage {
    guard case .model(let model) = try run.product(tag, fold: fold) else {
      throw SampleRun.SampleError.missing(tag)
    }
    return try ModelPackage(try run.executor.value(model.node))
  }

  private func scores(_ run: PlannedRun) throws -> Scores {
    guard case .scores(let scores) = try run.product("scores") else {
      throw SampleRun.SampleError.missing("scores")
    }
    return try Scores.stored(try run.executor.value(scores.node))
  }

  private func samples(_ run: PlannedRun) throws -> SampleSet {
    guard case .samples(let samples) = try run.product("amounts") else {
      throw SampleRun.SampleError.missing("amounts")
    }
    return try SampleSet.stored(try run.executor.value(samples.node))
  }

  private func measured(_ set: SampleSet, _ position: Int, _ output: Int = 0) throws -> Double {
    Double(try #require(set.samples[position].target.value(output)))
  }

  /// A network of two values, one as Box-Cox power and one as logarithm.
  private static let network = """
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "amounts" }, background: 4,
      epochs: 12, branches: [{ type: "spectral-cnn", filters: [3], kernel: 1, width: 4 }],
      head: { type: "linear", hidden: [4] } },
    { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
    { type: "calibrate", tag: "sure", inputs: { model: "model", scores: "scores" },
      coverage: false },
    """

  /// Residuals are those of the scores on the scale of the model's own transform, and the bands of
  /// the map are what the raw outputs give back, with the residuals of both ranks.
  @Test func mapsAreTransformedBackWithTheirLimits() throws {
    let scene = try ValueScene.make()
    let run = try scene.planned(
      ValueScene.start(samples: Self.boxCox) + Self.network + Self.predict)
    let (found, scored, set) = (try intervals(run), try scores(run), try samples(run))
    let plain = try package(run, "model")
    let transforms = try #require(plain.notes.transforms)
    #expect(plain.notes.units == ["mg/kg", "mg/kg"] && plain.notes.intervals == nil)
    #expect(transforms.map(\.kind) == [.boxCox, .log])
    for output in 0..<2 {
      let values = try set.samples.indices.map { try measured(set, $0, output) }
      #expect(transforms[output] == ValueTransform(set.forms[output], fittedTo: values))
      let own = found.outputs[output]
      #expect(own.transform == transforms[output] && own.coverage == nil)
      let expected = zip(values, set.samples.indices).map { value, position in
        own.transform.forward(value)
          - own.transform.forward(Double(scored.predictions[2 * position + output]))
      }.sorted()
      #expect(own.residuals.sorted == expected && expected.count == 160)
    }
    let raster = try run.rasterProduct("map")
    #expect(
      raster.bands.map(\.name)
        == ["cd", "cd lower", "cd upper", "pb", "pb lower", "pb upper"])
    #expect(raster.bands.allSatisfy { $0.unit == "mg/kg" } && raster.interval == 0.8)
    let map = try run.cube("map")
    let cells = map.window.cellCount
    let sure = try package(run, "sure")
    // The raw outputs, from the network itself at every cell's spectrum.
    let cube = try run.cube("cube")
    let batch = ModelBatch(
      count: cells,
      spectra: (0..<cells).flatMap { cell in [cube.values[cell], cube.values[cells + cell]] },
      windows: [])
    let raw = sure.predictor.probabilities(batch)
    for output in 0..<2 {
      let own = found.outputs[output]
      let rank = 145  // ceil(161 x 0.9)
      for cell in stride(from: 0, to: cells, by: 7) {
        let number = Double(raw[2 * cell + output])
        for (band, shift) in [
          0, own.residuals.sorted[160 - rank], own.residuals.sorted[rank - 1],
        ].enumerated() {
          let expected = own.transform.inverse(number + shift)
          let value = Double(map.values[(3 * output + band) * cells + cell])
          #expect(abs(value - expected) < 1e-4 * max(1, expected))
        }
      }
    }
  }

  /// Intervals of a fold are made of what has not seen it: other amounts in the fold, which is also
  /// gridded to a feature, change no bit of them, and no bit of what is predicted there.
  @Test func heldOutAmountsReachNoIntervalOfTheirFold() throws {
    let scene = try ValueScene.make()
    try ValueScene.points(scene, "others.csv", changed: "c")
    func run(_ file: String) throws -> PlannedRun {
      try scene.planned(
        ValueScene.start(
          samples: "fields: [\"cd\"], transform: \"box-cox\"", file: file, gridded: "cd")
          + ValueScene.forest, out: file + "-out")
    }
    let (first, second) = (try run("points.csv"), try run("others.csv"))
    let one = try #require(try intervals(first).outputs[0].coverage)
    let two = try #require(try intervals(second).outputs[0].coverage)
    #expect(one.folds.map(\.name) == ["a", "b", "c", "d"] && one.samples.count == 160)
    for (index, (own, other)) in zip(one.folds, two.folds).enumerated() {
      #expect(own.residualCount == other.residualCount)
      #expect((own.transform == other.transform) == (index == 2))
      #expect((own.limits == other.limits) == (index == 2))
    }
    for (own, other) in zip(one.samples, two.samples) {
      #expect(own.fold == other.fold)
      if own.fold == 2 {
        #expect(own.predicted.bitPattern == other.predicted.bitPattern)
        #expect(own.measured != other.measured)
      }
    }
    #expect(
      try intervals(first).outputs[0].residuals != (try intervals(second).outputs[0].residuals))
    // The transform of a fold is fitted to the other folds' amounts.
    let (set, folds) = (try samples(first), try first.places(0).folds)
    for (index, fold) in one.folds.enumerated() {
      let values = try folds.trainingSamples(index).map { try measured(set, $0) }
      #expect(fold.transform == ValueTransform(set.forms[0], fittedTo: values))
      #expect(fold.residualCount == folds.trainingSamples(index).count)
    }
  }

  /// What is reported of held-out folds, counted again from samples and limits.
  @Test func coverageIsCounted() throws {
    let scene = try ValueScene.make()
    let run = try scene.planned(
      ValueScene.start(samples: "fields: [\"cd\"], transform: \"log\"") + ValueScene.forest)
    let (found, scored, set) = (try intervals(run), try scores(run), try samples(run))
    let coverage = try #require(found.outputs[0].coverage)
    let folds = try run.places(0).folds
    let level = try #require(ValueIntervals.levels.firstIndex(of: 0.8))
    var (inside, width) = ([Int](repeating: 0, count: 4), 0.0)
    for position in set.samples.indices {
      let fold = folds.foldOfSample[position]
      let limits = try #require(coverage.folds[fold].limits[level])
      let center = log(Double(scored.predictions[position]))
      let (lower, upper) = (exp(center + limits.lower), exp(center + limits.upper))
      let value = try measured(set, position)
      inside[fold] += lower <= value && value <= upper ? 1 : 0
      width += upper - lower
    }
    let pooled = try #require(coverage.finding(level: level))
    #expect(pooled.count == 160 && abs(pooled.inside - Double(inside.reduce(0, +)) / 160) < 1e-12)
    #expect(abs(pooled.meanWidth - width / 160) < 1e-6 * width)
    #expect(abs(pooled.inside + pooled.below + pooled.above - 1) < 1e-12)
    for fold in 0..<4 {
      let own = try #require(coverage.finding(level: level, fold: fold))
      #expect(abs(own.inside - Double(inside[fold]) / Double(own.count)) < 1e-12)
    }
    // Wider levels hold at least as often; not far from what they say in a scene without surprises.
    let shares = ValueIntervals.levels.indices.compactMap { coverage.finding(level: $0)?.inside }
    #expect(shares.count == 6 && zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(shares[4] > 0.6)
  }

  @Test func scoresAreInBothUnits() throws {
    let scene = try ValueScene.make()
    let run = try scene.planned(
      ValueScene.start(samples: "fields: [\"cd\"], transform: \"log\"") + ValueScene.forest)
    let (scored, set) = (try scores(run), try samples(run))
    let names = scored.measures(output: 0).map(\.name)
    #expect(
      names
        == ["R2", "MAE", "RMSE", "bias", "concordance", "R2 (log)", "MAE (log)", "RMSE (log)"])
    let values = Dictionary(
      uniqueKeysWithValues: scored.measures(output: 0).map { ($0.name, $0.value ?? .nan) })
    let errors = try set.samples.indices.map {
      Double(scored.predictions[$0]) - (try measured(set, $0))
    }
    let logErrors = try set.samples.indices.map {
      log(Double(scored.predictions[$0])) - log(try measured(set, $0))
    }
    let mae = errors.map(abs).reduce(0, +) / 160
    #expect(abs(try #require(values["MAE"]) - mae) < 1e-6)
    #expect(abs(try #require(values["bias"]) - errors.reduce(0, +) / 160) < 1e-6)
    let logMAE = logErrors.map(abs).reduce(0, +) / 160
    #expect(abs(try #require(values["MAE (log)"]) - logMAE) < 1e-5)
    // Predictions are amounts: on a logarithm's scale most would be below every amount.
    #expect(scored.predictions.allSatisfy { $0 > 0.05 })
    #expect(scored.measures(output: 0, fold: 2).map(\.name) == names)
  }

  /// Files, report, project and style tell of the intervals; a model file gives the same map again.
  @Test func outputsTellOfIntervals() throws {
    let scene = try ValueScene.make()
    let path = try scene.pipeline(
      ValueScene.start(samples: "fields: [\"cd\"], transform: \"log\", unit: \"mg/kg\"")
        + ValueScene.forest + Self.predict
        + "{ type: \"write\", inputs: [\"map\", \"sure\", \"scores\"] }, { type: \"report\" }")
    #expect(scene.files.run(path, out: "out", jobs: 2) == .done)
    #expect(scene.files.run(path, out: "one", jobs: 1) == .done)
    let names = [
      "map.tif", "map.qml", "sure.safetensors", "sure-levels.csv", "sure-coverage.csv",
      "sure-intervals.csv",
    ]
    for name in names {
      let bytes = try #require(scene.files.bytes("out", name), "\(name)")
      #expect(bytes == scene.files.bytes("one", name), "\(name)")
    }
    let (info, cube) = try scene.files.raster("out", "map.tif")
    #expect(info.bands.map(\.name) == ["cd", "cd lower", "cd upper"])
    #expect(info.bands.map(\.unit) == ["mg/kg", "mg/kg", "mg/kg"])
    #expect(info.metadata["INTERVAL"] == "0.8")
    let cells = cube.window.cellCount
    for cell in 0..<cells where cube.values[cell].isFinite {
      #expect(cube.values[cells + cell] < cube.values[2 * cells + cell])
      #expect(cube.values[cells + cell] > 0)
    }
    func text(_ name: String) throws -> String {
      String(decoding: try #require(scene.files.bytes("out", name)), as: UTF8.self)
    }
    // The style is that of the value.
    let finite = cube.band(0).filter(\.isFinite)
    let (low, high) = (try #require(finite.min()), try #require(finite.max()))
    let style = try text("map.qml")
    #expect(style.contains("classificationMin=\"\(Double(low))\""))
    #expect(style.contains("classificationMax=\"\(Double(high))\""))
    let levels = try text("sure-levels.csv")
    #expect(levels.hasPrefix("output,scope,level,samples,inside,below,above,mean width,"))
    #expect(levels.contains("\ncd,pooled,0.9,160,") && levels.contains("\ncd,fold d,0.5,"))
    #expect(levels.split(separator: "\n").count == 1 + 6 * 5)
    #expect(try text("sure-intervals.csv").split(separator: "\n").count == 161)
    #expect(try text("scores.csv").contains("pooled,cd,concordance,"))
    let page = try text("report.html")
    for part in [
      "Coverage of prediction intervals", "Intervals of cd on held-out folds",
      "held-out samples and their intervals", "map: cd upper", "logarithm of the value",
      "a median rather than a mean",
    ] {
      #expect(page.contains(part), "\(part)")
    }
    let record = try text("run.json")
    #expect(record.contains("cd: coverage at 0.9") && record.contains("cd: mean width at 0.9"))
    let file = "\(scene.files.folder)/out/sure.safetensors"
    let facts = try FileDescription(file).text(isJSON: false)
    #expect(facts.contains("160 out of fold") && facts.contains("90 % intervals of cd"))
    let again = try scene.pipeline(
      """
      { type: "read-cube", tag: "raw", files: "a.tif" },
      { type: "predict", tag: "map", model: "out/sure.safetensors", interval: 0.8,
        inputs: { cube: ["raw"] } },
      { type: "write" }
      """, name: "again")
    #expect(scene.files.run(again, out: "again") == .done)
    #expect(scene.files.bytes("again", "map.tif") == scene.files.bytes("out", "map.tif"))
  }

  @Test func theProjectHasALayerForEachLimit() throws {
    let scene = try ValueScene.make()
    let path = try scene.pipeline(
      ValueScene.start(samples: "fields: [\"cd\"], transform: \"log\", unit: \"mg/kg\"")
        + ValueScene.forest + Self.predict + "{ type: \"write\", inputs: [\"map\"] }")
    #expect(scene.files.run(path, out: "out") == .done)
    let archive = [UInt8](try #require(scene.files.bytes("out", "pipeline.qgz")))
    let project = String(
      decoding: try ZIPArchive.decode(archive, named: "pipeline.qgs"), as: UTF8.self)
    for name in ["map: cd", "map: cd lower", "map: cd upper"] {
      #expect(project.contains("<layername>\(name)</layername>"), "\(name)")
    }
    let bounds = try #require(
      project.components(separatedBy: "classificationMin=\"").dropFirst().first?
        .prefix { $0 != "\"" })
    #expect(project.components(separatedBy: "classificationMin=\"\(bounds)\"").count >= 4)
  }

  @Test func whatHasNoIntervalsIsRefused() throws {
    let scene = try ValueScene.make()
    func refusal(_ stages: String) throws -> String {
      let problem = try scene.problem(stages)
      return "\(problem?.stage ?? "").\(problem?.key ?? ""): \(problem?.message ?? "")"
    }
    let values = ValueScene.start(samples: "fields: [\"cd\"]") + ValueScene.forest
    let plain = try refusal(
      values
        + "{ type: \"predict\", tag: \"map\", inputs: { model: \"model\", cube: \"cube\" }, "
        + "interval: 0.9 },")
    #expect(plain.hasPrefix("map.interval: needs a model with the residuals"))
    let sure = try refusal(
      values
        + "{ type: \"predict\", tag: \"map\", inputs: { model: \"sure\", cube: \"cube\" }, "
        + "interval: 0.99 },")
    #expect(sure == "map.interval: of 0.99 needs 199 samples or more; 'amounts' has 160")
    let two = try refusal(
      values.replacingOccurrences(
        of: "method: \"field\", field: \"fold\"", with: "method: \"random\", folds: 2"))
    #expect(two.hasPrefix("sure.coverage: needs three folds or more"))
    let ore = try OreScene.make()
    let classes = try ore.problem(
      OreScene.stages() + """
        { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
        { type: "calibrate", tag: "c", inputs: { model: "model", scores: "scores" },
          coverage: true },
        """)
    #expect(classes?.key == "coverage" && classes?.message.contains("of values only") == true)
    let map = try ore.problem(
      OreScene.stages() + """
        { type: "predict", tag: "p", inputs: { model: "model", cube: "cube" }, interval: 0.9 },
        """)
    #expect(map?.key == "interval" && map?.message.contains("models of values only") == true)
  }

  /// A level that the residuals are not enough for ends the run with how many are needed.
  @Test func tooFewResidualsAreSaid() throws {
    let few = ValueIntervals.Output(
      name: "Cd", unit: "", transform: .identity,
      residuals: ConformalResiduals((0..<30).map(Double.init)))
    _ = try few.limits(level: 0.9)
    let error = #expect(throws: ExecutionError.self) { try few.limits(level: 0.95) }
    #expect(
      error?.description
        == "an interval of level 0.95 needs 39 out-of-fold residuals of 'Cd', and there are 30; "
        + "expected more samples, or a level of at most 0.935")
    _ = try few.limits(level: 0.935)
  }

  /// The shipped pipeline, with a small forest: amounts of a real survey, and intervals that hold about
  /// as often as they say on its held-out blocks.
  @Test func theSampleSurveyHasIntervals() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    var command = Command.Run(pipeline: SampleRun.root + "/pipelines/jura-cadmium-amounts.json5")
    command.output = sample.folder + "/out"
    command.verbosity = .quiet
    command.jobs = 2
    command.overrides = Overrides(
      parameters: [
        .init(name: "data", text: SampleRun.root + "/sample-rasters/jura"),
        .init(name: "method", text: "random-forest"),
      ],
      options: [.init(tag: "model", path: "trees", text: "40")])
    #expect(Runner.run(command) == .done)
    let (info, cube) = try sample.raster("out", "amounts.tif")
    #expect(info.bands.map(\.name) == ["Cd", "Cd lower", "Cd upper"])
    #expect(cube.completeCells.count { $0 } > 5000)
    let bytes = [UInt8](try #require(sample.bytes("out", "sure.safetensors")))
    let output = try #require(try ModelPackage(bytes).notes.intervals?.outputs.first)
    let coverage = try #require(output.coverage)
    #expect(output.residuals.count == coverage.samples.count && coverage.folds.count == 5)
    let level = try #require(ValueIntervals.levels.firstIndex(of: 0.9))
    let found = try #require(coverage.finding(level: level))
    #expect(found.inside > 0.8 && found.inside < 0.98)
    #expect(found.below > 0 && found.above > 0)
  }

  /// Attributions add up on the scale that was learnt, and say which it is.
  @Test func attributionsAreOnTheLearntScale() throws {
    let scene = try ValueScene.make()
    let path = try scene.pipeline(
      ValueScene.start(samples: "fields: [\"cd\"], transform: \"log\"")
        + """
        { type: "train", tag: "model", inputs: { cube: "cube", samples: "amounts" },
          background: 3, method: "random-forest", trees: 6 },
        { type: "predict", tag: "map", inputs: { model: "model", cube: "cube" } },
        { type: "explain", tag: "shap", method: "shapley", output: true,
          inputs: { model: "model", cube: "cube" } },
        { type: "write", inputs: ["map", "shap"] },
        """)
    #expect(scene.files.run(path, out: "out") == .done)
    let (map, (info, shap)) = (
      try scene.files.raster("out", "map.tif").cube, try scene.files.raster("out", "shap.tif")
    )
    #expect(info.metadata["OUTPUT"] == "logarithm")
    let cells = map.window.cellCount
    for cell in 0..<cells where map.values[cell].isFinite {
      let parts = (0..<4).map { Double(shap.values[$0 * cells + cell]) }
      #expect(abs(parts[2] - log(Double(map.values[cell]))) < 1e-4)
      #expect(abs(parts[0] + parts[1] + parts[3] - parts[2]) < 1e-4)
    }
  }
}
