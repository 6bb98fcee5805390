/// What a token of a branch is made of.
public enum TokenReach: Sendable, Hashable {
  /// Bands of the model's input.
  case bands(Range<Int>)
  /// Rows and columns of the branch's window, in sub-cells where there are any.
  case cells(rows: Range<Int>, columns: Range<Int>)
  /// A superpixel and its neighbours.
  case segment
}

extension Model {
  /// The receptive field of each token of a branch, by kernels and poolings, in the tokens' order:
  /// ascending bands, or row by row over the window.
  ///
  /// - Parameter branch: The branch, a place in the model's list.
  public func tokenReach(_ branch: Int) -> [TokenReach] {
    switch parameters.branches[branch] {
    case .spectral(let network):
      let fields = network.stack.fields(rows: network.bands.count)
      return fields.map { field in
        let start = network.bands.lowerBound
        return .bands(start + field.lowerBound..<start + field.upperBound)
      }
    case .patch(let network):
      let fields = network.stack.fields(rows: network.window)
      return fields.flatMap { rows in fields.map { .cells(rows: rows, columns: $0) } }
    case .graph: return [.segment]
    }
  }
}

extension FeatureStack {
  /// The rows of an input that each row is made of that the steps leave.
  func fields(rows: Int) -> [Range<Int>] {
    var (size, stride, count) = (1, 1, rows)
    for step in steps {
      switch step {
      case .convolution(let layer):
        size += (layer.kernelRows - 1) * stride
        count -= layer.kernelRows - 1
      case .maxPool(let layer):
        size += (layer.blocks.rows - 1) * stride
        stride *= layer.blocks.rows
        count /= layer.blocks.rows
      case .averagePool(let layer):
        size += (layer.blocks.rows - 1) * stride
        stride *= layer.blocks.rows
        count /= layer.blocks.rows
      }
    }
    return (0..<max(0, count)).map { $0 * stride..<$0 * stride + size }
  }
}
