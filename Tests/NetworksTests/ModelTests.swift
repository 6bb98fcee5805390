import Tensors
import Testing

@testable import Networks

@Suite struct ModelTests {
  static let architectures: [ModelArchitecture] = [
    .init(
      bandCount: 9,
      branches: [.spectral(.init(filters: [4, 3], kernel: 3, pool: 2, width: 5))],
      head: .init(kind: .softmax, hidden: [], outputs: 3)),
    .init(
      bandCount: 3,
      branches: [
        .patch(
          .init(
            window: 8,
            layers: [
              .convolution(filters: 4, kernel: 3), .maxPool(size: 2),
              .convolution(filters: 3, kernel: 2),
            ], width: 5))
      ],
      head: .init(kind: .sigmoid, hidden: [6], outputs: 2)),
    .init(
      bandCount: 4,
      branches: [
        .patch(
          .init(window: 5, layers: [.averagePool(size: 2)], width: 3)),
        .spectral(.init(filters: [2], kernel: 9, pool: 3, width: 2)),
        .patch(.init(window: 3, layers: [.convolution(filters: 2, kernel: 2)], width: 4)),
        .spectral(.init(filters: [], kernel: 1, pool: 1, width: 3)),
      ],
      head: .init(kind: .linear, hidden: [5, 4], outputs: 2)),
    .init(
      bandCount: 5,
      branches: [
        .patch(.init(window: 3, layers: [.convolution(filters: 2, kernel: 2)], width: 4)),
        .spectral(.init(filters: [3], kernel: 2, pool: 1, width: 4)),
        .spectral(.init(filters: [2], kernel: 3, pool: 2, width: 4)),
      ],
      fusion: .gate, head: .init(kind: .softmax, hidden: [3], outputs: 2)),
    // Branches that read some of the bands, and windows of sub-cells.
    .init(
      bandCount: 14,
      branches: [
        .spectral(.init(filters: [3], kernel: 3, pool: 2, width: 4, bands: 2..<9)),
        .patch(
          .init(
            window: 3, layers: [.convolution(filters: 2, kernel: 2)], width: 3, bands: 9..<11)),
        .patch(
          .init(
            window: 5, layers: [.convolution(filters: 3, kernel: 2), .maxPool(size: 2)], width: 4,
            bands: 0..<8, refinement: 2)),
        .spectral(.init(filters: [2], kernel: 4, pool: 1, width: 3)),
        .patch(
          .init(
            window: 4, layers: [.convolution(filters: 2, kernel: 3)], width: 3, bands: 3..<12,
            refinement: 3)),
      ],
      head: .init(kind: .softmax, hidden: [5], outputs: 2)),
    // Attention over several branches, one with a single token, and over one branch.
    .init(
      bandCount: 9,
      branches: [
        .spectral(.init(filters: [3], kernel: 3, pool: 2, width: 4)),
        .patch(
          .init(
            window: 3, layers: [.convolution(filters: 2, kernel: 2)], width: 3, bands: 2..<5)),
        .patch(.init(window: 2, layers: [.averagePool(size: 2)], width: 3, bands: 4..<9)),
      ],
      fusion: .attention, attention: .init(width: 6, heads: 3),
      head: .init(kind: .softmax, hidden: [5], outputs: 3)),
    .init(
      bandCount: 7,
      branches: [.spectral(.init(filters: [], kernel: 3, pool: 2, width: 4))],
      fusion: .attention, attention: .init(width: 4, heads: 2),
      head: .init(kind: .sigmoid, hidden: [], outputs: 2)),
  ]

  /// Random inputs of every branch.
  static func batch(_ architecture: ModelArchitecture, _ count: Int, seed: UInt64) -> ModelBatch {
    let bands = architecture.bandCount
    var windows: [[Float]] = []
    for form in architecture.windows {
      windows.append(normals(count * form.valueCount, seed: seed + UInt64(windows.count) + 1))
    }
    return ModelBatch(
      count: count, spectra: normals(count * bands, seed: seed), windows: windows)
  }

  @Test(arguments: architectures)
  func outputsAgreeWithLoops(_ architecture: ModelArchitecture) throws {
    let model = try Model(architecture: architecture, seed: 1)
    let batch = Self.batch(architecture, 37, seed: 30)
    let outputs = model.outputs(batch)
    #expect(outputs == model.forward(batch).outputs)
    let twin = NaiveModel(model)
    for index in stride(from: 0, to: outputs.count, by: 7) {
      var u = [Float](repeating: 0, count: outputs.count)
      u[index] = 1
      #expect(abs(Float(twin.objective(batch, u)) - outputs[index]) < 1e-5)
    }
  }

