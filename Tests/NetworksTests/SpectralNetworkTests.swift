import Tensors
import Testing

@testable import Networks

@Suite struct SpectralNetworkTests {
  @Test func kernelsAndPoolingsAreShortened() {
    let branch = ModelArchitecture.SpectralBranch(filters: [2, 3, 4], kernel: 5, pool: 3, width: 6)
    let network = SpectralNetwork(branch: branch, bandCount: 12, random: Randomness(seed: 1))
    // 12 bands: kernel 5 leaves 8, pooling 2; kernel 2 leaves 1; kernel 1 leaves 1.
    let shapes = network.stack.parameters("spectral").map(\.shape)
    #expect(shapes == [[2, 1, 5], [2], [3, 2, 2], [3], [4, 3, 1], [4], [6, 4], [6]])
    #expect(network.width == 6)
  }

  @Test func oneBandIsEnough() {
    let branch = ModelArchitecture.SpectralBranch(filters: [2], kernel: 5, pool: 3, width: 6)
    let network = SpectralNetwork(branch: branch, bandCount: 1, random: Randomness(seed: 1))
    #expect(network.stack.parameters("")[0].shape == [2, 1, 1])
  }
}
