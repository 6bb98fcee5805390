import Rasters

extension AppliedModels {
  /// How far the models of an ensemble differ in every cell, as a raster beside that of their mean;
  /// nil of other models.
  ///
  /// `nodes` hold the outputs of each model in their first bands, named as `bands`.
  func deviation(_ request: PlanRequest, _ nodes: [Node], _ bands: [Band]) -> RasterProduct? {
    guard nodes.count > 1, model.variation != .sizes else { return nil }
    let node = request.planner.node(
      Node(
        name: request.name + "/deviation", kind: .raster(bands),
        identity: ["deviation of predictions 1"], edges: nodes.map(Node.Edge.cells)
      ) { context in
        let count = bands.count * context.window.cellCount
        let results = try nodes.indices.map {
          Array(try context.cube($0, context.window).values.prefix(count))
        }
        return .cube(
          DataCube(
            window: context.window, bandCount: bands.count,
            values: Combination.deviation(results)))
      })
    return RasterProduct(
      tag: request.tag + "-deviation", node: node, view: .identity(node), recipe: .raw(bands),
      presentation: .deviation(models: nodes.count))
  }
}
