public import Tensors

/// A 2-D network over a window: valid convolutions with ReLU and poolings, then a dense layer with
/// a ReLU over what is left of the window.
public struct PatchNetwork: Sendable, Hashable {
  /// The bands of a model's input that the network reads.
  public let bands: Range<Int>
  /// The sub-cells along a cell's edge, which are bands of their own.
  public let refinement: Int
  /// The window's edge, in sub-cells.
  public let window: Int
  private let layout: InputLayout
  /// The layers.
  public var stack: FeatureStack

  /// A network with parameters drawn by PyTorch's defaults; one that makes tokens has no dense layer.
  ///
  /// - Throws: `ModelProblem` where the window is too small for the layers.
  public init(
    branch: ModelArchitecture.PatchBranch, bandCount: Int, makesTokens: Bool = false,
    random: Randomness
  ) throws(ModelProblem) {
    let own = ModelArchitecture.Branch.patch(branch)
    if let sentence = own.problem ?? own.bandProblem(of: bandCount) {
      throw ModelProblem(sentence)
    }
    bands = own.bands(of: bandCount)
    refinement = branch.subcells
    window = branch.window
    layout = branch.layout(bands: bands.count)
    let channels = bands.count / (refinement * refinement)
    let input = ActivationShape(rows: window, channels: channels, columns: window, batch: 1)
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
      steps, input: input, width: makesTokens ? nil : branch.width,
      random: random.derived(Randomness.word("dense")))
  }

  /// The number of features that the network makes; 0 where it makes tokens.
  public var width: Int { stack.dense?.outputs ?? 0 }

  /// The bands that the layers see: those of the window's own cells.
  public var channels: Int { bands.count / (refinement * refinement) }

  /// The inputs of a batch: windows of sub-cells within windows of cells.
  func input(batch: Int) -> BranchInput {
    BranchInput(
      shape: ActivationShape(rows: window, channels: channels, columns: window, batch: batch),
      layout: layout)
  }
}
