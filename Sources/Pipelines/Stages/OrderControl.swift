import Features
import Foundation
import Learning
import Networks
import Rasters
import Reports
import Tensors

/// Compares the order of a network's bands with random orders.
enum OrderControl: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "order-control",
    summary: "Tells how a network's order of bands does among random orders of the same bands.",
    details: """
      What a convolution over bands makes of them depends on their order. For each of a number of \
      random orders the network is trained anew in every fold, with the same seed, and scored on the \
      pooled test samples as 'validate' scores it. The share of random orders with a lower score, ties \
      half, is the percentile of the order that the model has. One order is the same for all folds; \
      the categories of a one-hot group move together, all other bands are exchanged. Everything \
      fitted before the training is that of the fold and is not made again; a fitted order of \
      'order-bands' is undone first where it is the last step before the training. Random orders are \
      drawn by the pipeline's seed.

      It costs as many validations as there are orders, less the preparation. Each is kept, so an \
      interrupted control goes on where it was, and more permutations add to those that are there.
      """,
    options: [
      OptionSpec(
        "permutations", .integer(1...100_000), default: 100, unit: "orders",
        "The number of random orders."),
      OptionSpec(
        "measure", .choice(measures.map(\.word)), default: .optional,
        "What orders are compared by, pooled out of fold; the mean over several labels or values. By "
          + "default 'auc', of values 'r2'."),
    ],
    inputs: [
      InputDefinition("model", [.model], "The model whose order of bands is looked at."),
      InputDefinition("folds", [.folds], source: .named, "The folds, from 'split'."),
    ],
    output: .figures,
    example: #"""
      { type: "order-control", permutations: 50,
        inputs: { model: "model", folds: "folds" } }
      """#)

  /// Measures that are better the higher they are, as options and as scores call them.
  private static let measures: [(word: String, name: String)] = [
    (word: "auc", name: "ROC AUC"), ("average-precision", "average precision"),
    ("accuracy", "accuracy"), ("balanced-accuracy", "balanced accuracy"), ("f1", "F1"),
    ("kappa", "kappa"), ("mcc", "MCC"), ("r2", "R2"),
  ]

  static func plan(_ request: PlanRequest) throws -> Product {
    let folds = try FoldModels(request)
    try checkConvolves(request, folds.model)
    let measure = try measure(request, folds.model.architecture.head.kind)
    let count = request.options.int("permutations")
    let draws = (0...count).map { OrderDraw(folds: folds, number: $0, seed: request.seed) }
    let scores = draws.map { $0.node(request) }
    let outputs = folds.model.classes.count
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value, identity: request.identity(),
        edges: scores.map(Node.Edge.all)
      ) { context in
        let values = try scores.indices.map {
          try Metrics.stored(try context.value($0)).mean(measure, outputCount: outputs)
        }
        guard let chosen = values[0] else {
          throw ExecutionError.data("\(measure) cannot be told from the test samples")
        }
        let control = PercentileOfOrder(
          chosen: chosen, random: values.dropFirst().compactMap(\.self))
        return .bytes([UInt8](try JSONEncoder.stable.encode([control.figure(measure)])))
      })
    return .figures(
      FiguresProduct(
        tag: request.tag, title: "Order of bands: \(folds.model.tag)", node: node))
  }

  /// The positions of bands in a random order, the categories of each group together.
  static func randomOrder(of bands: [Band], number: Int, seed: UInt64) -> [Int] {
    let features = Features(bands)
    var units = [[Int]](repeating: [], count: features.names.count)
    for (band, feature) in features.ofSource.enumerated() { units[feature].append(band) }
    let random = Randomness(seed: seed, Randomness.word("order of bands"), UInt64(number))
    return random.shuffled(units).flatMap(\.self)
  }

  private static func checkConvolves(_ request: PlanRequest, _ model: ModelProduct) throws {
    guard model.method == .network else {
      throw request.failure(
        "inputs",
        "what a \(model.method.rawValue) learns does not depend on the order of bands; "
          + "expected a network with a 'spectral-cnn'")
    }
    guard model.training?.isTuned != true, !model.isCalibrated else {
      throw request.failure(
        "inputs",
        model.isCalibrated
          ? "'\(model.tag)' is calibrated, which random orders are not; expected the model before that"
          : "'\(model.tag)' is chosen among candidates, anew for every order; expected a model without "
            + "'tune': give 'train' the options of the candidate that was taken")
    }
    guard model.training?.fitting.transfer == nil else {
      throw request.failure(
        "inputs",
        "'\(model.tag)' starts from a model that has an order of its own; expected one that is "
          + "trained from scratch")
    }
    guard model.architecture.readsAllBands else {
      throw request.failure(
        "inputs",
        "branches of '\(model.tag)' read some of the bands, and would read others in another order; "
          + "expected branches that read all")
    }
    let convolves = model.architecture.branches.contains {
      if case .spectral(let branch) = $0 {
        !branch.filters.isEmpty && (branch.kernel > 1 || branch.pool > 1)
      } else {
        false
      }
    }
    guard convolves else {
      throw request.failure(
        "inputs",
        "no branch of '\(model.tag)' convolves over bands, so their order does not matter to it; "
          + "expected a 'spectral-cnn'")
    }
  }

  /// The name of the measure among scores.
  private static func measure(
    _ request: PlanRequest, _ kind: ModelArchitecture.Head.Kind
  ) throws -> String {
    let word = request.options.optionalString("measure") ?? (kind == .linear ? "r2" : "auc")
    guard (word == "r2") == (kind == .linear),
      let name = measures.first(where: { $0.word == word })?.name
    else {
      throw request.failure(
        "measure",
        "'\(word)' is not a measure of \(kind == .linear ? "values; expected 'r2'" : "classes")")
    }
    return name
  }
}

/// One order of bands, with which the model of every fold is trained.
private struct OrderDraw: Sendable {
  let folds: FoldModels
  /// 0 for the order that the model has.
  let number: Int
  let seed: UInt64

  /// The order that a fold fitted in the last step before the training, if it did.
  private func fittedOrder(_ fold: Int) -> Node? {
    let recipe = folds.parts[fold].training.cube.recipe
    return recipe.type == OrderBands.definition.name ? recipe.fit : nil
  }

  /// The bands of the model before an order was fitted to them.
  private var bands: [Band] {
    guard let training = folds.parts.first?.training else { return [] }
    let below = fittedOrder(0) == nil ? nil : training.cube.recipe.inputs.first
    return below?.bands ?? training.cube.bands
  }

  /// The positions of `bands` in the order of this draw; nil for the order that the model has.
  private var order: [Int]? {
    number > 0 ? OrderControl.randomOrder(of: bands, number: number, seed: seed) : nil
  }

  /// The pooled metrics of the models that are trained with this order, as JSON.
  func node(_ request: PlanRequest) -> Node {
    let orders = folds.parts.indices.map(fittedOrder)
    let order = order
    var edges: [Node.Edge] = [.all(folds.folds.node)]
    for (part, fitted) in zip(folds.parts, orders) {
      edges += [.all(part.training.rows), .all(part.training.samples.node)]
      if let fitted { edges.append(.all(fitted)) }
    }
    return request.planner.node(
      Node(
        name: "\(request.name)/\(number)", kind: .value,
        identity: ["order of bands 1", order.map { "\($0)" } ?? "as it is"]
          + (folds.parts.first?.training.identity ?? []),
        edges: edges, isCostly: true
      ) { context in
        let divided = try Folds.stored(try context.value(0))
        let set = try SampleSet.stored(try context.value(2))
        let outputs = folds.model.classes.count
        var predictions = [Float](repeating: .nan, count: set.count * outputs)
        var edge = 1
        for (fold, part) in folds.parts.enumerated() {
          var gathered = try GatheredSamples(
            try SampleSet.stored(try context.value(edge + 1)),
            tables: try context.tables(edge, context.window), bands: part.training.cube.bands,
            windowForms: part.training.fitting.architecture.windows,
            needsSegments: part.training.segments != nil)
          edge += 2
          var places = order
          if orders[fold] != nil {
            places = try places.map { try undone($0, fitted: try context.value(edge)) }
            edge += 1
          }
          if let places { gathered = gathered.reordered(places) }
          let tested = try predict(
            gathered, TestPlaces(folds: divided, fold: fold), context.grid, part.training.fitting)
          for (row, position) in tested.positions.enumerated() {
            for output in 0..<outputs {
              predictions[position * outputs + output] = tested.values[row * outputs + output]
            }
          }
        }
        let metrics = FoldMetrics(predictions: predictions, samples: set, folds: divided).pooled
        return .bytes([UInt8](try JSONEncoder.stable.encode(metrics)))
      })
  }

  /// Where the bands of an order stand in a cube that a fitted order has reordered.
  private func undone(_ order: [Int], fitted: [UInt8]) throws -> [Int] {
    let places = try BandOrder.stored(fitted).places(bandCount: order.count)
    var position = [Int](repeating: 0, count: order.count)
    for (place, band) in places.enumerated() { position[band] = place }
    return order.map { position[$0] }
  }

  /// What a fold's model, trained with this order, says of the fold's test samples.
  private func predict(
    _ gathered: GatheredSamples, _ places: TestPlaces, _ grid: Grid, _ fitting: PredictorTraining
  ) throws -> (positions: [Int], values: [Float]) {
    let training = fitting.limited(
      Train.trainingPositions(places.folds, places.fold, gathered).positions, gathered.set)
    let trained = try fitting.train(gathered, training) { grid.shows($0, hiding: [places]) }
    let tested = places.folds.testSamples(places.fold).filter(Set(gathered.usable).contains)
    guard !tested.isEmpty else { return ([], []) }
    return (
      tested,
      trained.probabilities(gathered.batch(tested, fill: trained.backgroundMean))
    )
  }
}

/// Where the score of an order stands among those of random orders.
struct PercentileOfOrder: Sendable, Equatable {
  let chosen: Double
  /// The scores of random orders, in the order in which they were drawn.
  let random: [Double]

  /// The share of random orders with a lower score, ties half.
  var percentile: Double {
    let below = random.reduce(0.0) { $0 + ($1 < chosen ? 1 : $1 == chosen ? 0.5 : 0) }
    return below / Double(max(1, random.count))
  }

  /// The scores of random orders by rank, and the chosen one as an upright line.
  func figure(_ measure: String) -> Figure {
    let (mean, deviation) = Comparison.spread(random)
    let sorted = random.sorted()
    func text(_ value: Double) -> String { String(format: "%.3f", value) }
    return Figure(
      name: "orders", title: "The order of bands among random orders",
      description: "\(measure) of random orders by rank, and of the order that the model has.",
      caption:
        "With its own order of bands the model reaches \(measure) \(text(chosen)), pooled out "
        + "of fold. That is better than \(String(format: "%.1f", percentile * 100)) % of "
        + "\(random.count) random orders, ties half; their mean is \(text(mean))"
        + (deviation.isNaN ? "" : ", their standard deviation \(text(deviation))")
        + ". Near 50 % the order makes no difference that can be told.",
      content: .lines(
        x: measure, y: "share of random orders",
        [
          Figure.Line(
            "random orders", x: sorted,
            y: sorted.indices.map { (Double($0) + 0.5) / Double(sorted.count) }),
          Figure.Line("the model's order", x: [chosen, chosen], y: [0, 1], group: 1),
        ]))
  }
}
