import Testing

@testable import Pipelines

/// What the validator lets pass says nothing unless it refuses what it should.
@Suite struct JSONSchemaValidatorTests {
  private func complaints(_ value: String, _ schema: String) -> [String] {
    JSONSchemaValidator(root: JSON5Reader.read(schema).value)
      .complaints(JSON5Reader.read(value).value)
  }

  @Test(
    arguments: [
      ("{ type: 'integer' }", "5", "5.5"), ("{ type: 'number' }", "5.5", "'5'"),
      ("{ type: 'string' }", "''", "null"), ("{ type: 'boolean' }", "true", "1"),
      ("{ type: 'array' }", "[]", "{}"), ("{ type: 'object' }", "{}", "[]"),
      ("{ type: 'null' }", "null", "0"), ("{ type: 'strange' }", "", "5"),
      ("{ enum: ['a', 2] }", "2", "'b'"), ("{ const: 'a' }", "'a'", "'A'"),
      ("{ minimum: 3 }", "3", "2.9"), ("{ maximum: 3 }", "3", "3.1"),
      ("{ exclusiveMinimum: 0 }", "1e-9", "0"), ("{ minItems: 2 }", "[1, 2]", "[1]"),
      ("{ maxItems: 1 }", "[1]", "[1, 2]"), ("{ minLength: 1 }", "'a'", "''"),
      ("{ maxLength: 1 }", "'é'", "'ab'"), ("{ pattern: '^a+$' }", "'aa'", "'ab'"),
      ("{ pattern: 'b' }", "'abc'", "'ac'"), ("{ pattern: '(' }", "1", "'a'"),
      ("{ anyOf: [{ type: 'null' }, { minimum: 3 }] }", "4", "2"),
      ("{ oneOf: [{ minimum: 3 }, { minimum: 5 }] }", "4", "6"),
      ("{ allOf: [{ minimum: 3 }, { maximum: 5 }] }", "4", "6"),
      ("{ required: ['a'] }", "{ a: null }", "{ b: 1 }"),
      ("{ properties: { a: { type: 'null' } } }", "{ a: null, b: 1 }", "{ a: 1 }"),
      ("{ properties: { a: {} }, additionalProperties: false }", "{ a: 1 }", "{ b: 1 }"),
      ("{ additionalProperties: { type: 'null' } }", "{ a: null }", "{ a: 1 }"),
      ("{ items: { type: 'null' } }", "[null]", "[null, 1]"),
      ("{ if: { required: ['a'] }, then: { required: ['b'] } }", "{ c: 1 }", "{ a: 1 }"),
      ("{ $ref: '#/$defs/a', $defs: { a: { type: 'null' } } }", "null", "1"),
      ("{ $ref: '#/$defs/b', $defs: { a: { type: 'null' } } }", "", "1"),
      ("{ properties: { a: { properties: { b: false } } } }", "{ a: {} }", "{ a: { b: 1 } }"),
      ("{ description: 'x' }", "1", ""), ("{ uniqueItems: true }", "", "[1]"), ("5", "", "1"),
    ])
  func judges(schema: String, right: String, wrong: String) {
    if !right.isEmpty { #expect(complaints(right, schema) == []) }
    if !wrong.isEmpty { #expect(complaints(wrong, schema).count == 1) }
  }

  @Test func saysWhere() {
    let schema = "{ properties: { a: { items: { type: 'string' } } } }"
    #expect(complaints("{ a: ['x', 5] }", schema) == ["$.a[1]: type"])
  }
}
