import Networks
import Rasters

/// How shares of a branch's tokens become bands of a raster.
struct AttentionReading: Sendable {
  /// How shares are read.
  enum Readout: String, CaseIterable, Sendable {
    /// Traced through the attention of tokens to one another.
    case rollout
    /// As they are in the mean.
    case pooling
  }

  /// The branch, by its place in the model.
  let branch: Int
  let readout: Readout
  /// The form of a branch of windows; nil of others.
  let form: ModelArchitecture.PatchBranch?
  /// What each token is made of.
  let reach: [TokenReach]
  /// The bands of the model's input.
  let inputs: [Band]
  /// The declared windows, in the order of their names; empty for none.
  let windows: [(name: String, range: ClosedRange<Double>)]
  /// The bands of the raster.
  let bands: [Band]
  /// For each band of the raster, which part of which token's share counts.
  let weights: [[(token: Int, part: Float)]]

  /// The reading that a stage's options name.
  init(_ request: PlanRequest, _ architecture: ModelArchitecture, _ inputs: [Band]) throws {
    let names = try Model(architecture: architecture, seed: 0).parameters.branchNames
    try self.init(
      request, architecture, inputs, branch: try Self.branch(request, architecture, names),
      readout: Readout(rawValue: request.options.string("readout")) ?? .rollout,
      windows: try request.spectralRanges("windows"))
  }

  /// Reads a branch; each window becomes a band, or else each token.
  init(
    _ request: PlanRequest, _ architecture: ModelArchitecture, _ inputs: [Band], branch: Int,
    readout: Readout = .rollout, windows: [(name: String, range: ClosedRange<Double>)] = []
  ) throws {
    self.inputs = inputs
    self.branch = branch
    form = if case .patch(let form) = architecture.branches[branch] { form } else { nil }
    self.readout = readout
    self.windows = windows
    let reach = try Model(architecture: architecture, seed: 0).tokenReach(branch)
    self.reach = reach
    guard !windows.isEmpty else {
      bands = reach.enumerated().map { Band(name: Self.name($1, $0, inputs), unit: "share") }
      weights = reach.indices.map { [(token: $0, part: Float(1))] }
      return
    }
    let places = try Self.positions(request, reach, inputs)
    bands = windows.map { Band(name: $0.name, unit: "share") }
    weights = try windows.map { window in
      let parts = Self.parts(reach) { places[$0].map(window.range.contains) ?? false }
      guard !parts.isEmpty else {
        throw request.failure("windows", "no band that the branch reads lies in '\(window.name)'")
      }
      return parts
    }
  }

  private static func branch(
    _ request: PlanRequest, _ architecture: ModelArchitecture, _ names: [String]
  ) throws -> Int {
    if let name = request.options.optionalString("branch") {
      guard let index = names.firstIndex(of: name) else {
        throw request.failure(
          "branch", "the model has no branch '\(name)'" + Suggestion.phrase(name, among: names))
      }
      return index
    }
    return architecture.branches.firstIndex {
      if case .spectral = $0 { true } else { false }
    } ?? 0
  }

  /// The positions of the model's bands; the branch must read some that have them.
  private static func positions(
    _ request: PlanRequest, _ reach: [TokenReach], _ inputs: [Band]
  ) throws -> [Double?] {
    let own = reach.contains { token in
      if case .bands(let bands) = token {
        inputs[bands].contains { $0.position != nil }
      } else {
        false
      }
    }
    guard own else {
      throw request.failure(
        "windows",
        "the bands that the branch reads have no wavelengths; 'read-cube' takes them from files or "
          + "its option 'wavelengths'")
    }
    return inputs.map { $0.position?.value }
  }

  /// Which parts of tokens lie in some of the model's bands.
  private static func parts(
    _ reach: [TokenReach], _ isWanted: (Int) -> Bool
  ) -> [(token: Int, part: Float)] {
    reach.enumerated().compactMap { token, reach in
      guard case .bands(let bands) = reach else { return nil }
      let count = bands.count(where: isWanted)
      return count == 0 ? nil : (token, Float(count) / Float(bands.count))
    }
  }

