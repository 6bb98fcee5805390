import Tensors
import Testing

@testable import Networks

/// The whole model of a graph and a spectral branch against PyTorch and torch-geometric;
/// `make_fusion_fixtures.py` made the values.
@Suite struct FusionFixtureTests {
  /// A fusion with or without weights of the edges between segments.
  struct Case: Sendable, CustomTestStringConvertible {
    let fusion: ModelArchitecture.Fusion
    let weighted: Bool

    var name: String { fusion.rawValue + (weighted ? "-weighted" : "") }
    var testDescription: String { name }

    static let all = [ModelArchitecture.Fusion.concat, .gate].flatMap { fusion in
      [false, true].map { Case(fusion: fusion, weighted: $0) }
    }
  }

  private let fixture: Fixture

  init() throws { fixture = try Fixture("fusion") }

  private func graph(_ name: String) throws -> SegmentGraph {
    let counts = try fixture("\(name).counts").map { Int($0) }
    return SegmentGraph(
      bandCount: 12, pixelStart: try fixture("\(name).pixel-start").map { Int($0) },
      propagated: try fixture("propagated"),
      neighborStart: try fixture("\(name).neighbor-start").map { Int($0) },
      neighbors: try fixture("\(name).neighbors").map { Int32($0) },
      weights: try fixture("\(name).weights"), degrees: try fixture("\(name).degrees"),
      targetCount: counts[0], innerCount: counts[1])
  }

  private func batch(_ which: Case) throws -> ModelBatch {
    let segments = try fixture("segments").map { Int32($0) }
    return ModelBatch(
      count: segments.count, spectra: try fixture("spectra"),
      graph: try graph(which.weighted ? "graph-weighted" : "graph"), segmentOfSample: segments)
  }

  private func model(_ which: Case) throws -> Model {
    var model = try Model(
      architecture: ModelArchitecture(
        bandCount: 12,
        branches: [
          .graph(.init(hops: 3, width: 6, output: 5, dropout: 0)),
          .spectral(.init(filters: [4, 3], kernel: 3, pool: 2, width: 5)),
        ],
        fusion: which.fusion, head: .init(kind: .softmax, hidden: [6], outputs: 3)),
      seed: 0)
    let names = model.parameters.parameters("").map(\.name)
    #expect(names.sorted() == fixture.names("\(which.name).parameter.").sorted())
    model.parameters.visitParameters("") { name, shape, values in
      #expect(throws: Never.self) {
        let stored = try fixture.shape("\(which.name).parameter.\(name)")
        // A 1-D kernel has one size less in PyTorch.
        #expect(stored.filter { $0 != 1 } == shape.filter { $0 != 1 }, "\(name)")
        values = try fixture("\(which.name).parameter.\(name)")
      }
    }
    model.parameters.visitBuffers("") { name, _, values in
      #expect(throws: Never.self) { values = try fixture("\(which.name).buffer.\(name)") }
    }
    return model
  }

  private func loss(_ outputs: [Float]) throws -> Loss {
    let classes = try fixture("classes").map { Int32($0) }
    let weights = try fixture("class-weights")
    return Losses.softmaxCrossEntropy(
      outputs, classes: classes, outputCount: 3, weights: classes.map { weights[Int($0)] })
  }

  /// Values agree relative to the largest of them, however small that is.
  private func expect(
    _ values: [Float], _ name: String, within tolerance: Float,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try fixture(name)
    let largest = expected.map { abs($0) }.max() ?? 0
    let worst = zip(values, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(
      values.count == expected.count && worst <= tolerance * largest + 1e-8,
      "\(name): \(worst) of \(largest)", sourceLocation: sourceLocation)
  }

  @Test(arguments: Case.all, [false, true])
  func outputsAndGradientsArePyTorchs(_ which: Case, training: Bool) throws {
    let mode = "\(which.name).\(training ? "training" : "inference")"
    var model = try model(which)
    let batch = try batch(which)
    let (outputs, pass) = model.forward(batch, training: training)
    try expect(outputs, "\(mode).outputs", within: 1e-5)
    if !training { #expect(model.outputs(batch) == outputs) }
    let loss = try loss(outputs)
    try expect([Float(loss.value)], "\(mode).loss", within: 1e-5)
    for tensor in model.pullback(pass, outputGradient: loss.gradient).parameters("") {
      try expect(tensor.values, "\(mode).gradient.\(tensor.name)", within: 1e-4)
    }
    let inputs = model.inputGradient(pass, outputGradient: loss.gradient)
    try expect(inputs.spectra, "\(mode).dspectra", within: 1e-4)
    try expect(inputs.graph?.propagated ?? [], "\(mode).dpropagated", within: 1e-4)
    model.updateBuffers(from: pass)
    for tensor in model.parameters.buffers("") {
      let after = training ? "buffer-after" : "buffer"
      try expect(tensor.values, "\(which.name).\(after).\(tensor.name)", within: 1e-5)
    }
  }

  @Test(arguments: Case.all)
  func pushforwardIsTheSlopeOfTheLoss(_ which: Case) throws {
    let model = try model(which)
    let batch = try batch(which)
    let (outputs, pass) = model.forward(batch)
    var tangent = batch
    tangent.spectra = normals(batch.spectra.count, seed: 1)
    tangent.graph?.propagated = normals(batch.graph?.propagated.count ?? 0, seed: 2)
    let pushed = inner(try loss(outputs).gradient, model.pushforward(pass, tangent: tangent))
    let slope =
      try inner(fixture("\(which.name).inference.dspectra"), tangent.spectra)
      + inner(
        fixture("\(which.name).inference.dpropagated"), tangent.graph?.propagated ?? [])
    #expect(abs(pushed - slope) < 1e-4 * abs(slope) + 1e-7)
  }

  @Test(arguments: Case.all)
  func threeStepsOfTrainingArePyTorchs(_ which: Case) throws {
    var model = try model(which)
    let batch = try batch(which)
    // The reference took its steps after the statistics of one batch.
    model.parameters.visitBuffers("") { name, _, values in
      #expect(throws: Never.self) { values = try fixture("\(which.name).buffer-after.\(name)") }
    }
    var adam = Adam(learningRate: 0.005, weightDecay: 1e-3)
    for _ in 0..<3 {
      let (outputs, pass) = model.forward(batch, training: true)
      var gradient = model.pullback(pass, outputGradient: try loss(outputs).gradient)
      gradient.addAbsolutePenalty(of: model.parameters, strength: 1e-2) {
        $0.contains(".internal.")
      }
      gradient.clipNorm(to: 0.5)
      adam.step(&model.parameters, gradient: gradient)
      model.updateBuffers(from: pass)
    }
    for tensor in model.parameters.parameters("") + model.parameters.buffers("") {
      try expect(tensor.values, "\(which.name).trained.\(tensor.name)", within: 1e-4)
    }
  }
}
