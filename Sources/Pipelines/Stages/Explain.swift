import Explanation
import Features
import Foundation
import Networks
import Rasters
import Segmentation
import Tensors

/// Attributes a model's output at every cell to the features that an analyst knows.
enum Explain: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "explain",
    summary: "Attributes a model's output at every cell to its features (SHAP).",
    details: """
      One raster per class: a band per feature and a last band 'base value'; features and base add \
      up to the explained output, by default the log-odds of the class. 'gradshap' integrates \
      expected gradients (Erion et al. 2021) over the background samples of the model and doubles \
      its quadrature until 99 of 100 cells add up to 5 % of the output's range; 'shapley' switches \
      features on in random orders, which adds up exactly. Attributions are carried back through \
      scaling and log-ratios to the bands that were read; segments and the weights of their edges \
      are held as they are. Of a model that averages those of several sizes of superpixels, the mean \
      of its parts' outputs is explained.
      """,
    options: [
      AppliedModel.fileOption,
      OptionSpec(
        "method", .choice(["gradshap", "shapley"]), default: "gradshap",
        "How features are credited."),
      OptionSpec(
        "classes", .list(of: .string), default: .optional,
        "The classes to explain; by default the last of two, all of more.",
        example: "[\"above guide value\"]"),
      OptionSpec(
        "output-scale", .choice(["log-odds", "probability"]), default: "log-odds",
        "What is explained."),
      OptionSpec(
        "features", .choice(["source", "model"]), default: "source",
        "Whether attributions are carried back to the bands that were read, or given for the "
          + "model's own bands."),
      OptionSpec(
        "background", .integer(1...10_000), default: 50, "How many background samples are used."),
      OptionSpec(
        "nodes", .integer(1...256), default: 4,
        "The first number of quadrature nodes for each background sample."),
      OptionSpec(
        "most-nodes", .integer(1...256), default: 16, "The number at which doubling stops."),
      OptionSpec(
        "permutations", .integer(1...10_000), default: 8,
        "Pairs of random orders for 'shapley'; all sets of features are taken where that is no more work."
      ),
      AppliedModel.missingOption,
      OptionSpec(
        "output", .bool, default: false, "Adds the explained output as a band before the base."),
    ] + ExplainedPlaces.options,
    inputs: AppliedModel.inputs + [ExplainedPlaces.input],
    output: .raster)

  static func plan(_ request: PlanRequest) throws -> Product {
    let applied = try AppliedModel.all(request)
    let method = applied.model.method
    if method != .network, request.options.string("method") == "gradshap" {
      throw request.failure(
        "method", "'gradshap' needs gradients, which a \(method.rawValue) lacks; use 'shapley'")
    }
    if applied.parts.count > 1, applied.model.combination == .vote {
      throw request.failure(
        "inputs", "votes of models cannot be explained; train with combine: \"average\"")
    }
    let explainsBands = request.options.string("features") == "model"
    let feeds = try applied.parts.map { try ModelFeed($0, explainsModelBands: explainsBands) }
    let classes = applied.model.classes
    let wanted =
      request.options.optionalStrings("classes")
      ?? (applied.model.architecture.head.kind == .softmax && classes.count == 2
        ? [classes[1]] : classes)
    let explained = try wanted.map { name -> Int in
      guard let index = classes.firstIndex(of: name) else {
        throw request.failure(
          "classes", "there is no class '\(name)'" + Suggestion.phrase(name, among: classes))
      }
      return index
    }
    let rasters = try explained.map { index in
      try raster(request, applied, feeds, index, isOnly: explained.count == 1)
    }
    guard var first = rasters.first else {
      throw request.failure("classes", "names no class to explain")
    }
    first.siblings = Array(rasters.dropFirst())
    return .raster(first)
  }

  private static func raster(
    _ request: PlanRequest, _ applied: AppliedModels, _ feeds: [ModelFeed], _ index: Int,
    isOnly: Bool
  ) throws -> RasterProduct {
    let options = request.options
    let explained = try feeds.map { try ExplainedClass(request, $0, index) }
    guard let first = explained.first else { throw request.failure("inputs", "needs a model") }
    let features = first.features
    let node = try applied.combined(
      request, explained.map { $0.node(request) }, identity: "combined attributions 1"
    ) { cubes in
      // Shapley values are linear in what is explained: those of a mean are the mean of those.
      Combination.average.combined(
        cubes.map(\.values), outputCount: 1, kind: .linear)
    }
    let name = applied.model.classes[index]
    let written =
      options.bool("output") ? node.bands : features.bands + [Band(name: "base value")]
    let kept = Array(features.bands.indices) + [features.bands.count + 1]
    let shown =
      options.bool("output")
      ? node : request.selection("/shown", of: [node], kept.map { (0, $0) }, as: written)
    let output = first.scale.rawValue
    return RasterProduct(
      tag: isOnly ? request.tag : "\(request.tag)-\(name.fileName)", node: shown,
      view: .identity(shown), recipe: .raw(written),
      presentation: .attribution(
        Presentation.Attribution(
          method: first.method, className: name,
          output: feeds.count == 1 ? output : "mean \(output) of \(feeds.count) models",
          isConditionalOnSegments: applied.parts.contains { $0.segments != nil }, whole: node)))
  }
}

