import Features
import Foundation
import Learning
import Networks
import Rasters
import Tensors

/// Reorders bands for networks that convolve over them.
enum OrderBands: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "order-bands",
    summary: "Reorders bands, so that networks that convolve over them see related ones together.",
    details: """
      'clustered' puts bands that resemble one another side by side: the leaves of a hierarchical \
      clustering by 1 - |correlation| over the cells in which no chosen band is missing, branches in \
      SciPy's order (earlier clusters to the left). Of equally near clusters those with lower numbers \
      are merged first. 'importance' begins with the bands that tell most of the labels of 'samples': \
      by the correlation ratio of classes (of two classes the absolute correlation), or the mean \
      absolute correlation with labels and values. Both are fitted; inside 'validate' the cells and \
      samples of test places do not count, so folds may have orders of their own. 'given' takes the \
      order from 'order'.

      Fitted orders stand side by side at the place of the first of the bands, as 'ordered 1', \
      'ordered 2', ...: which is which is known only after fitting and stands in the report and in the \
      model file, and explanations are given for the bands below by their names. Other bands pass \
      unchanged. The categories of a one-hot group always stay together: fitted orders leave them \
      where they are, 'given' moves them as one. 'order-control' says how much an order is worth.
      """,
    options: [
      OptionSpec(
        "method", .choice(["clustered", "importance", "given"]), default: "clustered",
        "What decides the order."),
      OptionSpec(
        "bands", .bands, default: .optional,
        "The bands that are ordered by 'clustered' or 'importance'; by default all that are not "
          + "categories.", example: "[\"Cu\", \"Zn\", \"Pb\"]"),
      OptionSpec(
        "linkage", .choice(HierarchicalClustering.Linkage.allCases.map(\.rawValue)),
        default: .optional,
        "How far two clusters are from one another: the mean, largest or least distance of their "
          + "bands; 'average' by default."),
      OptionSpec(
        "optimal", .bool, default: false,
        "Turns branches of the clustering so that neighbours are as alike as the tree allows "
          + "(Bar-Joseph et al. 2001)."),
      OptionSpec(
        "order", .bands, default: .optional,
        "The bands in their new order, for 'given'; the name of a group stands for its categories.",
        example: "[\"W\", \"Mn\", \"Sn\"]"),
      OptionSpec(
        "rest", .choice(["refuse", "follow"]), default: .optional,
        "Whether bands that 'order' does not name are refused, which is the default, or follow in "
          + "their own order. Groups always follow."),
      FitPolicy.option,
    ],
    inputs: [
      InputDefinition("raster", [.raster], "The bands."),
      InputDefinition(
        "samples", [.samples], isRequired: false, source: .named,
        "The labelled samples, for 'importance'."),
    ],
    output: .raster,
    example: #"""
      { type: "order-bands", tag: "ordered", method: "clustered", linkage: "average",
        optimal: true, inputs: ["cube"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("raster")
    try checkOptions(request)
    try request.requireDifferentNames(input.bands, option: nil)
    return .raster(
      request.options.string("method") == "given"
        ? try given(request, input) : try fitted(request, input))
  }

  /// Options that go with another method are mistakes.
  private static func checkOptions(_ request: PlanRequest) throws {
    let method = request.options.string("method")
    let isGiven = [
      ("bands", request.options.has("bands"), ["clustered", "importance"]),
      ("linkage", request.options.has("linkage"), ["clustered"]),
      ("optimal", request.options.bool("optimal"), ["clustered"]),
      ("order", request.options.has("order"), ["given"]),
      ("rest", request.options.has("rest"), ["given"]),
      ("inputs", request.inputs["samples"]?.isEmpty == false, ["importance"]),
    ]
    for (option, isGiven, methods) in isGiven where isGiven && !methods.contains(method) {
      throw request.failure(
        option,
        (option == "inputs" ? "'samples' " : "") + "goes with the method "
          + Suggestion.alternatives(methods.map { "'\($0)'" }) + " only")
    }
  }

  // MARK: A given order

  private static func given(_ request: PlanRequest, _ input: RasterProduct) throws -> RasterProduct
  {
    guard request.options.has("order") else {
      throw request.failure(
        "order", "is missing: the method 'given' needs the bands in their order")
    }
    var places = try input.bandSelection(request, option: "order")
    let named = Set(places)
    let bands = input.bands
    if let cut = bands.indices.first(where: { band in
      !named.contains(band)
        && bands[band].group.map { group in named.contains { bands[$0].group == group } } ?? false
    }) {
      throw request.failure(
        "order",
        "'\(bands[cut].name)' is one of the categories of '\(bands[cut].feature)', which stay "
          + "together; name '\(bands[cut].feature)' instead")
    }
    let missing = bands.indices.filter { !named.contains($0) }
    if request.options.optionalString("rest") != "follow",
      let first = missing.first(where: { !bands[$0].isCategory })
    {
      throw request.failure(
        "order",
        "does not name the band '\(bands[first].name)'; name every band, or let the others follow "
          + "with rest: \"follow\"")
    }
    places += missing
    let node = request.selection(
      "", of: [input.node], places.map { (node: 0, band: $0) }, as: places.map { bands[$0] })
    let permutation = LinearMap.permutation(places)
    let view = input.view
    return RasterProduct(
      tag: request.tag, node: node,
      view: LinearView(node: view.node, values: view.values) {
        try view.map($0).then(permutation)
      },
      recipe: Recipe(
        type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
        bands: node.bands))
  }

  // MARK: A fitted order

  private static func fitted(
    _ request: PlanRequest, _ input: RasterProduct
  ) throws -> RasterProduct {
    let chosen = try chosenBands(request, input)
    let first = input.bands[chosen[0]].unit
    let unit = chosen.allSatisfy { input.bands[$0].unit == first } ? first : ""
    let group = FeatureGroups.shared(by: chosen.map { input.bands[$0] })
    let bands = BandMixture.layout(
      replacing: chosen, by: chosen.count, of: input.bands.count
    ).map { source in
      switch source {
      case .kept(let band): input.bands[band]
      case .made(let index):
        Band(name: "ordered \(index + 1)", unit: unit, featureGroup: group)
      }
    }
    try request.requireDifferentNames(bands, option: "bands")
    let fit = try fitNode(request, input, chosen)
    let decoded = DecodedFit<BandOrder>()
    let node = request.planner.node(
      Node(
        name: request.name, kind: .raster(bands), identity: ["order bands", "map 1"],
        edges: [.cells(input.node), .all(fit)], isStored: false
      ) { context in
        .cube(try decoded(try context.value(1)).apply(try context.cube(0, context.window)))
      })
    let view = input.view
    return RasterProduct(
      tag: request.tag, node: node,
      view: LinearView(node: view.node, values: view.values + [fit]) { values in
        let order = try BandOrder.stored(values.last ?? [])
        return try view.map(values.dropLast()).then(
          .permutation(order.places(bandCount: bands.count)))
      },
      recipe: Recipe(
        type: request.type, options: request.options.canonicalJSON, inputs: [input.recipe],
        bands: bands, fit: fit))
  }

  private static func chosenBands(
    _ request: PlanRequest, _ input: RasterProduct
  ) throws -> [Int] {
    let chosen = try input.bandSelection(request, option: "bands").sorted()
    if let category = chosen.map({ input.bands[$0] }).first(where: { $0.isCategory }) {
      throw request.failure(
        "bands",
        "'\(category.name)' is one of the categories of '\(category.feature)', which a fitted order "
          + "leaves together where they are; use the method 'given' to move them")
    }
    guard chosen.count >= 2 else {
      throw request.failure("bands", "an order needs two bands or more, not \(chosen.count)")
    }
    return chosen
  }

  /// The fitted order, as JSON.
  private static func fitNode(
    _ request: PlanRequest, _ input: RasterProduct, _ chosen: [Int]
  ) throws -> Node {
    let replayed = try request.replayed(BandOrder.self) { order in
      order.bands.sorted() == chosen && order.scores.count == chosen.count
    }
    if let replayed { return replayed }
    if request.options.string("method") == "importance" {
      return try importance(request, input, chosen)
    }
    let linkage =
      request.options.optionalString("linkage").flatMap(HierarchicalClustering.Linkage.init)
      ?? .average
    let isOptimal = request.options.bool("optimal")
    return request.momentFit(input, of: chosen, need: "an order by correlation") { moments in
      BandOrder(clustering: moments, bands: chosen, linkage: linkage, isOptimal: isOptimal)
    }
  }

  /// The order by what bands tell of the labels of samples outside test places.
  private static func importance(
    _ request: PlanRequest, _ input: RasterProduct, _ chosen: [Int]
  ) throws -> Node {
    guard case .samples(let samples)? = request.inputs["samples"]?.first else {
      throw request.failure("inputs", "the method 'importance' needs 'samples' among the inputs")
    }
    let rows = SampleGatherer(
      cube: input, segments: nil, samples: samples,
      architecture: ModelArchitecture(
        bandCount: input.bands.count, branches: [],
        head: .init(kind: samples.kind, hidden: [], outputs: samples.classes.count))
    ).node(request)
    let fold = request.fold
    return request.planner.node(
      Node(
        name: request.name + "/fit", kind: .value,
        identity: request.identity() + [fold.map { "fold \($0.index)" } ?? "all"],
        edges: [.all(rows), .all(samples.node)] + (fold.map { [.all($0.folds.node)] } ?? []),
        policy: request.policy
      ) { context in
        let gathered = try GatheredSamples(
          try SampleSet.stored(try context.value(1)),
          tables: try context.tables(0, context.window), bands: input.bands,
          windowForms: [], needsSegments: false)
        var positions = gathered.usable
        if let fold {
          let places = try TestPlaces(try context.value(2), fold: fold.index)
          positions.removeAll {
            let sample = gathered.set.samples[$0]
            return places.contains(x: sample.x, y: sample.y, grid: context.grid)
          }
        }
        guard positions.count >= 2 else {
          throw ExecutionError.data(
            "\(positions.count) samples of the training part have every band; importance needs two "
              + "or more")
        }
        let strengths = gathered.set.associations(
          gathered.spectra(positions), count: input.bands.count, at: positions)
        let order = BandOrder(byScore: chosen.map { strengths[$0] }, bands: chosen)
        return .bytes([UInt8](try JSONEncoder.stable.encode(order)))
      })
  }
}

extension Recipe {
  /// The bands as the order has them that `order-bands` fitted in this step; nil of other steps.
  func orderedBands(_ fitted: [UInt8]) throws -> (bands: [Band], order: BandOrder)? {
    guard type == OrderBands.definition.name, fit != nil, let below = inputs.first else {
      return nil
    }
    let order = try BandOrder.stored(fitted)
    return (order.places(bandCount: below.bands.count).map { below.bands[$0] }, order)
  }
}
