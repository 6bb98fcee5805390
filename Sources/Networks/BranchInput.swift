/// What the branches of a model read of its input.
extension ModelArchitecture {
  /// The form of the windows that a patch branch takes.
  public struct WindowForm: Sendable, Hashable, Codable {
    /// The bands of the model's input that a window holds, in order.
    public var bands: Range<Int>
    /// The edge in cells; an even window reaches one cell further up and left.
    public var side: Int
    /// The sub-cells along a cell's edge: bands are finer bands' sub-cells where it is not 1.
    public var refinement: Int

    /// Describes windows.
    public init(bands: Range<Int>, side: Int, refinement: Int = 1) {
      self.bands = bands
      self.side = side
      self.refinement = refinement
    }

    /// The values of a window: bands x side x side.
    public var valueCount: Int { bands.count * side * side }
  }

  /// The windows of the patch branches, in their order.
  public var windows: [WindowForm] {
    branches.compactMap { branch in
      guard case .patch(let patch) = branch else { return nil }
      return WindowForm(
        bands: branch.bands(of: bandCount), side: patch.inputWindow,
        refinement: patch.subcells)
    }
  }
}

extension ModelArchitecture.Branch {
  /// The bands that the branch reads of a model's input of `bandCount` bands.
  public func bands(of bandCount: Int) -> Range<Int> {
    switch self {
    case .spectral(let branch): branch.bands ?? 0..<bandCount
    case .patch(let branch): branch.bands ?? 0..<bandCount
    case .graph: 0..<bandCount
    }
  }

  /// Why the branch cannot read a model's input of `bandCount` bands, or nil where it can.
  func bandProblem(of bandCount: Int) -> String? {
    let bands = bands(of: bandCount)
    guard !bands.isEmpty, bands.lowerBound >= 0, bands.upperBound <= bandCount else {
      return "it reads the bands \(bands.lowerBound)..<\(bands.upperBound) of \(bandCount)"
    }
    guard case .patch(let patch) = self else { return nil }
    let parts = patch.subcells * patch.subcells
    guard bands.count.isMultiple(of: parts) else {
      return "it reads \(bands.count) bands; a refinement of \(patch.subcells) needs a multiple of "
        + "\(parts)"
    }
    return nil
  }
}

extension ModelArchitecture.Branch {
  /// What the layers before the dense one leave of an input: places, and channels at each; of a
  /// graph all features at one place.
  func tokens(of bandCount: Int) -> (count: Int, channels: Int) {
    let bands = bands(of: bandCount).count
    switch self {
    case .spectral(let branch):
      var (length, channels) = (bands, 1)
      for filters in branch.filters {
        let left = length - min(branch.kernel, length) + 1
        (length, channels) = (left / max(1, min(branch.pool, left)), filters)
      }
      return (length, channels)
    case .patch(let branch):
      var (edge, channels) = (branch.window, bands / (branch.subcells * branch.subcells))
      for layer in branch.layers {
        if case .convolution(let filters, _) = layer { channels = filters }
        edge = layer.outputEdge(edge)
      }
      return (edge * edge, channels)
    case .graph(let branch): return (1, branch.output)
    }
  }
}

extension ModelArchitecture.PatchBranch {
  /// The sub-cells along a cell's edge: the refinement, or 1.
  public var subcells: Int { max(1, refinement ?? 1) }

  /// Where the window begins, in sub-cells from the first one of its cell: `floor((r - w) / 2)`.
  public var start: Int { (subcells - window) >> 1 }

  /// The edge of the window that the branch is given, in cells of the map.
  ///
  /// Without refinement it is the window itself; otherwise the smallest odd window around the cell
  /// that holds it.
  public var inputWindow: Int {
    subcells == 1 ? window : 2 * reach + 1
  }

  /// The cells between the window's cell and the farthest one that the window touches.
  private var reach: Int {
    let before = -min(0, (start - subcells + 1) / subcells)
    return max(before, (start + window - 1) / subcells)
  }

  /// The window's own values, channels x window x window, of one that the branch is given.
  ///
  /// - Parameters:
  ///   - values: Bands x side x side, of one sample.
  ///   - bands: The number of bands that the branch reads.
  public func window(in values: [Float], bands: Int) -> [Float] {
    let layout = layout(bands: bands)
    precondition(values.count == layout.sampleSize, "\(values.count) values of a window")
    return (0..<bands / (subcells * subcells) * window * window).map { index in
      let (cell, channel) = (index % (window * window), index / (window * window))
      return values[layout.place(channel: channel, row: cell / window, column: cell % window)]
    }
  }

  /// Where the window's values stand in what the branch is given, for `bands` bands.
  func layout(bands: Int) -> InputLayout {
    let side = inputWindow
    return InputLayout(
      sampleSize: bands * side * side, rows: side, columns: side, refinement: subcells,
      start: subcells == 1 ? 0 : reach * subcells + start)
  }
}

/// Where the values of a network's input stand in a sample of a batch, `[band][row][column]`.
struct InputLayout: Sendable, Hashable {
  /// The values of a sample.
  var sampleSize: Int
  /// The place of the first band's first value.
  var offset = 0
  /// The rows of a band.
  var rows: Int
  /// The columns of a band.
  var columns: Int
  /// The sub-cells along a cell's edge, which are bands of their own.
  var refinement = 1
  /// The first row and column that is read, in sub-cells.
  var start = 0

  /// The place of a value in its sample.
  @inline(__always)
  func place(channel: Int, row: Int, column: Int) -> Int {
    let (y, x) = (start + row, start + column)
    let band = (channel * refinement + y % refinement) * refinement + x % refinement
    return offset + (band * rows + y / refinement) * columns + x / refinement
  }
}

/// The shape of a network's input and where its values stand in a batch's samples.
struct BranchInput: Sendable, Hashable {
  var shape: ActivationShape
  var layout: InputLayout

  /// The values of samples from `first` on, in the layers' order.
  func arranged(_ samples: [Float], from first: Int) -> [Float] {
    shape.arranged(samples, from: first, layout)
  }

  /// Adds values in the layers' order to samples.
  func add(_ values: [Float], to samples: inout [Float], from first: Int) {
    shape.add(values, to: &samples, from: first, layout)
  }
}
