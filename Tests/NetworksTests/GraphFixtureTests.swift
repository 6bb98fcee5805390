import Foundation
import Tensors
import Testing

@testable import Networks

/// Values that torch-geometric computed; `make_graph_fixtures.py` made them.
struct GraphFixtureTests {
  private struct Fixture: Decodable {
    let bandCount, width, output, hops: Int
    let pixelStart, neighborStart: [Int]
    let propagated: [Float]
    let neighbors: [Int32]
    let weights: [Float]?
    let parameters, buffers, buffersAfter: [String: [Float]]
    let featureGradient: [Float]
    let inference, training: Results
  }

  private struct Results: Decodable {
    let features: [Float]
    let gradients: [String: [Float]]
  }

  private func load(_ name: String) throws -> (
    fixture: Fixture, graph: SegmentGraph, network: GraphNetwork
  ) {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    let graph = SegmentGraph(
      bandCount: fixture.bandCount, pixelStart: fixture.pixelStart,
      propagated: fixture.propagated, neighborStart: fixture.neighborStart,
      neighbors: fixture.neighbors, weights: fixture.weights)
    var network = GraphNetwork(
      branch: .init(
        hops: fixture.hops, width: fixture.width, output: fixture.output, dropout: 0),
      bandCount: fixture.bandCount, random: Randomness(seed: 0))
    network.visitParameters("g") { name, _, values in
      values = fixture.parameters[String(name.dropFirst(2))] ?? []
    }
    network.visitBuffers("g") { name, _, values in
      values = fixture.buffers[String(name.dropFirst(2))] ?? []
    }
    return (fixture, graph, network)
  }

  private func close(
    _ a: [Float], _ b: [Float]?, _ what: String, within tolerance: Float = 2e-5
  ) {
    let b = b ?? []
    #expect(a.count == b.count, "\(what)")
    for (x, y) in zip(a, b) { #expect(abs(x - y) < tolerance * max(1, abs(y)), "\(what)") }
  }

  @Test(arguments: [false, true], ["graph", "graph-weighted"])
  func featuresAndGradientsAreTorchGeometrics(training: Bool, name: String) throws {
    var (fixture, graph, network) = try load(name)
    #expect((fixture.weights != nil) == (name == "graph-weighted"))
    let expected = training ? fixture.training : fixture.inference
    let (features, pass) = network.forward(graph, training: training)
    close(features, expected.features, "features", within: 1e-5)
    let gradient = network.pullback(pass, featureGradient: fixture.featureGradient)
    for tensor in gradient.parameters("g") {
      let name = String(tensor.name.dropFirst(2))
      close(tensor.values, expected.gradients[name], name)
    }
    network.updateBuffers(pass)
    for tensor in network.buffers("g") {
      let name = String(tensor.name.dropFirst(2))
      close(tensor.values, (training ? fixture.buffersAfter : fixture.buffers)[name], name)
    }
  }
}
