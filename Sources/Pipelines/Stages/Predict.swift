import Networks
import Rasters

/// Evaluates a model at every cell: probabilities, or values for a linear head.
enum Predict: Stage {
  static let revision = 2
  static let definition = StageDefinition(
    name: "predict",
    summary: "Evaluates a model at every cell of the grid.",
    details: """
      One band per class, label or value. The raster keeps the grid's size: at its border windows \
      are reflected, missing cells inside a window take the mean of the training samples, and a \
      cell whose window misses more than 'window-missing' has no value. A second raster, \
      '<tag>-flags', says why a cell is missing or doubtful: 1 a band is missing, 2 outside the \
      range of the training samples (not known of the spectrum of another instrument), 4 at the \
      border of the data, 8 in no segment. Of an 'ensemble' the raster is the mean of its models, \
      and a third one, '<tag>-deviation', their standard deviation.

      Values are in their own unit, also where a transform of them was learnt: what is given back of \
      a logarithm or a power is a median rather than a mean. With 'interval' the limits of a \
      prediction interval follow each value; a limit that no finite amount has is missing.
      """,
    options: [
      AppliedModel.fileOption,
      AppliedModel.missingOption,
      PredictedBands.option,
    ],
    inputs: AppliedModel.inputs,
    output: .raster,
    example: #"""
      { type: "predict", tag: "probability", inputs: { model: "model", cube: "cube" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let applied = try AppliedModel.all(request)
    let kind = applied.model.architecture.head.kind
    let predicted = try PredictedBands(request, applied.model)
    let bands = predicted.bands
    let nodes = try applied.parts.map { try node(request, $0, predicted) }
    let combination = applied.model.combination
    let both = try applied.combined(request, nodes, identity: "combined predictions 1") { cubes in
      combined(cubes, combination, outputs: bands.count, kind)
    }
    let values = request.selection(
      "/values", of: [both], bands.indices.map { (0, $0) }, as: bands)
    let flags = request.selection(
      "/flags", of: [both], [(0, bands.count)], as: [Band(name: "flags")])
    let recipe = Recipe.raw(bands)
    let deviation = applied.deviation(request, nodes, bands)
    return .raster(
      RasterProduct(
        tag: request.tag, node: values, view: .identity(values), recipe: recipe,
        presentation: kind == .linear ? .continuous : .probability, interval: predicted.level,
        siblings: [
          RasterProduct(
            tag: request.tag + "-flags", node: flags, view: .identity(flags),
            recipe: .raw(flags.bands), presentation: .flags,
            inputs: applied.parts.filter(\.hasOwnSources).map {
              ModelInputs(model: $0.model.node, sources: $0.cube.view.node)
            })
        ] + (deviation.map { [$0] } ?? []), model: applied.model.reference))
  }

  /// The outputs of one model, and flags as a last band.
  private static func node(
    _ request: PlanRequest, _ applied: AppliedModel, _ predicted: PredictedBands
  ) throws -> Node {
    let feed = try ModelFeed(applied)
    let share = request.options.double("window-missing")
    return request.planner.node(
      Node(
        name: request.name, kind: .raster(predicted.bands + [Band(name: "flags")]),
        identity: request.identity(without: ["model"]), edges: feed.edges,
        scratch: feed.scratch()
      ) { context in
        .cube(try predict(context, feed, predicted, missingShare: share))
      })
  }

  /// The outputs of several models as those of one; a flag of one of them is a flag of all.
  private static func combined(
    _ cubes: [DataCube], _ combination: Combination, outputs: Int,
    _ kind: ModelArchitecture.Head.Kind
  ) -> [Float] {
    let flags = cubes.map { $0.band(outputs) }
    let cells = cubes.first?.window.cellCount ?? 0
    return combination.combined(
      cubes.map { Array($0.values.prefix(outputs * cells)) }, outputCount: outputs, kind: kind)
      + (0..<cells).map { cell in
        Float(flags.reduce(UInt8(0)) { $0 | UInt8($1[$1.startIndex + cell]) })
      }
  }

  private static func predict(
    _ context: NodeContext, _ feed: ModelFeed, _ predicted: PredictedBands, missingShare: Double
  ) throws -> DataCube {
    let chunk = try feed.chunk(context, withSources: false)
    let window = context.window
    let cells = window.cellCount
    var flags = feed.flags(
      chunk, window: window, grid: context.grid, missingShare: missingShare)
    let notes = chunk.package.notes
    for (source, place) in feed.applied.places(of: notes.sources) {
      for cell in 0..<cells {
        let value = chunk.sources.values[place * cells + cell]
        if value < notes.minimum[source] || value > notes.maximum[source] {
          flags[cell] |= PixelFlags.outsideRange
        }
      }
    }
    let bands = predicted.bands.count
    var result = DataCube(window: window, bandCount: bands + 1)
    for cell in 0..<cells { result.values[bands * cells + cell] = Float(flags[cell]) }
    guard flags.contains(where: { $0 & PixelFlags.invalid == 0 }) else { return result }
    let raw = chunk.package.predictor.dense(chunk.input)
    let outputs = notes.classes.count
    let reader = try predicted.reader(chunk.package)
    for cell in 0..<cells where flags[cell] & PixelFlags.invalid == 0 {
      let own = (0..<outputs).map { raw[$0 * cells + cell] }
      let values = reader.values(own)
      for band in 0..<bands { result.values[band * cells + cell] = values[band] }
    }
    return result
  }
}
