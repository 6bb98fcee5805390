import Tensors
import Testing

@testable import Networks

/// Models with a graph branch beside another: what `ModelTests` leaves out.
@Suite struct BranchNetworkTests {
  private let architecture = ModelArchitecture(
    bandCount: 3,
    branches: [
      .spectral(.init(filters: [2], kernel: 2, pool: 1, width: 3)),
      .graph(.init(hops: 2, width: 6, output: 4, dropout: 0)),
    ], head: .init(kind: .softmax, hidden: [5], outputs: 2))

  private func batch(_ count: Int, seed: UInt64) -> ModelBatch {
    let random = Randomness(seed: seed)
    let graph = GraphSamples.graph(random: Randomness(seed: 100))
    var own = graph
    own.propagated = normals(graph.propagated.count, seed: seed + 1)
    return ModelBatch(
      count: count, spectra: normals(count * 3, seed: seed), graph: own,
      segmentOfSample: (0..<count).map {
        Int32(random.integer(UInt64($0), below: graph.segmentCount + 1)) - 1
      })
  }

  private func model(dropout: Float = 0) throws -> Model {
    var architecture = architecture
    architecture.branches[1] = .graph(.init(hops: 2, width: 6, output: 4, dropout: dropout))
    var model = try Model(architecture: architecture, seed: 3)
    model.parameters.branches[1].withGraph {
      let made = GraphSamples.network(random: Randomness(seed: 4))
      $0.norms = made.norms
    }
    return model
  }

  @Test(arguments: [false, true])
  func outputsAgreeWithLoops(training: Bool) throws {
    let (model, batch) = (try model(), batch(40, seed: 200))
    #expect(batch.segmentOfSample.contains(-1))
    let outputs = model.forward(batch, training: training).outputs
    if !training { #expect(outputs == model.outputs(batch)) }
    let twin = NaiveModel(model, training: training)
    for index in stride(from: 0, to: 80, by: 5) {
      var u = [Float](repeating: 0, count: 80)
      u[index] = 1
      #expect(abs(Float(twin.objective(batch, u)) - outputs[index]) < 1e-5)
    }
  }

  @Test(arguments: [false, true])
  func gradientsAreSlopes(training: Bool) throws {
    let (model, batch) = (try model(), batch(40, seed: 210))
    let u = normals(80, seed: 211)
    let gradient = model.pullback(
      model.forward(batch, training: training).pass, outputGradient: u)
    for tensor in gradient.parameters("") {
      for index in Set([0, tensor.values.count / 2, tensor.values.count - 1]) {
        var (up, down) = (
          NaiveModel(model, training: training), NaiveModel(model, training: training)
        )
        up.parameters[tensor.name]?[index] += 1e-6
        down.parameters[tensor.name]?[index] -= 1e-6
        let slope = (up.objective(batch, u) - down.objective(batch, u)) / 2e-6
        #expect(
          abs(Float(slope) - tensor.values[index]) < 2e-4 * max(1, abs(Float(slope))),
          "\(tensor.name)[\(index)]: \(slope) \(tensor.values[index])")
      }
    }
  }

  @Test(arguments: [Float(0), 0.4])
  func derivativesAreAdjoint(dropout: Float) throws {
    let model = try model(dropout: dropout)
    var tangent = batch(40, seed: 220)
    let batch = batch(40, seed: 230)
    tangent.segmentOfSample = []
    let u = normals(80, seed: 231)
    let pass = model.forward(batch, training: dropout > 0).pass
    let pushed = inner(u, model.pushforward(pass, tangent: tangent))
    let gradient = model.inputGradient(pass, outputGradient: u)
    let moved = try #require(tangent.graph)
    let slopes = try #require(gradient.graph)
    let pulled =
      inner(gradient.spectra, tangent.spectra) + inner(slopes.propagated, moved.propagated)
    #expect(agree(pushed, pulled, 1000))
    #expect(inner(slopes.propagated, slopes.propagated) > 0)
  }

  @Test func onlyTrainingMovesRunningStatistics() throws {
    let (model, batch) = (try model(), batch(40, seed: 240))
    var moved = model
    moved.updateBuffers(from: model.forward(batch).pass)
    #expect(moved.tensors == model.tensors)
    moved.updateBuffers(from: model.forward(batch, training: true).pass)
    #expect(moved.parameters.parameters("") == model.parameters.parameters(""))
    for (after, before) in zip(moved.parameters.buffers(""), model.parameters.buffers("")) {
      #expect(after.name == before.name && after.values != before.values)
    }
  }

  @Test func filesHoldRunningStatistics() throws {
    let model = try model()
    let names = model.tensors.map(\.name)
    #expect(names.contains("graph.internal.weight") && names.contains("graph.bn0.running_var"))
    let read = try #require(try ModelFile(ModelFile(model: model).encoded()).network)
    #expect(read.tensors == model.tensors)
    let batch = batch(20, seed: 250)
    #expect(read.outputs(batch) == model.outputs(batch))
    let needed = try #require(model.architecture.weightCount)
    #expect(needed <= model.parameters.parameters("").reduce(0) { $0 + $1.values.count })
  }

  @Test func noSamplesNeedNoGraph() throws {
    let (outputs, pass) = try model().forward(ModelBatch(count: 0), training: true)
    #expect(outputs.isEmpty)
    let gradient = try model().pullback(pass, outputGradient: [])
    #expect(gradient.norm == 0)
  }
}
