import Learning
import RasterFiles
import Reports

extension ValueForm {
  /// Whether a text says on the scale of which transform something is.
  static func isWord(_ text: String) -> Bool {
    Transform.allCases.contains { $0 != .none && text.contains($0.word) }
  }
}

extension ValueForm.Transform {
  /// What numbers on its scale are called.
  var word: String { self == .log ? "logarithm" : self == .boxCox ? "Box-Cox power" : "value" }
}

/// How the measured values of samples are learnt, as the options of 'labels' say it by column.
struct ValueOptions: Sendable {
  /// The columns, and how each is learnt; nil for values as they are, without a unit.
  let columns: [(name: String, form: ValueForm?)]

  /// The options of values.
  static let options: [OptionSpec] = [
    OptionSpec(
      "transform", .either(.choice(words), .map(of: .choice(words))), default: .optional,
      "What is learnt of values: their logarithm, or the power of Box & Cox (1964) that a training "
        + "part makes most likely. Maps and scores are in the values' own unit again. One word for all "
        + "columns, or one by column.",
      example: "\"log\""),
    OptionSpec(
      "offset", .either(amounts, .map(of: amounts)), default: .optional, unit: "value units",
      "What is added to values before the transform and taken off after it, for columns that hold "
        + "0: one for all columns or one by column.", example: "0.05"),
    OptionSpec(
      "unit", .either(.string, .map(of: .string)), default: .optional,
      "The unit of the values, one for all columns or one by column.", example: "\"mg/kg\""),
  ]

  private static let words = ValueForm.Transform.allCases.map(\.rawValue)
  private static let amounts = OptionKind.number(0...1e15)

  /// Reads the options of a request whose samples have values in some columns.
  init(_ request: PlanRequest, columns names: [String]) throws {
    func given(_ option: String, _ name: String) -> JSON5Value? {
      let value = request.options.raw(option)
      return value?.members == nil ? value : value?[name]
    }
    for option in Self.options.map(\.name) {
      for (name, _) in request.options.map(option) where !names.contains(name) {
        throw request.failure(
          option,
          "there is no column '\(name)' among 'fields'"
            + Suggestion.phrase(name, among: names))
      }
    }
    columns = try names.map { name in
      let word = given("transform", name)?.string ?? ""
      let transform = ValueForm.Transform(rawValue: word) ?? ValueForm.Transform.none
      let isOwn = request.options.raw("offset")?.members != nil
      let offset = given("offset", name)?.number ?? 0
      guard offset == 0 || transform != .none || !isOwn else {
        throw request.failure("offset", "of '\(name)' goes with a 'transform' of it only")
      }
      let form = ValueForm(
        transform: transform, offset: transform == .none ? 0 : offset,
        unit: given("unit", name)?.string ?? "")
      return (name, form == ValueForm() ? nil : form)
    }
    guard
      columns.contains(where: { ($0.form ?? ValueForm()).transform != .none })
        || !request.options.has("offset")
    else { throw request.failure("offset", "goes with a 'transform' only") }
  }

  /// Refuses the options where samples have no values.
  static func refuse(_ request: PlanRequest) throws {
    for option in options.map(\.name) where request.options.has(option) {
      throw request.failure(option, "goes with target: \"values\" only")
    }
  }

  /// What is wrong with the first value among some rows of a file that its transform cannot take; nil
  /// where all are fine.
  func problem(_ table: PointTable, rows: [Int], path: String) -> String? {
    let taken = columns.filter { $0.form != nil }
      .map { (name: $0.name, form: $0.form ?? ValueForm(), numbers: table.numbers($0.name)) }
    for row in rows {
      for column in taken where !column.form.takes(column.numbers[row]) {
        let counted = table.unplacedCount == 0 ? "" : " of those with a place"
        return "\(path), row \(row + 1)\(counted), column '\(column.name)': found "
          + "\(Self.text(column.numbers[row])); expected a number above "
          + "\(Self.text(-column.form.offset)) for the transform '\(column.form.transform.rawValue)': correct it, leave it empty where nothing "
          + "was measured, or give an 'offset'"
      }
    }
    return nil
  }

  private static func text(_ value: Double) -> String {
    NumberText.short(value == 0 ? 0 : value, significant: 6)
  }
}
