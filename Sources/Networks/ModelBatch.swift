/// The inputs of a model for a batch of samples, in the order of samples.
///
/// Each kind of branch takes what it needs; the rest may be empty. The same form holds tangents of
/// inputs (`graph` then holds tangents in `propagated`) and gradients with respect to inputs.
public struct ModelBatch: Sendable, Equatable {
  /// The number of samples.
  public var count: Int
  /// The spectra, samples x bands; for spectral branches.
  public var spectra: [Float]
  /// For each patch branch in order its windows, samples x bands x window x window.
  public var windows: [[Float]]
  /// The segments and their neighbourhood; for graph branches.
  public var graph: SegmentGraph?
  /// The segment of each sample, -1 for none; for graph branches.
  public var segmentOfSample: [Int32]

  /// Gathers inputs.
  public init(
    count: Int, spectra: [Float] = [], windows: [[Float]] = [], graph: SegmentGraph? = nil,
    segmentOfSample: [Int32] = []
  ) {
    self.count = count
    self.spectra = spectra
    self.windows = windows
    self.graph = graph
    self.segmentOfSample = segmentOfSample
  }
}
