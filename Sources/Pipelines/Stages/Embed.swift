import Explanation
import Foundation
import Learning
import Networks
import Reports

/// Shows samples in a plane by what a model makes of them.
enum Embed: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "embed",
    summary: "Shows the samples in a plane by the features that a model makes of them (t-SNE).",
    details: """
      t-SNE (van der Maaten & Hinton 2008; beyond 2000 samples by heaps of points after Barnes & \
      Hut, 2014) of the features before the head: of a network what its branches make together, of \
      other methods the bands as they are prepared. It starts from the first two principal \
      components and draws nothing: the same features give the same map. Samples of like features \
      stand together; distances between groups mean little. Besides the figure a table, '<tag>.csv', \
      has the coordinates, class and place of every sample.

      The shipped model was trained on the samples it shows, and classes stand farther apart than at \
      places that it has not seen. With 'folds' there is a map for the model of each fold, of the \
      samples it was trained on and, marked, those it was not: every model has features of its own, \
      so those of several are never put into one map.
      """,
    options: [
      OptionSpec(
        "class", .string, default: .optional,
        "The label or value that colours samples; by default the last. Classes all have a colour.",
        example: "\"Pb\""),
      OptionSpec(
        "perplexity", .number(1...1000), default: 30, unit: "samples",
        "How many neighbours a sample has, about; at most a third of the other samples."),
      OptionSpec(
        "iterations", .integer(1...100_000), default: 1000, unit: "steps",
        "The steps of the descent, of which the first 250 exaggerate attraction."),
      OptionSpec(
        "theta", .number(0...0.7), default: 0.5,
        "How wide a heap of samples may be, of its distance, to act as one; 0 is exact."),
      OptionSpec(
        "samples", .integer(4...50_000), default: 2000, unit: "samples",
        "The most samples that are shown, drawn by the seed."),
    ],
    inputs: [
      InputDefinition("model", [.model], "The model to look into."),
      InputDefinition(
        "folds", [.folds], isRequired: false, source: .named,
        "The folds, from 'split', for a map of each fold's model."),
    ],
    output: .figures,
    example: #"""
      { type: "embed", tag: "features", perplexity: 30, inputs: ["model"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let (model, training) = try request.inspectedModel()
    let output = try request.inspectedOutput(model)
    let parts = try embedded(request, model, training)
    let maker = EmbeddingFigures(model: model, output: output, folds: parts.map(\.fold))
    func node(
      _ suffix: String, _ make: @escaping @Sendable ([SampleEmbedding], SampleSet) throws -> [UInt8]
    ) -> Node {
      request.planner.node(
        Node(
          name: request.name + suffix, kind: .value,
          identity: ["embedding\(suffix) 1", "\(model.classes) \(output) \(model.method)"]
            + maker.folds.map { $0.map { "fold \($0)" } ?? "shipped" },
          edges: [.all(training.samples.node)] + parts.map { .all($0.node) }
        ) { context in
          let set = try SampleSet.stored(try context.value(0))
          return .bytes(
            try make(try parts.indices.map { try .stored(try context.value(1 + $0)) }, set))
        })
    }
    return .figures(
      FiguresProduct(
        tag: request.tag, title: "Samples by features: \(model.tag)",
        node: node("") { [UInt8](try JSONEncoder.stable.encode(maker.figures($0, $1))) },
        table: node("/table") { [UInt8](maker.csv($0, $1).utf8) }))
  }

  /// How t-SNE is run.
  private static func options(_ request: PlanRequest) -> TSNE.Options {
    var options = TSNE.Options()
    options.perplexity = request.options.double("perplexity")
    let iterations = request.options.int("iterations")
    options.earlyIterations = min(options.earlyIterations, iterations)
    options.iterations = iterations - options.earlyIterations
    options.theta = request.options.double("theta")
    return options
  }

  /// An embedding of the shipped model, or one for each fold.
  private static func embedded(
    _ request: PlanRequest, _ model: ModelProduct, _ training: ModelProduct.Training
  ) throws -> [(node: Node, fold: Int?)] {
    guard request.inputs["folds"] != nil else {
      return [(node(request, model, training, nil), nil)]
    }
    let folds = try request.folds("folds", dividing: training.samples)
    return try request.models(model.tag, in: folds).enumerated().compactMap { fold, model in
      model.training.map {
        (node(request, model, $0, FoldContext(folds: folds, index: fold)), fold)
      }
    }
  }

  private static func node(
    _ request: PlanRequest, _ model: ModelProduct, _ training: ModelProduct.Training,
    _ fold: FoldContext?
  ) -> Node {
    let (options, most, seed) = (options(request), request.options.int("samples"), request.seed)
    let architecture = model.architecture
    return request.planner.node(
      Node(
        name: request.name + (fold.map { "@\($0.index)" } ?? "/embedding"), kind: .value,
        identity: [
          "embedding 1", "\(options.perplexity) \(options.theta)",
          "\(options.earlyIterations) \(options.iterations)", "\(most) \(seed)",
          fold.map { "fold \($0.index)" } ?? "all",
        ],
        edges: [.all(training.rows), .all(training.samples.node), .all(model.node)]
          + (fold.map { [.all($0.folds.node)] } ?? []), usesAllWorkers: true
      ) { context in
        let gathered = try Train.gather(context, training, architecture)
        let package = try ModelPackage(try context.value(2))
        var (shown, tested) = (gathered.usable, Set<Int>())
        if let fold {
          let folds = try TestPlaces(try context.value(3), fold: fold.index).folds
          tested = Set(folds.testSamples(fold.index))
          let trained = Set(Train.trainingPositions(folds, fold.index, gathered).positions)
          // Samples that share a segment with tested ones are neither.
          shown = shown.filter { tested.contains($0) || trained.contains($0) }
        }
        let samples = SampleFeatures(gathered, at: shown, package)
          .drawn(most, gathered.set, seed: seed)
        let found = try SampleEmbedding(
          samples, isHeldOut: samples.positions.map(tested.contains), options)
        return .bytes([UInt8](try JSONEncoder.stable.encode(found)))
      })
  }
}
