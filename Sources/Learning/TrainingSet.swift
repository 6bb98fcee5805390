public import Networks

/// Samples with what the branches of a network read at each of them.
public struct TrainingSet: Sendable {
  /// The samples: targets, weights and places.
  public let samples: SampleSet
  /// The edge of the map squares by which the validation part is taken, in map units.
  public let blockSize: Double
  /// The number of bands.
  public let bandCount: Int
  /// The bands at each sample, samples x bands, in model space.
  public let spectra: [Float]
  /// The windows of each patch branch, samples x bands x rows x columns; NaN for missing cells.
  public let windows: [[Float]]
  /// The bands and the size of each branch's windows.
  public let windowForms: [ModelArchitecture.WindowForm]
  /// The segments around the samples, for a graph branch.
  public let graph: SegmentGraph?
  /// The segment of each sample, in the numbers of `graph`; empty without a graph.
  public let segmentOfSample: [Int32]
  /// Whether each band is one of a group of categories, 1 in one and 0 in the others.
  public let isCategory: [Bool]
  /// What the branches read at cells beside each sample, to shift it to; empty for none.
  public let shifts: [[Shift]]

  /// What the branches read at a cell beside a sample.
  public struct Shift: Sendable, Hashable {
    /// How many columns and rows the cell is away, at most.
    public var distance: Int
    /// The bands at the cell.
    public var spectrum: [Float]
    /// The window of each patch branch around the cell; NaN for missing cells.
    public var windows: [[Float]]

    /// Gathers what stands at a cell.
    public init(distance: Int, spectrum: [Float], windows: [[Float]]) {
      self.distance = distance
      self.spectrum = spectrum
      self.windows = windows
    }
  }

  /// Gathers samples; throws `SampleError` where sizes disagree or a spectrum is not finite.
  ///
  /// Without `windowForms` windows hold all bands.
  public init(
    samples: SampleSet, blockSize: Double, bandCount: Int, spectra: [Float],
    windows: [[Float]] = [], windowForms: [ModelArchitecture.WindowForm]? = nil,
    graph: SegmentGraph? = nil, segmentOfSample: [Int32] = [], isCategory: [Bool]? = nil,
    shifts: [[Shift]] = []
  ) throws(SampleError) {
    let count = samples.count
    guard spectra.count == count * bandCount else {
      throw .mismatch("\(spectra.count) band values for \(count) samples of \(bandCount) bands")
    }
    if let bad = spectra.firstIndex(where: { !$0.isFinite }) {
      throw .mismatch(
        "sample \(samples.samples[bad / bandCount].id) has no value in band \(bad % bandCount); "
          + "expected samples with all bands")
    }
    self.windowForms = try Self.forms(windowForms, of: windows, count, bandCount)
    guard isCategory?.count ?? bandCount == bandCount else {
      throw .mismatch("\(isCategory?.count ?? 0) kinds of bands for \(bandCount) bands")
    }
    try Self.check(shifts, count, bandCount, windows)
    if let graph {
      let segments = 0..<Int32(graph.segmentCount)
      guard segmentOfSample.count == count, segmentOfSample.allSatisfy(segments.contains) else {
        throw .mismatch("every one of \(count) samples needs one of \(segments.count) segments")
      }
    }
    self.samples = samples
    self.blockSize = blockSize
    self.bandCount = bandCount
    self.spectra = spectra
    self.windows = windows
    self.graph = graph
    self.segmentOfSample = segmentOfSample
    self.isCategory = isCategory ?? [Bool](repeating: false, count: bandCount)
    self.shifts = shifts
  }

  /// The forms of windows, as they are given or of all bands.
  private static func forms(
    _ given: [ModelArchitecture.WindowForm]?, of windows: [[Float]], _ count: Int, _ bandCount: Int
  ) throws(SampleError) -> [ModelArchitecture.WindowForm] {
    for (index, window) in windows.enumerated() where count > 0 {
      let bands = given.map { $0.count == windows.count ? $0[index].bands.count : 0 } ?? bandCount
      guard bands > 0, window.count % (count * bands) == 0,
        given.map({ window.count == count * $0[index].valueCount }) ?? true
      else {
        throw .mismatch("\(window.count) window values for \(count) samples of \(bands) bands")
      }
    }
    return given
      ?? windows.map { window in
        let cells = Double(window.count / max(1, count * bandCount))
        return .init(bands: 0..<bandCount, side: Int(cells.squareRoot().rounded()))
      }
  }

  private static func check(
    _ shifts: [[Shift]], _ count: Int, _ bandCount: Int, _ windows: [[Float]]
  ) throws(SampleError) {
    guard shifts.isEmpty || shifts.count == count else {
      throw .mismatch("shifts of \(shifts.count) samples for \(count)")
    }
    let sizes = windows.map { $0.count / max(1, count) }
    for shift in shifts.joined() {
      guard shift.spectrum.count == bandCount, shift.spectrum.allSatisfy(\.isFinite),
        shift.windows.map(\.count) == sizes
      else { throw .mismatch("a shift that does not have every band of the sample's windows") }
    }
  }

  /// The number of samples.
  public var count: Int { samples.count }

  /// The samples at some positions, with the whole graph.
  public func selecting(_ positions: [Int]) -> TrainingSet {
    let total = count
    return TrainingSet(
      like: self, samples: samples.selecting(positions),
      spectra: Self.rows(spectra, total, positions),
      windows: windows.map { Self.rows($0, total, positions) },
      segmentOfSample: segmentOfSample.isEmpty ? [] : positions.map { segmentOfSample[$0] },
      shifts: shifts.isEmpty ? [] : positions.map { shifts[$0] })
  }

  init(
    like set: TrainingSet, samples: SampleSet, spectra: [Float], windows: [[Float]],
    segmentOfSample: [Int32], shifts: [[Shift]]
  ) {
    self.samples = samples
    blockSize = set.blockSize
    bandCount = set.bandCount
    self.spectra = spectra
    self.windows = windows
    windowForms = set.windowForms
    graph = set.graph
    isCategory = set.isCategory
    self.segmentOfSample = segmentOfSample
    self.shifts = shifts
  }

  /// The rows of a table of `count` rows at some positions.
  static func rows(_ table: [Float], _ count: Int, _ positions: [Int]) -> [Float] {
    let width = count == 0 ? 0 : table.count / count
    var result: [Float] = []
    result.reserveCapacity(positions.count * width)
    for position in positions { result += table[position * width..<(position + 1) * width] }
    return result
  }
}

extension SampleSet {
  /// The samples at some positions.
  public func selecting(_ positions: [Int]) -> SampleSet {
    SampleSet(valid: self, samples: positions.map { samples[$0] })
  }
}

extension Folds {
  /// The samples that a model with a graph branch may be trained on in a fold.
  ///
  /// All pixels of a segment share their features, so training samples whose segment also holds a
  /// test sample are left out and returned apart.
  public func trainingSamples(_ fold: Int, segmentOfSample: [Int32]) -> (
    kept: [Int], dropped: [Int]
  ) {
    let tested = Set(testSamples(fold).map { segmentOfSample[$0] })
    let all = trainingSamples(fold)
    return (
      all.filter { !tested.contains(segmentOfSample[$0]) },
      all.filter { tested.contains(segmentOfSample[$0]) }
    )
  }
}
