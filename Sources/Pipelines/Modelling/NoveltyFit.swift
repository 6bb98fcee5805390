import Explanation
import Foundation
import Learning
import Networks
import Rasters
import Tensors

/// What `novelty` finds at the training samples: a metric, the classes' means, and how far samples lie
/// from them that had no part in it.
struct NoveltyFit: Codable, Sendable {
  var nearest: NearestClass
  /// The digest of the model whose features these are.
  var model: String
  /// The distances of samples to the nearest mean, ascending, each without its own part in that.
  var distances: [Double]
  var measures: NoveltyMeasures

  /// Whether its numbers go together and are for so many features.
  func isMade(for features: Int) -> Bool {
    nearest.isMade(for: features) && !distances.isEmpty
      && zip(distances, distances.dropFirst()).allSatisfy { $0 <= $1 }
      && measures.classDistances.allSatisfy { $0.count == measures.classes.count }
  }

  /// The quantile of the distances, interpolated (type 7 of Hyndman & Fan 1996).
  func threshold(_ quantile: Double) -> Double {
    let place = quantile * Double(distances.count - 1)
    let low = min(max(0, Int(place)), distances.count - 1)
    let high = min(low + 1, distances.count - 1)
    return distances[low] + (place - Double(low)) * (distances[high] - distances[low])
  }
}

/// How well metrics tell the classes of samples apart.
struct NoveltyMeasures: Codable, Sendable {
  var metric: FeatureMetric.Kind
  /// Whether samples were looked at by models of folds that had not seen them.
  var isHeldOut: Bool
  /// The samples that the metric was made from.
  var sampleCount: Int
  var featureCount: Int
  var neighbors: Int
  /// The share of the covariance that stands for a sphere.
  var shrinkage: Double
  /// The classes that exclude one another; one where there are none.
  var classes: [String]
  var rows: [Row]
  /// The mean distances of pairs of samples by class, in the metric.
  var classDistances: [[Double?]]

  /// What is told of one metric.
  struct Row: Codable, Sendable {
    var metric: FeatureMetric.Kind
    /// The share of samples whose nearest neighbours have their class; nil without classes.
    var accuracy: Double?
    /// The mean distance within classes over that between them; nil without classes.
    var ratio: Double?
  }
}

/// What a fold's model finds at its test samples.
struct HeldOutFeatures: Codable {
  /// Their distances to the nearest mean of the samples that were trained on.
  var distances: [Double] = []
  /// By metric, how many have the class of their neighbours among those samples.
  var right: [Int] = []
}

/// Makes metrics of a model's features at samples.
struct NoveltyEstimate: Sendable {
  let kind: FeatureMetric.Kind
  let neighbors: Int
  let classes: [String]
  let seed: UInt64

  /// More samples do not change much of what is learnt or told of pairs, but take long.
  private static let mostLearnt = 1000
  private static let mostPairs = 3000

  /// The metrics that are told about.
  var kinds: [FeatureMetric.Kind] {
    classes.count > 1 ? FeatureMetric.Kind.allCases : [.mahalanobis, .euclidean]
  }

  /// A metric of samples' features.
  private func metric(
    _ kind: FeatureMetric.Kind, _ samples: SampleFeatures, _ within: WithinCovariance,
    _ set: SampleSet
  ) throws -> FeatureMetric {
    let metric: FeatureMetric?
    switch kind {
    case .mahalanobis: metric = FeatureMetric(mahalanobis: within)
    case .euclidean: metric = FeatureMetric(euclidean: within)
    case .nca:
      let some = samples.drawn(Self.mostLearnt, set, seed: seed)
      metric = FeatureMetric(
        nca: try NeighborhoodComponents(some.points, classes: some.classes), some.points,
        classes: some.classes)
    }
    guard let metric else {
      throw ExecutionError.data(
        "the features of all samples of a class are the same: there is no distance to measure by")
    }
    return metric
  }

  private func within(_ samples: SampleFeatures) throws -> WithinCovariance {
    guard samples.positions.count > 2 else {
      throw ExecutionError.data(
        "\(samples.positions.count) samples have every band and segment they need; distances of "
          + "features need 3 or more")
    }
    return WithinCovariance(samples.points, classes: samples.classes, classCount: classes.count)
  }

