internal import Tensors

/// How parameters begin.
enum Initialization {
  /// Uniform within `1 / sqrt(fanIn)`, PyTorch's default for linear layers and convolutions.
  ///
  /// It is the rule of He and others (2015) with slope `sqrt(5)`.
  static func uniform(_ count: Int, fanIn: Int, _ random: Randomness) -> [Float] {
    let bound = 1 / Float(max(1, fanIn)).squareRoot()
    return random.uniforms(count).map { (2 * $0 - 1) * bound }
  }
}
