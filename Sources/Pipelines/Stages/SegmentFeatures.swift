import Rasters
import Segmentation

/// Makes rasters of what is known of each cell's segment.
enum SegmentFeatures: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "segment-features",
    summary: "Makes rasters of each cell's superpixel: its size, its shape and its mean bands.",
    details: """
      'size' is the number of cells, 'elongation' the ratio of the axes of the ellipse with the same \
      second moments in map units, 'strike' the azimuth of its long axis in degrees clockwise from \
      north, 0 to 180. A band's mean is that over the segment's cells that have a value. Cells of no \
      segment have no value. The same numbers stand in the layer 'nodes' of the GeoPackage that \
      'write' makes of segments. Like superpixels, the stage is transductive.
      """,
    options: [
      OptionSpec(
        "shapes", .list(of: .choice(shapes)), default: ["size", "elongation", "strike"],
        "Which properties of the segment itself are made."),
      OptionSpec(
        "bands", .bands, default: .optional,
        "The bands whose means are made; by default all of the cube, [] for none.",
        example: "[\"Cu\", \"Zn\"]"),
    ],
    inputs: [
      InputDefinition("segments", [.segments], "The superpixels."),
      InputDefinition(
        "cube", [.raster], isRequired: false, source: .named,
        "The cube of the bands; by default the one that the superpixels were made from."),
    ],
    output: .raster,
    example: #"""
      { type: "segment-features", tag: "shapes", shapes: ["elongation", "strike"],
        inputs: { segments: "segments", cube: "cube" } }
      """#)

  private static let shapes = ["size", "elongation", "strike"]

  static func plan(_ request: PlanRequest) throws -> Product {
    guard let segments = request.segments("segments") else {
      throw request.failure("inputs", "needs superpixels as 'segments'")
    }
    guard segments.siblings.isEmpty else {
      throw request.failure(
        "inputs", "'\(request.tag)' takes superpixels of one size, not of several")
    }
    // A model file gives the inputs of a stage in one list.
    let cube = request.rasters("cube").first ?? request.rasters("segments").first ?? segments.cube
    let chosen = Set(request.options.strings("shapes"))
    let shapes = shapes.filter(chosen.contains)
    let means =
      request.options.has("bands")
      ? try cube.bandSelection(request, option: "bands") : Array(cube.bands.indices)
    let bands = shapes.map(band(ofShape:)) + means.map { cube.bands[$0] }
    guard !bands.isEmpty else {
      throw request.failure("shapes", "is empty, and so is 'bands': there is nothing to make")
    }
    try request.requireDifferentNames(bands, option: "shapes")
    let table =
      cube.node === segments.cube.node
      ? segments.table : request.segmentTable(segments.node, segments.lattice, of: cube.node)
    let node = rasterNode(request, segments, table, bands) { row in
      shapes.map { value(ofShape: $0, row) } + means.map { row.means[$0] }
    }
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node),
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON,
          inputs: [segments.recipe, cube.recipe], bands: bands)))
  }

  private static func rasterNode(
    _ request: PlanRequest, _ segments: SegmentsProduct, _ table: Node, _ bands: [Band],
    _ values: @escaping @Sendable (SegmentTable.Row) -> [Float]
  ) -> Node {
    let halo = segments.lattice.haloOfHome
    return request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: request.identity(),
        edges: [.cells(segments.node), .halo(table, halo)], isStored: false
      ) { context in
        let ids = try context.segments(0, context.window).ids
        var known: [UInt32: [Float]] = [:]
        for bytes in try context.tables(1, context.window.expanded(by: halo)) {
          for row in try SegmentTable(bytes: bytes).rows { known[row.id] = values(row) }
        }
        var cube = DataCube(window: context.window, bandCount: bands.count)
        var (last, numbers): (UInt32, [Float]?) = (SegmentRaster.none, nil)
        for cell in 0..<ids.count where ids[cell] != SegmentRaster.none {
          if ids[cell] != last { (last, numbers) = (ids[cell], known[ids[cell]]) }
          guard let numbers else {
            throw ExecutionError.data("segment \(last) has no row in the table of segments")
          }
          for band in 0..<numbers.count { cube.values[band * ids.count + cell] = numbers[band] }
        }
        return .cube(cube)
      })
  }

  private static func band(ofShape shape: String) -> Band {
    let units = ["size": "cells", "strike": "degrees"]
    return Band(name: shape, unit: units[shape] ?? "")
  }

  private static func value(ofShape shape: String, _ row: SegmentTable.Row) -> Float {
    switch shape {
    case "size": Float(row.pixelCount)
    case "elongation": Float(row.elongation)
    default: Float(row.strike)
    }
  }
}
