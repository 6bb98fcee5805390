import Foundation
import Testing

@testable import Reports

@Suite struct MarkupTests {
  @Test func escapesEverything() {
    #expect(
      Markup.escape("<a href=\"x\">'&'</a>\u{0}\u{B}é")
        == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;\u{FFFD}\u{FFFD}é")
    #expect(Markup.element("a", ["b": "\"", "c": "1"]) == "<a b=\"&quot;\" c=\"1\"/>")
    #expect(Markup.element("a", [:], "x") == "<a>x</a>")
  }

  @Test func encodesBytes() {
    for (text, code) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ] {
      #expect(Base64.encode(Array(text.utf8)) == code)
    }
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 37 + $0 / 256) }
    #expect(Base64.encode(bytes) == Data(bytes).base64EncodedString())
  }
}
