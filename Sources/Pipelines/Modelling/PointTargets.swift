import Learning
import Networks
import RasterFiles
import Reports

/// What is learnt at points: what their columns say, and what follows from several of them.
struct PointTargets: Sendable {
  let kind: ModelArchitecture.Head.Kind
  /// The classes, or the labels or values, one output of a model each.
  let categories: [SampleSet.Category]
  /// The column of the class, or the columns of labels or values.
  let fields: [String]
  /// The columns of contents, with their guide values.
  private let guides: [Guide]
  /// What the Nemerow index is compared with.
  private let bounds: [Double]

  /// A column of contents and what they should not exceed.
  private struct Guide: Sendable {
    let field: String
    let value: Double
  }

  static let guideValues = "guide-values"
  static let atLeast = "at-least"
  static let nemerow = "nemerow"

  static let options = [
    OptionSpec(
      guideValues, .map(of: .number(.leastNonzeroMagnitude...1e15)), default: .optional,
      unit: "the columns' unit",
      "Columns of contents with their guide values: of 'labels' one more for each column, whether "
        + "the content exceeds the value; for 'class' and 'values' what the Nemerow index is made of.",
      example: "{ Cd: 0.6, Pb: 140, As: 25 }"),
    OptionSpec(
      atLeast, .list(of: .integer(1...1000)), default: .optional, unit: "labels",
      "Further 'labels': whether at least so many of the others hold.", example: "[2]"),
    OptionSpec(
      nemerow, .list(of: .number(.leastNonzeroMagnitude...1e15)), default: .optional,
      "Numbers to compare the Nemerow index of 'guide-values' with: further 'labels', whether it "
        + "exceeds each, or for 'class' the bounds of the classes.", example: "[0.7, 1, 2, 3]"),
  ]

  /// Targets of classes with names of their own.
  init(classes: [SampleSet.Category], field: String?) {
    kind = .softmax
    categories = classes
    fields = field.map { [$0] } ?? []
    guides = []
    bounds = []
  }

  /// Targets of labels, values or classes of the Nemerow index, as the options name them.
  init(
    _ request: PlanRequest, _ kind: ModelArchitecture.Head.Kind, fields: [String],
    forms: [String: ValueForm] = [:]
  ) throws {
    let options = request.options
    self.kind = kind
    self.fields = fields
    guides = options.map(Self.guideValues).compactMap { entry in
      entry.value.number.map { Guide(field: entry.key, value: $0) }
    }
    bounds = Set(options.doubles(Self.nemerow)).sorted()
    let counts = Set(options.ints(Self.atLeast)).sorted()
    let measured = kind == .softmax ? [] : fields + (kind == .sigmoid ? guides.map(\.field) : [])
    try Self.check(request, kind, hasGuides: !guides.isEmpty, measured: measured)
    var categories = measured.map { SampleSet.Category(code: $0, name: $0, form: forms[$0]) }
    switch kind {
    case .softmax: categories = Self.grades(bounds)
    case .linear where !guides.isEmpty:
      categories.append(SampleSet.Category(code: Self.nemerow, name: "Nemerow index"))
    case .linear: break
    case .sigmoid:
      categories += counts.map { count in
        SampleSet.Category(
          code: "\(Self.atLeast) \(count)", name: "at least \(count)", joint: .atLeast(count))
      }
      categories += bounds.map { bound in
        let text = NumberText.short(bound, significant: 9)
        return SampleSet.Category(
          code: "\(Self.nemerow) \(text)", name: "Nemerow above \(text)",
          joint: .nemerow(above: bound))
      }
    }
    self.categories = categories
    let names = categories.map(\.name)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw request.failure(
        fields.contains(twice) ? "fields" : Self.guideValues, "'\(twice)' would stand twice")
    }
  }

  /// The classes between the bounds of the index.
  private static func grades(_ bounds: [Double]) -> [SampleSet.Category] {
    let texts = bounds.map { NumberText.short($0, significant: 9) }
    guard let first = texts.first, let last = texts.last else { return [] }
    let names =
      ["up to \(first)"] + zip(texts, texts.dropFirst()).map { "\($0) to \($1)" }
      + ["above \(last)"]
    return names.map { SampleSet.Category(code: $0, name: $0) }
  }

  private static func check(
    _ request: PlanRequest, _ kind: ModelArchitecture.Head.Kind, hasGuides: Bool,
    measured: [String]
  ) throws {
    let options = request.options
    if options.has(nemerow) && !hasGuides {
      throw request.failure(nemerow, "needs '\(guideValues)', which the index is made of")
    }
    if kind == .softmax && options.doubles(nemerow).isEmpty {
      throw request.failure(nemerow, "is missing: which values of the index divide the classes?")
    }
    if kind == .linear && options.has(nemerow) {
      throw request.failure(nemerow, "is for labels and classes; of values the index is one itself")
    }
    guard options.has(atLeast) else { return }
    guard kind == .sigmoid else {
      throw request.failure(atLeast, "is for labels; the target is another")
    }
    if let most = options.ints(atLeast).max(), most > measured.count {
      throw request.failure(atLeast, "\(most) of \(measured.count) labels cannot hold")
    }
  }

  /// The columns of contents.
  var contents: [String] { guides.map(\.field) }

  /// What is known at each point of a table; nil where nothing is.
  func targets(of table: PointTable) -> [Sample.Target?] {
    if kind == .softmax && guides.isEmpty { return classes(of: table) }
    let numbers = fields.map { table.numbers($0) }
    let contents = guides.map { table.numbers($0.field) }
    return (0..<table.count).map { row in
      let index = NemerowIndex.value(zip(contents, guides).map { $0[row] / $1.value })
      let own = numbers.map { Float($0[row]) }
      if kind == .softmax {
        return index.isNaN ? nil : .category(bounds.count { index > $0 })
      }
      let values =
        kind == .linear
        ? own + (guides.isEmpty ? [] : [Float(index)])
        : labels(own + zip(contents, guides).map { Self.label($0[row], above: $1.value) }, index)
      return values.contains { !$0.isNaN } ? .values(values) : nil
    }
  }

  /// Whether a content exceeds a number, 1 or 0; NaN where it is not known.
  private static func label(_ content: Double, above bound: Double) -> Float {
    content.isNaN ? .nan : content > bound ? 1 : 0
  }

  /// The measured labels and what follows from them and from the index.
  private func labels(_ measured: [Float], _ index: Double) -> [Float] {
    measured
      + categories.compactMap { category -> Float? in
        switch category.joint {
        case .atLeast(let count): JointLabel.holds(atLeast: count, of: measured)
        case .nemerow(let bound): Self.label(index, above: bound)
        case nil: nil
        }
      }
  }

  private func classes(of table: PointTable) -> [Sample.Target?] {
    guard let field = fields.first else {
      return [Sample.Target?](repeating: .category(0), count: table.count)
    }
    return (table.columns[field]?.texts ?? []).map { code in
      categories.firstIndex { $0.codes.contains(code) }.map { .category($0) }
    }
  }
}