/// The features that sources belong to: one per band, one per group of categories.
struct Features: Sendable {
  let names: [String]
  /// The feature of each source.
  let ofSource: [Int]
  let bands: [Band]

  init(_ sources: [Band]) {
    var names: [String] = []
    var bands: [Band] = []
    ofSource = sources.map { source in
      if let known = names.firstIndex(of: source.feature) { return known }
      names.append(source.feature)
      bands.append(Band(name: source.feature))
      return names.count - 1
    }
    self.names = names
    self.bands = bands
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

  init(_ request: PlanRequest, _ feed: ModelFeed, _ index: Int) throws {
    let options = request.options
    self.feed = feed
    self.index = index
    places = try ExplainedPlaces(request)
    features = Features(feed.sourceNode.bands)
    method = options.string("method")
    scale = ExplainedOutput.Scale(rawValue: options.string("output-scale")) ?? .logOdds
    background = options.int("background")
    pairs = options.int("permutations")
    seed = request.seed
    missingShare = options.double("window-missing")
  }

  /// A raster of attributions, the explained output and the base.
  func node(_ request: PlanRequest) -> Node {
    let bands = features.bands + [Band(name: "explained output"), Band(name: "base value")]
    let identity =
      request.identity(without: ["model", "output", "classes", "nodes", "most-nodes"])
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
        usesAllWorkers: true
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
    let choice = request.planner.node(
      Node(
        name: request.name + "/quadrature", kind: .value, identity: ["quadrature 1", "\(nodes)"],
        edges: [.all(candidates[0])] + candidates.dropFirst().map { .lazily($0) }
      ) { context in
        for candidate in candidates.indices.dropLast() {
          var residuals = ResidualSummary()
          for chunk in context.lattice.chunks {
            residuals.add(try context.cube(candidate, context.lattice.window(of: chunk)))
          }
          if residuals.relative99 <= 0.05 { return .bytes([UInt8]("\(candidate)".utf8)) }
        }
        return .bytes([UInt8]("\(candidates.count - 1)".utf8))
      })
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
    let cells = window.cellCount
    let flags = feed.flags(
      chunk, window: window, grid: context.grid, missingShare: missingShare)
    var result = DataCube(window: window, bandCount: features.names.count + 2)
    let wanted = flags.indices.map {
      flags[$0] & PixelFlags.invalid == 0 && chosen?[$0] ?? true
    }
    guard wanted.contains(true) else { return result }
    let ownBands = feed.sourceNode === feed.applied.cube.node
    let field = field(chunk, ownBands ? .identity(map.outputCount) : map)
    let baselines = chunk.package.notes.background.prefix(background).map {
      ownBands && feed.applied.cube.view.node !== feed.sourceNode ? map.apply($0) : $0
    }
    let output = ExplainedOutput(
      head: feed.applied.model.architecture.head.kind, index: index, scale: scale)
    let attribution: Attribution
    if method == "shapley" {
      attribution = Shapley(
        output: output, baselines: baselines,
        method: (1 << features.names.count) - 1 <= 2 * pairs * (features.names.count - 1)
          ? .exact : .permutations(pairs: pairs, seed: seed)
      ).attribute(chunk.package.predictor, field, where: wanted)
    } else {
      guard let network = chunk.package.predictor.network else {
        throw ExecutionError.data("only a network has the gradients that 'gradshap' needs")
      }
      attribution = GradSHAP(output: output, baselines: baselines, nodes: nodes)
        .attribute(network, field, where: wanted)
    }
    result.values = attribution.features + attribution.output + attribution.base
    for cell in 0..<cells where !wanted[cell] {
      for band in 0..<result.bandCount { result.values[band * cells + cell] = .nan }
    }
    return result
  }

  private func field(_ chunk: ModelFeed.Chunk, _ map: LinearMap) -> ExplanationField {
    let mixing = SourceMixing(
      bandCount: map.outputCount, matrix: map.matrix, offset: map.offset,
      featureOfSource: features.ofSource, featureNames: features.names)
    let sources = chunk.sources.values.map { $0.isNaN ? 0 : $0 }
    let hops = feed.applied.model.hops
    return ExplanationField(
      input: chunk.input, valid: chunk.valid, sources: sources, mixing: mixing,
      propagatedSources: chunk.neighborhood.flatMap { around in
        chunk.regionSources.map { around.propagated($0, hops: hops) }
      } ?? [])
  }
}

/// How far attributions are from adding up, over a whole map.
struct ResidualSummary {
  private(set) var residuals: [Float] = []
  private var low = Float.infinity
  private var high = -Float.infinity
  private var baseSum = 0.0

