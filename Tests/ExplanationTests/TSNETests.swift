import Foundation
import Tensors
import Testing

@testable import Explanation

/// Maps of points against scikit-learn and against sums over all pairs.
@Suite struct TSNETests {
  @Test(arguments: EmbeddingFixture.names) func probabilitiesAgreeWithScikitLearn(name: String)
    throws
  {
    let fixture = try EmbeddingFixture.load(name)
    let count = fixture.points.count
    let joint = TSNEAffinities.joint(fixture.points, perplexity: fixture.tsne.perplexity)
    #expect(abs(joint.reduce(0, +) - 1) < 1e-9)
    for (row, known) in fixture.tsne.jointRows {
      let start = try #require(Int(row)) * count
      let own = Array(joint[start..<start + count])
      #expect(largestDifference(own, known) < 1e-6)
      #expect(largestDifference(own, known) < 1e-4 * largest(known))
    }
    let sparse = TSNEAffinities.sparse(fixture.points, perplexity: fixture.tsne.perplexity)
    for (row, known) in fixture.tsne.sparseRows {
      let point = try #require(Int(row))
      var own = [Double](repeating: 0, count: count)
      for index in sparse.start[point]..<sparse.start[point + 1] {
        own[sparse.columns[index]] = sparse.values[index]
      }
      // Where two points are equally far, either may be the last neighbour.
      let differences = zip(own, known).map { abs($0 - $1) }.sorted()
      #expect(differences[count - 5] < 1e-4 * largest(known), "\(differences.suffix(6))")
    }
  }

