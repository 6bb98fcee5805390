import Testing

@testable import Pipelines

@Suite struct JSON5WriterTests {
  @Test func canonicalTextIsTheSameForEqualValues() {
    let first = JSON5Reader.read("{ b: 5.0, a: [1e1, .5], 'c': 'é' }").value
    let second = JSON5Reader.read("{a:[10,0.50],c:\"\\u00e9\",b:5}").value
    #expect(first.canonicalJSON == #"{"a":[10,0.5],"b":5,"c":"é"}"#)
    #expect(first.canonicalJSON == second.canonicalJSON)
  }

  @Test func prettyTextKeepsTheOrder() {
    let value: JSON5Value = ["b": [1, 2], "a": [:], "c": []]
    #expect(value.prettyJSON == "{\n  \"b\": [\n    1,\n    2\n  ],\n  \"a\": {},\n  \"c\": []\n}")
  }

  @Test func json5ReadsBackAsTheSameValue() {
    let value: JSON5Value = ["a-b": "it's \"so\"\n", "n": -0.25, "o": ["x": nil, "y": true]]
    let text = value.json5
    #expect(text == #"{ "a-b": "it's \"so\"\n", n: -0.25, o: { x: null, y: true } }"#)
    #expect(JSON5Reader.read(text).value.canonicalJSON == value.canonicalJSON)
  }
}
