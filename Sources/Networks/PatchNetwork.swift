public import Tensors

/// A 2-D network over a window: valid convolutions with ReLU and poolings, then a dense layer with
/// a ReLU over what is left of the window.
public struct PatchNetwork: Sendable, Hashable {
  /// The number of bands of a window.
  public let bandCount: Int
  /// The window's edge.
  public let window: Int
  /// The layers.
  public var stack: FeatureStack

  /// A network with parameters drawn by PyTorch's defaults.
  ///
  /// - Throws: `ModelProblem` where the window is too small for the layers.
  public init(
    branch: ModelArchitecture.PatchBranch, bandCount: Int, random: Randomness
  ) throws(ModelProblem) {
    if let sentence = branch.problem { throw ModelProblem(sentence) }
    self.bandCount = bandCount
    window = branch.window
    let input = ActivationShape(rows: window, channels: bandCount, columns: window, batch: 1)
    var shape = input
    var steps: [FeatureStack.Step] = []
    for (index, layer) in branch.layers.enumerated() {
      let step: FeatureStack.Step =
        switch layer {
        case .convolution(let filters, let kernel):
          .convolution(
            .over2D(
              inputs: shape.channels, outputs: filters, kernel: kernel,
              random: random.derived(UInt64(index))))
        case .maxPool(let size): .maxPool(MaxPool(PoolingBlocks(rows: size, columns: size)))
        case .averagePool(let size):
          .averagePool(AveragePool(PoolingBlocks(rows: size, columns: size)))
        }
      steps.append(step)
      shape = step.outputShape(shape)
    }
    stack = FeatureStack(
      steps, input: input, width: branch.width, random: random.derived(Randomness.word("dense")))
  }

  /// The number of features that the network makes.
  public var width: Int { stack.dense.outputs }

  /// The shape of a batch's inputs.
  func inputShape(batch: Int) -> ActivationShape {
    ActivationShape(rows: window, channels: bandCount, columns: window, batch: batch)
  }
}