  /// Takes in a chunk: features, explained output, base value.
  mutating func add(_ cube: DataCube) {
    let cells = cube.window.cellCount
    let features = cube.bandCount - 2
    for cell in 0..<cells {
      let output = cube.values[features * cells + cell]
      let base = cube.values[(features + 1) * cells + cell]
      guard output.isFinite, base.isFinite else { continue }
      var sum = Double(base)
      for feature in 0..<features { sum += Double(cube.values[feature * cells + cell]) }
      residuals.append(Float(abs(Double(output) - sum)))
      low = min(low, output)
      high = max(high, output)
      baseSum += Double(base)
    }
  }

  /// The range of the explained output.
  var range: Float { residuals.isEmpty ? 0 : high - low }
  /// The mean base value.
  var meanBase: Double { residuals.isEmpty ? .nan : baseSum / Double(residuals.count) }
  /// The mean residual.
  var mean: Double {
    residuals.isEmpty ? 0 : residuals.reduce(0.0) { $0 + Double($1) } / Double(residuals.count)
  }
  /// The residual that 99 of 100 cells stay within.
  var percentile99: Float {
    guard !residuals.isEmpty else { return 0 }
    return residuals.sorted()[Int((Double(residuals.count - 1) * 0.99).rounded(.up))]
  }
  /// The largest residual.
  var maximum: Float { residuals.max() ?? 0 }
  /// `percentile99` as a share of the output's range.
  var relative99: Float { range > 0 ? percentile99 / range : (percentile99 > 0 ? .infinity : 0) }
}

extension String {
  /// A name that is safe in a file name: letters, digits, `-`.
  var fileName: String {
    let safe = unicodeScalars.map { scalar in
      scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) ? String(scalar) : "-"
    }
    return safe.joined().lowercased()
  }
}
