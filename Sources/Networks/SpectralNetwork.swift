public import Tensors

/// A 1-D network over the bands of a pixel: convolution, ReLU and max pooling by turns, then a
/// dense layer with a ReLU.
///
/// After Hu and others (2015).
public struct SpectralNetwork: Sendable, Hashable {
  /// The number of bands of a model's input.
  public let bandCount: Int
  /// The bands of the input that the network reads.
  public let bands: Range<Int>
  /// The layers.
  public var stack: FeatureStack

  /// A network with parameters drawn by PyTorch's defaults.
  ///
  /// Kernels and poolings are shortened to the length that is left where bands are few. A network
  /// that makes tokens has no dense layer.
  public init(
    branch: ModelArchitecture.SpectralBranch, bandCount: Int, makesTokens: Bool = false,
    random: Randomness
  ) {
    self.bandCount = bandCount
    bands = branch.bands ?? 0..<bandCount
    let input = ActivationShape(rows: bands.count, channels: 1, columns: 1, batch: 1)
    var shape = input
    var steps: [FeatureStack.Step] = []
    for (index, filters) in branch.filters.enumerated() {
      let convolution = FeatureStack.Step.convolution(
        .over1D(
          inputs: shape.channels, outputs: filters, kernel: min(branch.kernel, shape.rows),
          random: random.derived(UInt64(index))))
      steps.append(convolution)
      shape = convolution.outputShape(shape)
      let size = min(branch.pool, shape.rows)
      if size > 1 {
        let pool = FeatureStack.Step.maxPool(MaxPool(PoolingBlocks(rows: size, columns: 1)))
        steps.append(pool)
        shape = pool.outputShape(shape)
      }
    }
    stack = FeatureStack(
      steps, input: input, width: makesTokens ? nil : branch.width,
      random: random.derived(Randomness.word("dense")))
  }

  /// The number of features that the network makes; 0 where it makes tokens.
  public var width: Int { stack.dense?.outputs ?? 0 }

  /// The inputs of a batch: parts of its spectra.
  func input(batch: Int) -> BranchInput {
    BranchInput(
      shape: ActivationShape(rows: bands.count, channels: 1, columns: 1, batch: batch),
      layout: InputLayout(
        sampleSize: bandCount, offset: bands.lowerBound, rows: bands.count, columns: 1))
  }
}

extension SpectralNetwork {
  /// A network without parameters, to stand in where one was taken out.
  static let empty = SpectralNetwork(
    branch: .init(filters: [], kernel: 1, pool: 1, width: 0), bandCount: 0,
    random: Randomness(seed: 0))
}
