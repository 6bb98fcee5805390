/// The inputs of a model for a batch of samples, in the order of samples.
///
/// Each kind of branch takes what it needs; the rest may be empty. The same form holds tangents of
/// inputs (`graph` then holds tangents in `propagated`) and gradients with respect to inputs.
public struct ModelBatch: Sendable, Equatable {
  /// The number of samples.
  public var count: Int
  /// The spectra, samples x all bands; for spectral branches.
  public var spectra: [Float]
  /// For each patch branch in order its windows, samples x bands x side x side, of the bands that
  /// it reads: see `ModelArchitecture.windows`.
  public var windows: [[Float]]
  /// The bands of the model's input that each branch's windows hold; empty where all hold all.
  public var windowBands: [Range<Int>]
  /// The segments and their neighbourhood; for graph branches.
  public var graph: SegmentGraph?
  /// The segment of each sample, -1 for none; for graph branches.
  public var segmentOfSample: [Int32]

  /// Gathers inputs.
  public init(
    count: Int, spectra: [Float] = [], windows: [[Float]] = [],
    windowBands: [Range<Int>] = [], graph: SegmentGraph? = nil, segmentOfSample: [Int32] = []
  ) {
    self.count = count
    self.spectra = spectra
    self.windows = windows
    self.windowBands = windowBands
    self.graph = graph
    self.segmentOfSample = segmentOfSample
  }

  /// The bands that the windows of a patch branch hold, of a model's `bandCount`.
  public func bands(ofWindows branch: Int, bandCount: Int) -> Range<Int> {
    windowBands.isEmpty ? 0..<bandCount : windowBands[branch]
  }
}
