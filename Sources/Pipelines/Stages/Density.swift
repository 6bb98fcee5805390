import Features
import RasterFiles
import Rasters

/// Tells how densely points or lines lie around each cell.
enum Density: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "density",
    summary: "Tells how densely points or lines of a layer lie around each cell, by a kernel.",
    details: """
      Every point spreads 1, or its 'weight', over a circle of 'radius' around it; every line spreads \
      its length, which is integrated exactly. Densities are points, or sums of weights, for each \
      square kilometre, or kilometres for each square kilometre; for each square map unit where the \
      grid has no coordinate system. The kernel at the distance d is 3/(pi r2) (1 - d2/r2)^2 for 'quartic', \
      2/(pi r2) (1 - d2/r2) for 'epanechnikov' and 1/(pi r2) for 'uniform'. Distances are those of \
      the map's plane; for longitudes and latitudes straight ones between places on the ellipsoid, \
      shorter by 1 m in 100 km. Beyond the layer's own extent nothing is known: densities near its \
      border are too low.
      """,
    options: FeatureFile.options + [
      OptionSpec(
        "radius", .number(.leastNonzeroMagnitude...1e12), unit: "m",
        "How far the kernel reaches; map units where the grid has no coordinate system.",
        example: "5000"),
      OptionSpec(
        "kernel", .choice(KernelDensity.Kernel.allCases.map(\.rawValue)), default: "quartic",
        "The form of the kernel."),
      OptionSpec(
        "weight", .string, default: .optional,
        "The column of numbers by which features count; those without one do not.",
        example: "\"tonnage\""),
      FeatureGroups.option,
    ],
    output: .raster,
    example: #"""
      { type: "density", tag: "faults", name: "fault density",
        file: "faults.gpkg", radius: 5000 }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let file = try FeatureFile(request, use: "spread over the cells around them")
    let geometry = try file.geometry(request)
    guard geometry == [.points] || geometry == [.lines] else {
      let kinds = geometry.map(\.rawValue).sorted().joined(separator: " and ")
      throw request.failure("file", "\(file.path) holds \(kinds); expected points, or lines")
    }
    let weight = request.options.optionalString("weight")
    if let weight { try file.requireNumbers(weight, request, option: "weight") }
    let isMetric = GroundMeasure(request.grid).isMetric
    let hasLines = geometry == [.lines]
    let kernel =
      KernelDensity.Kernel(rawValue: request.options.string("kernel")) ?? .quartic
    let radius = request.options.double("radius")
    // From points for each m2, and metres for each m2.
    let factor = !isMetric ? 1 : hasLines ? 1e3 : 1e6
    let node = try request.measured(
      from: file, field: weight,
      unit: !isMetric || weight != nil ? "" : hasLines ? "km/km2" : "1/km2"
    ) { layer, window, excluding in
      let density = KernelDensity(
        layer.tree, weights: layer.weights, kernel: kernel, radius: radius)
      return layer.densities(window, density, excluding: excluding).map { Float($0 * factor) }
    }
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node), recipe: .raw(node.bands)))
  }
}
