public import Tensors

/// Synthetic samples of the rarer classes, between a sample and one of its neighbours.
///
/// SMOTE (Chawla et al. 2002) starts from every sample of a class, Borderline-SMOTE 1 (Han et al.
/// 2005) from those whose neighbours are mostly of other classes, ADASYN (He et al. 2008) from each
/// as often as its neighbours are of other classes. A row is `x + u (x' - x)`, with `x'` one of the
/// `k` nearest rows of the class and `u` from 0 to 1; columns of categories are copied from the
/// nearer of the two.
public struct Oversampling: Sendable, Hashable {
  /// Where synthetic samples start.
  public enum Method: String, CaseIterable, Sendable {
    case smote
    case borderline = "borderline-smote"
    case adasyn
  }

  /// Where synthetic samples start.
  public var method: Method
  /// The neighbours of a sample's own class that it may move toward.
  public var neighbors: Int
  /// The neighbours of any class that say how near the border a sample is, for the other methods
  /// than SMOTE.
  public var borderNeighbors: Int
  /// The size of every rarer class afterwards, as a share of the most frequent one.
  public var ratio: Double

  /// Sets up a method with its usual neighbours.
  public init(
    _ method: Method, neighbors: Int = 5, borderNeighbors: Int? = nil, ratio: Double = 1
  ) {
    precondition(neighbors > 0 && ratio > 0, "\(neighbors) neighbours, ratio \(ratio)")
    self.method = method
    self.neighbors = neighbors
    self.borderNeighbors = borderNeighbors ?? (method == .borderline ? 10 : neighbors)
    self.ratio = ratio
  }

  /// A sample that is made of two others, given by position.
  public struct Synthetic: Sendable, Hashable {
    /// The sample that it starts from, whose class it has.
    public var parent: Int
    /// The sample of the same class that it moves toward.
    public var neighbor: Int
    /// How far it moves, from 0 to 1.
    public var share: Float

    /// Names the two samples and the way between them.
    public init(parent: Int, neighbor: Int, share: Float) {
      self.parent = parent
      self.neighbor = neighbor
      self.share = share
    }
  }

  /// The synthetic samples of every rarer class, classes in order.
  ///
  /// - Parameters:
  ///   - rows: The samples' features, samples x columns, in an order that decides ties and draws.
  ///   - classes: The class of each sample.
  ///   - random: What the draws depend on.
  /// - Returns: No sample of a class that is alone or, but for SMOTE, away from all others.
  public func samples(
    _ rows: FeatureRows, classes: [Int], classCount: Int, random: Randomness
  ) -> [Synthetic] {
    var members = [[Int]](repeating: [], count: classCount)
    for (position, category) in classes.enumerated() { members[category].append(position) }
    let most = members.map(\.count).max() ?? 0
    return members.enumerated().flatMap { category, own -> [Synthetic] in
      let wanted = Int(ratio * Double(most)) - own.count
      guard wanted > 0, own.count > 1 else { return [] }
      let random = random.derived(UInt64(category))
      return starts(rows, own, classes, wanted: wanted, random: random).enumerated()
        .map { number, parent in
          let near = rows.nearest(to: parent, among: own, count: neighbors)
          // The first counters belong to the choice of starts.
          let draw = UInt64(wanted + 2 * number)
          return Synthetic(
            parent: parent, neighbor: near[random.integer(draw, below: near.count)],
            share: random.uniform(draw + 1))
        }
    }
  }

  /// The samples that synthetic ones start from, one entry each.
  private func starts(
    _ rows: FeatureRows, _ own: [Int], _ classes: [Int], wanted: Int, random: Randomness
  ) -> [Int] {
    let candidates: [Int] =
      switch method {
      case .smote: own
      case .borderline: own.filter { isInDanger(rows, $0, classes) }
      case .adasyn: []
      }
    if method == .adasyn {
      return zip(own, shares(rows, own, classes, total: wanted))
        .flatMap { parent, count in [Int](repeating: parent, count: count) }
    }
    guard !candidates.isEmpty else { return [] }
    return (0..<wanted).map { candidates[random.integer(UInt64($0), below: candidates.count)] }
  }

  /// Whether at least half of a sample's neighbours, but not all, are of other classes.
  func isInDanger(_ rows: FeatureRows, _ position: Int, _ classes: [Int]) -> Bool {
    let (others, count) = otherNeighbors(rows, position, classes)
    return 2 * others >= count && others < count
  }

  /// How many synthetic samples start from each sample of a class by ADASYN; the sum is `total` up
  /// to rounding.
  func shares(_ rows: FeatureRows, _ own: [Int], _ classes: [Int], total: Int) -> [Int] {
    let ratios = own.map { position -> Double in
      let (others, count) = otherNeighbors(rows, position, classes)
      return count == 0 ? 0 : Double(others) / Double(count)
    }
    let sum = ratios.reduce(0, +)
    guard sum > 0 else { return own.map { _ in 0 } }
    return ratios.map { Int(($0 / sum * Double(total)).rounded(.toNearestOrEven)) }
  }

  private func otherNeighbors(
    _ rows: FeatureRows, _ position: Int, _ classes: [Int]
  ) -> (others: Int, count: Int) {
    let near = rows.nearest(to: position, among: Array(classes.indices), count: borderNeighbors)
    return (near.count { classes[$0] != classes[position] }, near.count)
  }
}

/// Rows of features that are compared by their distance.
public struct FeatureRows: Sendable {
  /// The values, rows x columns.
  public let values: [Float]
  /// The number of columns.
  public let columns: Int
  /// Whether each column is one of a group of categories, 1 in one and 0 in the others.
  public let isCategory: [Bool]

  /// Gathers rows; without `isCategory` no column is one.
  public init(_ values: [Float], columns: Int, isCategory: [Bool]? = nil) {
    precondition(
      columns > 0 && values.count % columns == 0 && (isCategory?.count ?? columns) == columns,
      "\(values.count) values in rows of \(columns) columns")
    self.values = values
    self.columns = columns
    self.isCategory = isCategory ?? [Bool](repeating: false, count: columns)
  }

  /// The number of rows.
  public var count: Int { values.count / columns }

  /// The nearest of some rows to one that is not among the answers, by Euclidean distance and, where
  /// that is equal, by position.
  public func nearest(to position: Int, among candidates: [Int], count: Int) -> [Int] {
    candidates.filter { $0 != position }
      .map { (distance: squaredDistance(position, $0), position: $0) }
      .sorted { ($0.distance, $0.position) < ($1.distance, $1.position) }
      .prefix(count).map(\.position)
  }

  private func squaredDistance(_ a: Int, _ b: Int) -> Double {
    var sum = 0.0
    for column in 0..<columns {
      let difference = Double(values[a * columns + column]) - Double(values[b * columns + column])
      sum += difference * difference
    }
    return sum
  }

  /// The row of a synthetic sample.
  public func row(_ synthetic: Oversampling.Synthetic) -> [Float] {
    let (from, to) = (synthetic.parent * columns, synthetic.neighbor * columns)
    let nearer = synthetic.share < 0.5 ? from : to
    return (0..<columns).map { column in
      if isCategory[column] { return values[nearer + column] }
      let start = values[from + column]
      return start + synthetic.share * (values[to + column] - start)
    }
  }
}
