import Tensors
import Testing

@testable import Networks

/// Models whose branches are joined by attention.
@Suite struct AttentionFusionTests {
  private static func form(
    _ branches: [ModelArchitecture.Branch], bands: Int = 10, hidden: [Int] = [6]
  ) -> ModelArchitecture {
    ModelArchitecture(
      bandCount: bands, branches: branches, fusion: .attention,
      attention: .init(width: 8, heads: 2),
      head: .init(kind: .softmax, hidden: hidden, outputs: 3))
  }

  private static let branches: [ModelArchitecture.Branch] = [
    .spectral(.init(filters: [5], kernel: 3, pool: 2, width: 1)),
    .patch(
      .init(window: 4, layers: [.convolution(filters: 4, kernel: 2)], width: 1, bands: 0..<2)),
  ]

  /// The model and the samples of the fixture, which `make_attention_fixtures.py` made.
  private static func stored(_ fixture: Fixture) throws -> (model: Model, batch: ModelBatch) {
    var model = try Model(architecture: form(branches), seed: 1)
    let names = model.parameters.parameters("").map(\.name)
    #expect(names.sorted() == fixture.names("model.parameter.").sorted())
    model.parameters.visitParameters("") { name, _, values in
      #expect(throws: Never.self) { values = try fixture("model.parameter.\(name)") }
    }
    return (
      model,
      ModelBatch(
        count: 21, spectra: try fixture("model.spectra"), windows: [try fixture("model.windows")])
    )
  }

  /// Values agree relative to the largest of them, however small that is.
  private func expect(
    _ values: [Float], _ expected: [Float], _ name: String, within tolerance: Float = 1e-5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let largest = expected.map { abs($0) }.max() ?? 0
    let worst = zip(values, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(
      values.count == expected.count && worst <= tolerance * largest + 1e-8,
      "\(name): \(worst) of \(largest)", sourceLocation: sourceLocation)
  }

  @Test func outputsAndGradientsArePyTorchs() throws {
    let fixture = try Fixture("attention")
    let (model, batch) = try Self.stored(fixture)
    let (outputs, pass) = model.forward(batch)
    expect(outputs, try fixture("model.outputs"), "outputs")
    let loss = Losses.softmaxCrossEntropy(
      outputs, classes: try fixture("model.classes").map { Int32($0) }, outputCount: 3,
      weights: [Float](repeating: 1, count: 21))
    expect([Float(loss.value)], try fixture("model.loss"), "loss")
    for tensor in model.pullback(pass, outputGradient: loss.gradient).parameters("") {
      expect(
        tensor.values, try fixture("model.gradient.\(tensor.name)"), tensor.name, within: 1e-4)
    }
    let inputs = model.inputGradient(pass, outputGradient: loss.gradient)
    expect(inputs.spectra, try fixture("model.dspectra"), "spectra", within: 1e-4)
    expect(inputs.windows[0], try fixture("model.dwindows"), "windows", within: 1e-4)
  }

  @Test func sharesAreThoseOfPyTorch() throws {
    let fixture = try Fixture("attention")
    let (model, batch) = try Self.stored(fixture)
    let read = model.attention(batch)
    for (part, name) in zip(read, ["spectral", "patch"]) {
      expect(part.pooling, try fixture("model.\(name).shares"), "pooling")
      expect(part.own, try fixture("model.\(name).self"), "self")
      expect(part.cross, try fixture("model.\(name).cross"), "cross")
    }
    #expect(read.map(\.tokenCount) == [4, 9] && read.map(\.otherCount) == [9, 4])
    // a (I + A) / 2 by loops.
    for part in read {
      let count = part.tokenCount
      for sample in 0..<21 {
        let own = Array(part.rollout[sample * count..<(sample + 1) * count])
        for token in 0..<count {
          let sum = (0..<count).reduce(part.pooling[sample * count + token]) { sum, query in
            sum + part.pooling[sample * count + query]
              * part.own[(sample * count + query) * count + token]
          }
          #expect(abs(own[token] - sum / 2) < 1e-6)
        }
        #expect(abs(own.reduce(0, +) - 1) < 1e-5)
      }
    }
  }

  private static let graph = ModelArchitecture.Branch.graph(
    .init(hops: 1, width: 4, output: 3, dropout: 0))

  private static func graphBatch(_ count: Int, seed: UInt64) -> ModelBatch {
    ModelBatch(
      count: count, spectra: normals(count * 6, seed: seed),
      graph: SegmentGraph(
        bandCount: 6, pixelStart: [0, 2, 3, 6], propagated: normals(36, seed: seed + 1),
        neighborStart: [0, 1, 3, 4], neighbors: [1, 0, 2, 1]),
      segmentOfSample: (0..<count).map { Int32($0 % 4) - 1 })
  }

  /// A graph branch is one token; slopes of all parameters, and of the inputs both ways.
  @Test func graphsAreOneToken() throws {
    let form = Self.form(
      [Self.graph, .spectral(.init(filters: [3], kernel: 2, pool: 1, width: 2))], bands: 6)
    let model = try Model(architecture: form, seed: 4)
    let names = model.tensors.map(\.name)
    #expect(!names.contains { $0.hasPrefix("fusion.graph.self") || $0.hasPrefix("spectral.dense") })
    #expect(names.contains("fusion.graph.cross.query.weight"))
    let batch = Self.graphBatch(19, seed: 5)
    let u = normals(19 * 3, seed: 8)
    let (outputs, pass) = model.forward(batch)
    #expect(abs(inner(outputs, u) - NaiveModel(model).objective(batch, u)) < 1e-4)
    for tensor in model.pullback(pass, outputGradient: u).parameters("") {
      for index in Set([0, tensor.values.count / 2, tensor.values.count - 1]) {
        var (up, down) = (NaiveModel(model), NaiveModel(model))
        up.parameters[tensor.name]?[index] += 1e-6
        down.parameters[tensor.name]?[index] -= 1e-6
        let slope = (up.objective(batch, u) - down.objective(batch, u)) / 2e-6
        #expect(
          abs(Float(slope) - tensor.values[index]) < 1e-4 * max(1, abs(Float(slope))),
          "\(tensor.name)[\(index)]")
      }
    }
    var tangent = Self.graphBatch(19, seed: 15)
    tangent.segmentOfSample = batch.segmentOfSample
    let pushed = inner(u, model.pushforward(pass, tangent: tangent))
    let pulled = model.inputGradient(pass, outputGradient: u)
    let sum =
      inner(pulled.spectra, tangent.spectra)
      + inner(pulled.graph?.propagated ?? [], tangent.graph?.propagated ?? [])
    #expect(agree(pushed, sum, 200))
    let read = model.attention(batch)
    #expect(read[0].pooling == [Float](repeating: 1, count: 19) && read[0].own.isEmpty)
    #expect(read[0].rollout == read[0].pooling && read[0].cross.count == 19 * 5)
    #expect(read[1].otherCount == 1 && read[1].cross.allSatisfy { $0 == 1 })
  }