  @Test(arguments: architectures)
  func gradientsAreSlopes(_ architecture: ModelArchitecture) throws {
    let model = try Model(architecture: architecture, seed: 2)
    let batch = Self.batch(architecture, 21, seed: 40)
    let u = normals(21 * model.outputCount, seed: 50)
    let pass = model.forward(batch).pass
    let gradient = model.pullback(pass, outputGradient: u)
    for tensor in gradient.parameters("") {
      let indices = Set([0, tensor.values.count / 2, tensor.values.count - 1])
      for index in indices {
        var (up, down) = (NaiveModel(model), NaiveModel(model))
        up.parameters[tensor.name]?[index] += 1e-6
        down.parameters[tensor.name]?[index] -= 1e-6
        let slope = (up.objective(batch, u) - down.objective(batch, u)) / 2e-6
        #expect(
          abs(Float(slope) - tensor.values[index]) < 1e-4 * max(1, abs(Float(slope))),
          "\(tensor.name)[\(index)]")
      }
    }
  }

  @Test(arguments: architectures)
  func pushforwardIsASlope(_ architecture: ModelArchitecture) throws {
    let model = try Model(architecture: architecture, seed: 3)
    let (batch, tangent) = (
      Self.batch(architecture, 20, seed: 60), Self.batch(architecture, 20, seed: 70)
    )
    let u = normals(20 * model.outputCount, seed: 80)
    let pass = model.forward(batch).pass
    let pushed = inner(u, model.pushforward(pass, tangent: tangent))
    let gradient = model.inputGradient(pass, outputGradient: u)
    var pulled = inner(gradient.spectra, tangent.spectra)
    for (slopes, moves) in zip(gradient.windows, tangent.windows) { pulled += inner(slopes, moves) }
    #expect(agree(pushed, pulled, Double(u.count) * 4))
    let twin = NaiveModel(model)
    func moved(_ step: Float) -> Double {
      // Steps of a power of two on few bits are exact in single precision.
      var batch = batch
      for index in batch.spectra.indices { batch.spectra[index] += step * tangent.spectra[index] }
      for which in batch.windows.indices {
        for index in batch.windows[which].indices {
          batch.windows[which][index] += step * tangent.windows[which][index]
        }
      }
      return twin.objective(batch, u)
    }
    let slope = (moved(0x1p-12) - moved(-0x1p-12)) * 0x1p11
    #expect(abs(slope - pushed) < 2e-2 * max(1, abs(slope)))
  }

  @Test func agreesWithPyTorch() throws {
    let fixture = try Fixture("model")
    let architecture = ModelArchitecture(
      bandCount: 12,
      branches: [
        .spectral(.init(filters: [6, 5], kernel: 4, pool: 2, width: 7)),
        .patch(
          .init(
            window: 13,
            layers: [
              .convolution(filters: 5, kernel: 3), .maxPool(size: 2),
              .convolution(filters: 4, kernel: 2), .averagePool(size: 2),
            ], width: 6)),
      ],
      head: .init(kind: .softmax, hidden: [8], outputs: 3))
    var model = try Model(architecture: architecture, seed: 0)
    #expect(model.tensors.map(\.name).sorted() == fixture.names("parameter.").sorted())
    model.parameters.visitParameters("") { name, shape, values in
      #expect(throws: Never.self) {
        #expect(try fixture.shape("parameter.\(name)") == shape)
        values = try fixture("parameter.\(name)")
      }
    }
    let batch = try ModelBatch(
      count: 5, spectra: fixture("spectra"), windows: [fixture("windows")])
    let (outputs, pass) = model.forward(batch)
    #expect(try difference(outputs, fixture("outputs")) < 1e-5)
    let u = try fixture("u")
    for tensor in model.pullback(pass, outputGradient: u).parameters("") {
      #expect(
        try difference(tensor.values, fixture("gradient.\(tensor.name)")) < 1e-4, "\(tensor.name)")
    }
    let inputs = model.inputGradient(pass, outputGradient: u)
    #expect(try difference(inputs.spectra, fixture("dspectra")) < 1e-4)
    var firstBands: [Float] = []
    for sample in 0..<5 {
      let start = sample * 12 * 169
      firstBands += inputs.windows[0][start..<start + 2 * 169]
    }
    #expect(try difference(firstBands, fixture("dwindows")) < 1e-4)
  }

  @Test func workersDoNotMatter() throws {
    let model = try Model(architecture: Self.architectures[1], seed: 4)
    let batch = Self.batch(Self.architectures[1], 150, seed: 90)
    let u = normals(300, seed: 91)
    @Sendable func run() -> [[Float]] {
      let (outputs, pass) = model.forward(batch, training: true)
      return [outputs] + model.pullback(pass, outputGradient: u).parameters("").map(\.values)
    }
    // Inside a loop everything is serial.
    let serial = Parallel.map(2, jobs: 2) { _ in run() }
    #expect(serial[0] == run())
  }

  @Test func dropoutFollowsItsKey() throws {
    var architecture = Self.architectures[1]
    architecture.head.dropout = 0.5
    let model = try Model(architecture: architecture, seed: 5)
    let batch = Self.batch(architecture, 40, seed: 92)
    func outputs(_ seed: UInt64) -> [Float] {
      model.forward(batch, training: true, dropout: Randomness(seed: seed)).outputs
    }
    #expect(outputs(1) == outputs(1))
    #expect(outputs(1) != outputs(2))
    #expect(model.forward(batch).outputs == model.outputs(batch))
  }

  @Test func gradientsWithDropoutAreSlopes() throws {
    var architecture = Self.architectures[0]
    architecture.head = .init(kind: .linear, hidden: [7], outputs: 2, dropout: 0.4)
    let model = try Model(architecture: architecture, seed: 6)
    let batch = Self.batch(architecture, 30, seed: 93)
    let u = normals(60, seed: 94)
    func objective(_ model: Model) -> Double {
      inner(u, model.forward(batch, training: true, dropout: Randomness(seed: 7)).outputs)
    }
    let pass = model.forward(batch, training: true, dropout: Randomness(seed: 7)).pass
    let gradient = model.pullback(pass, outputGradient: u)
    // Outputs are piecewise linear in the weights of the last layer: any step will do.
    var moved = model
    let direction = normals(14, seed: 95)
    for index in direction.indices {
      moved.parameters.head.output.weight[index] += 0.25 * direction[index]
    }
    let slope = (objective(moved) - objective(model)) * 4
    #expect(abs(slope - inner(direction, gradient.head.output.weight)) < 1e-3)
    // The tangent goes through the same masks.
    let tangent = Self.batch(architecture, 30, seed: 96)
    let pulled = inner(
      model.inputGradient(pass, outputGradient: u).spectra, tangent.spectra)
    #expect(agree(inner(u, model.pushforward(pass, tangent: tangent)), pulled, 200))
  }

  @Test func trainingLearns() throws {
    var model = try Model(
      architecture: .init(
        bandCount: 6, branches: [.spectral(.init(filters: [8], kernel: 3, pool: 2, width: 16))],
        head: .init(kind: .softmax, hidden: [], outputs: 2)), seed: 7)
    let spectra = normals(200 * 6, seed: 97)
    let classes = (0..<200).map { Int32(spectra[$0 * 6] * spectra[$0 * 6 + 1] > 0 ? 1 : 0) }
    let batch = ModelBatch(count: 200, spectra: spectra)
    var adam = Adam(learningRate: 0.02)
    var values: [Double] = []
    for _ in 0..<150 {
      let (outputs, pass) = model.forward(batch, training: true)
      let loss = Losses.softmaxCrossEntropy(outputs, classes: classes, outputCount: 2)
      adam.step(
        &model.parameters, gradient: model.pullback(pass, outputGradient: loss.gradient))
      values.append(loss.value)
    }
    #expect(values[0] > 0.6 && values[149] < 0.1)
  }

  @Test func emptyBatchesAreEmpty() throws {
    let model = try Model(architecture: Self.architectures[0], seed: 1)
    let (outputs, pass) = model.forward(ModelBatch(count: 0))
    #expect(outputs.isEmpty)
    let gradient = model.pullback(pass, outputGradient: [])
    #expect(gradient.parameters("").allSatisfy { $0.values.allSatisfy { $0 == 0 } })
  }

  @Test func seedsAndBranchesDiffer() throws {
    let architecture = Self.architectures[2]
    let one = try Model(architecture: architecture, seed: 1)
    #expect(try Model(architecture: architecture, seed: 1).tensors == one.tensors)
    #expect(try Model(architecture: architecture, seed: 2).tensors != one.tensors)
    #expect(one.tensors.map(\.name).contains("patch2.conv1.weight"))
    #expect(one.tensors.map(\.name).contains("spectral2.dense.bias"))
    #expect(one.parameterCount == one.tensors.reduce(0) { $0 + $1.values.count })
  }
}
