import Foundation
import Testing

@testable import Reports

/// The text of a project; that QGIS opens it is shown by `.ci/proof-qgis`.
struct QGISProjectTests {
  private static let odd = "rock & \"ore\" <x>"

  private static func project(_ entries: [QGISProject.Entry]) -> QGISProject {
    QGISProject(
      title: odd,
      reference: QGISProject.Reference(wkt: "PROJCRS[\"a & b\"]", code: "EPSG:2056", name: "LV95"),
      extent: QGISProject.Extent(left: 1, bottom: 2, right: 30.5, top: 4), entries: entries)
  }

  private static func layer(_ name: String, _ source: String = "./a.tif") -> QGISProject.Layer {
    QGISProject.Layer(name: name, source: source, content: .raster)
  }

  private func values(_ key: String, _ xml: String) -> [String] {
    xml.components(separatedBy: " \(key)=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
  }

  @Test func treeAndLayersKnowOneAnother() throws {
    let same = Self.layer("a")
    let xml = Self.project([
      .group(
        name: Self.odd, isVisible: false,
        [
          .layer(same), .layer(same),
          .group(name: "inner", isVisible: true, [.layer(Self.layer("é"))]),
        ]),
      .layer(Self.layer("b", "../x/b.gpkg|layername=b & c")),
    ]).xml
    let (counts, _) = try #require(ElementCounter.count(xml))
    #expect(counts["maplayer"] == 4 && counts["layer-tree-layer"] == 4)
    // The root is a group, too.
    #expect(counts["layer-tree-group"] == 3)
    let tree = xml.components(separatedBy: "<layer-tree-layer").dropFirst().compactMap {
      values("id", $0).first
    }
    let maps = xml.components(separatedBy: "<id>").dropFirst().map {
      String($0.prefix { $0 != "<" })
    }
    #expect(tree == maps && Set(maps).count == 4)
    // QGIS replaces shorter ones, and the tree would lose its layers.
    #expect(maps.allSatisfy { $0.count > 10 && $0.allSatisfy(\.isASCII) })
    #expect(xml.contains("<datasource>../x/b.gpkg|layername=b &amp; c</datasource>"))
    #expect(xml.contains("name=\"rock &amp; &quot;ore&quot; &lt;x&gt;\" checked=\"Qt::Unchecked\""))
  }

  @Test func systemsAreStatedAsText() {
    let layer = Self.layer("a")
    var other = layer
    other.reference = QGISProject.Reference(wkt: "GEOGCRS[\"g\"]", isGeographic: true)
    let xml = Self.project([.layer(layer), .layer(other)]).xml
    #expect(xml.contains("<wkt>PROJCRS[&quot;a &amp; b&quot;]</wkt><authid>EPSG:2056</authid>"))
    #expect(xml.contains("<wkt>GEOGCRS[&quot;g&quot;]</wkt><authid></authid>"))
    #expect(xml.contains("<geographicflag>true</geographicflag>"))
    #expect(xml.contains("<units>meters</units>"))
    var plane = Self.project([.layer(layer)])
    plane.reference = QGISProject.Reference(wkt: "")
    // Without a system the map is on a plane that QGIS takes for valid.
    #expect(plane.xml.components(separatedBy: "<wkt>ENGCRS[").count == 5)
    #expect(!plane.xml.contains("<wkt></wkt>"))
  }

  @Test func stylesAndNotesAreThoseOfTheLayer() throws {
    var raster = Self.layer("p")
    raster.style = try QMLDocument(QMLStyle.probability(band: 2).xml)
    raster.notes = ["a < b", "c"]
    raster.abstract = Self.odd
    raster.isVisible = true
    var points = QGISProject.Layer(name: "q", source: "./q.gpkg", content: .points)
    points.style = try QMLDocument(VectorStyle.numberedPoints(label: "rank").xml)
    let xml = Self.project([.layer(raster), .layer(points)]).xml
    let (counts, _) = try #require(ElementCounter.count(xml))
    #expect(counts["rasterrenderer"] == 1 && counts["renderer-v2"] == 1 && counts["qgis"] == 1)
    #expect(counts["pipe"] == 1 && counts["labeling"] == 1)
    #expect(
      xml.contains("<userNotes value=\"&lt;p&gt;a &amp;lt; b&lt;/p&gt;&lt;p&gt;c&lt;/p&gt;\"/>"))
    #expect(xml.contains("<abstract>rock &amp; &quot;ore&quot; &lt;x&gt;</abstract>"))
    #expect(xml.contains("geometry=\"Point\" labelsEnabled=\"1\""))
    #expect(values("checked", xml) == ["Qt::Checked", "Qt::Unchecked"])
  }

  @Test func theMapShowsTheGridAndPathsAreRelative() {
    let xml = Self.project([.layer(Self.layer("a"))]).xml
    let corners = "<xmin>1.0</xmin><ymin>2.0</ymin><xmax>30.5</xmax><ymax>4.0</ymax>"
    #expect(xml.contains("<extent>\(corners)</extent>"))
    #expect(
      xml.contains("<DefaultViewExtent xmin=\"1.0\" ymin=\"2.0\" xmax=\"30.5\" ymax=\"4.0\">"))
    #expect(xml.contains("<Absolute type=\"bool\">false</Absolute>"))
    #expect(!xml.contains("save"))
  }
}
