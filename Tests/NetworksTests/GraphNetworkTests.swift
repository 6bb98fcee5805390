import Tensors
import Testing

@testable import Networks

struct GraphNetworkTests {
  private let random = Randomness(seed: 11)

  @Test(arguments: [false, true], [false, true])
  func featuresAgreeWithADoubleTwin(training: Bool, weighted: Bool) {
    let graph = GraphSamples.graph(weighted: weighted, random: random)
    let network = GraphSamples.network(random: random)
    let features = network.forward(graph, training: training).features
    let expected = GraphTwin(network, graph, training: training).features()
    #expect(features.count == 14 * 5)
    for (value, twin) in zip(features, expected) { #expect(abs(Double(value) - twin) < 2e-5) }
    #expect(features.count { $0 > 0 } > 15)
    if !training { #expect(network.features(graph) == features) }
  }

  @Test(arguments: [false, true])
  func gradientsAgreeWithFiniteDifferences(training: Bool) {
    let graph = GraphSamples.graph(weighted: true, random: random)
    let network = GraphSamples.network(random: random)
    let pass = network.forward(graph, training: training).pass
    let seed = GraphSamples.normals(14 * 5, random.derived(3))
    let gradient = network.pullback(pass, featureGradient: seed)
    let twin = GraphTwin(network, graph, training: training)
    func loss(_ twin: GraphTwin) -> Double {
      zip(twin.features(), seed).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    let step = 1e-6
    for tensor in gradient.parameters("g") {
      let name = String(tensor.name.dropFirst(2))
      let direction = GraphSamples.normals(tensor.values.count, random.derived(4))
      func moved(_ sign: Double) -> Double {
        var moved = twin
        for index in direction.indices {
          moved.parameters[name]?[index] += sign * step * Double(direction[index])
        }
        return loss(moved)
      }
      let slope = (moved(1) - moved(-1)) / (2 * step)
      let found = GraphSamples.dot(tensor.values, direction)
      #expect(abs(found - slope) < 2e-4 * max(1, abs(slope)), "\(name)")
      #expect(abs(slope) > 1e-3 || training, "\(name) does not matter")
    }
    let input = network.inputGradient(pass, featureGradient: seed)
    let direction = GraphSamples.normals(input.count, random.derived(5))
    func moved(_ sign: Double) -> Double {
      var moved = twin
      for index in direction.indices {
        moved.propagated[index] += sign * step * Double(direction[index])
      }
      return loss(moved)
    }
    let slope = (moved(1) - moved(-1)) / (2 * step)
    #expect(abs(GraphSamples.dot(input, direction) - slope) < 2e-4 * max(1, abs(slope)))
    let tangent = network.pushforward(pass, tangent: direction)
    #expect(abs(GraphSamples.dot(tangent, seed) - slope) < 2e-4 * max(1, abs(slope)))
  }

  @Test(arguments: [false, true], [false, true])
  func pushforwardAndPullbackAreAdjoint(training: Bool, partial: Bool) {
    var graph = GraphSamples.graph(segments: 40, weighted: true, random: random)
    if partial { graph = graph.subgraph(around: [3, 20, 21]).graph }
    let network = GraphSamples.network(dropout: 0.4, random: random)
    let pass = network.forward(graph, training: training, dropout: random.derived(8)).pass
    let u = GraphSamples.normals(graph.targetCount * 5, random.derived(6))
    let v = GraphSamples.normals(graph.propagated.count, random.derived(7))
    let forward = GraphSamples.dot(u, network.pushforward(pass, tangent: v))
    let backward = GraphSamples.dot(network.inputGradient(pass, featureGradient: u), v)
    #expect(abs(forward - backward) < 1e-4 * max(1, abs(forward)))
    #expect(abs(forward) > 1e-3)
  }

  @Test func explainedFeaturesAreDirectionalDerivatives() {
    let graph = GraphSamples.graph(segments: 30, bands: 4, weighted: true, random: random)
    let network = GraphSamples.network(bands: 4, random: random)
    let featureOfSource = [2, 0, 1, 2, 0, 3]
    let sources = GraphSamples.normals(graph.pixelCount * 6, random.derived(1))
    let mixing = GraphSamples.normals(4 * 6, random.derived(2))
    let (features, tangents) = network.pushforward(
      graph, sources: sources, mixing: mixing, featureOfSource: featureOfSource, featureCount: 4)
    let (expected, pass) = network.forward(graph)
    #expect(features == expected)
    for feature in 0..<4 {
      var direction = [Float](repeating: 0, count: graph.pixelCount * 4)
      for pixel in 0..<graph.pixelCount {
        for source in 0..<6 where featureOfSource[source] == feature {
          for band in 0..<4 {
            direction[pixel * 4 + band] +=
              mixing[band * 6 + source] * sources[pixel * 6 + source]
          }
        }
      }
      let tangent = network.pushforward(pass, tangent: direction)
      let found = tangents[feature * tangent.count..<(feature + 1) * tangent.count]
      for (a, b) in zip(found, tangent) { #expect(abs(a - b) < 1e-4 * max(1, abs(b))) }
      #expect(tangent.contains { abs($0) > 1e-3 })
    }
  }

  @Test func twoHopsSayWhatTheWholeGraphSays() {
    let graph = GraphSamples.graph(segments: 60, weighted: true, random: random)
    let network = GraphSamples.network(random: random)
    let whole = network.features(graph)
    let targets = [50, 7, 8, 31]
    let (part, segments) = graph.subgraph(around: targets)
    #expect(part.targetCount == 4 && part.innerCount > 4)
    #expect(part.segmentCount > part.innerCount && part.segmentCount < 60)
    #expect(Array(segments.prefix(4)) == targets.sorted())
    let features = network.features(part)
    #expect(features.count == 4 * 5)
    for (row, segment) in segments.prefix(4).enumerated() {
      for k in 0..<5 { #expect(abs(features[row * 5 + k] - whole[segment * 5 + k]) < 1e-5) }
    }
    // Without the true degrees the second hop would be wrong.
    var cut = part
    cut.degrees =
      SegmentGraph(
        bandCount: 3, pixelStart: part.pixelStart, propagated: part.propagated,
        neighborStart: part.neighborStart, neighbors: part.neighbors, weights: part.weights
      ).degrees
    #expect(network.features(cut) != features)
  }

  @Test func mergedPartsAreOneGraph() throws {
    var graph = GraphSamples.graph(segments: 60, weighted: true, random: random)
    graph.propagatedOnes = GraphSamples.normals(graph.pixelCount, random)
    let network = GraphSamples.network(random: random)
    let parts = [[5, 6], [7, 40], [6, 41]].map { targets in
      let (part, segments) = graph.subgraph(around: targets)
      return (graph: part, ids: segments.map { UInt32(1000 - $0) })
    }
    let (merged, ids) = try #require(SegmentGraph.merged(parts))
    #expect(
      Set(ids.prefix(merged.targetCount)) == Set([5, 6, 7, 40, 41].map { UInt32(1000 - $0) }))
    let (expected, segments) = graph.subgraph(around: ids.prefix(5).map { 1000 - Int($0) })
    #expect(merged.segmentCount == expected.segmentCount)
    #expect(merged.innerCount == expected.innerCount)
    #expect(merged.pixelCount == expected.pixelCount)
    #expect(merged.propagatedOnes.count == merged.pixelCount)
    let features = network.features(merged)
    let whole = network.features(graph)
    for (row, id) in ids.prefix(5).enumerated() {
      for k in 0..<5 {
        #expect(abs(features[row * 5 + k] - whole[(1000 - Int(id)) * 5 + k]) < 1e-5)
      }
    }
    #expect(Set(segments) == Set(ids.map { 1000 - Int($0) }))
    #expect(SegmentGraph.merged([]) == nil)
  }

  @Test func dropoutKeepsTheMeanAndHangsOnItsKey() {
    let graph = GraphSamples.graph(random: random)
    let network = GraphSamples.network(dropout: 0.5, random: random)
    let first = network.forward(graph, training: true, dropout: random).pass
    let again = network.forward(graph, training: true, dropout: random).pass
    let other = network.forward(graph, training: true, dropout: random.derived(1)).pass
    #expect(first.features == again.features)
    #expect(first.kept != other.kept)
    #expect(Set(first.kept) == [0, 2])
    #expect((20..<64).contains(first.kept.count { $0 > 0 }))
    #expect(network.forward(graph).pass.kept.isEmpty)
  }

  @Test func workersDoNotChangeABit() {
    let graph = GraphSamples.graph(segments: 900, random: random)
    let network = GraphSamples.network(random: random)
    let seed = GraphSamples.normals(900 * 5, random)
    func results(jobs: Int) -> [NamedTensor] {
      Parallel.with(jobs: jobs) {
        let (features, pass) = network.forward(graph, training: true)
        return [NamedTensor(name: "", shape: [], values: features)]
          + network.pullback(pass, featureGradient: seed).parameters("g")
      }
    }
    #expect(results(jobs: 1) == results(jobs: 3))
  }

  @Test func parametersAndBuffersHavePyTorchsNames() {
    let network = GraphSamples.network(random: random)
    let shapes = network.parameters("graph").map { "\($0.name) \($0.shape)" }
    #expect(
      shapes == [
        "graph.internal.weight [6, 3]", "graph.internal.bias [6]", "graph.bn0.weight [6]",
        "graph.bn0.bias [6]", "graph.external1.weight [6, 6]", "graph.external1.bias [6]",
        "graph.bn1.weight [6]", "graph.bn1.bias [6]", "graph.external2.relation.weight [6, 6]",
        "graph.external2.relation.bias [6]", "graph.external2.root.weight [6, 6]",
        "graph.bn2.weight [6]", "graph.bn2.bias [6]", "graph.dense.weight [5, 6]",
        "graph.dense.bias [5]",
      ])
    let buffers = network.buffers("graph").map(\.name)
    #expect(buffers.count == 6 && buffers[0] == "graph.bn0.running_mean")
    let names = network.parameters("graph").map(\.name)
    #expect(GraphNetwork.internalParameters.allSatisfy { names.contains("graph.\($0)") })
  }

  @Test func anEmptyGraphHasNoFeatures() {
    let graph = SegmentGraph(
      bandCount: 3, pixelStart: [0], propagated: [], neighborStart: [0], neighbors: [])
    let network = GraphSamples.network(random: random)
    #expect(network.features(graph).isEmpty)
    let pass = network.forward(graph, training: true).pass
    #expect(network.pullback(pass, featureGradient: []) == network.zeroed())
  }
}
