import Foundation
import Learning
import Networks
import Rasters
import Reports

/// Maps where a network with a fusion by attention looks.
enum AttentionStage: Stage {
  static let revision = 4
  static let definition = StageDefinition(
    name: "attention",
    summary: "Maps where a network looks: shares of bands, or of the cells of its window.",
    details: """
      For a network whose 'fusion' is "attention". Each of its branches is a mean of tokens, and their \
      shares say what the mean was made of: bands of a 'spectral-cnn', cells of the window of a \
      'patch-cnn'. "rollout" traces the shares through the attention of the tokens to one another \
      (Abnar & Zuidema 2020), "pooling" leaves them as they are. The share of a token belongs in even \
      parts to the bands, or cells, that its convolutions and poolings read.

      The raster has a band for each of the declared 'windows' of wavelengths or wavenumbers, the \
      share of attention within it, or else one for each token. Shares of one cell add up to 1 over all tokens. \
      Figures show for samples of each class how much more than evenly bands are attended to, with \
      the windows, and for some of them the window's cells; these are also written as rasters of \
      their own, '<tag>-chip-<sample>.tif', where the windows lie on the map.

      With the option 'model' the map is that of a model file, on raw rasters, without figures.

      Attention tells what a sum was made of, not what the output depends on; 'explain' tells that.
      """,
    options: [
      AppliedModel.fileOption,
      OptionSpec(
        "branch", .string, default: .optional,
        "The branch that is mapped, by its name in the model file; by default the first that reads "
          + "spectra, or else the first.", example: "\"patch\""),
      OptionSpec(
        "readout", .choice(AttentionReading.Readout.allCases.map(\.rawValue)), default: "rollout",
        "How shares are read."),
      OptionSpec(
        "windows", .map(of: .list(of: .number(-.infinity ... .infinity))), default: .optional,
        unit: "nm or cm-1", "Ranges of wavelengths or wavenumbers, as the bands have them.",
        example: "{ \"C=O\": [1700, 1760], \"O-H\": [3320, 3420] }"),
      OptionSpec(
        "chips", .integer(0...20), default: 1, unit: "samples",
        "How many samples of each class have their window shown, those that the model is surest of."
      ),
      OptionSpec(
        "places", .list(of: .list(of: .number(-.infinity ... .infinity))), default: .optional,
        unit: "map units", "Places whose nearest samples have their window shown instead.",
        example: "[[612.5, 4737.5]]"),
      AppliedModel.missingOption,
    ],
    inputs: MappedModel.inputs,
    output: .raster,
    example: #"""
      { type: "attention", tag: "looks", inputs: { model: "model" },
        windows: { "C=O": [1700, 1760] } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let mapped = try MappedModel(request, "a map of attention")
    let model = mapped.model
    guard model.architecture.fusion == .attention, model.method == .network else {
      throw request.failure("inputs", "'\(model.tag)' has no fusion by \"attention\"")
    }
    // Positions are those that the samples had.
    let bands = (mapped.training?.cube ?? mapped.applied.cube).bands
    let reading = try AttentionReading(request, model.architecture, bands)
    let node = try mapNode(request, mapped.applied, reading)
    var product = RasterProduct(
      tag: request.tag, node: node, view: .identity(node), recipe: .raw(node.bands))
    guard let training = mapped.training else {
      for key in ["chips", "places"] where request.options.isGiven(key) {
        throw request.failure(key, "shows samples, which a model from a file comes without")
      }
      return .raster(product)
    }
    let notes = notesNode(request, model, training, reading, places: try places(request))
    product.chips = reading.form == nil ? nil : notes
    product.looks = FiguresProduct(
      tag: request.tag, title: "Attention: \(request.tag)", node: figuresNode(request, notes))
    return .raster(product)
  }

  // MARK: The map

  private static func mapNode(
    _ request: PlanRequest, _ applied: AppliedModel, _ reading: AttentionReading
  ) throws -> Node {
    let feed = try ModelFeed(applied)
    let share = request.options.double(AppliedModel.missingOption.name)
    return request.planner.node(
      Node(
        name: request.name, kind: .raster(reading.bands),
        identity: request.identity(without: ["chips", "places", AppliedModel.fileOption.name]),
        edges: feed.edges,
        scratch: feed.scratch()
      ) { context in
        let chunk = try feed.chunk(context, withSources: false)
        let flags = feed.flags(
          chunk, window: context.window, grid: context.grid, missingShare: share)
        return .cube(try shares(chunk, context.window, flags, reading))
      })
  }

  private static func shares(
    _ chunk: ModelFeed.Chunk, _ window: Window, _ flags: [UInt8], _ reading: AttentionReading
  ) throws -> DataCube {
    var result = DataCube(window: window, bandCount: reading.bands.count)
    guard let network = chunk.package.predictor.network else {
      throw ExecutionError.data("only a network has attention")
    }
    guard flags.contains(where: { $0 & PixelFlags.invalid == 0 }) else { return result }
    let cells = window.cellCount
    network.denseAttention(chunk.input) { block in
      let shares = reading.shares(of: block)
      for (place, cell) in block.cells.enumerated() where flags[cell] & PixelFlags.invalid == 0 {
        for (band, weights) in reading.weights.enumerated() {
          var sum: Float = 0
          for (token, weight) in weights {
            sum += weight * shares[token * block.cells.count + place]
          }
          result.values[band * cells + cell] = sum
        }
      }
    }
    return result
  }

  // MARK: Figures

  private static func notesNode(
    _ request: PlanRequest, _ model: ModelProduct, _ training: ModelProduct.Training,
    _ reading: AttentionReading, places: [SIMD2<Double>]
  ) -> Node {
    let architecture = model.architecture
    let chips = request.options.int("chips")
    return request.planner.node(
      Node(
        name: request.name + "/samples", kind: .value, identity: request.identity(),
        edges: [.all(training.rows), .all(training.samples.node), .all(model.node)],
        usesAllWorkers: true
      ) { context in
        let gathered = try Train.gather(context, training, architecture)
        let package = try ModelPackage(try context.value(2))
        let samples = try SampleAttention(gathered, package, reading)
        let notes = AttentionNotes(
          figures: samples.byBand(reading) + samples.byWindow(reading),
          chips: samples.chips(reading, most: chips, places: places))
        return .bytes([UInt8](try JSONEncoder.stable.encode(notes)))
      })
  }

  /// The pairs of coordinates of the option 'places', which lie on the grid.
  private static func places(_ request: PlanRequest) throws -> [SIMD2<Double>] {
    try (request.options.raw("places")?.elements ?? []).map { element in
      let numbers = (element.elements ?? []).compactMap(\.number)
      guard numbers.count == 2 else {
        throw request.failure("places", "expected pairs of coordinates, found \(numbers)")
      }
      guard request.grid.cell(x: numbers[0], y: numbers[1]) != nil else {
        throw request.failure("places", "\(numbers[0]), \(numbers[1]) lies outside the grid")
      }
      return SIMD2(numbers[0], numbers[1])
    }
  }

  private static func figuresNode(_ request: PlanRequest, _ notes: Node) -> Node {
    request.planner.node(
      Node(
        name: request.name + "/figures", kind: .value, identity: ["attention figures 1"],
        edges: [.all(notes)]
      ) { context in
        let notes = try AttentionNotes.stored(try context.value(0))
        return .bytes(
          [UInt8](
            try JSONEncoder.stable.encode(notes.figures + notes.chips.map(\.figure))))
      })
  }
}
