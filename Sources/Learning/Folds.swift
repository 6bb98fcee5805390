public import Rasters
internal import Tensors

/// The division of samples into folds for cross-validation, and the places that belong to them.
///
/// A fold's test places are more than its test samples: any other point that lies in one must not
/// reach what is fitted for that fold either.
public struct Folds: Sendable, Hashable, Codable {
  /// How samples are divided.
  public enum Method: String, Sendable, Hashable, Codable {
    /// By squares of the map; the honest choice where neighbours resemble each other.
    case blocks
    /// At random by cell.
    case random
    /// As a column of the samples says.
    case field
    /// At random by deposit: samples that are near one another or bear one name.
    case deposit
  }

  /// A block of the map or a cell of the grid that belongs to a fold.
  public struct Place: Sendable, Hashable, Codable {
    /// The column of the block, counted from the map's origin, or of the cell.
    public let column: Int
    /// The row of the block, counted upwards from the map's origin, or of the cell.
    public let row: Int
    /// The fold.
    public let fold: Int
  }

  /// How samples were divided.
  public let method: Method
  /// The number of folds.
  public let count: Int
  /// The edge of a block in map units; 0 unless the method is `blocks`.
  public let blockSize: Double
  /// How far the lattice of blocks is shifted from the map's origin, in map units.
  public let blockShift: SIMD2<Double>
  /// The fold in which each sample is tested, -1 for samples that are in none.
  public let foldOfSample: [Int]
  /// All test places, by row, column and fold.
  public let places: [Place]
  /// The names of the folds: the values of the column for `field`, else numbers from 1.
  public let names: [String]
  /// Where each sample is, so that training can leave out test places.
  private let placeOfSample: [Cell]
  /// What the models of each fold must not see although it is not tested; nil for nothing.
  private var withheld: [Withheld]?

  /// Samples that were not drawn for a fold.
  private struct Withheld: Sendable, Hashable, Codable {
    /// Their positions, ascending.
    var samples: [Int]
    /// Their cells, by row and column.
    var cells: [Cell]
  }

  /// The edge of a block where none is given: a fifth of the longest side of the extent.
  public static func defaultBlockSize(for grid: Grid) -> Double {
    let extent = grid.extent
    return max(extent.right - extent.left, extent.top - extent.bottom) / 5
  }

  /// Divides samples by squares of the map of `blockSize` map units, balancing the classes.
  ///
  /// The squares are anchored at whole multiples of their size, so they stay where they are when
  /// the survey grows; `shift`, in map units, moves them for repeated divisions. Throws where fewer
  /// blocks than folds hold samples.
  public static func blocks(
    _ set: SampleSet, size: Double, shift: SIMD2<Double> = .zero, folds: Int, seed: UInt64
  ) throws(SampleError) -> Folds {
    let places = try set.samples.map { sample throws(SampleError) in
      try block(x: sample.x - shift.x, y: sample.y - shift.y, size: size)
    }
    return try Folds(
      .blocks, set, places: places, blockSize: size, blockShift: shift, folds: folds, seed: seed)
  }

  /// Divides samples at random, balancing the classes; samples of one cell stay together.
  public static func random(_ set: SampleSet, folds: Int, seed: UInt64) throws(SampleError)
    -> Folds
  {
    try Folds(
      .random, set, places: set.samples.map(\.cell), blockSize: 0, folds: folds, seed: seed)
  }

  /// Takes the folds from a column: one fold for each value; empty values are always trained on.
  public static func field(_ set: SampleSet, values: [String]) throws(SampleError) -> Folds {
    guard values.count == set.count else {
      throw .mismatch("\(values.count) fold values for \(set.count) samples")
    }
    let names = Set(values.filter { !$0.isEmpty }).sorted(by: isBefore)
    guard names.count >= 2 else {
      throw .tooFewPlaces("the fold column has \(names.count) values; expected at least 2")
    }
    return Folds(
      method: .field, blockSize: 0, blockShift: .zero, names: names,
      foldOfSample: values.map { names.firstIndex(of: $0) ?? -1 },
      placeOfSample: set.samples.map(\.cell))
  }

  /// Divides deposits in an order that is drawn, balancing the classes: samples within `distance`
  /// map units of one another, of one cell, or with the same name in `names` (where not empty) stay
  /// together.
  public static func deposits(
    _ set: SampleSet, distance: Double, names: [String] = [], folds: Int, seed: UInt64
  ) throws(SampleError) -> Folds {
    let first = set.clusters(within: distance, names: names)
    return try Folds(
      .deposit, set, places: set.samples.map(\.cell),
      together: first.map { set.samples[$0].cell }, blockSize: 0, folds: folds, seed: seed)
  }

