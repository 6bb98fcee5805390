public import Networks
public import Rasters

/// Samples of one task with the names of what is to be learnt.
public struct SampleSet: Sendable, Hashable, Codable {
  /// A class as the label file calls it and as people do.
  public struct Category: Sendable, Hashable, Codable {
    /// The value in the label file.
    public var code: String
    /// The name for people.
    public var name: String
    /// What a label says of the others; nil of what was measured itself.
    public var joint: JointLabel?
    /// Further values in the label file that mean the same class; nil for none.
    public var otherCodes: [String]?
    /// How values are to be learnt; nil for values as they are, without a unit, and for classes.
    public var form: ValueForm?

    /// Names a class.
    public init(
      code: String, name: String, joint: JointLabel? = nil, form: ValueForm? = nil,
      otherCodes: [String]? = nil
    ) {
      self.code = code
      self.name = name
      self.joint = joint
      self.form = form
      self.otherCodes = otherCodes
    }

    /// All values in the label file that mean the class.
    public var codes: [String] { [code] + (otherCodes ?? []) }

    /// Classes of codes and their names; codes of one name are one class, which stands where the
    /// first of them does.
    public static func classes(_ named: [(code: String, name: String)]) -> [Category] {
      named.reduce(into: []) { classes, entry in
        if let known = classes.firstIndex(where: { $0.name == entry.name }) {
          classes[known].otherCodes = (classes[known].otherCodes ?? []) + [entry.code]
        } else {
          classes.append(Category(code: entry.code, name: entry.name))
        }
      }
    }

    /// The numbers that mean classes, with the classes' places; NaN of codes that are none.
    public static func numbers(of classes: [Category]) -> [(code: Double, category: Int)] {
      classes.enumerated().flatMap { index, category in
        category.codes.map { (code: Double($0) ?? .nan, category: index) }
      }
    }
  }

  /// What kind of target all samples have; it says what a model's outputs stand for.
  public let kind: ModelArchitecture.Head.Kind
  /// The classes of `softmax` samples, else the labels or values, one per output of a model.
  public let categories: [Category]
  /// The samples.
  public let samples: [Sample]

  /// Gathers samples; throws `SampleError` where a target does not fit the kind and categories.
  public init(
    kind: ModelArchitecture.Head.Kind, categories: [Category], samples: [Sample]
  ) throws(SampleError) {
    var seen: Set<Int> = []
    for sample in samples {
      guard seen.insert(sample.id).inserted else { throw .repeatedID(sample.id) }
      try Self.check(sample, kind: kind, count: categories.count)
      try Self.checkAmounts(sample, categories)
    }
    self.kind = kind
    self.categories = categories
    self.samples = samples
  }

  /// Some samples of a set that is known to be valid.
  init(valid set: SampleSet, samples: [Sample], categories: [Category]? = nil) {
    kind = set.kind
    self.categories = categories ?? set.categories
    self.samples = samples
  }

  private static func checkAmounts(
    _ sample: Sample, _ categories: [Category]
  ) throws(SampleError) {
    guard case .values(let values) = sample.target else { return }
    for (value, category) in zip(values, categories) {
      if let form = category.form, !form.takes(Double(value)) {
        throw .badTarget(
          id: sample.id, found: "\(value) of '\(category.name)'",
          expected: "numbers above \(-form.offset) for '\(form.transform.rawValue)'")
      }
    }
  }

  private static func check(
    _ sample: Sample, kind: ModelArchitecture.Head.Kind, count: Int
  ) throws(SampleError) {
    func fail(_ expected: String) -> SampleError {
      .badTarget(id: sample.id, found: "\(sample.target)", expected: expected)
    }
    switch (kind, sample.target) {
    case (.softmax, .category(let index)):
      if index < 0 || index >= count { throw fail("a class from 0 to \(count - 1)") }
    case (.softmax, .values): throw fail("a class")
    case (.sigmoid, .values(let labels)):
      let known = labels.allSatisfy { $0.isNaN || $0 == 0 || $0 == 1 }
      if labels.count != count || !known { throw fail("\(count) labels, each 0, 1 or missing") }
    case (.linear, .values(let values)):
      let finite = values.allSatisfy { !$0.isInfinite }
      if values.count != count || !finite { throw fail("\(count) values, finite or missing") }
    case (_, .category): throw fail("\(count) numbers")
    }
    guard sample.weight.isFinite, sample.weight >= 0 else {
      throw .badWeight(id: sample.id, weight: sample.weight)
    }
  }

  /// The number of samples.
  public var count: Int { samples.count }

  /// The number of samples of each class, or with each label set, or with each value known.
  public var counts: [Int] { counts(of: Array(samples.indices)) }

  /// The same as `counts` for some of the samples, given by position.
  public func counts(of positions: [Int]) -> [Int] {
    var result = [Int](repeating: 0, count: categories.count)
    for position in positions {
      switch samples[position].target {
      case .category(let index): result[index] += 1
      case .values(let values):
        for (output, value) in values.enumerated()
        where kind == .sigmoid ? value == 1 : !value.isNaN { result[output] += 1 }
      }
    }
    return result
  }

  /// Cells that hold several samples, in row order; all of the samples are kept.
  public var sharedCells: [SharedCell] {
    Dictionary(grouping: samples.indices) { samples[$0].cell }
      .filter { $0.value.count > 1 }
      .map { cell, positions in
        let targets = positions.map { samples[$0].target }
        return SharedCell(
          cell: cell, positions: positions.sorted(),
          isConflicting: targets.indices.contains { first in
            targets[first...].contains { Self.contradict(targets[first], $0, kind) }
          })
      }
      .sorted { ($0.cell.row, $0.cell.column) < ($1.cell.row, $1.cell.column) }
  }

  /// Whether two targets of one cell cannot both hold; measured values may differ.
  private static func contradict(
    _ a: Sample.Target, _ b: Sample.Target, _ kind: ModelArchitecture.Head.Kind
  ) -> Bool {
    switch (a, b) {
    case (.category(let a), .category(let b)): a != b
    case (.values(let a), .values(let b)):
      kind == .sigmoid && zip(a, b).contains { !$0.isNaN && !$1.isNaN && $0 != $1 }
    default: true
    }
  }

  /// A cell with more than one sample.
  public struct SharedCell: Sendable, Hashable, Codable {
    /// The cell.
    public let cell: Cell
    /// The positions of its samples in the set.
    public let positions: [Int]
    /// Whether the samples say different classes or labels.
    public let isConflicting: Bool
  }
}

/// Why samples cannot be used.
public enum SampleError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Two samples have one number.
  case repeatedID(Int)
  /// A target is not of the set's kind.
  case badTarget(id: Int, found: String, expected: String)
  /// A weight is negative or not a number.
  case badWeight(id: Int, weight: Float)
  /// There are too few places to divide the samples as asked.
  case tooFewPlaces(String)
  /// The number of something is not what it must be.
  case mismatch(String)

  /// The error in words.
  public var description: String {
    switch self {
    case .repeatedID(let id): "two samples have the id \(id)"
    case .badTarget(let id, let found, let expected):
      "sample \(id) has the target \(found); expected \(expected)"
    case .badWeight(let id, let weight):
      "sample \(id) has the weight \(weight); expected a finite number from 0 on"
    case .tooFewPlaces(let text), .mismatch(let text): text
    }
  }
}
