import Features
import Foundation
import Rasters
import Tensors

/// Limits the values of bands.
enum Clip: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "clip",
    summary: "Limits the values of bands, to numbers or to quantiles.",
    details: """
      Values beyond a limit become the limit, or missing. Quantiles are exact ones (type 7 of Hyndman \
      and Fan 1996) of each band over the whole map, without the test places inside a fold, and are \
      kept in the model file. Bands that are not named pass unchanged, and so do categories. To keep \
      the cells of an area, see 'mask'.
      """,
    options: [
      OptionSpec(
        "bands", .bands, default: .optional,
        "The bands; by default all that are not categories.", example: "[\"Cu\", \"Zn\"]"),
      OptionSpec(
        "minimum", .number(-.infinity ... .infinity), default: .optional, unit: "the band's unit",
        "The least value.", example: "0"),
      OptionSpec(
        "maximum", .number(-.infinity ... .infinity), default: .optional, unit: "the band's unit",
        "The greatest value.", example: "1000"),
      OptionSpec(
        "quantiles", .list(of: .number(0...1)), default: .optional,
        "The shares of the cells at the two limits, instead of 'minimum' and 'maximum'; in "
          + "millionths.", example: "[0.01, 0.99]"),
      OptionSpec(
        "beyond", .choice(["limit", "missing"]), default: "limit",
        "What becomes of values beyond."),
      FitPolicy.option,
    ],
    inputs: [InputDefinition("raster", [.raster], "The bands.")],
    output: .raster,
    example: #"""
      { type: "clip", tag: "limited", quantiles: [0.01, 0.99], inputs: ["layers"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let clipped = try input.bandSelection(request, option: "bands")
    let limits = try givenLimits(request)
    let fit = limits == nil ? try fitNode(request, input, clipped) : nil
    let decoded = DecodedFit<[[Float]]>()
    let isMissing = request.options.string("beyond") == "missing"
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(input.bands), identity: request.identity(),
        edges: [.cells(input.node)] + (fit.map { [.all($0)] } ?? []), isStored: false,
        origins: input.bands.indices.map { band in
          isMissing || !clipped.contains(band) ? BandOrigin(band: band) : nil
        }
      ) { context in
        var cube = try context.cube(0, context.window)
        let fitted = try limits == nil ? decoded(try context.value(1)) : []
        let cells = cube.window.cellCount
        for (position, band) in clipped.enumerated() {
          let (low, high) = limits ?? (fitted[position][0], fitted[position][1])
          for cell in band * cells..<(band + 1) * cells {
            let value = cube.values[cell]
            // Nothing is below or above for what is missing.
            if value < low { cube.values[cell] = isMissing ? .nan : low }
            if value > high { cube.values[cell] = isMissing ? .nan : high }
          }
        }
        return .cube(cube)
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node),
        recipe: Recipe(
          type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
          bands: input.bands, fit: fit)))
  }

  /// The limits that are numbers; nil for quantiles.
  private static func givenLimits(_ request: PlanRequest) throws -> (Float, Float)? {
    let options = request.options
    let (minimum, maximum) = (options.optionalDouble("minimum"), options.optionalDouble("maximum"))
    guard options.has("quantiles") else {
      guard minimum != nil || maximum != nil else {
        throw request.failure(nil, "needs a limit: 'minimum', 'maximum' or 'quantiles'")
      }
      let limits = (Float(minimum ?? -.infinity), Float(maximum ?? .infinity))
      guard limits.0 <= limits.1 else {
        throw request.failure("minimum", "is above 'maximum'")
      }
      return limits
    }
    guard minimum == nil, maximum == nil else {
      throw request.failure("quantiles", "goes without 'minimum' and 'maximum'")
    }
    let shares = options.doubles("quantiles")
    guard shares.count == 2, shares[0] <= shares[1] else {
      throw request.failure("quantiles", "needs two shares, the lower one first: [0.01, 0.99]")
    }
    return nil
  }

  /// The lower and the upper limit of each band, as JSON.
  private static func fitNode(
    _ request: PlanRequest, _ input: RasterProduct, _ clipped: [Int]
  ) throws -> Node {
    let replayed = try request.replayed([[Float]].self) { values in
      values.count == clipped.count
        && values.allSatisfy { $0.count == 2 && $0.allSatisfy(\.isFinite) }
    }
    if let replayed { return replayed }
    return request.quantileFit(
      input, of: clipped, ExactQuantiles(at: request.options.doubles("quantiles"))
    ) { values in
      try JSONEncoder.stable.encode(values.map { $0.map { Float($0) } })
    }
  }
}