  /// Numbers by size, other names by spelling.
  private static func isBefore(_ a: String, _ b: String) -> Bool {
    if let first = Double(a), let second = Double(b), first != second { return first < second }
    return a < b
  }

  private init(
    method: Method, blockSize: Double, blockShift: SIMD2<Double>, names: [String],
    foldOfSample: [Int], placeOfSample: [Cell]
  ) {
    self.method = method
    self.blockSize = blockSize
    self.blockShift = blockShift
    self.names = names
    count = names.count
    self.foldOfSample = foldOfSample
    self.placeOfSample = placeOfSample
    let all = Set(
      foldOfSample.indices.filter { foldOfSample[$0] >= 0 }.map {
        Place(
          column: placeOfSample[$0].column, row: placeOfSample[$0].row, fold: foldOfSample[$0])
      })
    places = all.sorted { ($0.row, $0.column, $0.fold) < ($1.row, $1.column, $1.fold) }
  }

  private init(
    _ method: Method, _ set: SampleSet, places: [Cell], together: [Cell]? = nil,
    blockSize: Double, blockShift: SIMD2<Double> = .zero, folds: Int, seed: UInt64
  ) throws(SampleError) {
    let groups = Self.groups(together ?? places, set)
    guard folds >= 2, groups.count >= folds else {
      let kind =
        switch method {
        case .blocks: "blocks of \(blockSize) map units"
        case .deposit: "deposits"
        case .random, .field: "cells"
        }
      throw .tooFewPlaces(
        "\(set.count) samples lie in \(groups.count) \(kind); expected at least \(max(2, folds)) "
          + "for \(folds) folds")
    }
    let assigned = GroupStratification.assign(
      groups, Strata(set), shares: [Double](repeating: 1 / Double(folds), count: folds), seed: seed,
      order: method == .deposit ? .drawn : .uneven)
    var foldOfSample = [Int](repeating: -1, count: set.count)
    for (group, fold) in zip(groups, assigned) {
      for position in group.positions { foldOfSample[position] = fold }
    }
    self.init(
      method: method, blockSize: blockSize, blockShift: blockShift,
      names: (1...folds).map(String.init),
      foldOfSample: foldOfSample, placeOfSample: places)
  }

  /// The samples of each place, keyed by map coordinates so that no key depends on the grid.
  static func groups(_ places: [Cell], _ set: SampleSet, among positions: [Int]? = nil)
    -> [SampleGroup]
  {
    Dictionary(grouping: positions ?? Array(places.indices)) { places[$0] }
      .values.map { members in
        let first = members.min {
          (set.samples[$0].x, set.samples[$0].y, set.samples[$0].id)
            < (set.samples[$1].x, set.samples[$1].y, set.samples[$1].id)
        }
        let sample = set.samples[first ?? members[0]]
        return SampleGroup(
          key: (sample.x.bitPattern, sample.y.bitPattern), positions: members.sorted())
      }
      .sorted { $0.positions[0] < $1.positions[0] }
  }

  /// The block that holds a map position; throws where its number is beyond all reason.
  static func block(x: Double, y: Double, size: Double) throws(SampleError) -> Cell {
    guard size > 0, size.isFinite, abs(x / size) < 1e15, abs(y / size) < 1e15 else {
      throw .mismatch(
        "no block of \(size) map units holds (\(x), \(y)); expected a positive size and finite "
          + "coordinates")
    }
    return Cell(column: Int((x / size).rounded(.down)), row: Int((y / size).rounded(.down)))
  }
}

extension Folds {
  /// The division in which some folds are one, the first, and the others follow in their order.
  ///
  /// What is made for the first fold has seen none of them.
  public func joining(_ joined: Set<Int>) -> Folds {
    let others = (0..<count).filter { !joined.contains($0) }
    var number = [Int](repeating: 0, count: count)
    for (place, fold) in others.enumerated() { number[fold] = place + 1 }
    return Folds(
      method: method, blockSize: blockSize, blockShift: blockShift,
      names: [joined.sorted().map { names[$0] }.joined(separator: "+")] + others.map { names[$0] },
      foldOfSample: foldOfSample.map { $0 < 0 ? -1 : number[$0] }, placeOfSample: placeOfSample)
  }

