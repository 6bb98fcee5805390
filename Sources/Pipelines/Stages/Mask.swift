import RasterFiles
import Rasters

/// Keeps the cells of a study area and empties all others.
enum Mask: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "mask",
    summary: "Keeps the cells of a study area; all others become missing.",
    details: """
      The area is a layer of polygons, or a raster whose first band has a value other than 0 in it. \
      A cell belongs to a polygon if its centre does. What is masked takes no part in anything that \
      follows: statistics, superpixels, windows, maps.
      """,
    options: [
      OptionSpec(
        "file", .file, "Polygons or a raster of the area.", example: "\"study-area.gpkg\""),
      OptionSpec(
        "layer", .string, default: .optional, "The layer, where a file has several.",
        example: "\"area\""),
      OptionSpec("keep", .choice(["inside", "outside"]), default: "inside", "What is kept."),
    ],
    inputs: [InputDefinition("raster", [.raster], "The cube to mask.")],
    output: .raster,
    example: #"""
      { type: "mask", tag: "layers", file: "study-area.gpkg", keep: "inside",
        inputs: ["raw"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let area = try areaNode(request)
    let mask = request.options.string("keep")
    let change = { @Sendable (node: Node, suffix: String) -> Node in
      request.planner.node(
        Node(
          name: request.name + suffix, kind: .raster(node.bands), identity: ["mask 1", mask],
          edges: [.cells(node), .cells(area)], isStored: false,
          origins: BandOrigin.all(node.bands.count)
        ) { context in
          var cube = try context.cube(0, context.window)
          let area = try context.cube(1, context.window)
          let cells = cube.window.cellCount
          for cell in 0..<cells {
            let isInside = area.values[cell].isFinite && area.values[cell] != 0
            if isInside == (mask == "inside") { continue }
            for band in 0..<cube.bandCount { cube.values[band * cells + cell] = .nan }
          }
          return .cube(cube)
        })
    }
    let node = change(input.node, "")
    let sources = input.view.node === input.node ? node : change(input.view.node, "/sources")
    return .raster(
      RasterProduct(
        tag: request.tag, node: node,
        view: LinearView(node: sources, values: input.view.values, map: input.view.map),
        // A mask says where a map is made, not what a model reads: a model file does not carry it.
        recipe: input.recipe))
  }

  /// One band: not 0 inside the area.
  private static func areaNode(_ request: PlanRequest) throws -> Node {
    let path = request.options.filePath("file")
    let layer = request.options.optionalString("layer")
    let read: @Sendable (Window) throws -> DataCube
    let files: [String]
    if let info = try? VectorInfo(path: path), !info.layers.isEmpty {
      guard
        let found = layer.map({ name in info.layers.first { $0.name == name } })
          ?? info.layers.first
      else {
        throw request.failure(
          "layer",
          "there is no layer '\(layer ?? "")'"
            + Suggestion.phrase(layer ?? "", among: info.layers.map(\.name)))
      }
      guard found.geometry == .polygons else {
        throw request.failure("file", "\(path) holds no polygons; expected those of an area")
      }
      request.tell(SourceFacts(info, found, grid: request.grid))
      let reader = ShapeReader(path: path, layer: layer, field: nil, grid: request.grid)
      (read, files) = ({ try reader.read($0) }, info.files)
    } else {
      do {
        let info = try RasterInfo(path: path)
        let pool = try RasterPool(path: path, bands: [1], grid: request.grid, resampling: .nearest)
        (read, files) = ({ try pool.read($0) }, info.files)
        request.tell(
          SourceFacts(
            info, bands: [1], names: ["area"], categories: info.bands.prefix(1).map(\.categories),
            .nearest, grid: request.grid))
      } catch {
        throw request.failure("file", "\(error); expected polygons or a raster")
      }
    }
    return request.planner.node(
      Node(
        name: request.name + "/area", kind: .raster([Band(name: "area")]),
        identity: ["mask area 1", layer ?? ""], sources: files, files: { _ in files }
      ) { context in .cube(try read(context.window)) })
  }
}
