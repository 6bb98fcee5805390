import Explanation
import Foundation
import Learning
import Networks
import Rasters
import Reports
import Tensors

/// Says of every cell how far it is from everything that a model was trained on.
enum Novelty: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "novelty",
    summary: "Maps how far cells are, in a model's features, from the samples it was trained on.",
    details: """
      The distance of the features of a cell to the nearest mean of a class: of a network what its \
      branches make together before the head, of other methods the bands as they are prepared. \
      "mahalanobis" measures by the covariance within classes, shrunk after Ledoit & Wolf (2004); \
      "nca" by a map learnt so that neighbours have the same class (Goldberger et al. 2004), of 16 \
      dimensions at most and 1000 samples; "euclidean" takes all features alike. All are in units of \
      what samples of one class differ by. Of labels and values all samples are one class.

      A second raster, '<tag>-outside', is 1 where the distance exceeds a quantile of the distances \
      of samples. With 'folds' these are samples of the test places, by models and metrics of folds \
      that have not seen them: what the model meets beyond its samples. Without, each sample's own \
      part in mean and covariance is taken out, but the model was trained on it, and with flexible \
      models such distances are too small: too much of the map is then called outside. The same \
      holds for the shares of samples whose neighbours have their class.

      'write' keeps metric, means and distances in '<tag>-fit.json', byte for byte the same for the \
      same samples. With the option 'model' and this file as 'reference' the distances of other \
      rasters are mapped by the model file and what was found at its samples; nothing is fitted.
      """,
    options: [
      AppliedModel.fileOption,
      OptionSpec(
        "reference", .file, default: .optional,
        "With the option 'model': the file '<tag>-fit.json' that tells of that model's samples.",
        example: "\"unknown-fit.json\""),
      OptionSpec(
        "metric", .choice(FeatureMetric.Kind.allCases.map(\.rawValue)), default: "mahalanobis",
        "How distances are measured."),
      OptionSpec(
        "quantile", .number(0.5...1), default: 0.99,
        "The quantile of the samples' distances beyond which a cell is outside."),
      OptionSpec(
        "neighbours", .integer(1...1000), default: 5, unit: "samples",
        "How many nearest samples vote on the class of a sample, for the report."),
      AppliedModel.missingOption,
      FitPolicy.keeping,
    ],
    inputs: MappedModel.inputs + [
      InputDefinition(
        "folds", [.folds], isRequired: false, source: .named,
        "The folds, from 'split': the threshold is that of samples that models have not seen.")
    ],
    output: .raster,
    example: #"""
      { type: "novelty", tag: "unknown", metric: "mahalanobis", quantile: 0.99,
        inputs: { model: "model", folds: "folds" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let mapped = try MappedModel(request, "a map of novelty")
    let fit =
      if let training = mapped.training {
        try fitNode(request, mapped.model, training)
      } else { try referenceNode(request) }
    let cuts = cutsNode(request, fit)
    let distance = try distanceNode(request, mapped.applied, fit)
    let outside = outsideNode(request, distance, cuts)
    let summary = summaryNode(request, fit, cuts, outside)
    let named = NamedValues(
      method: "distance beyond that of samples",
      entries: [
        QMLStyle.Entry(value: 0, label: "like the samples", color: Color(0xF0F0F0)),
        QMLStyle.Entry(value: 1, label: "outside the samples", color: Color(0xB2182B)),
      ], facts: cuts)
    return .raster(
      RasterProduct(
        tag: request.tag, node: distance, view: .identity(distance), recipe: .raw(distance.bands),
        siblings: [
          RasterProduct(
            tag: request.tag + "-outside", node: outside, view: .identity(outside),
            recipe: .raw(outside.bands), presentation: .named(named))
        ],
        novelty: NoveltyNodes(
          fit: mapped.training == nil ? nil : fit, cuts: cuts, summary: summary)))
  }

  // MARK: The fit

  /// How distances are measured and told of.
  private static func estimate(
    _ request: PlanRequest, _ model: ModelProduct, _ training: ModelProduct.Training
  ) throws -> NoveltyEstimate {
    if request.options.has("reference") {
      throw request.failure("reference", "goes with the option 'model'; this model has its samples")
    }
    let metric =
      FeatureMetric.Kind(rawValue: request.options.string("metric")) ?? .mahalanobis
    let classes = training.samples.kind == .softmax ? training.samples.classes : ["all samples"]
    guard metric != .nca || classes.count > 1 else {
      throw request.failure(
        "metric", "'nca' learns from classes that exclude one another; '\(model.tag)' has none")
    }
    return NoveltyEstimate(
      kind: metric, neighbors: request.options.int("neighbours"), classes: classes,
      seed: request.seed)
  }

  /// What was found at the samples of a model file, from the file that 'reference' names.
  private static func referenceNode(_ request: PlanRequest) throws -> Node {
    for key in ["metric", "neighbours", FitPolicy.keeping.name] where request.options.isGiven(key) {
      throw request.failure(key, "is of what is fitted; 'reference' says what was")
    }
    guard request.inputs["folds"] == nil else {
      throw request.failure("inputs", "'folds' goes with a model of this pipeline")
    }
    guard let path = request.options.optionalFilePath("reference") else {
      throw request.failure(
        "reference",
        "is missing: a model file does not tell how far its samples lie from one another")
    }
    let option = AppliedModel.fileOption.name
    let model = try request.bytes(of: request.options.filePath(option), option: option)
    let bytes = try request.bytes(of: path, option: "reference")
    guard let fit = try? NoveltyFit.stored(bytes) else {
      throw request.failure("reference", "\(path) was not written by 'novelty'")
    }
    guard fit.model == SHA256.digest(model).hex else {
      throw request.failure("reference", "\(path) tells of another model")
    }
    guard fit.isMade(for: ModelFeatures(try ModelPackage(model).predictor).count) else {
      throw request.failure("reference", "\(path) is damaged: its numbers do not go together")
    }
    let file = request.fileNode("/reference", path, identity: "novelty reference 1")
    return request.planner.node(
      Node(
        name: request.name + "/fit", kind: .value, identity: ["novelty reference 1"],
        edges: [.all(file)]
      ) { context in
        // The file may be another one by now.
        let bytes = try context.value(0)
        guard let now = try? NoveltyFit.stored(bytes), now.model == fit.model,
          now.isMade(for: fit.nearest.metric.dimensions)
        else { throw ExecutionError.changedFile(path) }
        return .bytes(bytes)
      })
  }

  private static func fitNode(
    _ request: PlanRequest, _ model: ModelProduct, _ training: ModelProduct.Training
  ) throws -> Node {
    let estimate = try estimate(request, model, training)
    let parts = try foldNodes(request, model, training, estimate)
    let architecture = model.architecture
    return request.planner.node(
      Node(
        name: request.name + "/fit", kind: .value,
        identity: request.identity(without: mapOptions) + ["\(request.seed)"],
        edges: [.all(training.rows), .all(training.samples.node), .all(model.node)]
          + parts.map(Node.Edge.all), usesAllWorkers: true, policy: request.policy
      ) { context in
        let gathered = try Train.gather(context, training, architecture)
        let bytes = try context.value(2)
        let samples = SampleFeatures(gathered, at: gathered.usable, try ModelPackage(bytes))
        let fit = try estimate.fit(
          samples, gathered.set, model: SHA256.digest(bytes).hex,
          folds: try parts.indices.map { try HeldOutFeatures.stored(try context.value(3 + $0)) })
        return .bytes([UInt8](try JSONEncoder.stable.encode(fit)))
      })
  }

  /// Options that decide nothing of the fit.
  private static let mapOptions: Set = ["quantile", AppliedModel.missingOption.name]

  /// What the model of each fold says of its test samples; none without folds.
  private static func foldNodes(
    _ request: PlanRequest, _ model: ModelProduct, _ training: ModelProduct.Training,
    _ estimate: NoveltyEstimate
  ) throws -> [Node] {
    guard request.inputs["folds"] != nil else { return [] }
    let folds = try request.folds("folds", dividing: training.samples)
    return try request.models(model.tag, in: folds).enumerated().compactMap { fold, model in
      guard let training = model.training else { return nil }
      return request.planner.node(
        Node(
          name: "\(request.name)@\(fold)", kind: .value,
          identity: request.identity(without: mapOptions) + ["fold \(fold)", "\(request.seed)"],
          edges: [
            .all(training.rows), .all(training.samples.node), .all(model.node), .all(folds.node),
          ], usesAllWorkers: true
        ) { context in
          let gathered = try Train.gather(context, training, model.architecture)
          let package = try ModelPackage(try context.value(2))
          let folds = try TestPlaces(try context.value(3), fold: fold).folds
          let tested = folds.testSamples(fold).filter(Set(gathered.usable).contains)
          let found = try estimate.heldOut(
            SampleFeatures(gathered, at: tested, package),
            from: SampleFeatures(
              gathered, at: Train.trainingPositions(folds, fold, gathered).positions, package),
            gathered.set)
          return .bytes([UInt8](try JSONEncoder.stable.encode(found)))
        })
    }
  }

  private static func cutsNode(_ request: PlanRequest, _ fit: Node) -> Node {
    let quantile = request.options.double("quantile")
    return request.planner.node(
      Node(
        name: request.name + "/threshold", kind: .value,
        identity: ["novelty threshold 1", "\(quantile)"], edges: [.all(fit)]
      ) { context in
        let fit = try NoveltyFit.stored(try context.value(0))
        let threshold = fit.threshold(quantile)
        let measures = fit.measures
        var facts = [
          "THRESHOLD": "\(Float(threshold))", "QUANTILE": "\(quantile)",
          "METRIC": measures.metric.rawValue, "FEATURES": "\(measures.featureCount)",
          "SHRINKAGE": "\(Float(measures.shrinkage))",
          "THRESHOLD_OF": measures.isHeldOut ? "held-out samples" : "training samples",
          "SAMPLES": "\(fit.distances.count)",
        ]
        for row in measures.rows {
          let name = row.metric.rawValue.uppercased()
          facts["NEIGHBOUR_ACCURACY_" + name] = row.accuracy.map { "\(Float($0))" }
          facts["WITHIN_BETWEEN_RATIO_" + name] = row.ratio.map { "\(Float($0))" }
        }
        return .bytes(try ClassifyCuts(values: [threshold], facts: facts).bytes)
      })
  }

  // MARK: The map

  private static func distanceNode(
    _ request: PlanRequest, _ applied: AppliedModel, _ fit: Node
  ) throws -> Node {
    let feed = try ModelFeed(applied)
    let edges = feed.edges
    let share = request.options.double(AppliedModel.missingOption.name)
    let decoded = DecodedFit<NoveltyFit>()
    return request.planner.node(
      Node(
        name: request.name, kind: .raster([Band(name: "distance")]),
        identity: ["novelty \(revision)", "\(share)"], edges: edges + [.all(fit)],
        scratch: feed.scratch()
      ) { context in
        let fit = try decoded(try context.value(edges.count))
        guard SHA256.digest(try context.value(0)).hex == fit.model else {
          throw ExecutionError.data(
            "the fit of '\(request.tag)' is of another model: 'gossan refit' renews one that is kept"
          )
        }
        return .cube(try distances(context, feed, fit.nearest, missingShare: share))
      })
  }

  private static func distances(
    _ context: NodeContext, _ feed: ModelFeed, _ nearest: NearestClass, missingShare: Double
  ) throws -> DataCube {
    let chunk = try feed.chunk(context, withSources: false)
    let flags = feed.flags(
      chunk, window: context.window, grid: context.grid, missingShare: missingShare)
    var result = DataCube(window: context.window, bandCount: 1)
    let isKnown = flags.map { $0 & PixelFlags.invalid == 0 }
    guard isKnown.contains(true) else { return result }
    ModelFeatures(chunk.package.predictor).dense(chunk.input) { cells, planes in
      let found = nearest.distances(planes: planes, cells: cells.count)
      for (place, cell) in cells.enumerated() where isKnown[cell] {
        result.values[cell] = found[place]
      }
    }
    return result
  }

  /// 1 where the distance exceeds the threshold, 0 elsewhere.
  private static func outsideNode(_ request: PlanRequest, _ distance: Node, _ cuts: Node) -> Node {
    let decoded = DecodedFit<ClassifyCuts>()
    return request.planner.node(
      Node(
        name: request.name + "/outside", kind: .raster([Band(name: "outside")]),
        identity: ["novelty outside 1"], edges: [.cells(distance), .all(cuts)], isStored: false
      ) { context in
        let threshold = try decoded(try context.value(1)).values.first ?? .infinity
        let cube = try context.cube(0, context.window)
        return .cube(
          DataCube(
            window: context.window, bandCount: 1,
            values: cube.values.map { $0.isFinite ? (Double($0) > threshold ? 1 : 0) : .nan }))
      })
  }

  /// What the report tells of fit and map.
  private static func summaryNode(
    _ request: PlanRequest, _ fit: Node, _ cuts: Node, _ outside: Node
  ) -> Node {
    let quantile = request.options.double("quantile")
    let counts = request.planner.node(
      Node(
        name: request.name + "/counts", kind: .table, identity: ["novelty counts 1"],
        edges: [.cells(outside)]
      ) { context in
        let known = try context.cube(0, context.window).values.filter(\.isFinite)
        var writer = ByteWriter()
        writer.append([known.count, known.count { $0 > 0 }])
        return .bytes(writer.bytes)
      })
    return request.planner.node(
      Node(
        name: request.name + "/summary", kind: .value,
        identity: ["novelty summary 1", "\(quantile)"],
        edges: [.all(fit), .all(cuts), .all(counts)]
      ) { context in
        var total = [0, 0]
        try context.forEachTable(2) { table in
          var reader = ByteReader(table)
          for (place, count) in try reader.array(Int.self).enumerated() { total[place] += count }
        }
        return .bytes(
          [UInt8](
            try JSONEncoder.stable.encode(
              NoveltySummary(
                measures: try NoveltyFit.stored(try context.value(0)).measures,
                quantile: quantile,
                threshold: try ClassifyCuts.stored(try context.value(1)).values.first ?? .infinity,
                cells: total[0], outside: total[1]))))
      })
  }
}