  /// Gradient and divergence at a map that both sides make.
  @Test(arguments: EmbeddingFixture.names) func gradientAgreesWithScikitLearn(name: String) throws {
    let fixture = try EmbeddingFixture.load(name)
    let forces = TSNEForces(
      exactly: TSNEAffinities.joint(fixture.points, perplexity: fixture.tsne.perplexity))
    let gradient = forces.gradient(fixture.places, exaggeration: 1)
    let known = fixture.tsne.gradient
    #expect(largestDifference(gradient, known) < 1e-4 * largest(known))
    #expect(
      abs(forces.divergence(fixture.places) - fixture.tsne.divergence) < 1e-4)
  }

  /// The derivative as it is defined, pair by pair.
  private func naiveGradient(_ joint: [Double], _ y: [Double], _ exaggeration: Double) -> [Double] {
    let count = y.count / 2
    func weight(_ i: Int, _ j: Int) -> Double {
      1 / (1 + pow(y[2 * i] - y[2 * j], 2) + pow(y[2 * i + 1] - y[2 * j + 1], 2))
    }
    var total = 0.0
    for i in 0..<count { for j in 0..<count where i != j { total += weight(i, j) } }
    var result = [Double](repeating: 0, count: y.count)
    for i in 0..<count {
      for j in 0..<count where i != j {
        let q = weight(i, j)
        let factor = 4 * (exaggeration * joint[i * count + j] - q / total) * q
        for axis in 0..<2 { result[2 * i + axis] += factor * (y[2 * i + axis] - y[2 * j + axis]) }
      }
    }
    return result
  }

  @Test func gradientIsTheSumOverPairs() throws {
    let fixture = try EmbeddingFixture.load("iris")
    let joint = TSNEAffinities.joint(fixture.points, perplexity: 10)
    // 150 points: neither blocks nor lanes come out even.
    let gradient = TSNEForces(exactly: joint).gradient(fixture.places, exaggeration: 12)
    let naive = naiveGradient(joint, fixture.places, 12)
    #expect(largestDifference(gradient, naive) < 1e-12 * max(1, largest(naive)))
  }

  /// With theta 0 no heap is narrow enough; with one, forces are nearly the same.
  @Test func heapsOfPointsRepelLikeAllPairs() throws {
    let fixture = try EmbeddingFixture.load("digits")
    let count = fixture.points.count
    let sparse = TSNEAffinities.sparse(fixture.points, perplexity: 8)
    var joint = [Double](repeating: 0, count: count * count)
    for point in 0..<count {
      for index in sparse.start[point]..<sparse.start[point + 1] {
        joint[point * count + sparse.columns[index]] = sparse.values[index]
      }
    }
    let naive = naiveGradient(joint, fixture.places, 1)
    let exact = TSNEForces(sparse, theta: 0).gradient(fixture.places, exaggeration: 1)
    #expect(largestDifference(exact, naive) < 1e-9 * max(1, largest(naive)))
    #expect(
      abs(
        TSNEForces(sparse, theta: 0).divergence(fixture.places)
          - TSNEForces(exactly: joint).divergence(fixture.places)) < 1e-9)
    let near = TSNEForces(sparse, theta: 0.5).gradient(fixture.places, exaggeration: 1)
    let error = largestDifference(near, naive) / largest(naive)
    #expect(error < 0.02 && error > 0, "\(error)")
  }

  /// Points in one place are in one leaf, however deep it lies.
  @Test func pointsInOnePlaceRepelNothing() {
    let places = [Double](repeating: 0.25, count: 40) + [1, 1]
    let tree = QuadTree(places)
    let (force, weight) = tree.repulsion(on: 3, theta: 0.5)
    let far = 1 / (1 + 2 * 0.75 * 0.75)
    #expect(abs(weight - 19 - far) < 1e-12)
    #expect(abs(force.x + far * far * 0.75) < 1e-12 && force.x == force.y)
    let single = QuadTree([Double](repeating: 7, count: 24)).repulsion(on: 0, theta: 0.5)
    #expect(single.weight == 11 && single.force == .zero)
  }

  @Test func startIsThePrincipalPlane() throws {
    let fixture = try EmbeddingFixture.load("iris")
    let plane = fixture.tsne.plane
    let start = TSNE.start(fixture.points)
    let deviation =
      (stride(from: 0, to: plane.count, by: 2)
      .reduce(0) { $0 + plane[$1] * plane[$1] } / Double(plane.count / 2)).squareRoot()
    for axis in 0..<2 {
      let known = stride(from: axis, to: plane.count, by: 2).map { plane[$0] / deviation * 1e-4 }
      let own = stride(from: axis, to: start.count, by: 2).map { start[$0] }
      let difference = min(
        largestDifference(own, known), largestDifference(own, known.map { -$0 }))
      #expect(difference < 1e-10)
    }
    // One feature starts on a line.
    let line = TSNE.start(FeaturePoints([1.0, 2, 3, 6], dimensions: 1))
    #expect(line.enumerated().allSatisfy { $0 % 2 == 0 || $1 == 0 })
  }

  /// Whole runs are no worse than the worst of eight of scikit-learn's by more than 2 per cent.
  ///
  /// They end in one of many valleys; a start moved by a thousandth of its width decides which.
  @Test(arguments: EmbeddingFixture.names, [0, 2000]) func mapsAreAsGoodAsThoseOfScikitLearn(
    name: String, exactLimit: Int
  ) throws {
    let fixture = try EmbeddingFixture.load(name)
    var options = TSNE.Options()
    options.perplexity = fixture.tsne.perplexity
    options.exactLimit = exactLimit
    let map = try TSNE(fixture.points, options: options)
    let known = try #require(fixture.tsne.runs[exactLimit == 0 ? "barnes_hut" : "exact"])
    let kept = try #require(fixture.points.trustworthiness(of: map.places))
    print(
      "t-SNE \(name) \(exactLimit == 0 ? "Barnes-Hut" : "exact"): divergence \(map.divergence) "
        + "(\(known.divergences)), trustworthiness \(kept) (\(known.trustworthiness))")
    #expect(map.divergence < 1.02 * (known.divergences.last ?? 0))
    #expect(kept > (known.trustworthiness.first ?? 1) - 0.002)
  }

  @Test func workersDecideNothing() throws {
    let points = try EmbeddingFixture.load("digits").points
    for exactLimit in [0, 2000] {
      var options = TSNE.Options()
      (options.earlyIterations, options.iterations) = (30, 30)
      options.exactLimit = exactLimit
      let one = try Parallel.with(jobs: 1) { try TSNE(points, options: options) }
      let three = try Parallel.with(jobs: 3) { try TSNE(points, options: options) }
      #expect(one == three)
    }
  }

  @Test func perplexityFitsFewPoints() throws {
    var options = TSNE.Options()
    (options.earlyIterations, options.iterations) = (5, 5)
    let map = try TSNE(FeaturePoints((0..<14).map(Double.init), dimensions: 2), options: options)
    #expect(map.perplexity == 2 && map.places.allSatisfy(\.isFinite))
    // Equal points: no precision gives the perplexity, and nothing becomes infinite.
    let flat = try TSNE(
      FeaturePoints([Double](repeating: 3, count: 24), dimensions: 2), options: options)
    #expect(flat.places.allSatisfy(\.isFinite) && flat.divergence.isFinite)
  }
}