  @Test func oneBranchAttendsToItself() throws {
    let model = try Model(architecture: ModelTests.architectures[6], seed: 4)
    #expect(!model.tensors.contains { $0.name.contains("cross") })
    let read = model.attention(ModelTests.batch(model.architecture, 70, seed: 5))
    #expect(read.count == 1 && read[0].cross.isEmpty && read[0].otherCount == 0)
    #expect(read[0].pooling.count == 490 && read[0].own.count == 70 * 49)
    #expect(model.attention(ModelBatch(count: 0)).map(\.tokenCount) == [7])
    let plain = try Model(architecture: ModelTests.architectures[0], seed: 4)
    #expect(plain.attention(ModelTests.batch(plain.architecture, 3, seed: 5)).isEmpty)
  }

  /// Large inputs at one place spread as far as its tokens' reach says, and no farther.
  @Test func tokensReachAsFarAsTheirLayers() throws {
    var model = try Model(
      architecture: Self.form(
        [
          .spectral(.init(filters: [2, 2], kernel: 3, pool: 2, width: 1, bands: 3..<20)),
          .patch(
            .init(
              window: 7, layers: [.convolution(filters: 2, kernel: 2), .maxPool(size: 2)],
              width: 1, bands: 0..<1)), Self.graph,
        ], bands: 20), seed: 2)
    // Where no weight is negative, what is large stays so.
    model.parameters.visitParameters("") { name, _, values in
      if name.contains("conv") { values = values.map { abs($0) + 0.01 } }
    }
    #expect(model.tokenReach(2) == [.segment])
    func moved(_ branch: Int, _ place: Int, of count: Int) -> [Bool] {
      guard let (stack, input) = model.parameters.branches[branch].stack(batch: 1) else {
        return []
      }
      var values = [Float](repeating: 0, count: count)
      let before = stack.forward(values, input.shape).features
      values[place] = 1e6
      let after = stack.forward(values, input.shape).features
      return stride(from: 0, to: after.count, by: 2).map { after[$0] > before[$0] + 1 }
    }
    for band in 3..<20 {
      let expected = model.tokenReach(0).map { reach in
        if case .bands(let bands) = reach { bands.contains(band) } else { false }
      }
      #expect(moved(0, band - 3, of: 17) == expected)
    }
    for place in 0..<49 {
      let expected = model.tokenReach(1).map { reach in
        if case .cells(let rows, let columns) = reach {
          rows.contains(place / 7) && columns.contains(place % 7)
        } else {
          false
        }
      }
      #expect(moved(1, place, of: 49) == expected)
    }
    #expect(model.tokenReach(0).count == 2 && model.tokenReach(1).count == 9)
  }

  /// Every cell's shares are those of its own window, spectrum and segment.
  @Test(arguments: DenseModelTests.attentions)
  func cellsHaveTheSharesOfTheirWindows(_ shape: DenseModelTests.Shape) throws {
    let model = try DenseModelTests.model(shape)
    var input = DenseModelTests.input(margin: 3)
    if shape.branches.count > 1 { DenseModelTests.addGraph(to: &input) }
    let expected = model.attention(DenseModelTests.batch(model, input.values, input))
    var seen = 0
    model.denseAttention(input) { block in
      for (branch, part) in expected.enumerated() {
        for (place, cell) in block.cells.enumerated() {
          for token in 0..<part.tokenCount {
            let index = token * block.cells.count + place
            let own = cell * part.tokenCount + token
            #expect(abs(block.pooling[branch][index] - part.pooling[own]) < 1e-5)
            #expect(abs(block.rollout[branch][index] - part.rollout[own]) < 1e-5)
          }
        }
      }
      seen += block.cells.count
    }
    #expect(seen == input.cellCount)
  }

  @Test func placesBeginSmall() throws {
    let model = try Model(architecture: Self.form(Self.branches), seed: 12)
    let places = try #require(
      model.tensors.first { $0.name == "fusion.patch.position.weight" })
    #expect(places.shape == [9, 8])
    let square = inner(places.values, places.values) / 72
    #expect((0.015...0.025).contains(square.squareRoot()))
  }

  @Test func partsAreNamed() throws {
    let form = Self.form(Self.branches)
    #expect(form.partNames.contains("fusion"))
    #expect(form.prefixes(ofPart: "fusion") == ["fusion"])
    #expect(form.prefixes(ofPart: "fusion.patch.self") == ["fusion.patch.self"])
    #expect(form.prefixes(ofPart: "patch.dense") == nil)
  }
}
