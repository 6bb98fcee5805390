/// A chunk of the input cube with its halo, for evaluation of a model at every cell of the chunk.
///
/// Every number is finite: cells without data hold the background mean and the cells beyond the
/// raster's border are reflections, both put there by the caller.
public struct DenseInput: Sendable {
  /// The columns of the chunk itself.
  public var width: Int
  /// The rows of the chunk itself.
  public var height: Int
  /// The cells of halo on every side.
  public var margin: Int
  /// The number of bands.
  public var bandCount: Int
  /// The samples of chunk and halo, band-major: `bandCount * paddedWidth * paddedHeight`.
  public var values: [Float]
  /// The segments of the chunk and two hops around, for models with a graph branch.
  public var graph: SegmentGraph?
  /// The segment of each cell of the chunk (without halo), -1 for none; for graph branches.
  public var segmentOfCell: [Int32]

  /// Gathers an input.
  public init(
    width: Int, height: Int, margin: Int, bandCount: Int, values: [Float],
    graph: SegmentGraph? = nil, segmentOfCell: [Int32] = []
  ) {
    self.width = width
    self.height = height
    self.margin = margin
    self.bandCount = bandCount
    self.values = values
    self.graph = graph
    self.segmentOfCell = segmentOfCell
  }

  /// The columns of chunk and halo.
  public var paddedWidth: Int { width + 2 * margin }
  /// The rows of chunk and halo.
  public var paddedHeight: Int { height + 2 * margin }
  /// The number of cells of the chunk itself.
  public var cellCount: Int { width * height }
}

/// The directions in which a model is differentiated at every cell: one per explained feature.
///
/// The model's input is linear in `J` source values per cell, `z = A u + c`. Feature `t` moves the
/// sources that belong to it: its tangent at a cell is the sum over `j` with `featureOfSource[j] == t`
/// of `A[:, j] * values[j]`. A standardised band is its own source; a log-ratio has one source
/// per part; all categories of a one-hot group share a feature.
public struct TangentField: Sendable {
  /// The number of sources J.
  public var sourceCount: Int
  /// The number of explained features T.
  public var featureCount: Int
  /// The feature that each source belongs to.
  public var featureOfSource: [Int]
  /// `A`, bands x sources, row-major.
  public var mixing: [Float]
  /// The tangents of the sources over chunk and halo, source-major like `DenseInput.values`;
  /// zero where the cell has no data.
  public var values: [Float]
  /// `S^K` applied to the sources' tangents, pixel-major (pixels of the graph x J); for graphs.
  public var propagated: [Float]

  /// Gathers a tangent field.
  public init(
    sourceCount: Int, featureCount: Int, featureOfSource: [Int], mixing: [Float],
    values: [Float], propagated: [Float] = []
  ) {
    self.sourceCount = sourceCount
    self.featureCount = featureCount
    self.featureOfSource = featureOfSource
    self.mixing = mixing
    self.values = values
    self.propagated = propagated
  }
}
