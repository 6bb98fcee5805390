import Explanation
import Features
import Foundation
import Networks
import Rasters
import Segmentation

/// The features that sources belong to: one per band, one per group of categories.
struct Features: Sendable {
  let names: [String]
  /// The feature of each source.
  let ofSource: [Int]
  let bands: [Band]
  /// The name of each source.
  let sourceNames: [String]
  /// The unit of each feature, empty where it has none.
  let units: [String]
  /// The groups of features, in the order of their first; those without one are together the last.
  let groups: [String]
  /// The group of each feature, by position.
  let groupOfFeature: [Int]

  init(_ sources: [Band]) {
    var names: [String] = []
    var bands: [Band] = []
    ofSource = sources.map { source in
      if let known = names.firstIndex(of: source.feature) { return known }
      names.append(source.feature)
      bands.append(
        Band(
          name: source.feature, featureGroup: source.featureGroup, position: source.position))
      return names.count - 1
    }
    self.names = names
    self.bands = bands
    sourceNames = sources.map(\.name)
    units = names.map { name in sources.first { $0.feature == name }?.unit ?? "" }
    let known = bands.compactMap(\.featureGroup)
    var groups: [String] = []
    for group in known + (known.count < bands.count ? [FeatureGroups.other] : [])
    where !groups.contains(group) { groups.append(group) }
    groupOfFeature = bands.map { band in
      groups.firstIndex(of: band.featureGroup ?? FeatureGroups.other) ?? 0
    }
    self.groups = groups
  }

  /// Whether there are groups to compare.
  var areGrouped: Bool { groups.count > 1 }

  /// What the groups add, from what the features add.
  func grouped<Value: AdditiveArithmetic>(_ added: [Value]) -> [Value] {
    var sums = [Value](repeating: .zero, count: groups.count)
    for (group, value) in zip(groupOfFeature, added) { sums[group] += value }
    return sums
  }

  /// How a model's bands are made of the sources.
  func mixing(_ map: LinearMap) -> SourceMixing {
    SourceMixing(
      bandCount: map.outputCount, matrix: map.matrix, offset: map.offset,
      featureOfSource: ofSource, featureNames: names)
  }
}

/// One class of a model as a stage explains it.
struct ExplainedClass: Sendable {
  let feed: ModelFeed
  let places: ExplainedPlaces?
  let index: Int
  let features: Features
  let method: String
  let scale: ExplainedOutput.Scale
  let background: Int
  let pairs: Int
  let seed: UInt64
  let missingShare: Double
  /// The side of the blocks of which one cell is explained.
  let step: Int

  /// The options that say how a class is explained, whatever is explained with it.
  static let options: [OptionSpec] = [
    OptionSpec(
      "output-scale", .choice(["log-odds", "probability"]), default: "log-odds",
      "What is explained."),
    OptionSpec(
      "background", .integer(1...10_000), default: 50, unit: "samples",
      "How many background samples are used."),
    OptionSpec(
      "nodes", .integer(1...256), default: 4, unit: "nodes",
      "The first number of quadrature nodes for each background sample."),
    OptionSpec(
      "most-nodes", .integer(1...256), default: 16, unit: "nodes",
      "The number at which doubling stops."),
    OptionSpec(
      "permutations", .integer(1...10_000), default: 8, unit: "pairs",
      "Pairs of random orders for 'shapley'; all sets of features are taken where that is no more "
        + "work."),
  ]

  init(
    _ request: PlanRequest, _ feed: ModelFeed, _ index: Int, method: String,
    places: ExplainedPlaces? = nil
  ) throws {
    let options = request.options
    self.feed = feed
    self.index = index
    self.places = places
    self.method = method
    features = Features(feed.sourceNode.bands)
    scale = ExplainedOutput.Scale(rawValue: options.string("output-scale")) ?? .logOdds
    background = options.int("background")
    pairs = options.int("permutations")
    seed = request.seed
    missingShare = options.double("window-missing")
    step = options.declares(StepBlocks.option.name) ? options.int(StepBlocks.option.name) : 1
  }

