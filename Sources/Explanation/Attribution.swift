/// What each feature adds to the explained output at every cell of a chunk.
///
/// `base + sum of features + residual = output`. Cells that were left out are NaN.
public struct Attribution: Sendable, Equatable {
  /// The number of features T.
  public var featureCount: Int
  /// The number of cells.
  public var cellCount: Int
  /// The attributions, `T x cells`.
  public var features: [Float]
  /// The mean explained output of the baselines at each cell.
  public var base: [Float]
  /// The explained output at each cell.
  public var output: [Float]
  /// What base and features leave unexplained: the error of quadrature or rounding.
  public var residual: [Float]

  /// An attribution whose residual is what base and features, as they are kept, leave of the
  /// output; `base` and `outputs` have a value per cell.
  init(features: [Float], base: [Double], outputs: [Double]) {
    cellCount = base.count
    featureCount = base.isEmpty ? 0 : features.count / base.count
    self.features = features
    self.base = base.map { Float($0) }
    output = outputs.map { Float($0) }
    residual = [Float](repeating: 0, count: base.count)
    for cell in 0..<cellCount {
      var sum = Double(self.base[cell])
      for t in 0..<featureCount { sum += Double(features[t * cellCount + cell]) }
      residual[cell] = Float(outputs[cell] - sum)
    }
  }

  /// An attribution of cells that have all been left out.
  public init(featureCount: Int, cellCount: Int) {
    self.featureCount = featureCount
    self.cellCount = cellCount
    features = [Float](repeating: .nan, count: featureCount * cellCount)
    base = [Float](repeating: .nan, count: cellCount)
    output = base
    residual = base
  }

  /// Leaves cells out.
  mutating func leaveOut(where isLeftOut: (Int) -> Bool) {
    for cell in 0..<cellCount where isLeftOut(cell) {
      base[cell] = .nan
      output[cell] = .nan
      residual[cell] = .nan
      for t in 0..<featureCount { features[t * cellCount + cell] = .nan }
    }
  }
}