  private static func name(_ reach: TokenReach, _ index: Int, _ inputs: [Band]) -> String {
    switch reach {
    case .bands(let bands):
      bands.count == 1
        ? inputs[bands.lowerBound].name
        : "\(inputs[bands.lowerBound].name) to \(inputs[bands.upperBound - 1].name)"
    case .cells(let rows, let columns):
      "rows \(rows.lowerBound + 1)-\(rows.upperBound), "
        + "columns \(columns.lowerBound + 1)-\(columns.upperBound)"
    case .segment: "segment \(index + 1)"
    }
  }

  /// The shares of a block of cells, tokens x cells.
  func shares(of block: AttentionBlock) -> [Float] {
    readout == .rollout ? block.rollout[branch] : block.pooling[branch]
  }

  /// The shares of samples, samples x tokens.
  func shares(of readouts: [AttentionReadout]) -> [Float] {
    readout == .rollout ? readouts[branch].rollout : readouts[branch].pooling
  }

  /// The shares of the tokens, of one of some samples.
  func tokens(of shares: [Float], _ row: Int) -> ArraySlice<Float> {
    shares[row * reach.count..<(row + 1) * reach.count]
  }

  /// The bands that the branch reads; nil where it reads windows or segments.
  var readBands: Range<Int>? {
    let ranges = reach.compactMap { token -> Range<Int>? in
      if case .bands(let bands) = token { bands } else { nil }
    }
    guard ranges.count == reach.count, let first = ranges.first, let last = ranges.last else {
      return nil
    }
    return first.lowerBound..<last.upperBound
  }

  /// The middle of what each token reads: a band of the model's input, or a cell of the window, row by
  /// row.
  var middles: [Int] {
    reach.map { reach in
      switch reach {
      case .bands(let own): (own.lowerBound + own.upperBound - 1) / 2
      case .cells(let rows, let columns):
        (rows.lowerBound + rows.upperBound - 1) / 2 * (form?.window ?? 0)
          + (columns.lowerBound + columns.upperBound - 1) / 2
      case .segment: 0
      }
    }
  }

  /// How much more than evenly each band that the branch reads is attended to, of one of some
  /// samples: 1 is an even share.
  ///
  /// Bands that more tokens read have more of any attention, of an even one, too.
  func bandPreferences(_ shares: [Float], _ row: Int) -> [(place: Int, preference: Double)] {
    guard let bands = readBands else { return [] }
    let found = preferences(shares, row, places: bands.count) { reach in
      guard case .bands(let own) = reach else { return [] }
      return own.map { $0 - bands.lowerBound }
    }
    return zip(bands, found).map { ($0, $1) }
  }

  /// How much more than evenly each cell of the window is attended to, row by row, of one of some
  /// samples; NaN of cells that no token reads, and none without windows.
  func cellPreferences(_ shares: [Float], _ row: Int) -> [(place: Int, preference: Double)] {
    guard let side = form?.window else { return [] }
    return preferences(shares, row, places: side * side) { reach in
      guard case .cells(let rows, let columns) = reach else { return [] }
      return rows.flatMap { y in columns.map { y * side + $0 } }
    }.enumerated().map { ($0, $1) }
  }

  /// The shares of places, to which those of tokens belong in even parts, over even ones.
  private func preferences(
    _ shares: [Float], _ row: Int, places count: Int, _ places: (TokenReach) -> [Int]
  ) -> [Double] {
    var (own, even) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    for (share, reach) in zip(tokens(of: shares, row), reach) {
      let places = places(reach)
      let part = 1 / Double(max(1, places.count))
      for place in places {
        own[place] += part * Double(share)
        even[place] += part / Double(self.reach.count)
      }
    }
    return zip(own, even).map { $1 > 0 ? $0 / $1 : .nan }
  }
}

extension ModelArchitecture.PatchBranch {
  /// The window of a cell, in the smaller cells of the grid where there are any.
  func window(of cell: Cell) -> Window {
    Window(
      x: cell.column * subcells + start, y: cell.row * subcells + start, width: window,
      height: window)
  }
}
