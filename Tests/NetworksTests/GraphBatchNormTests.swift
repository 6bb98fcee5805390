import Tensors
import Testing

@testable import Networks

struct GraphBatchNormTests {
  private let random = Randomness(seed: 5)

  private func layer() -> BatchNorm {
    var layer = BatchNorm(features: 3)
    layer.weight = [0.5, -1.2, 2]
    layer.bias = [0.1, 0.2, -0.3]
    layer.runningMean = [0.3, -0.4, 0.1]
    layer.runningVariance = [0.5, 2, 1]
    return layer
  }

  @Test(arguments: [false, true])
  func agreesWithPyTorch(training: Bool) throws {
    let fixture = try Fixture("norm")
    var layer = BatchNorm(features: 4)
    layer.weight = try fixture("weight")
    layer.bias = try fixture("bias")
    layer.runningMean = try fixture("running_mean")
    layer.runningVariance = try fixture("running_var")
    let mode = training ? "training" : "inference"
    let (values, cache) = layer.forward(try fixture("x"), training: training)
    #expect(try difference(values, fixture("\(mode).y")) < 1e-5)
    var gradient = layer.zeroed()
    let input = layer.pullback(cache, outputGradient: try fixture("u"), adding: &gradient)
    #expect(try difference(input, fixture("\(mode).dx")) < 1e-5)
    #expect(try difference(gradient.weight, fixture("\(mode).dweight")) < 1e-5)
    #expect(try difference(gradient.bias, fixture("\(mode).dbias")) < 1e-5)
    layer.update(from: cache)
    let after = training ? "after." : ""
    #expect(try difference(layer.runningMean, fixture("\(after)running_mean")) < 1e-6)
    #expect(try difference(layer.runningVariance, fixture("\(after)running_var")) < 1e-6)
  }

  @Test func trainingNormalisesTheBatch() {
    let x = GraphSamples.normals(60, random).map { 3 * $0 + 5 }
    let layer = layer()
    let values = layer.forward(x, training: true).values
    for feature in 0..<3 {
      let column = (0..<20).map { Double(values[$0 * 3 + feature]) }
      let mean = column.reduce(0, +) / 20
      let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20
      #expect(abs(mean - Double(layer.bias[feature])) < 1e-5)
      let weight = Double(layer.weight[feature])
      #expect(abs(variance - weight * weight) < 1e-4)
    }
  }

  @Test func runningStatisticsMoveByATenth() {
    let x: [Float] = [1, 0, 0, 3, 0, 0, 5, 0, 0, 7, 0, 0]
    var layer = layer()
    layer.update(from: layer.forward(x, training: true).cache)
    #expect(abs(layer.runningMean[0] - (0.9 * 0.3 + 0.1 * 4)) < 1e-6)
    // The variance over n - 1 is 20 / 3.
    #expect(abs(layer.runningVariance[0] - (0.9 * 0.5 + 0.1 * 20 / 3)) < 1e-6)
    let before = layer
    layer.update(from: layer.forward(x).cache)
    #expect(layer == before)
  }

  @Test func oneRowUsesTheRunningStatistics() {
    var layer = layer()
    let x: [Float] = [1, 2, 3]
    let (values, cache) = layer.forward(x, training: true)
    #expect(values == layer.forward(x).values)
    let before = layer
    layer.update(from: cache)
    #expect(layer == before)
  }

  @Test(arguments: [false, true])
  func derivativesAgreeWithFiniteDifferences(training: Bool) {
    let layer = layer()
    let x = GraphSamples.normals(24, random)
    let v = GraphSamples.normals(24, random.derived(1))
    let u = GraphSamples.normals(24, random.derived(2))
    let cache = layer.forward(x, training: training).cache
    var gradient = layer.zeroed()
    let input = layer.pullback(cache, outputGradient: u, adding: &gradient)
    let tangent = layer.pushforward(cache, tangent: v)
    #expect(abs(GraphSamples.dot(u, tangent) - GraphSamples.dot(input, v)) < 1e-4)
    func loss(_ layer: BatchNorm, _ x: [Float]) -> Double {
      GraphSamples.dot(layer.forward(x, training: training).values, u)
    }
    let step: Float = 1e-2
    func slope(_ move: (Float) -> Double) -> Double {
      (move(step) - move(-step)) / Double(2 * step)
    }
    let bySource = slope { h in loss(layer, zip(x, v).map { $0 + h * $1 }) }
    #expect(abs(bySource - GraphSamples.dot(input, v)) < 5e-3)
    for feature in 0..<3 {
      let byWeight = slope { h in
        var moved = layer
        moved.weight[feature] += h
        return loss(moved, x)
      }
      let byBias = slope { h in
        var moved = layer
        moved.bias[feature] += h
        return loss(moved, x)
      }
      #expect(abs(byWeight - Double(gradient.weight[feature])) < 1e-3)
      #expect(abs(byBias - Double(gradient.bias[feature])) < 1e-3)
    }
  }
}
