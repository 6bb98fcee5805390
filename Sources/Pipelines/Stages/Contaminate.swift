import Rasters
import Tensors

/// Injects false anomalies and gaps, to measure how far a method stands them.
enum Contaminate: Stage {
  static let revision = 2
  static let definition = StageDefinition(
    name: "contaminate",
    summary: "Injects single-cell false anomalies and missing values at a stated rate.",
    details: """
      A test of robustness, for variants that 'gossan compare' runs: each cell is hit by chance, by \
      the seed and its place alone, so the same cells are hit in every variant, fold and chunk. In \
      a hit cell each band is multiplied by 'factor' with a chance of one half, so that ratios of \
      bands change as well; a gap loses all bands. With both rates 0, the \
      default, nothing changes.
      """,
    options: [
      OptionSpec("rate", .number(0...1), default: 0, "The share of cells with a false anomaly."),
      OptionSpec("factor", .number(0...1e6), default: 10, "What an anomaly's values are times."),
      OptionSpec(
        "missing", .number(0...1), default: 0, "The share of cells that lose their values."),
      OptionSpec(
        "bands", .bands, default: .optional,
        "The bands that are changed; by default all that are not categories.", example: "[\"Li\"]"),
    ],
    inputs: [InputDefinition("raster", [.raster], "The cube.")],
    output: .raster,
    example: #"""
      { type: "contaminate", rate: 0.02, factor: 10, missing: 0.05,
        bands: ["Cu", "Zn"], inputs: ["metals"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    let bands = try input.bandSelection(request, option: "bands")
    let options = request.options
    let (rate, missing) = (options.double("rate"), options.double("missing"))
    guard rate > 0 || missing > 0 else { return .raster(input.renamed(request.tag)) }
    let factor = options.float("factor")
    let random = Randomness(seed: request.splitSeed, Randomness.word("contaminate"))
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(input.bands),
        identity: request.identity() + ["\(request.splitSeed)", "\(bands)"],
        edges: [.cells(input.node)],
        isStored: false
      ) { context in
        var cube = try context.cube(0, context.window)
        let window = context.window
        let origin = context.lattice.absolute(window)
        let cells = window.cellCount
        for cell in 0..<cells {
          let x = UInt64(bitPattern: Int64(origin.x + cell % window.width))
          let y = UInt64(bitPattern: Int64(origin.y + cell / window.width))
          let own = random.derived(x, y)
          let isGap = own.uniformDouble(0) < missing
          guard isGap || own.uniformDouble(1) < rate else { continue }
          for band in bands where isGap || own.uniformDouble(UInt64(2 + band)) < 0.5 {
            cube.values[band * cells + cell] *= isGap ? .nan : factor
          }
        }
        return .cube(cube)
      })
    return .raster(
      RasterProduct(
        tag: request.tag, node: node, view: .identity(node), recipe: .raw(input.bands)))
  }
}

extension RasterProduct {
  /// The same raster under the tag of a stage that leaves it as it is.
  func renamed(_ tag: String) -> RasterProduct {
    var result = self
    result.tag = tag
    return result
  }
}