  /// The samples that are tested in a fold, ascending.
  public func testSamples(_ fold: Int) -> [Int] {
    foldOfSample.indices.filter { foldOfSample[$0] == fold }
  }

  /// The samples that a fold's model may be trained on: all outside its test places, ascending.
  ///
  /// With folds from a column, a sample can share its cell with a test sample; it is in neither.
  public func trainingSamples(_ fold: Int) -> [Int] {
    let withheld = Set(withheld?[fold].samples ?? [])
    return foldOfSample.indices.filter {
      !isTestPlace(fold, placeOfSample[$0]) && !withheld.contains($0)
    }
  }

  /// Whether what is fitted for a fold must not see a point: it lies in a test place, or in the cell
  /// of a sample that was not drawn.
  public func isHidden(_ fold: Int, x: Double, y: Double, cell: Cell?) -> Bool {
    if isTestPlace(fold, x: x, y: y, cell: cell) { return true }
    guard let cell, let cells = withheld?[fold].cells else { return false }
    let place = cells.partitioningIndex { ($0.row, $0.column) >= (cell.row, cell.column) }
    return place < cells.count && cells[place] == cell
  }

  /// Whether a point lies in a test place of a fold; `cell` is nil outside the grid.
  public func isTestPlace(_ fold: Int, x: Double, y: Double, cell: Cell?) -> Bool {
    if method == .blocks {
      guard let block = try? Self.block(x: x - blockShift.x, y: y - blockShift.y, size: blockSize)
      else { return false }
      return isTestPlace(fold, block)
    }
    return cell.map { isTestPlace(fold, $0) } ?? false
  }

  private func isTestPlace(_ fold: Int, _ place: Cell) -> Bool {
    let wanted = (place.row, place.column, fold)
    let index = places.partitioningIndex { ($0.row, $0.column, $0.fold) >= wanted }
    return index < places.count
      && (places[index].row, places[index].column, places[index].fold) == wanted
  }
}

extension Folds {
  /// The same folds for models that see so many training samples only, drawn by a seed.
  ///
  /// Of every class comes one first, then of all classes at even pace, in an order that depends on
  /// seed and ids alone: fewer samples are among more, and folds share what they can. Samples of a
  /// cell come together, so there may be a few less. What is not drawn is hidden from everything
  /// that is fitted for the fold, as its test places are.
  public func drawing(_ count: Int, from set: SampleSet, seed: UInt64) -> Folds {
    let random = Randomness(seed: seed, Randomness.word("train samples"))
    var result = self
    result.withheld = (0..<self.count).map { fold in
      let all = trainingSamples(fold)
      let drawn = set.drawn(count, of: all, random)
      let left = all.filter { !drawn.contains($0) }
      let cells = Set(left.map { set.samples[$0].cell })
      return Withheld(
        samples: left, cells: cells.sorted { ($0.row, $0.column) < ($1.row, $1.column) })
    }
    return result
  }
}

extension SampleSet {
  /// At most `count` of some samples, whole cells at a time.
  fileprivate func drawn(_ count: Int, of positions: [Int], _ random: Randomness) -> Set<Int> {
    func key(_ position: Int) -> UInt64 {
      random.bits64(UInt64(bitPattern: Int64(samples[position].id)))
    }
    func stratum(_ group: SampleGroup) -> Int {
      if case .category(let index) = samples[group.positions[0]].target { index } else { 0 }
    }
    let cells = Folds.groups(samples.map(\.cell), self, among: positions)
    let ranked = Dictionary(grouping: cells, by: stratum).values.flatMap { members in
      let order = members.map { (key($0.positions[0]), $0) }.sorted { $0.0 < $1.0 }
      return order.enumerated().map { rank, member in
        (
          pace: rank == 0 ? 0 : (Double(rank) + 0.5) / Double(order.count), key: member.0,
          positions: member.1.positions
        )
      }
    }
    var result: Set<Int> = []
    for cell in ranked.sorted(by: { ($0.pace, $0.key) < ($1.pace, $1.key) }) {
      // Not a smaller one behind it: then fewer samples would not be among more.
      guard result.count + cell.positions.count <= count else { break }
      result.formUnion(cell.positions)
    }
    return result
  }
}

extension Array {
  /// The first place whose element, and all behind it, belongs to the second part.
  fileprivate func partitioningIndex(_ belongs: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
