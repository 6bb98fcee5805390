import Foundation
import Learning
import Networks
import Rasters
import Tensors
import Testing

@testable import Pipelines

/// A model of one pipeline as the start of another's.
@Suite(.serialized) struct TransferTests {
  private static let labels = """
    { type: "labels", tag: "labels", file: "${data}/points.gpkg", field: "FIELD",
      classes: { "0": "below", "1": "above" } },
    """

  private static func train(
    _ options: String, width: Int = 4, validation: Double = 0
  ) -> String {
    """
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "labels" }, epochs: 2,
      validation: \(validation), background: 3, branches: [
        { type: "patch-cnn", window: 3, width: \(width),
          layers: [{ type: "convolution", filters: 3 }] },
        { type: "spectral-cnn", filters: [], width: 3 }],
      head: { type: "softmax", hidden: [4] }, \(options) },
    """
  }

  /// The model of another metal on the same ground, in `<folder>/source`.
  private func source(_ sample: SampleRun) throws -> ModelPackage {
    let path = try sample.ground(
      "source", labels: Self.labels.replacingOccurrences(of: "FIELD", with: "Cd_exceeds"),
      then: Self.train("") + "{ type: \"write\", inputs: [\"model\"] }")
    #expect(sample.run(path, out: "source") == .done)
    return try ModelPackage([UInt8](try #require(sample.bytes("source", "model.safetensors"))))
  }

  /// A pipeline whose ground has a kind of land use by another name, and two outputs of which one
  /// is the source's.
  private func target(
    _ sample: SampleRun, _ name: String, _ options: String, width: Int = 4, then stages: String = ""
  ) throws -> String {
    let path = try sample.ground(
      name,
      labels: Self.labels.replacingOccurrences(of: "FIELD", with: "Pb_exceeds")
        .replacingOccurrences(of: "\"below\"", with: "\"clean\""),
      then: Self.train(options, width: width) + stages)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "\"Forest\"", with: "\"Wood\"")
      .write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private static let from = "from: \"${here}/source/model.safetensors\""

  private func tensors(_ package: ModelPackage) throws -> [String: [Float]] {
    let model = try #require(package.predictor.network)
    return Dictionary(uniqueKeysWithValues: model.tensors.map { ($0.name, $0.values) })
  }

  @Test func aRunSaysWhatItTook() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    _ = try source(sample)
    let path = try target(
      sample, "target", Self.from,
      then: """
        { type: "split", tag: "folds", method: "random", folds: 3, inputs: ["labels"] },
        { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
        { type: "write", inputs: ["model", "scores"] },
        { type: "report" },
        """)
    #expect(Runner.problems(path, overrides: Overrides()).isEmpty)
    #expect(sample.run(path, out: "target") == .done)
    let package = try ModelPackage(
      [UInt8](try #require(sample.bytes("target", "model.safetensors"))))
    let notes = try #require(package.notes.transfer)
    let bytes = [UInt8](try #require(sample.bytes("source", "model.safetensors")))
    #expect(notes.source == SHA256.digest(bytes).hex && notes.mode == "fine-tuned")
    #expect(notes.newBands.count == 1 && notes.newBands[0].contains("Wood"))
    #expect(notes.droppedBands.count == 1 && notes.droppedBands[0].contains("Forest"))
    #expect(notes.sharedOutputs == ["above"] && notes.newOutputs == ["clean"])
    #expect(notes.taken == ["patch.dense", "head.hidden1"])
    #expect(notes.partly == ["patch.conv1", "spectral.dense", "head.output"])
    #expect(notes.anew.isEmpty && notes.frozen.isEmpty)
    #expect(notes.rates["patch.conv1"] == 0.1 && notes.rates["head.output"] == nil)
    let record = String(decoding: try #require(sample.bytes("target", "run.json")), as: UTF8.self)
    #expect(record.contains(notes.source) && record.contains("source/model.safetensors"))
    let page = String(
      decoding: try #require(sample.bytes("target", "report.html")), as: UTF8.self)
    #expect(page.contains("Started from") && page.contains("Wood"))
    // The same file of samples is remarked on, for the test places are in it.
    let remarks = Runner.remarks(path, overrides: Overrides())
    #expect(remarks.contains { $0.contains("samples of the same file") })
    #expect(remarks.contains { $0.contains("Forest") })
  }

  @Test func modesDecideWhatMoves() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let source = try tensors(try source(sample))
    func model(_ name: String, _ options: String) throws -> ModelPackage {
      try ModelPackage(
        try sample.value(try target(sample, name, options), of: "model", out: name).bytes)
    }
    let frozen = try model("frozen", Self.from + ", mode: \"frozen\"")
    let stays = [
      "patch.conv1.bias", "patch.dense.weight", "patch.dense.bias", "spectral.dense.bias",
    ]
    for name in stays { #expect(try tensors(frozen)[name] == source[name]) }
    #expect(frozen.notes.transfer?.frozen == ["patch.conv1", "patch.dense", "spectral.dense"])
    #expect(try tensors(frozen)["head.hidden1.weight"] != source["head.hidden1.weight"])
    let tuned = try model("tuned", Self.from)
    for name in stays { #expect(try tensors(tuned)[name] != source[name]) }
    // Factors of 0 are freezing; a narrower part has its own.
    let byRate = try model(
      "rate", Self.from + ", rates: { branches: 0, \"patch.dense\": 1, head: 1 }")
    let byName = try model(
      "name",
      Self.from + ", freeze: [\"patch.conv1\", \"spectral-cnn\"], rates: { \"patch.dense\": 1 }")
    #expect(try tensors(byRate) == tensors(byName))
    #expect(try tensors(byRate)["patch.conv1.bias"] == source["patch.conv1.bias"])
    #expect(try tensors(byRate)["patch.dense.bias"] != source["patch.dense.bias"])
    // From scratch is as if there were no model.
    let scratch = try model("scratch", Self.from + ", mode: \"scratch\", freeze: [\"head\"]")
    let plain = try model("plain", "")
    #expect(try tensors(scratch) == tensors(plain) && scratch.notes.transfer == nil)
    #expect(try tensors(plain)["patch.conv1.bias"] != tensors(tuned)["patch.conv1.bias"])
  }

  /// A model that starts from itself and has all parts frozen says the same.
  @Test func allFrozenIsTheSource() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let source = try tensors(try source(sample))
    let path = try sample.ground(
      "again", labels: Self.labels.replacingOccurrences(of: "FIELD", with: "Cd_exceeds"),
      then: Self.train(Self.from + ", freeze: [\"branches\", \"head\"]"))
    let again = try ModelPackage(try sample.value(path, of: "model", out: "again").bytes)
    #expect(try tensors(again) == source)
    #expect(again.notes.transfer?.partly.isEmpty == true)
  }

  @Test func mistakesAreNamed() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    _ = try source(sample)
    func problem(_ options: String, width: Int = 4, key: String) throws -> String {
      let path = try target(sample, "wrong", options, width: width)
      let problems = Runner.problems(path, overrides: Overrides())
      #expect(problems.count == 1 && problems.first?.key == key, "\(problems)")
      return problems.first?.message ?? ""
    }
    #expect(try problem("mode: \"frozen\"", key: "mode").contains("needs 'from'"))
    #expect(try problem("freeze: [\"head\"]", key: "freeze").contains("needs 'from'"))
    let part = try problem(Self.from + ", freeze: [\"patch-cn\"]", key: "freeze")
    #expect(part.contains("'patch-cn'") && part.contains("'patch-cnn'"))
    let shape = try problem(Self.from + ", freeze: [\"patch-cnn\"]", width: 5, key: "freeze")
    #expect(
      shape.contains("'patch.dense.weight'") && shape.contains("5 x 3 here")
        && shape.contains("4 x 3 in the model"))
    let both = try problem(
      Self.from + ", freeze: [\"head\"], rates: { head: 0.5 }", key: "freeze")
    #expect(both.contains("has a rate"))
    let forest = try problem(Self.from + ", method: \"random-forest\"", key: "from")
    #expect(forest.contains("only a network"))
    try Data("no model".utf8).write(to: URL(fileURLWithPath: sample.folder + "/bad.safetensors"))
    #expect(
      try problem("from: \"${here}/bad.safetensors\"", key: "from").contains("bad.safetensors"))
    // Unnamed, what does not fit begins anew.
    let path = try target(sample, "anew", Self.from, width: 5)
    let package = try ModelPackage(try sample.value(path, of: "model", out: "anew").bytes)
    #expect(package.notes.transfer?.anew.map(\.layer).contains("patch.dense") == true)
    #expect(package.notes.transfer?.partly.contains("patch.conv1") == true)
  }

  @Test func modesAreComparedOverSamples() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    _ = try source(sample)
    let path = try target(
      sample, "curve", Self.from,
      then: """
        { type: "split", tag: "folds", method: "random", folds: 2, inputs: ["labels"] },
        { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
        """)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(
      of: "seed: 1,",
      with: """
        seed: 1, curve: { stage: "folds", option: "train-samples", values: [40, 12] },
        variants: [
          { name: "scratch", options: { model: { mode: "scratch" } } },
          { name: "frozen", options: { model: { mode: "frozen" } } }],
        """
    ).write(toFile: path, atomically: true, encoding: .utf8)
    var command = Command.Compare(pipeline: path)
    command.run.output = sample.folder + "/curve"
    command.run.verbosity = .quiet
    command.repeats = 2
    command.seeds = 1
    #expect(Runner.compare(command) == .done)
    let csv = String(
      decoding: try #require(sample.bytes("curve", "compare-curve.csv")), as: UTF8.self)
    let rows = csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(rows[0][3] == "train-samples")
    let auc = rows.filter { $0[1] == "ROC AUC" }
    #expect(
      auc.map { "\($0[2]) \($0[3]) \($0[4])" } == [
        "scratch 12.0 2", "frozen 12.0 2", "scratch 40.0 2", "frozen 40.0 2",
      ])
    // Each mode is compared with the first one at the same number.
    #expect(auc.map { $0[7].isEmpty } == [true, false, true, false])
    let difference = try #require(Double(auc[3][7]))
    let means = auc.compactMap { Double($0[5]) }
    #expect(abs(difference - (means[3] - means[2])) < 1e-9)
    let page = String(
      decoding: try #require(sample.bytes("curve", "compare.html")), as: UTF8.self)
    #expect(page.contains("ROC AUC over train-samples") && page.contains("<svg"))
    #expect(page.contains("fewer than 20"))
  }
}
