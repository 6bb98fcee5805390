/// A project of QGIS: layers with their styles and notes in groups, on a map with an extent.
///
/// Sources are relative to the folder of the project, so that both can be moved together. The same
/// values give the same text; it holds no times and no names of users.
public struct QGISProject: Sendable, Hashable {
  /// What the window is called.
  public var title: String
  /// The coordinate system of the map.
  public var reference: Reference
  /// What the map shows at first.
  public var extent: Extent
  /// The groups and layers of the layer tree; what comes first is drawn on top.
  public var entries: [Entry]

  /// Describes a project.
  public init(title: String, reference: Reference, extent: Extent, entries: [Entry]) {
    self.title = title
    self.reference = reference
    self.extent = extent
    self.entries = entries
  }

  /// A coordinate system as projects state it.
  public struct Reference: Sendable, Hashable {
    /// The system as WKT; empty for a plane without name.
    public var wkt: String
    /// The code, such as "EPSG:2056", empty where there is none.
    public var code: String
    /// The name.
    public var name: String
    /// Whether coordinates are longitude and latitude.
    public var isGeographic: Bool

    /// Describes a coordinate system.
    public init(wkt: String, code: String = "", name: String = "", isGeographic: Bool = false) {
      self.wkt = wkt
      self.code = code
      self.name = name
      self.isGeographic = isGeographic
    }

    /// What stands for no system: QGIS counts it as valid, and lengths on it are map units.
    static let plane =
      "ENGCRS[\"Undefined Cartesian SRS\",EDATUM[\"Unknown engineering datum\"],"
      + "CS[Cartesian,2],AXIS[\"x\",east,LENGTHUNIT[\"metre\",1]],"
      + "AXIS[\"y\",north,LENGTHUNIT[\"metre\",1]]]"
  }

  /// A rectangle in map coordinates.
  public struct Extent: Sendable, Hashable {
    /// The least x.
    public var left: Double
    /// The least y.
    public var bottom: Double
    /// The greatest x.
    public var right: Double
    /// The greatest y.
    public var top: Double

    /// Describes a rectangle.
    public init(left: Double, bottom: Double, right: Double, top: Double) {
      self.left = left
      self.bottom = bottom
      self.right = right
      self.top = top
    }
  }

  /// A group or a layer.
  public enum Entry: Sendable, Hashable {
    case group(name: String, isVisible: Bool, [Entry])
    case layer(Layer)
  }

  /// A layer.
  public struct Layer: Sendable, Hashable {
    /// What a layer consists of.
    public enum Content: String, Sendable, Hashable {
      case raster
      case points = "Point"
      case lines = "Line"
      case polygons = "Polygon"
      /// Rows without places.
      case table = "No geometry"
    }

    /// The name in the layer tree.
    public var name: String
    /// The file, relative to the project, with what GDAL's provider wants behind it.
    public var source: String
    /// What it consists of.
    public var content: Content
    /// The style, which a project does not take from the file beside the layer; nil for QGIS's own.
    public var style: QMLDocument?
    /// The coordinate system; nil for that of the map.
    public var reference: Reference?
    /// What the layer is, in a sentence, for its metadata.
    public var abstract: String
    /// What a reader must know, a paragraph each, for the note at the layer's name.
    public var notes: [String]
    /// Whether it is drawn when the project is opened.
    public var isVisible: Bool

    /// Describes a layer.
    public init(
      name: String, source: String, content: Content, style: QMLDocument? = nil,
      reference: Reference? = nil, abstract: String = "", notes: [String] = [],
      isVisible: Bool = false
    ) {
      self.name = name
      self.source = source
      self.content = content
      self.style = style
      self.reference = reference
      self.abstract = abstract
      self.notes = notes
      self.isVisible = isVisible
    }
  }
}

// The file.
extension QGISProject {
  /// The content of the `.qgs` file.
  public var xml: String {
    var names = LayerNames()
    var maps: [String] = []
    let tree = entries.flatMap { branch(of: $0, &names, &maps) }
    let lines =
      [
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>",
        Markup.element(
          "qgis", ["projectname": title, "version": "3.22.0"], "\n" + body(tree, maps)),
      ]
    return lines.joined(separator: "\n") + "\n"
  }

