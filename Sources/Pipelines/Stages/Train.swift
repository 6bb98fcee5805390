import Foundation
import Learning
import Networks
import Rasters

/// Trains a network on the samples, on the training part only inside `validate`.
enum Train: Stage {
  static let revision = 4
  static let definition = StageDefinition(
    name: "train",
    summary: "Trains a network, a random forest or a logistic regression on labelled samples.",
    details: """
      Branches make features of a pixel: 'spectral-cnn' from its bands, 'patch-cnn' from the window \
      around it, 'graph' from its superpixel and the superpixels two hops around. Superpixels of \
      several sizes make a model each; 'combine' says how their results become one. Adam on \
      mini-batches; early stopping watches a part of the training samples that is taken by blocks \
      and not trained on. 'random-forest' (Breiman 2001) and 'logistic-regression' see a pixel's bands \
      alone; they show what a network adds. Of several labels or values each has a forest or regression \
      of its own. 'surface' learns nothing: a band speaks for a label, such as a metal's kriged \
      concentration above a limit, which is what any model must beat. The model file holds the model, the preparation of its input and the \
      background samples for explanations.
      """,
    options: [
      OptionSpec(
        "method", .choice(Predictor.Method.allCases.map(\.rawValue)), default: "network",
        "What is trained; 'branches', 'fusion', 'head' and what concerns epochs are a network's."),
      OptionSpec(
        "branches", .list(of: .typed(ArchitectureOptions.branches)), default: .optional,
        "The branches of a network.",
        example: "[{ type: \"spectral-cnn\" }, { type: \"patch-cnn\", window: 9 }]"
      ),
      OptionSpec(
        "fusion", .choice(ArchitectureOptions.fusions), default: "concat",
        "How the branches' features are joined: one after another, by learnt shares of branches "
          + "that make the same number of features, or by attention over what convolutions and "
          + "poolings leave at every place."),
      OptionSpec(
        "attention-width", .integer(1...4096), default: 32, unit: "features",
        "For the fusion 'attention': the features of a token, and those that each branch adds; the "
          + "'width' of branches then takes no part."),
      OptionSpec(
        "attention-heads", .integer(1...256), default: 4, unit: "heads",
        "For the fusion 'attention': the heads, which must divide its width."),
      OptionSpec(
        "head", .typed(ArchitectureOptions.heads), default: .optional,
        "What is made of the features; by default what the samples ask for.",
        example: "{ type: \"softmax\", hidden: [64] }"),
      OptionSpec(
        "combine", .choice(Combination.allCases.map(\.rawValue)), default: "average",
        "What is made of the models of several sizes of superpixels: the mean of their "
          + "probabilities, or the share of models that decide for a class."),
      OptionSpec(
        "background", .integer(1...10_000), default: 50, unit: "samples",
        "How many training samples are kept as baselines of explanations."),
    ] + PredictorTraining.options + [NestedTuning.option, FitPolicy.keeping],
    inputs: [
      InputDefinition(
        "cube", [.raster], isMany: true,
        "The input of the model; several cubes are joined, and branches may read one of them."),
      InputDefinition(
        "segments", [.segments], isRequired: false, source: .named,
        "The superpixels, for a graph branch."),
      InputDefinition("samples", [.samples], source: .named, "The labelled samples."),
      InputDefinition(
        "folds", [.folds], isRequired: false, source: .named,
        "The folds that candidates of 'tune' are compared on, from 'split'."),
    ],
    output: .model,
    example: #"""
      { type: "train", tag: "model",
        inputs: { cube: "cube", segments: "segments", samples: "deposits" },
        branches: [{ type: "graph", hops: 3 }, { type: "patch-cnn", window: 9 }],
        head: { type: "softmax", hidden: [64] }, augment: [{ type: "smote" }] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let cube = try Stack.cube(request, "cube")
    let samples = try request.samples("samples")
    let segments = request.segments("segments")
    let method = Predictor.Method(rawValue: request.options.string("method")) ?? .network
    let architecture = try architecture(request, method, cube, samples)
    let needsSegments = architecture.branches.contains {
      if case .graph = $0 { true } else { false }
    }
    if needsSegments && segments == nil {
      throw request.failure("branches", "a graph branch needs 'segments' among the inputs")
    }
    if method != .surface { try SurfaceOptions.requireNone(request) }
    if method == .surface, samples.forms.contains(where: { $0.transform != .none }) {
      throw request.failure(
        "method", "a surface is in its own unit: leave out the 'transform' of '\(samples.tag)'")
    }
    let fitting = try PredictorTraining(request, architecture)
    let tuned = try NestedTuning(request, architecture)?.candidates ?? []
    let shift = ([fitting] + tuned).map(\.network.shiftDistance).max() ?? 0
    let scales = needsSegments ? segments?.family.map(Optional.some) ?? [] : [nil]
    let members = try scales.map { scale in
      try member(
        request, method, architecture,
        ModelProduct.Training(
          rows: SampleGatherer(
            cube: cube, segments: scale, samples: samples, architecture: architecture,
            shift: shift
          ).node(request),
          samples: samples, cube: cube, segments: scale, shift: shift, fitting: fitting,
          isTuned: !tuned.isEmpty, identity: identity(request, fitting)))
    }
    return .model(try combined(request, members))
  }

  /// What decides a training besides its inputs and the fold.
  ///
  /// A model to start from counts by its content and by what the options make of it; without one
  /// these decide nothing.
  private static func identity(_ request: PlanRequest, _ fitting: PredictorTraining) -> [String] {
    request.identity(without: Set(Transfer.options.map(\.name)).union(["combine"]))
      + ["\(request.seed)"]
      + (fitting.transfer?.identity ?? [])
  }

  private static func member(
    _ request: PlanRequest, _ method: Predictor.Method, _ architecture: ModelArchitecture,
    _ training: ModelProduct.Training
  ) throws -> ModelProduct {
    ModelProduct(
      tag: request.tag, node: try fitNode(request, training, architecture), method: method,
      architecture: architecture, classes: training.samples.classes, training: training)
  }

  /// One model of those of several sizes of superpixels; a single one stays as it is.
  private static func combined(
    _ request: PlanRequest, _ members: [ModelProduct]
  ) throws -> ModelProduct {
    guard let first = members.first else { throw request.failure("inputs", "needs 'segments'") }
    guard members.count > 1 else { return first }
    let combination = Combination(rawValue: request.options.string("combine")) ?? .average
    guard combination == .average || first.architecture.head.kind != .linear else {
      throw request.failure("combine", "values cannot be voted on; use 'average'")
    }
    return try request.combined(members, combination, .sizes, training: first.training)
  }

  /// What the model takes and makes; only networks have branches.
  private static func architecture(
    _ request: PlanRequest, _ method: Predictor.Method, _ cube: RasterProduct,
    _ samples: SamplesProduct
  ) throws -> ModelArchitecture {
    if method == .network { return try ArchitectureOptions.architecture(request, cube, samples) }
    guard samples.kind != .linear || method != .logistic else {
      throw request.failure(
        "method",
        "a \(method.rawValue) learns classes or labels; the samples of '\(samples.tag)' are values")
    }
    return ModelArchitecture(
      bandCount: cube.bands.count, branches: [],
      head: ModelArchitecture.Head(
        kind: samples.kind, hidden: [], outputs: samples.classes.count))
  }

  private static func fitNode(
    _ request: PlanRequest, _ training: ModelProduct.Training, _ architecture: ModelArchitecture
  ) throws -> Node {
    let fold = request.fold
    let method = training.fitting
    let tuning = try NestedTuning(request, architecture)
    let folds: FoldsProduct? = try fold?.folds ?? (tuning == nil ? nil : request.folds("folds"))
    let recipe = Recipe(
      type: Recipe.modelInputs, options: "{}",
      inputs: [training.cube.recipe] + (training.segments.map { [$0.recipe] } ?? []), bands: [])
    let fits = recipe.fits
    return request.planner.node(
      Node(
        name: request.name, kind: .value,
        identity: training.identity + [fold.map { "fold \($0.index)" } ?? "all"],
        edges: [.all(training.rows), .all(training.samples.node)] + fits.map(Node.Edge.all)
          + (folds.map { [.all($0.node)] } ?? []), policy: request.policy, isCostly: true,
        // The model tells which samples it has seen, by their files' fingerprints.
        files: { _ in (method.transfer.map { [$0.path] } ?? []) + sampleFiles(request, training) }
      ) { context in
        let gathered = try gather(context, training, architecture)
        let folds = try folds.map { _ in try Folds.stored(try context.value(2 + fits.count)) }
        var part = TrainingPart(gathered, folds, fold: fold?.index)
        var method = method
        if let tuning, let folds {
          let outcome = try tuning.choose(
            gathered, folds, outer: fold?.index, grid: context.grid, onStep: context.report)
          method = tuning.candidates[outcome.best]
          part.tuning = outcome
        }
        let steps = try recipe.steps(
          fitted: fits.indices.map { try context.value(2 + $0) }[...])
        return .bytes(try fitted(request, context, training, part, method, steps))
      })
  }

  /// The samples that a model is made from.
  private struct TrainingPart {
    let gathered: GatheredSamples
    let positions: [Int]
    /// The places that the model must not see, in a fold.
    let hidden: TestPlaces?
    /// Samples left out because their segment holds a test sample.
    let shared: Int
    var tuning: NestedTuning.Outcome?

    init(_ gathered: GatheredSamples, _ folds: Folds?, fold: Int?) {
      self.gathered = gathered
      guard let folds, let fold else {
        (positions, shared, hidden) = (gathered.usable, 0, nil)
        return
      }
      (positions, shared) = Train.trainingPositions(folds, fold, gathered)
      hidden = TestPlaces(folds: folds, fold: fold)
    }
  }

  /// A model file of a training.
  private static func fitted(
    _ request: PlanRequest, _ context: NodeContext, _ training: ModelProduct.Training,
    _ part: TrainingPart, _ method: PredictorTraining, _ preparation: [PreparationStep]
  ) throws -> [UInt8] {
    let gathered = part.gathered
    let positions = method.limited(part.positions, gathered.set)
    let trained = try method.train(
      gathered, positions,
      seeing: { context.grid.shows($0, hiding: part.hidden.map { [$0] } ?? []) },
      onStep: context.report)
    let background = BackgroundSample.choose(
      from: gathered.set, positions: positions, count: request.options.int("background"),
      seed: request.seed)
    let sources = positions.compactMap { gathered.rows[$0]?.sources }
    let files = sampleFiles(request, training)
    let sharing = gathered.sharing(positions)
    let notes = ModelNotes(
      bands: training.cube.bands, classes: training.samples.classes, preparation: preparation,
      backgroundMean: trained.backgroundMean, sources: training.cube.view.node.bands,
      background: background.compactMap { gathered.rows[$0]?.sources },
      minimum: extremes(sources, min), maximum: extremes(sources, max),
      record: trained.record, unusableSamples: gathered.rows.count - gathered.usable.count,
      sharedSegmentSamples: part.shared, samplesInSharedSegments: sharing.samples,
      conflictingSegments: sharing.conflicts,
      trainingMetrics: gathered.metrics(of: trained, at: positions),
      unlabelled: trained.unlabelled.map(UnlabelledNotes.init), tuning: part.tuning,
      transforms: trained.transforms, units: training.samples.units, seed: request.seed,
      transfer: method.transfer?.notes,
      sampleFiles: Set(try files.map { try context.executor.fingerprint(of: $0) }).sorted())
    return try ModelPackage(predictor: trained.predictor, notes: notes).encoded()
  }

  /// The files that a model's samples are read from.
  ///
  /// None of a fold's: its model must not even tell that the labels of its test places are others.
  private static func sampleFiles(
    _ request: PlanRequest, _ training: ModelProduct.Training
  ) -> [String] {
    guard request.fold == nil else { return [] }
    return request.planner.pointFiles(below: training.samples.tag).filter {
      !PipelinePath.isOpaque($0)
    }
  }

  /// The samples that a fold's model may see, and how many shared a segment with a test sample.
  static func trainingPositions(
    _ folds: Folds, _ fold: Int, _ gathered: GatheredSamples
  ) -> (positions: [Int], shared: Int) {
    let usable = Set(gathered.usable)
    guard gathered.graph != nil else {
      return (folds.trainingSamples(fold).filter(usable.contains), 0)
    }
    let (kept, dropped) = folds.trainingSamples(
      fold, segmentOfSample: gathered.segmentOfSample)
    return (kept.filter(usable.contains), dropped.filter(usable.contains).count)
  }

  static func gather(
    _ context: NodeContext, _ training: ModelProduct.Training, _ architecture: ModelArchitecture
  ) throws -> GatheredSamples {
    try GatheredSamples(
      try SampleSet.stored(try context.value(1)),
      tables: try context.tables(0, context.window), bands: training.cube.bands,
      windowForms: architecture.windows, needsSegments: training.segments != nil)
  }

  private static func extremes(
    _ rows: [[Float]], _ choose: (Float, Float) -> Float
  ) -> [Float] {
    guard var result = rows.first else { return [] }
    for row in rows.dropFirst() {
      for index in result.indices { result[index] = choose(result[index], row[index]) }
    }
    return result
  }
}
