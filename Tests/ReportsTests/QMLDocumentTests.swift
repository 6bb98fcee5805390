import Foundation
import Testing

@testable import Reports

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Style files are taken apart as strictly as QGIS would read them.
struct QMLDocumentTests {
  @Test(arguments: [
    QMLStyle.probability().xml, QMLStyle.segments(from: 1, to: 100_000).xml,
    VectorStyle.numberedPoints(label: "a<b").xml,
    "\u{FEFF}<?xml version=\"1.0\"?>\n<!-- a > b --><qgis a = 'x\"y'  b=\"&#xe9;\"><![CDATA[<&]]></qgis>\n",
    "<qgis/>",
  ])
  func acceptsWhatIsXML(text: String) throws {
    // The parser of Foundation is the judge.
    #expect(XMLParser(data: Data(text.utf8)).parse())
    let document = try QMLDocument(text)
    #expect(!document.content.contains("<qgis"))
  }

  @Test func keepsContentAndAttributes() throws {
    let text =
      "<!DOCTYPE qgis>\n<qgis labelsEnabled=\"1\" v='&lt;'>\n<pipe>ä</pipe> x</qgis>\n<!---->"
    let document = try QMLDocument(text)
    #expect(document.content == "\n<pipe>ä</pipe> x")
    #expect(document.attributes == ["labelsEnabled": "1", "v": "&lt;"])
    #expect(try QMLDocument("<qgis/>").content.isEmpty)
  }

  @Test(arguments: [
    ("", 1, "expected the element 'qgis'"),
    ("<qlr></qlr>", 1, "the root is 'qlr'; expected 'qgis'"),
    ("<qgis>\n<a></b></qgis>", 2, "'b' is closed where 'a' is open"),
    ("<qgis><a>", 1, "'a' is not closed"), ("<qgis></qgis><qgis/>", 1, "something follows"),
    ("<qgis>\n\na & b</qgis>", 3, "'&' begins no reference"),
    ("<qgis a=b/>", 1, "expected a value in quotes"),
    ("<qgis a=\"1\" a=\"2\"/>", 1, "has the attribute 'a' twice"),
    ("<qgis a=\"1\"b=\"2\"/>", 1, "expected the end of 'qgis' or an attribute"),
    ("<qgis a=\"<\"/>", 1, "'<' in the value"),
    ("<qgis>&nbsp;</qgis>", 1, "'&' begins no reference"),
    ("<qgis>&#0;</qgis>", 1, "'&' begins no reference"),
    ("<qgis>\u{1}</qgis>", 1, "control character"),
    ("<qgis><!-- </qgis>", 1, "does not end with '-->'"), ("<qgis a=\"x", 1, "does not end"),
    ("<!DOCTYPE qgis [<!ENTITY a \"b\">]><qgis/>", 1, "entities of its own"),
    ("{ \"qgis\": 1 }", 1, "expected the element 'qgis'"),
  ])
  func saysWhatIsWrongAndWhere(text: String, line: Int, message: String) {
    do {
      _ = try QMLDocument(text)
      Issue.record("accepted \(text)")
    } catch {
      #expect(error.line == line && error.message.contains(message), "\(error)")
    }
  }

  @Test func bytesMustBeText() {
    #expect(throws: QMLDocument.Problem.self) {
      try QMLDocument(bytes: Array("<qgis a=\"".utf8) + [0xE4] + Array("\"/>".utf8))
    }
  }
}
