/// A model prepared for evaluation at every cell of a chunk.
struct DensePlan: Sendable {
  /// What makes a part of the features.
  enum Branch: Sendable {
    case patch(PatchPlan)
    case spectral(SpectralPlan)
    /// Features of segments, made before the pass.
    case graph(width: Int)

    var width: Int {
      switch self {
      case .patch(let plan): plan.width
      case .spectral(let plan): plan.width
      case .graph(let width): width
      }
    }
  }

  let bandCount: Int
  let branches: [Branch]
  /// The bands of the input that each branch reads.
  let bands: [Range<Int>]
  let head: HeadPlan

  /// Prepares branches that read some of the bands, or all of them.
  init(bandCount: Int, branches: [Branch], bands: [Range<Int>]? = nil, head: HeadPlan) {
    self.bandCount = bandCount
    self.branches = branches
    self.bands = bands ?? branches.map { _ in 0..<bandCount }
    self.head = head
  }

  /// The cells of halo that the patch branches read.
  var margin: Int {
    branches.reduce(0) { margin, branch in
      guard case .patch(let plan) = branch else { return margin }
      return max(margin, plan.before, plan.after)
    }
  }

  /// The features of all branches together.
  var featureCount: Int { branches.reduce(0) { $0 + $1.width } }
}

/// The features of segments: values and, for tangents, one block per explained feature.
struct SegmentFeatures: Sendable {
  /// Segments x width; empty without a graph branch.
  var values: [Float] = []
  /// T blocks like `values`.
  var tangents: [Float] = []
}

/// Contiguous cells of a row with what a model makes of them; valid during a call only.
public struct DenseBlock {
  /// The cells, row-major in the chunk.
  public let cells: Range<Int>
  /// The explained features of this block's tangents; the others come in blocks of their own.
  public let features: Range<Int>
  /// The raw outputs, `K x cells`.
  public let outputs: UnsafeBufferPointer<Float>
  /// The tangents of the raw outputs, `features x K x cells`.
  public let tangents: UnsafeBufferPointer<Float>

  /// Gathers a block.
  public init(
    cells: Range<Int>, features: Range<Int>, outputs: UnsafeBufferPointer<Float>,
    tangents: UnsafeBufferPointer<Float>
  ) {
    self.cells = cells
    self.features = features
    self.outputs = outputs
    self.tangents = tangents
  }
}

extension DensePlan {
  /// Features whose tangents go together: more would leave the cache and take memory.
  private static let featureLimit = 32

  /// Evaluates a chunk, with its tangents where a field is given, row by row of strips of columns.
  ///
  /// Features go in groups, each with a pass of the values of its own.
  func run(
    _ input: DenseInput, _ tangent: TangentField?, segments: [SegmentFeatures],
    _ receive: (DenseBlock) -> Void
  ) {
    input.check(tangent, bandCount: bandCount, margin: margin)
    let directions = tangent.map(FeatureDirection.all) ?? []
    let groups = max(1, (directions.count + Self.featureLimit - 1) / Self.featureLimit)
    for group in 0..<groups {
      let features =
        group * directions.count / groups..<(group + 1) * directions.count / groups
      let strip = Self.stripWidth(chunk: input.width, streams: features.count + 1)
      for first in stride(from: 0, to: input.width, by: strip) {
        let pass = DensePass(
          self, input, tangent, features: features, Array(directions[features]), segments,
          first: first, columns: min(strip, input.width - first))
        for y in 0..<input.height { pass.row(y, receive) }
      }
    }
  }

  /// Columns of a strip: narrow where many tangents share the cache, without a thin remainder.
  private static func stripWidth(chunk: Int, streams: Int) -> Int {
    let ideal = streams == 1 ? 512 : 256
    let count = max(1, (chunk + ideal / 2) / ideal)
    return max(1, (chunk + count - 1) / count)
  }
}

extension DenseInput {
  /// Traps where the input or its tangents do not have the sizes that a model needs.
  func check(_ tangent: TangentField?, bandCount: Int, margin: Int) {
    let padded = paddedWidth * paddedHeight
    precondition(
      self.bandCount == bandCount && values.count == bandCount * padded,
      "\(values.count) values of \(self.bandCount) bands for \(padded) cells of a model "
        + "of \(bandCount) bands")
    precondition(
      self.margin >= margin, "a margin of \(self.margin) where \(margin) is needed")
    guard let tangent else { return }
    precondition(
      tangent.values.count == tangent.sourceCount * padded
        && tangent.mixing.count == bandCount * tangent.sourceCount,
      "tangents of \(tangent.values.count) values and \(tangent.mixing.count) slopes for "
        + "\(tangent.sourceCount) sources of \(padded) cells and \(bandCount) bands")
  }
}
