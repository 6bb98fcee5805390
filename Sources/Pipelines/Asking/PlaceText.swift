import Foundation
import Reports

extension PlaceReport {
  /// The report for programs.
  var json: String {
    get throws {
      let encoder = JSONEncoder.stable
      encoder.outputFormatting.insert(.prettyPrinted)
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// A coordinate for a person: centimetres, or their like in degrees.
  static func coordinate(_ value: Double) -> String { NumberText.short(value, significant: 9) }

  /// The report for people.
  var text: String {
    var blocks = [head]
    blocks += maps.map(block)
    let shown = maps.map(\.tag)
    blocks += flags.filter { !shown.contains($0.of ?? "") }.map { flags in
      ([flags.tag] + Self.lines(flags)).joined(separator: "\n")
    }
    blocks += explanations.map(block)
    if !classes.isEmpty { blocks.append(classBlock) }
    blocks += segments.map(block)
    if !targets.isEmpty { blocks.append(targets.map(line).joined(separator: "\n")) }
    blocks += layers.map { Self.block($0.tag, $0.values) }
    if !notes.isEmpty {
      blocks.append((["not known"] + notes.map { "  " + $0 }).joined(separator: "\n"))
    }
    return blocks.joined(separator: "\n\n")
  }

  private var head: String {
    let given = asked.map {
      " (given as \(Self.coordinate($0.x)), \(Self.coordinate($0.y)) in \($0.crs))"
    }
    let system = place.crs.isEmpty ? "" : " in \(place.crs)"
    return """
      \(pipeline), written \(finished)
      place  \(Self.coordinate(place.x)), \(Self.coordinate(place.y))\(system)\(given ?? "")
      cell   column \(cell.column), row \(cell.row); its centre is at \
      \(Self.coordinate(cell.x)), \(Self.coordinate(cell.y))
      """
  }

  // MARK: Blocks

  private func block(_ map: Map) -> String {
    let what = map.isProbability ? "probability" : "value"
    let models = map.models.map { ", with the standard deviation over \($0) trainings" } ?? ""
    var lines = ["\(map.tag): \(what) by the model\(models)"]
    lines += Self.rows(map.values)
    for flags in flags where flags.of == map.tag { lines += Self.lines(flags) }
    return lines.joined(separator: "\n")
  }

  private static func lines(_ flags: Flags) -> [String] {
    guard !flags.meanings.isEmpty else { return ["  no reason for doubt (\(flags.tag))"] }
    let width = flags.outside.prefix(shownRows).map(\.name.count).max() ?? 0
    let inputs = flags.outside.prefix(shownRows).map {
      "      \(padded($0.name, width))  \($0.text)"
    }
    let rest = flags.outside.count - inputs.count
    return flags.meanings.flatMap { meaning in
      let isOutside = meaning == PixelFlags.meanings(of: PixelFlags.outsideRange).first?.sentence
      return ["  ! \(meaning)"] + (isOutside ? inputs : [])
        + (isOutside && rest > 0 ? ["      and \(rest) more"] : [])
    }
  }

  private static func block(_ tag: String, _ values: [Value]) -> String {
    ([tag] + rows(values)).joined(separator: "\n")
  }

  /// More rows than this are counted; all are in the JSON.
  private static let shownRows = 30

  private static func rows(_ values: [Value]) -> [String] {
    let shown = values.prefix(shownRows)
    let width = shown.map(\.name.count).max() ?? 0
    let rows = shown.map { value in
      let number = value.value.map { NumberText.short($0) } ?? "no value"
      let unit = value.value == nil ? "" : value.unit.map { " \($0)" } ?? ""
      let spread = value.deviation.map { " ± \(NumberText.short($0, significant: 2))" } ?? ""
      return "  \(padded(value.name, width))  \(number)\(unit)\(spread)"
    }
    let rest = values.count - shown.count
    return rows + (rest > 0 ? ["  and \(rest) more"] : [])
  }

  private func block(_ explanation: Explanation) -> String {
    let title =
      "\(explanation.tag): what moved '\(explanation.className)', in \(explanation.output) "
      + "(\(explanation.method))"
    guard let base = explanation.base, let sum = explanation.sum else {
      return title + "\n  no value: the cell is not explained"
    }
    let shown = explanation.features.prefix(Self.shownRows)
    let rest = explanation.features.dropFirst(Self.shownRows)
    var rows = [("base value", base, "")]
    rows += shown.map { ($0.name, $0.attribution, $0.inputText) }
    if !rest.isEmpty {
      rows.append(
        ("\(rest.count) more", rest.reduce(0) { $0 + $1.attribution }, "weaker ones, together"))
    }
    rows.append(("sum", sum, explanation.sumText))
    let width = rows.map(\.0.count).max() ?? 0
    var lines = [title]
    lines += rows.map { name, value, remark in
      let line = "  \(Self.padded(name, width))  \(Self.padded(Self.signed(value), 9))"
      return (remark.isEmpty ? line : line + "  " + remark).trimmingCharacters(in: .newlines)
    }
    lines.append("  " + explanation.checkText)
    return lines.map(Self.withoutTrailingBlanks).joined(separator: "\n")
  }

  private var classBlock: String {
    let width = classes.map(\.tag.count).max() ?? 0
    return classes.map { named in
      let value = named.value.map { "\(named.name ?? "unnamed") (\($0))" } ?? "no value"
      return "\(Self.padded(named.tag, width))  \(value)"
    }.joined(separator: "\n")
  }

  private func block(_ segment: Segment) -> String {
    guard let id = segment.id else { return "\(segment.tag): in no segment" }
    var facts = ["segment \(id)"]
    if let cells = segment.cells { facts.append("\(cells) cells") }
    if let elongation = segment.elongation, let strike = segment.strike {
      facts.append(
        "\(NumberText.short(elongation, significant: 3)) times as long as wide, striking "
          + "\(NumberText.short(strike, significant: 3)) degrees")
    }
    var lines = ["\(segment.tag): \(facts.joined(separator: ", "))"]
    if !segment.means.isEmpty {
      lines.append("  means of the bands that were segmented")
      lines += Self.rows(segment.means).map { "  " + $0 }
    }
    return lines.joined(separator: "\n")
  }

  private func line(_ target: Target) -> String {
    target.rank == nil
      ? "\(target.tag): in no target" : "\(target.tag): in a target. \(target.why ?? "")"
  }

  // MARK: Words

  static func signed(_ value: Double) -> String {
    (value >= 0 ? "+" : "") + NumberText.short(value)
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func withoutTrailingBlanks(_ line: String) -> String {
    String(line.reversed().drop { $0 == " " }.reversed())
  }
}

extension PlaceReport.Outside {
  /// The value and what the samples had, for people.
  fileprivate var text: String {
    let who = models.map { "those of \($0) of the models" } ?? "the samples"
    if let category {
      return "\(category), which \(models == nil ? "no sample has" : "\(who) do not have")"
    }
    guard let value else { return "no value" }
    let unit = unit.map { " \($0)" } ?? ""
    let bounds = [minimum, maximum].compactMap(\.self)
    // As many digits as tell the value from the bound that it is beyond.
    let digits = (4...9).first { digits in
      !bounds.contains {
        NumberText.short($0, significant: digits) == NumberText.short(value, significant: digits)
      }
    }
    let numbers = ([value] + bounds).map { NumberText.short($0, significant: digits ?? 9) }
    return "\(numbers[0])\(unit); \(who) have \(numbers.dropFirst().joined(separator: " to "))"
  }
}

extension PlaceReport.Feature {
  /// What the feature is here, for people.
  fileprivate var inputText: String {
    if let category { return category }
    guard let value else { return "" }
    return NumberText.short(value) + (unit.map { " \($0)" } ?? "")
  }
}

extension PlaceReport.Explanation {
  /// What the sum of log-odds is as a probability.
  fileprivate var sumText: String {
    guard output == "log-odds", let sum else { return "" }
    return "log-odds of \(NumberText.short(1 / (1 + exp(-sum))))"
  }

  /// How base and features compare with the output that they explain.
  fileprivate var checkText: String {
    let within = residual.map {
      "on the whole map 99 of 100 cells are within \(NumberText.short($0, significant: 2))"
    }
    guard let explained, let sum, let check else {
      return "no map of the explained output to compare with" + (within.map { "; \($0)" } ?? "")
    }
    let apart = NumberText.short(abs(explained - sum), significant: 2)
    let source = check == "the raster" ? "the raster" : "'\(check)'"
    return "\(source) has \(PlaceReport.signed(explained)), \(apart) apart"
      + (within.map { "; \($0)" } ?? "")
  }
}
