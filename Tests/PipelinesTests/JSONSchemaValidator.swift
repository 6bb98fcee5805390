import Foundation

@testable import Pipelines

/// Judges values by a JSON Schema: the keywords that gossan's schemas use, and no others.
///
/// A keyword that it does not know is a complaint of its own, so that nothing goes unchecked.
struct JSONSchemaValidator {
  let root: JSON5Value

  /// Everything that is wrong, with the path of the value; empty for a valid one.
  func complaints(_ value: JSON5Value) -> [String] { check(value, root, "$") }

  /// Keywords that say something to people alone.
  private static let annotations: Set<String> = [
    "$schema", "$defs", "title", "description", "default", "examples", "enumDescriptions",
  ]

  private func check(_ value: JSON5Value, _ schema: JSON5Value, _ path: String) -> [String] {
    if let isAllowed = schema.bool { return isAllowed ? [] : ["\(path): is not allowed"] }
    guard let members = schema.members else { return ["\(path): the schema is no schema"] }
    return members.flatMap { member in
      Self.annotations.contains(member.key)
        ? [] : check(value, keyword: member.key, member.value, schema, path)
    }
  }

  private func check(
    _ value: JSON5Value, keyword: String, _ rule: JSON5Value, _ schema: JSON5Value, _ path: String
  ) -> [String] {
    func refuse(_ isRefused: Bool) -> [String] { isRefused ? ["\(path): \(keyword)"] : [] }
    switch keyword {
    case "type": return refuse(!Self.isOf(value, type: rule.string ?? ""))
    case "const": return refuse(value.canonicalJSON != rule.canonicalJSON)
    case "enum":
      let known = (rule.elements ?? []).map(\.canonicalJSON)
      return refuse(!known.contains(value.canonicalJSON))
    case "minimum": return refuse(value.number.map { $0 < rule.number ?? .nan } ?? false)
    case "maximum": return refuse(value.number.map { $0 > rule.number ?? .nan } ?? false)
    case "exclusiveMinimum": return refuse(value.number.map { $0 <= rule.number ?? .nan } ?? false)
    case "minItems": return refuse(value.elements.map { $0.count < rule.integer ?? 0 } ?? false)
    case "maxItems": return refuse(value.elements.map { $0.count > rule.integer ?? 0 } ?? false)
    case "minLength":
      return refuse(value.string.map { $0.unicodeScalars.count < rule.integer ?? 0 } ?? false)
    case "maxLength":
      return refuse(value.string.map { $0.unicodeScalars.count > rule.integer ?? 0 } ?? false)
    case "pattern": return refuse(value.string.map { !Self.matches($0, rule) } ?? false)
    case "anyOf", "allOf", "oneOf", "if", "then", "$ref":
      return combine(value, keyword: keyword, rule, schema, path)
    case "properties", "required", "additionalProperties", "items":
      return descend(value, keyword: keyword, rule, schema, path)
    default: return ["\(path): the keyword '\(keyword)' is not known"]
    }
  }

  private func combine(
    _ value: JSON5Value, keyword: String, _ rule: JSON5Value, _ schema: JSON5Value, _ path: String
  ) -> [String] {
    let results = (rule.elements ?? []).map { check(value, $0, path) }
    let fitting = results.count(where: \.isEmpty)
    switch keyword {
    case "allOf": return results.flatMap(\.self)
    case "anyOf":
      return fitting > 0
        ? [] : ["\(path): anyOf (\(results.flatMap(\.self).joined(separator: "; ")))"]
    case "oneOf": return fitting == 1 ? [] : ["\(path): oneOf"]
    case "then":
      guard let condition = schema["if"], check(value, condition, path).isEmpty else { return [] }
      return check(value, rule, path)
    case "$ref":
      let name = rule.string.flatMap { $0.hasPrefix("#/$defs/") ? String($0.dropFirst(8)) : nil }
      guard let target = name.flatMap({ root["$defs"]?[$0] }) else {
        return ["\(path): nothing is at \(rule.string ?? "")"]
      }
      return check(value, target, path)
    default: return []
    }
  }

  private func descend(
    _ value: JSON5Value, keyword: String, _ rule: JSON5Value, _ schema: JSON5Value, _ path: String
  ) -> [String] {
    let members = value.members ?? []
    switch keyword {
    case "properties":
      return members.flatMap { member in
        rule[member.key].map { check(member.value, $0, "\(path).\(member.key)") } ?? []
      }
    case "additionalProperties":
      return members.flatMap { member in
        schema["properties"]?[member.key] == nil
          ? check(member.value, rule, "\(path).\(member.key)") : []
      }
    case "required":
      guard value.members != nil else { return [] }
      return (rule.elements ?? []).compactMap(\.string).filter { value[$0] == nil }
        .map { "\(path): '\($0)' is missing" }
    default:
      return (value.elements ?? []).enumerated().flatMap { check($1, rule, "\(path)[\($0)]") }
    }
  }

  private static func isOf(_ value: JSON5Value, type: String) -> Bool {
    switch type {
    case "object": value.members != nil
    case "array": value.elements != nil
    case "string": value.string != nil
    case "boolean": value.bool != nil
    case "number": value.number != nil
    case "integer": value.integer != nil
    case "null": value.content == .null
    default: false
    }
  }

  private static func matches(_ text: String, _ pattern: JSON5Value) -> Bool {
    guard let expression = try? NSRegularExpression(pattern: pattern.string ?? "(") else {
      return false
    }
    let whole = NSRange(text.startIndex..., in: text)
    return expression.firstMatch(in: text, range: whole) != nil
  }
}
