import Learning
import Networks
import Rasters
import Reports

/// A map of probabilities with the samples that its model was trained on, and its scores.
struct MapOfKnownPlaces {
  let tag: String
  let raster: RasterProduct
  let model: ModelReference
  let samples: SamplesProduct
  /// The scores of the model, where it was validated.
  let scores: ScoresProduct?
}

/// What a map says of the places that are known, class by class.
struct KnownPlaces {
  let tag: String
  let curves: [Curve]

  /// How much of the known places of one class the best part of a map holds.
  struct Curve {
    let name: String
    let way: Way
    let count: Int
    /// Places where the map has no value, which do not count.
    let missing: Int
    let success: SuccessCurve

    var title: String { "\(name), \(way.short)" }
  }

  /// Which places are judged by which map.
  enum Way: CaseIterable {
    /// Held-out places on the maps of their folds.
    case prediction
    /// Held-out places, as the models of their folds predict them, on the map of all places.
    case approximation
    /// The map's own places.
    case success

    var short: String {
      switch self {
      case .prediction: "prediction rate"
      case .approximation: "approximate prediction rate"
      case .success: "success rate"
      }
    }

    var title: String {
      switch self {
      case .prediction: "prediction rate (held-out places on the maps of their folds)"
      case .approximation: "approximate prediction rate (out of fold, on the map of all places)"
      case .success: "success rate (map trained with these places)"
      }
    }
  }

  /// Whether every curve is of places that the map was trained with.
  var isSeenOnly: Bool { curves.allSatisfy { $0.way == .success } }

  /// Reads what the executor has made.
  init(_ map: MapOfKnownPlaces, _ executor: Executor) throws {
    tag = map.tag
    let set = try SampleSet.stored(try executor.value(map.samples.node))
    let rates = try map.scores?.rates.map { try PredictionRates.stored(try executor.value($0)) }
    let scored =
      try rates == nil ? map.scores.map { try Scores.stored(executor.value($0.node)) } : nil
    let outputs =
      rates.map { $0.classes.compactMap { map.model.classes.firstIndex(of: $0.name) } }
      ?? map.model.sought
    var curves: [Curve] = []
    for (area, output) in zip(try Self.areas(map, outputs, executor), outputs) {
      let name = map.model.classes[output]
      func add(_ way: Way, _ values: [Float]) {
        guard let curve = SuccessCurve(area: area, deposits: values) else { return }
        let missing = values.count { $0.isNaN }
        curves.append(
          Curve(
            name: name, way: way, count: values.count - missing, missing: missing, success: curve))
      }
      if let found = rates?.classes.first(where: { $0.name == name }), let curve = found.curve {
        curves.append(
          Curve(
            name: name, way: .prediction, count: found.places.count, missing: found.missing,
            success: curve))
      }
      if let scored {
        add(.approximation, try Self.predicted(scored, output, set))
      }
      add(.success, try Self.mapped(map, output, set, executor))
    }
    self.curves = curves
  }

  /// The out-of-fold predictions at the places of a class, NaN where there is none.
  private static func predicted(_ scored: Scores, _ output: Int, _ set: SampleSet) throws -> [Float]
  {
    let found = try scored.outOfFold(output, set)
    let values = zip(found.scores, found.isPositive).filter(\.1).map(\.0)
    let places = set.samples.count { $0.target.isPositive(output) == true }
    return values + [Float](repeating: .nan, count: places - values.count)
  }

  /// The map's values chunk by chunk.
  private static func areas(
    _ map: MapOfKnownPlaces, _ outputs: [Int], _ executor: Executor
  ) throws -> [ProbabilityHistogram] {
    var result = [ProbabilityHistogram](repeating: ProbabilityHistogram(), count: outputs.count)
    for chunk in executor.lattice.chunks {
      let cube = try executor.cube(map.raster.node, executor.lattice.window(of: chunk))
      for (index, output) in outputs.enumerated() { result[index].add(cube.band(output)) }
    }
    return result
  }

  /// The map's values at the places of a class, which the model was trained on.
  private static func mapped(
    _ map: MapOfKnownPlaces, _ output: Int, _ set: SampleSet, _ executor: Executor
  ) throws -> [Float] {
    try set.samples.filter { $0.target.isPositive(output) == true }.map { sample in
      let window = Window(x: sample.cell.column, y: sample.cell.row, width: 1, height: 1)
      return try executor.cube(map.raster.node, window).band(output).first ?? .nan
    }
  }
}

extension ReportPage {
  /// The maps of probabilities whose model's samples are known.
  var mapsOfKnownPlaces: [MapOfKnownPlaces] {
    task.products.compactMap { tag, product in
      guard case .raster(let raster) = product, case .probability = raster.presentation,
        let model = raster.model, let samples = model.samples, samples.kind != .linear
      else { return nil }
      return MapOfKnownPlaces(
        tag: tag, raster: raster, model: model, samples: samples, scores: scores(of: model))
    }
  }

  /// The scores among the products that are those of a model.
  private func scores(of model: ModelReference) -> ScoresProduct? {
    for case .scores(let scores) in task.products.map(\.product)
    where scores.model?.node === model.node { return scores }
    return nil
  }
}

extension [KnownPlaces] {
  /// The points of all curves, one a line; lines between them are straight.
  var csv: String {
    var lines = ["map,class,curve,area,places"]
    for known in self {
      for curve in known.curves {
        let name = "\(known.tag),\(curve.name.csvField),\(curve.way.short)"
        lines.append("\(name),0,0")
        for (area, places) in zip(curve.success.areaShares, curve.success.depositShares) {
          lines.append("\(name),\(area),\(places)")
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
