import Foundation
import Tensors
import Testing

@testable import Explanation

/// Covariances, distances and neighbours against scikit-learn and against their definitions.
@Suite struct FeatureDistancesTests {
  private func within(_ fixture: EmbeddingFixture) -> WithinCovariance {
    WithinCovariance(fixture.points, classes: fixture.classes, classCount: fixture.classCount)
  }

  @Test(arguments: EmbeddingFixture.names) func shrinkageAgreesWithScikitLearn(name: String) throws
  {
    let fixture = try EmbeddingFixture.load(name)
    let own = within(fixture)
    let size = fixture.dimensions
    #expect(abs(own.shrinkage - fixture.within.shrinkage) < 1e-9)
    let trace = (0..<size).reduce(0) { $0 + own.covariance[$1 * size + $1] }
    #expect(abs(trace - fixture.within.trace) < 1e-9 * trace)
    let known = fixture.within.covariance
    #expect(
      largestDifference(Array(own.covariance.prefix(known.count)), known) < 1e-8 * largest(known))
  }

  @Test(arguments: EmbeddingFixture.names) func distancesToTheNearestMeanAgree(name: String) throws
  {
    let fixture = try EmbeddingFixture.load(name)
    let own = within(fixture)
    let metric = try #require(FeatureMetric(mahalanobis: own))
    let nearest = NearestClass(metric, own)
    let known = fixture.within.distances
    #expect(largestDifference(nearest.distances(fixture.points), known) < 1e-8 * largest(known))
    // The same of planes of cells, in Float.
    let (count, size) = (fixture.points.count, fixture.dimensions)
    let planes = (0..<size).flatMap { feature in
      (0..<count).map { Float(fixture.points.values[$0 * size + feature]) }
    }
    let cells = planes.withUnsafeBufferPointer { nearest.distances(planes: $0, cells: count) }
    #expect(largestDifference(cells.map(Double.init), known) < 1e-6 * largest(known))
  }

  /// Means and covariance made anew without each sample, shrinkage and divisor as they are.
  @Test func distancesWithoutOneselfAreThoseOfAnEstimateWithout() throws {
    let fixture = try EmbeddingFixture.load("iris")
    // A class with a single sample has no mean without it.
    let points = FeaturePoints(fixture.values + [99, 1, 1, 99], dimensions: 4)
    let classes = fixture.classes + [3]
    let all = WithinCovariance(points, classes: classes, classCount: 4)
    for kind in [FeatureMetric.Kind.mahalanobis, .euclidean] {
      let metric = try #require(
        kind == .mahalanobis ? FeatureMetric(mahalanobis: all) : FeatureMetric(euclidean: all))
      let found = NearestClass.distancesWithoutOwn(metric, all, points, classes: classes)
      for point in [0, 17, 60, 149, 150] {
        let naive = try naiveDistance(without: point, all, metric, points, classes)
        #expect(abs(found[point] - naive) < 1e-9 * naive, "\(kind) \(point)")
        let own = NearestClass(metric, all).distances(points)[point]
        #expect(found[point] > own)
      }
    }
  }

  private func naiveDistance(
    without point: Int, _ all: WithinCovariance, _ metric: FeatureMetric, _ points: FeaturePoints,
    _ classes: [Int]
  ) throws -> Double {
    let (size, count) = (points.dimensions, points.count)
    let others = (0..<count).filter { $0 != point }
    let means = (0..<4).map { number in points.mean(of: others.filter { classes[$0] == number }) }
    var covariance = [Double](repeating: 0, count: size * size)
    for other in others {
      let r = zip(points[other], means[classes[other]]).map { $0 - $1 }
      for (i, a) in r.enumerated() {
        for (j, b) in r.enumerated() {
          covariance[i * size + j] += (1 - all.shrinkage) * a * b / Double(count)
        }
      }
    }
    for i in 0..<size { covariance[i * (size + 1)] += all.shrinkage * all.variance }
    let factor = try #require(CholeskyFactor(covariance, size: size))
    let map = metric.kind == .mahalanobis ? factor.inverseLower : metric.map
    return (0..<4).filter { number in others.contains { classes[$0] == number } }.map { number in
      let v = zip(points[point], means[number]).map { $0 - $1 }
      return (0..<size).reduce(0.0) { sum, row in
        let value = (0..<size).reduce(0.0) { $0 + map[row * size + $1] * v[$1] }
        return sum + value * value
      }.squareRoot()
    }.min() ?? .infinity
  }

  @Test func metricsAreInUnitsOfTheSpreadWithinClasses() throws {
    let fixture = try EmbeddingFixture.load("digits")
    let own = within(fixture)
    let components = try NeighborhoodComponents(
      fixture.points, classes: fixture.classes, components: 3, iterations: 5)
    let metrics = [
      FeatureMetric(euclidean: own),
      FeatureMetric(nca: components, fixture.points, classes: fixture.classes),
    ]
    for metric in metrics {
      let metric = try #require(metric)
      let mapped = metric.mapped(fixture.points)
      let again = WithinCovariance(mapped, classes: fixture.classes, classCount: 10)
      #expect(abs(again.variance - 1) < 1e-9)
    }
    // Samples that do not differ have no spread.
    let flat = WithinCovariance(
      FeaturePoints([1.0, 1, 2, 2], dimensions: 1), classes: [0, 0, 1, 1], classCount: 2)
    #expect(FeatureMetric(mahalanobis: flat) == nil && FeatureMetric(euclidean: flat) == nil)
  }

  /// A feature that is the same at every sample still tells when it changes.
  @Test func constantFeaturesStillTell() throws {
    let points = FeaturePoints([1.0, 0, 2, 0, 4, 0, 8, 0], dimensions: 2)
    let own = WithinCovariance(points, classes: [0, 0, 1, 1], classCount: 2)
    let metric = try #require(FeatureMetric(mahalanobis: own))
    let nearest = NearestClass(metric, own)
    let found = nearest.distances(FeaturePoints([1.5, 0, 1.5, 1, 1.5, 2], dimensions: 2))
    #expect(found[0] < 1e-12 && found[1] > 0.1 && abs(found[2] - 2 * found[1]) < 1e-9)
  }

  @Test(arguments: EmbeddingFixture.names) func neighboursAgreeWithScikitLearn(name: String) throws
  {
    let fixture = try EmbeddingFixture.load(name)
    let points = fixture.points
    let own = points.neighborClasses(fixture.classes, neighbors: 5)
    let differing = zip(own, fixture.neighbours.leaveOneOut).count { $0 != $1 }
    // Equally far neighbours are taken in the order of samples.
    #expect(differing <= 1, "\(differing)")
    let even = Array(stride(from: 0, to: points.count, by: 2))
    let odd = Array(stride(from: 1, to: points.count, by: 2))
    let others = points.selecting(even).neighborClasses(
      even.map { fixture.classes[$0] }, neighbors: 5, of: points.selecting(odd))
    #expect(zip(others, fixture.neighbours.fromEven).count { $0 != $1 } <= 1)
  }

  /// The nearest points by sorting all of them.
  @Test func heapsFindTheNearest() {
    let random = Randomness(seed: 3)
    // Whole numbers, so that many are equally far.
    let points = FeaturePoints(
      (0..<300).map { Double(random.integer($0, below: 6)) }, dimensions: 3)
    for limit in [1, 7, 99, 200] {
      let found = points.nearest(limit, of: 5)
      let distances = points.squaredDistances(to: points[5])
      let sorted = distances.indices.filter { $0 != 5 }
        .sorted { (distances[$0], $0) < (distances[$1], $1) }
      #expect(found.positions == Array(sorted.prefix(limit)))
      #expect(found.squaredDistances == found.positions.map { distances[$0] })
    }
  }

  @Test func separationIsOfAllPairs() {
    let separation = ClassSeparation(
      FeaturePoints([0.0, 1, 10, 14, 100], dimensions: 1), classes: [0, 0, 1, 1, 2], classCount: 4)
    #expect(separation.distances[0] == [1, 11.5, 99.5, nil])
    #expect(separation.distances[1] == [11.5, 4, 88, nil])
    #expect(separation.distances[2][2] == nil && separation.distances[3] == [nil, nil, nil, nil])
    let within = (1.0 + 4) / 2
    let between = (10.0 + 14 + 9 + 13 + 100 + 99 + 90 + 86) / 8
    #expect(abs((separation.ratio ?? 0) - within / between) < 1e-12)
    let one = ClassSeparation(
      FeaturePoints([0.0, 1], dimensions: 1), classes: [0, 0], classCount: 1)
    #expect(one.ratio == nil)
  }
}
