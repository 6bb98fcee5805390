import Tensors
import Testing

@testable import Networks

/// The convolution inside segments on enough pixels for many blocks in every part.
@Suite struct InternalConvolutionTests {
  private static let (bands, outputs, segments) = (3, 5, 400)
  private let layer = InternalConvolution(
    inputs: bands, outputs: outputs, random: Randomness(seed: 21))
  private let graph: SegmentGraph

  init() {
    var start = [0]
    for segment in 0..<Self.segments {
      // Some segments are a block by themselves, some have no pixel at all.
      let pixels = segment % 57 == 3 ? 0 : segment % 31 == 5 ? 700 : 90 + segment % 60
      start.append(start[segment] + pixels)
    }
    graph = SegmentGraph(
      bandCount: Self.bands, pixelStart: start,
      propagated: normals(start[Self.segments] * Self.bands, seed: 22),
      neighborStart: [Int](repeating: 0, count: Self.segments + 1), neighbors: [])
  }

  /// Every pixel's values before the ReLU, in double precision.
  private func value(_ pixel: Int, _ output: Int) -> Double {
    (0..<Self.bands).reduce(Double(layer.linear.bias[output])) {
      $0 + Double(layer.linear.weight[output * Self.bands + $1])
        * Double(graph.propagated[pixel * Self.bands + $1])
    }
  }

  /// Calls `body` with every pixel, its segment and its share in the segment's mean.
  private func forEachPixel(_ body: (_ pixel: Int, _ segment: Int, _ share: Double) -> Void) {
    for segment in 0..<Self.segments {
      let pixels = graph.pixelStart[segment]..<graph.pixelStart[segment + 1]
      for pixel in pixels { body(pixel, segment, 1 / Double(pixels.count)) }
    }
  }

  @Test func featuresAgreeWithLoops() {
    #expect(InternalConvolution.blocks(graph).count > 64, "several blocks in a part")
    var expected = [Double](repeating: 0, count: Self.segments * Self.outputs)
    forEachPixel { pixel, segment, share in
      for output in 0..<Self.outputs {
        expected[segment * Self.outputs + output] += share * max(0, value(pixel, output))
      }
    }
    let (values, masks) = layer.forward(graph, keepsMask: true)
    #expect(difference(values, expected) < 1e-6)
    #expect(masks.reduce(0) { $0 + $1.count } == graph.pixelCount * Self.outputs)
    let without = layer.forward(graph, keepsMask: false)
    #expect(without.values == values && without.masks.isEmpty)
  }

  @Test func gradientsAgreeWithLoops() {
    let slopes = normals(Self.segments * Self.outputs, seed: 23)
    var weight = [Double](repeating: 0, count: Self.outputs * Self.bands)
    var bias = [Double](repeating: 0, count: Self.outputs)
    var input = [Double](repeating: 0, count: graph.propagated.count)
    forEachPixel { pixel, segment, share in
      for output in 0..<Self.outputs where value(pixel, output) > 0 {
        let slope = share * Double(slopes[segment * Self.outputs + output])
        bias[output] += slope
        for band in 0..<Self.bands {
          let place = output * Self.bands + band
          weight[place] += slope * Double(graph.propagated[pixel * Self.bands + band])
          input[pixel * Self.bands + band] += slope * Double(layer.linear.weight[place])
        }
      }
    }
    let masks = layer.forward(graph, keepsMask: true).masks
    var gradient = layer.zeroed()
    let pulled = layer.pullback(
      graph, masks: masks, outputGradient: slopes, adding: &gradient, wantsInput: true)
    #expect(difference(gradient.linear.weight, weight) < 1e-5)
    #expect(difference(gradient.linear.bias, bias) < 1e-5)
    #expect(difference(pulled ?? [], input) < 1e-6)
    var alone = layer.zeroed()
    let none = layer.pullback(
      graph, masks: masks, outputGradient: slopes, adding: &alone, wantsInput: false)
    #expect(none == nil && alone == gradient)
  }

  @Test func tangentsAgreeWithLoops() throws {
    let tangents = normals(graph.pixelCount * 2, seed: 24)
    let mixing = normals(Self.bands * 2, seed: 25)
    var expected = [[Double]](
      repeating: [Double](repeating: 0, count: Self.segments * Self.outputs), count: 2)
    forEachPixel { pixel, segment, share in
      for output in 0..<Self.outputs where value(pixel, output) > 0 {
        for source in 0..<2 {
          let mixed = (0..<Self.bands).reduce(0.0) {
            $0 + Double(layer.linear.weight[output * Self.bands + $1])
              * Double(mixing[$1 * 2 + source])
          }
          expected[1 - source][segment * Self.outputs + output] +=
            share * mixed * Double(tangents[pixel * 2 + source])
        }
      }
    }
    let masks = layer.forward(graph, keepsMask: true).masks
    let pushed = layer.pushforward(
      graph, masks: masks, tangents: tangents, sourceCount: 2, mixing: mixing,
      sources: [[1], [0]])
    for feature in 0..<2 { #expect(difference(pushed[feature], expected[feature]) < 1e-6) }
  }
}