  private func body(_ tree: [String], _ maps: [String]) -> String {
    let system = xml(of: reference)
    let canvas = [
      "<units>\(reference.isGeographic ? "degrees" : "meters")</units>", xml(of: extent),
      "<rotation>0</rotation>", "<destinationsrs>\(system)</destinationsrs>",
    ]
    let lines =
      [
        Markup.element("title", [:], Markup.escape(title)),
        "<projectCrs>\(system)</projectCrs>",
        "<layer-tree-group>",
      ] + tree + ["</layer-tree-group>"]
      + ["<mapcanvas name=\"theMapCanvas\" annotationsVisible=\"1\">"] + canvas
      + ["</mapcanvas>", "<projectlayers>"] + maps + ["</projectlayers>"]
      + ["<properties>", Self.properties, "</properties>"]
      + ["<ProjectViewSettings UseProjectScales=\"0\" rotation=\"0\">", viewExtent(system)]
      + ["</ProjectViewSettings>"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static let properties = """
    <SpatialRefSys>
    <ProjectionsEnabled type="int">1</ProjectionsEnabled>
    </SpatialRefSys>
    <Paths>
    <Absolute type="bool">false</Absolute>
    </Paths>
    """

  private func viewExtent(_ system: String) -> String {
    Markup.element(
      "DefaultViewExtent",
      [
        "xmin": "\(extent.left)", "ymin": "\(extent.bottom)", "xmax": "\(extent.right)",
        "ymax": "\(extent.top)",
      ], system)
  }

  private func xml(of extent: Extent) -> String {
    let corners = [
      ("xmin", extent.left), ("ymin", extent.bottom), ("xmax", extent.right), ("ymax", extent.top),
    ]
    return "<extent>" + corners.map { "<\($0)>\($1)</\($0)>" }.joined() + "</extent>"
  }

  /// QGIS finds a system that it does not know by its WKT, never by its code alone.
  private func xml(of reference: Reference) -> String {
    let wkt = reference.wkt.isEmpty ? Reference.plane : reference.wkt
    let parts = [
      ("wkt", wkt), ("authid", reference.code), ("description", reference.name),
      ("geographicflag", reference.isGeographic ? "true" : "false"),
    ]
    return "<spatialrefsys>"
      + parts.map { Markup.element($0, [:], Markup.escape($1)) }.joined() + "</spatialrefsys>"
  }
}

// Layers.
extension QGISProject {
  /// Names by which layer tree and layers know one another.
  ///
  /// QGIS replaces those of up to ten characters by others, and the tree then loses its layers.
  private struct LayerNames {
    private var taken: Set<String> = []

    mutating func name(of layer: Layer) -> String {
      let text = "\(layer.name) \(layer.source)".unicodeScalars.map { scalar in
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
          || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
      }
      let stem = "gossan_layer_" + String(text.prefix(100))
      var name = stem
      var number = 2
      while !taken.insert(name).inserted {
        name = "\(stem)_\(number)"
        number += 1
      }
      return name
    }
  }

  private func branch(
    of entry: Entry, _ names: inout LayerNames, _ maps: inout [String]
  ) -> [String] {
    switch entry {
    case .group(let name, let isVisible, let entries):
      let content = entries.flatMap { branch(of: $0, &names, &maps) }
      return [
        Markup.element(
          "layer-tree-group",
          [
            "name": name, "checked": isVisible ? "Qt::Checked" : "Qt::Unchecked",
            "expanded": "1",
          ], "\n" + content.joined(separator: "\n") + "\n")
      ]
    case .layer(let layer):
      let name = names.name(of: layer)
      maps.append(map(layer, name))
      return [
        Markup.element(
          "layer-tree-layer",
          [
            "id": name, "name": layer.name, "source": layer.source,
            "providerKey": layer.provider,
            "checked": layer.isVisible ? "Qt::Checked" : "Qt::Unchecked",
            "expanded": layer.isVisible ? "1" : "0",
          ])
      ]
    }
  }

  private func map(_ layer: Layer, _ name: String) -> String {
    let reference = layer.reference ?? self.reference
    let notes = layer.notes.map { Markup.element("p", [:], Markup.escape($0)) }.joined()
    let lines =
      [
        Markup.element("id", [:], name),
        Markup.element("datasource", [:], Markup.escape(layer.source)),
        Markup.element("layername", [:], Markup.escape(layer.name)),
        "<srs>\(xml(of: reference))</srs>",
        layer.content == .raster
          ? "<provider>gdal</provider>" : "<provider encoding=\"UTF-8\">ogr</provider>",
        metadata(layer, name),
      ] + (notes.isEmpty ? [] : [Markup.element("userNotes", ["value": notes])])
      + (layer.style.map { [$0.content.trimmed] } ?? [])
    return element(of: layer, lines.joined(separator: "\n"))
  }

  private func metadata(_ layer: Layer, _ name: String) -> String {
    let parts = [
      ("identifier", name), ("type", "dataset"), ("title", layer.name),
      ("abstract", layer.abstract),
    ]
    return "<resourceMetadata>"
      + parts.map { Markup.element($0, [:], Markup.escape($1)) }.joined() + "</resourceMetadata>"
  }

  private func element(of layer: Layer, _ content: String) -> String {
    guard layer.content != .raster else {
      return Markup.element(
        "maplayer", ["type": "raster", "styleCategories": "AllStyleCategories"],
        "\n\(content)\n")
    }
    // Labels are switched on at the root of a style and at the layer of a project.
    let hasLabels = layer.style?.attributes["labelsEnabled"] == "1"
    return Markup.element(
      "maplayer",
      [
        "type": "vector", "geometry": layer.content.rawValue,
        "labelsEnabled": hasLabels ? "1" : "0", "styleCategories": "AllStyleCategories",
      ], "\n\(content)\n")
  }
}

extension QGISProject.Layer {
  /// What reads the source.
  fileprivate var provider: String { content == .raster ? "gdal" : "ogr" }
}

extension String {
  /// The text without space at its ends.
  fileprivate var trimmed: String {
    let start = firstIndex { !$0.isWhitespace } ?? endIndex
    let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
    return String(self[start..<end])
  }
}
