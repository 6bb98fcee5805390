import Tensors
import Testing

@testable import Networks

@Suite struct ParameterizedTests {
  @Test func zerosAndSums() {
    let layer = Linear(inputs: 2, outputs: 1, weight: [1, 2], bias: [3])
    var sum = layer.zeroed()
    #expect(sum.weight == [0, 0] && sum.bias == [0])
    sum.add(layer)
    sum.add(layer, scale: 0.5)
    #expect(sum.weight == [1.5, 3] && sum.bias == [4.5])
    #expect(layer.buffers("").isEmpty)
  }
}