  /// A raster of attributions, the explained output and the base.
  func node(_ request: PlanRequest) -> Node {
    let bands = features.bands + [Band(name: "explained output"), Band(name: "base value")]
    let identity =
      request.identity(without: ["model", "output", "groups", "classes", "nodes", "most-nodes"])
      + ["class \(index)"]
    guard method == "gradshap" else {
      return node(request, bands, identity + ["seed \(request.seed)"], nodes: 0)
    }
    return refined(
      request, bands, identity, first: request.options.int("nodes"),
      cap: request.options.int("most-nodes"))
  }

  /// The raster with `nodes` of quadrature; 0 for other methods.
  private func node(
    _ request: PlanRequest, _ bands: [Band], _ identity: [String], nodes: Int
  ) -> Node {
    let view = feed.applied.cube.view
    let edges = feed.edges
    return request.planner.node(
      Node(
        name: nodes > 0 ? "\(request.name)/nodes\(nodes)" : request.name, kind: .raster(bands),
        identity: identity + ["nodes \(nodes)"],
        edges: edges + view.values.map(Node.Edge.all) + (places.map { [.cells($0.node)] } ?? []),
        usesAllWorkers: true, scratch: feed.scratch(features: features.names.count)
      ) { context in
        let values = try view.values.indices.map { try context.value(edges.count + $0) }
        let chosen = try places?.chosen(context, edges.count + view.values.count)
        return .cube(
          try attribute(context, map: try view.map(values[...]), nodes: nodes, where: chosen))
      })
  }

