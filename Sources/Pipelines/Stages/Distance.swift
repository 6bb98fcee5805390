import RasterFiles
import Rasters

/// Measures how far each cell is from the nearest point, line or polygon of a layer.
enum Distance: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "distance",
    summary: "Measures how far each cell is from the nearest feature of a layer.",
    details: """
      From the centre of the cell to the nearest point, line or outline itself, not to cells that it \
      crosses; 0 inside polygons. Features are transformed to the grid's coordinate system, and lie \
      anywhere, outside the grid too. Distances are metres: on the plane of the map for projected \
      systems, on the ellipsoid for longitudes and latitudes (between vertices, lines are straight \
      in longitude and latitude); map units where the grid has no coordinate system. A layer of the \
      very places that a model is to find says where they are: 'gossan check' remarks on it, and \
      'leave-out' keeps a sample from knowing of itself.
      """,
    options: FeatureFile.options + [
      OptionSpec(
        "max", .number(.leastNonzeroMagnitude...1e12), default: .optional, unit: "m",
        "What cells farther away have; by default their distance. Map units where the grid has no "
          + "coordinate system.", example: "20000"),
      FeatureGroups.option,
    ],
    output: .raster,
    example: #"""
      { type: "distance", tag: "thrusts", name: "distance to thrusts",
        file: "faults.gpkg", where: "kind = 'thrust'", max: 20000 }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let file = try FeatureFile(request, use: "the distance from each cell's centre")
    let most = request.options.optionalDouble("max") ?? .infinity
    let node = try request.measured(
      from: file, field: nil, unit: GroundMeasure(request.grid).isMetric ? "m" : ""
    ) { layer, window, excluding in
      layer.distances(window, most: most, excluding: excluding)
    }
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node), recipe: .raw(node.bands)))
  }
}

extension PlanRequest {
  /// A raster of one band that is measured from the features of a layer.
  func measured(
    from file: FeatureFile, field: String?, unit: String,
    _ values: @escaping @Sendable (GroundLayer, Window, Set<Int>) -> [Float]
  ) throws -> Node {
    let leavesOut = options.bool("leave-out")
    if leavesOut, try file.geometry(self) != [.points] {
      throw failure("leave-out", "goes with points only; \(file.path) holds others")
    }
    let bands = grouped([Band(name: options.optionalString("name") ?? tag, unit: unit)])
    let features = GroundFeatures(file, field: field, grid: grid)
    let hidden = leavesOut ? fold : nil
    return planner.node(
      Node(
        name: name, kind: .raster(bands),
        identity: identity(without: FeatureFile.pathOptions) + bands.map(\.name) + file.identity
          + [hidden.map { "fold \($0.index)" } ?? "all"],
        edges: hidden.map { [.all($0.folds.node)] } ?? [], readsPoints: leavesOut,
        sources: file.files, files: { _ in file.files }
      ) { context in
        let places = try hidden.map { try TestPlaces(try context.value(0), fold: $0.index) }
        let layer = try features.layer(without: places)
        return .cube(
          DataCube(
            window: context.window, bandCount: 1,
            values: values(layer, context.window, layer.features(in: context.excluding))))
      })
  }
}
