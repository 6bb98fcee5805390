import Tensors
import Testing

@testable import Networks

@Suite struct PatchNetworkTests {
  @Test func denseLayerTakesWhatIsLeft() throws {
    let branch = ModelArchitecture.PatchBranch(
      window: 15,
      layers: [
        .convolution(filters: 32, kernel: 3), .convolution(filters: 32, kernel: 3),
        .maxPool(size: 2), .convolution(filters: 64, kernel: 3),
      ], width: 64)
    let network = try PatchNetwork(branch: branch, bandCount: 16, random: Randomness(seed: 1))
    #expect(network.stack.dense?.inputs == 64 * 3 * 3)
    #expect(network.width == 64)
    let names = network.stack.parameters("patch").map(\.name)
    #expect(
      names == [
        "patch.conv1.weight", "patch.conv1.bias", "patch.conv2.weight", "patch.conv2.bias",
        "patch.conv3.weight", "patch.conv3.bias", "patch.dense.weight", "patch.dense.bias",
      ])
  }

  @Test func smallWindowsAreRefused() {
    let branch = ModelArchitecture.PatchBranch(
      window: 2, layers: [.convolution(filters: 1, kernel: 3)], width: 1)
    let error = #expect(throws: ModelProblem.self) {
      try PatchNetwork(branch: branch, bandCount: 1, random: Randomness(seed: 1))
    }
    #expect(error?.description.contains("leaves 2 x 2") == true)
  }
}
