import Foundation
import Networks
import Rasters
import Segmentation

/// Finds the anomalies of a map and ranks them: where to go first, and why.
enum Targets: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "targets",
    summary: "Finds the anomalies of a map and ranks them: where to go first, and why.",
    details: """
      A target is a set of connected cells in which a band exceeds a threshold or a quantile of \
      the map. Its mean, maximum and area are those of its cells; its outline keeps holes and is \
      simplified by GDAL, as far as no hole is lost, the area changes by at most a tenth and the \
      ranked point, the centre of the cell with the maximum, stays inside. Outlines of \
      neighbours are simplified apart and may overlap by up to the tolerance.

      With an 'explanation' of 'explain' a target has the three features whose mean attribution \
      over its cells is largest, with their signs; with 'samples' it has the number of known \
      deposits in it and the distance from its point to the nearest. Areas are square metres and \
      distances metres: on the plane of the map, for longitudes and latitudes on the ellipsoid; \
      map units where the grid has no coordinate system. On equal ranks the maximum decides, \
      then the area, then the place on the map, by rows.
      """,
    options: [
      OptionSpec(
        "class", .string, default: .optional,
        "The band that is looked at; by default the last of at most two.", example: "\"deposit\""),
      OptionSpec(
        "threshold", .either(.number(-.infinity ... .infinity), .choice(["youden"])), default: 0.5,
        "What the band exceeds in a target; \"youden\" needs 'scores'."),
      OptionSpec(
        "quantile", .number(0...1), default: .optional,
        "What the band exceeds, as a share of the map's cells, instead of 'threshold'.",
        example: "0.99"),
      OptionSpec(
        "connectivity", .integer(4...8), default: 8, unit: "neighbours",
        "Whether cells that touch at a corner alone belong together, 8, or not, 4."),
      OptionSpec(
        "least-area", .number(0...1e15), default: 0, unit: "m2",
        "The area of the smallest target; square map units where the grid has no coordinate system."
      ),
      OptionSpec(
        "simplify", .number(0...100), default: 1, unit: "cells",
        "How far simplified outlines may be from those of the cells; 0 keeps every corner."),
      OptionSpec(
        "rank-by", .choice(TargetList.Order.allCases.map(\.rawValue)), default: "mean",
        "What decides the rank: mean or maximum of the band, or the area."),
    ],
    inputs: [
      InputDefinition("map", [.raster], "The map, such as probabilities."),
      InputDefinition(
        "explanation", [.raster], isRequired: false, source: .named,
        "What 'explain' says of the band's class."),
      InputDefinition(
        "samples", [.samples], isRequired: false, source: .named,
        "The known deposits: the samples of the band's class."),
      InputDefinition(
        "scores", [.scores], isRequired: false, source: .named,
        "The scores of the model that made the map, for the threshold \"youden\"."),
    ],
    output: .targets,
    example: #"""
      { type: "targets", class: "deposit", threshold: 0.7, "least-area": 200000,
        inputs: { map: "probability", explanation: "shap", samples: "deposits" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let map = try request.raster("map")
    let band = try Classify.chosenBand(request, map)
    let cuts = try cuts(request, map, band)
    let explanation = try explanation(request, map.bands[band].name)
    let known = try known(request, map.bands[band].name)
    let search = try search(request, map, band, explanation, known?.index)
    let others = [explanation?.raster.node, known?.samples.node].compactMap(\.self)
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value,
        identity: request.identity()
          + ["\(band) \(map.bands[band].name)", "\(explanation?.features ?? [])", "\(search)"],
        edges: [.all(map.node), .all(cuts)] + others.map(Node.Edge.all)
      ) { context in
        .bytes([UInt8](try JSONEncoder.stable.encode(try search.find(context))))
      })
    return .targets(
      TargetsProduct(
        tag: request.tag, node: node, leastArea: request.options.double("least-area")))
  }

  private static func search(
    _ request: PlanRequest, _ map: RasterProduct, _ band: Int, _ explanation: Explanation?,
    _ known: Int?
  ) throws -> TargetSearch {
    let options = request.options
    guard let connectivity = MaskRegions.Connectivity(rawValue: options.int("connectivity")) else {
      throw request.failure(
        "connectivity", "is \(options.int("connectivity")); expected 4 or 8")
    }
    let isProbability = if case .probability = map.presentation { true } else { false }
    return TargetSearch(
      bandName: map.bands[band].name, band: band, isProbability: isProbability,
      connectivity: connectivity, leastArea: options.double("least-area"),
      tolerance: options.double("simplify"),
      order: TargetList.Order(rawValue: options.string("rank-by")) ?? .mean,
      features: explanation?.features, explainedOutput: explanation?.output, knownClass: known)
  }

  /// The threshold, as `ClassifyCuts`.
  private static func cuts(
    _ request: PlanRequest, _ map: RasterProduct, _ band: Int
  ) throws -> Node {
    guard let quantile = request.options.optionalDouble("quantile") else {
      return try ClassifyThreshold(request, map, band).node()
    }
    guard !request.options.isGiven("threshold") else {
      throw request.failure("quantile", "excludes 'threshold': give one of them")
    }
    return Classify.levelCuts(request, map, band, [quantile])
  }

  // MARK: Inputs

  /// A SHAP raster, with its features and what they add up to.
  private struct Explanation {
    let raster: RasterProduct
    let features: [String]
    let output: String
  }

  /// The explanation of a class; nil where none is given.
  private static func explanation(
    _ request: PlanRequest, _ name: String
  ) throws -> Explanation? {
    guard let given = request.rasters("explanation").first else { return nil }
    var classes: [String] = []
    for raster in given.family {
      guard case .attribution(let attribution) = raster.presentation else { continue }
      classes.append(attribution.className)
      guard attribution.className == name else { continue }
      let features = raster.bands.map(\.name).filter {
        $0 != "base value" && $0 != "explained output"
      }
      return Explanation(raster: raster, features: features, output: attribution.output)
    }
    throw request.failure(
      "inputs",
      classes.isEmpty
        ? "'\(given.tag)' is no explanation; expected the product of 'explain'"
        : "'\(given.tag)' explains " + Suggestion.alternatives(classes.map { "'\($0)'" })
          + " and not '\(name)'")
  }

  /// The samples and which of their classes is a known deposit; nil where none are given.
  private static func known(
    _ request: PlanRequest, _ name: String
  ) throws -> (samples: SamplesProduct, index: Int)? {
    guard !(request.inputs["samples"] ?? []).isEmpty else { return nil }
    let samples = try request.samples("samples")
    guard samples.kind != .linear, let index = samples.classes.firstIndex(of: name) else {
      throw request.failure(
        "inputs",
        "'\(samples.tag)' have no class '\(name)'"
          + (samples.kind == .linear
            ? "; they are values" : Suggestion.phrase(name, among: samples.classes)))
    }
    return (samples, index)
  }
}