  /// What the samples of a fold's training say of those that it tests.
  func heldOut(
    _ tested: SampleFeatures, from trained: SampleFeatures, _ set: SampleSet
  ) throws -> HeldOutFeatures {
    guard !tested.positions.isEmpty else { return HeldOutFeatures() }
    let within = try within(trained)
    var result = HeldOutFeatures()
    for kind in kinds {
      let metric = try metric(kind, trained, within, set)
      if kind == self.kind {
        result.distances = NearestClass(metric, within).distances(tested.points)
      }
      let found = metric.mapped(trained.points).neighborClasses(
        trained.classes, neighbors: neighbors, of: metric.mapped(tested.points))
      result.right.append(zip(found, tested.classes).count { $0 == $1 })
    }
    return result
  }

  /// The fit to all samples; `folds` is empty where nothing was held out.
  func fit(
    _ samples: SampleFeatures, _ set: SampleSet, model: String, folds: [HeldOutFeatures]
  ) throws -> NoveltyFit {
    let within = try within(samples)
    let some = samples.drawn(Self.mostPairs, set, seed: seed)
    var own: FeatureMetric?
    var pairs: [[Double?]] = []
    let hasClasses = classes.count > 1
    let rows = try kinds.enumerated().map { index, kind in
      let metric = try metric(kind, samples, within, set)
      let points = metric.mapped(some.points)
      let separation = ClassSeparation(points, classes: some.classes, classCount: classes.count)
      if kind == self.kind { (own, pairs) = (metric, separation.distances) }
      return NoveltyMeasures.Row(
        metric: kind,
        accuracy: hasClasses ? accuracy(index, points, some.classes, folds) : nil,
        ratio: separation.ratio)
    }
    guard let own else { throw ExecutionError.data("there is no metric '\(kind.rawValue)'") }
    let distances =
      folds.isEmpty
      ? NearestClass.distancesWithoutOwn(own, within, samples.points, classes: samples.classes)
      : folds.flatMap(\.distances)
    let known = distances.filter(\.isFinite).sorted()
    guard !known.isEmpty else {
      throw ExecutionError.data("no sample has a distance to another of its class")
    }
    return NoveltyFit(
      nearest: NearestClass(own, within), model: model, distances: known,
      measures: NoveltyMeasures(
        metric: kind, isHeldOut: !folds.isEmpty, sampleCount: samples.positions.count,
        featureCount: samples.points.dimensions, neighbors: neighbors,
        shrinkage: within.shrinkage, classes: classes, rows: rows, classDistances: pairs))
  }

  private func accuracy(
    _ index: Int, _ points: FeaturePoints, _ classes: [Int], _ folds: [HeldOutFeatures]
  ) -> Double? {
    let tested = folds.filter { !$0.distances.isEmpty }
    guard tested.isEmpty else {
      let right = tested.reduce(0) { $0 + $1.right[index] }
      return Double(right) / Double(tested.reduce(0) { $0 + $1.distances.count })
    }
    let found = points.neighborClasses(classes, neighbors: neighbors)
    return Double(zip(found, classes).count { $0 == $1 }) / Double(max(1, classes.count))
  }
}

/// The nodes beside a raster of distances.
struct NoveltyNodes: Sendable {
  /// What was found at the samples, `NoveltyFit`; nil where that is from a file.
  let fit: Node?
  /// The threshold and the metadata, `ClassifyCuts`.
  let cuts: Node
  /// What the report tells, `NoveltySummary`.
  let summary: Node

  /// What must be made of them.
  var nodes: [Node] { (fit.map { [$0] } ?? []) + [cuts, summary] }
}

/// What is told of a raster of distances.
struct NoveltySummary: Codable, Sendable {
  var measures: NoveltyMeasures
  var quantile: Double
  var threshold: Double
  /// The cells of the map with a distance, and those of them that lie outside.
  var cells: Int
  var outside: Int

  /// The share of the map that lies outside; nil without any distance.
  var outsideShare: Double? { cells > 0 ? Double(outside) / Double(cells) : nil }
}