  /// The raster whose quadrature is fine enough: nodes are doubled until the residual is small.
  private func refined(
    _ request: PlanRequest, _ bands: [Band], _ identity: [String], first: Int, cap: Int
  ) -> Node {
    var nodes = [first]
    while let last = nodes.last, last * 2 <= cap { nodes.append(last * 2) }
    let candidates = nodes.map { node(request, bands, identity, nodes: $0) }
    let choice = ResidualSummary.choice(request, candidates)
    return request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: ["chosen quadrature 1"],
        edges: [.all(choice)] + candidates.map { .lazily($0) }
      ) { context in
        let chosen = Int(String(decoding: try context.value(0), as: UTF8.self)) ?? 0
        return .cube(try context.cube(1 + chosen, context.window))
      })
  }

  private func attribute(
    _ context: NodeContext, map: LinearMap, nodes: Int, where chosen: [Bool]?
  ) throws -> DataCube {
    let chunk = try feed.chunk(context, withSources: true)
    let window = context.window
    let flags = flags(chunk, window: window, grid: context.grid)
    let wanted = flags.indices.map {
      flags[$0] & PixelFlags.invalid == 0 && chosen?[$0] ?? true
    }
    let bandCount = features.names.count + 2
    guard wanted.contains(true) else { return DataCube(window: window, bandCount: bandCount) }
    let explain = try explainer(chunk.package, map, nodes: nodes)
    let field = field(chunk, map)
    guard step == 1 else {
      let blocks = StepBlocks(wanted, window: context.lattice.absolute(window), step: step)
      return DataCube(
        window: window, bandCount: bandCount, values: blockwise(blocks, field, explain))
    }
    let values = values(explain(field, wanted), of: wanted.indices.map { wanted[$0] ? $0 : -1 })
    return DataCube(window: window, bandCount: bandCount, values: values)
  }

  /// The attributions of the cells that stand for blocks, spread over these; NaN elsewhere.
  private func blockwise(
    _ blocks: StepBlocks, _ field: ExplanationField,
    _ explain: (ExplanationField, [Bool]?) -> Attribution
  ) -> [Float] {
    let side = 2 * field.input.margin + 1
    // Windows of single cells are worth their while where they overlap little.
    if side * side <= step * step {
      return values(field.explained(at: blocks.cells) { explain($0, nil) }, of: blocks.positions)
    }
    var mask = [Bool](repeating: false, count: blocks.positions.count)
    for cell in blocks.cells { mask[cell] = true }
    return values(
      explain(field, mask), of: blocks.positions.map { $0 < 0 ? -1 : blocks.cells[$0] })
  }

  /// The features, the output and the base at the place in an attribution that each cell has; NaN
  /// where it has none, which is -1.
  private func values(_ attribution: Attribution, of places: [Int]) -> [Float] {
    let count = attribution.cellCount
    return [Float](
      unsafeUninitializedCapacity: (attribution.featureCount + 2) * places.count
    ) { buffer, written in
      func add(_ values: [Float], _ start: Int) {
        for place in places {
          buffer.initializeElement(at: written, to: place < 0 ? .nan : values[start + place])
          written += 1
        }
      }
      for t in 0..<attribution.featureCount { add(attribution.features, t * count) }
      add(attribution.output, 0)
      add(attribution.base, 0)
    }
  }

  /// Why cells of a chunk are not explained, or with doubt.
  func flags(_ chunk: ModelFeed.Chunk, window: Window, grid: Grid) -> [UInt8] {
    feed.flags(chunk, window: window, grid: grid, missingShare: missingShare)
  }

  /// Attributes the output at single cells of a chunk, in their order.
  func attribution(
    at cells: [Int], _ chunk: ModelFeed.Chunk, _ map: LinearMap, nodes: Int
  ) throws -> Attribution {
    let explain = try explainer(chunk.package, map, nodes: nodes)
    return field(chunk, map).explained(at: cells) { explain($0, nil) }
  }

  /// What decides an attribution besides the model and what it reads.
  func identity(nodes: Int) -> [String] {
    [
      method, "class \(index)", scale.rawValue, "\(background) \(pairs) \(seed) \(nodes)",
      "missing \(missingShare)",
    ]
  }

  /// What attributes the output over a field, at wanted cells or at all.
  private func explainer(
    _ package: ModelPackage, _ map: LinearMap, nodes: Int
  ) throws -> (ExplanationField, [Bool]?) -> Attribution {
    let needsBands = explainsOwnBands && feed.applied.cube.view.node !== feed.sourceNode
    let baselines = package.notes.background.prefix(background).map {
      needsBands ? map.apply($0) : $0
    }
    let output = ExplainedOutput(
      head: feed.applied.model.architecture.head.kind, index: index, scale: scale)
    if method == "shapley" {
      let shapley = Shapley(
        output: output, baselines: baselines,
        method: (1 << features.names.count) - 1 <= 2 * pairs * (features.names.count - 1)
          ? .exact : .permutations(pairs: pairs, seed: seed))
      return { shapley.attribute(package.predictor, $0, where: $1) }
    }
    guard let network = package.predictor.network else {
      throw ExecutionError.data("only a network has the gradients that 'gradshap' needs")
    }
    let gradshap = GradSHAP(output: output, baselines: baselines, nodes: nodes)
    return { gradshap.attribute(network, $0, where: $1) }
  }

  /// Whether the model's own bands are explained, and not what they are made of.
  private var explainsOwnBands: Bool { feed.sourceNode === feed.applied.cube.node }

  private func field(_ chunk: ModelFeed.Chunk, _ map: LinearMap) -> ExplanationField {
    let mixing = features.mixing(explainsOwnBands ? .identity(map.outputCount) : map)
    let sources = chunk.sources.values.map { $0.isNaN ? 0 : $0 }
    let hops = feed.applied.model.hops
    return ExplanationField(
      input: chunk.input, valid: chunk.valid, sources: sources, mixing: mixing,
      propagatedSources: chunk.neighborhood.flatMap { around in
        chunk.regionSources.map { around.propagated($0, hops: hops) }
      } ?? [])
  }
}
