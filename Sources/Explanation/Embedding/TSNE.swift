internal import Tensors

/// A map of points in the plane that keeps neighbours together: t-distributed stochastic neighbour
/// embedding (van der Maaten and Hinton 2008).
///
/// Beyond `Options.exactLimit` points, neighbours alone attract and far points repel in heaps
/// (Barnes-Hut, van der Maaten 2014). It starts from the first two principal components, so the same
/// points give the same map, with the same bits for any number of workers.
public struct TSNE: Sendable, Hashable {
  /// The coordinates in the map, points x 2.
  public let places: [Double]
  /// The Kullback-Leibler divergence of the map's neighbourhoods from those of the points, in nats.
  public let divergence: Double
  /// The perplexity that was used: at most a third of the other points.
  public let perplexity: Double

  /// How a map is made; the defaults are those of scikit-learn.
  public struct Options: Sendable, Hashable {
    /// How many neighbours a point has, about.
    public var perplexity = 30.0
    /// The iterations in which neighbours attract more than they should.
    public var earlyIterations = 250
    /// The iterations after those.
    public var iterations = 750
    /// How much more neighbours attract in the early iterations.
    public var exaggeration = 12.0
    /// How wide a heap of points may be, of its distance, to repel as one; 0 for none.
    public var theta = 0.5
    /// Up to so many points every pair is looked at.
    public var exactLimit = 2000

    /// The defaults.
    public init() {}
  }

  /// Makes a map of four points or more.
  public init(_ points: FeaturePoints, options: Options = Options()) throws {
    precondition(points.count >= 4, "a map of \(points.count) points")
    perplexity = min(options.perplexity, Double(points.count - 1) / 3)
    let forces =
      points.count <= options.exactLimit
      ? TSNEForces(exactly: TSNEAffinities.joint(points, perplexity: perplexity))
      : TSNEForces(
        TSNEAffinities.sparse(points, perplexity: perplexity), theta: options.theta)
    var descent = Descent(
      places: Self.start(points),
      rate: max(Double(points.count) / options.exaggeration / 4, 50))
    try descent.run(
      options.earlyIterations, momentum: 0.5, forces, exaggeration: options.exaggeration)
    try descent.run(options.iterations, momentum: 0.8, forces, exaggeration: 1)
    places = descent.places
    divergence = forces.divergence(descent.places)
  }

  /// The first two principal components, the first with a standard deviation of 1e-4.
  static func start(_ points: FeaturePoints) -> [Double] {
    let (count, size) = (points.count, points.dimensions)
    let mean = points.mean(of: 0..<count)
    var centred = points.values
    for index in centred.indices { centred[index] -= mean[index % size] }
    var scatter = [Double](repeating: 0, count: size * size)
    Products.multiply(
      rows: size, columns: size, inner: count, centred, .transposed(size), centred, .rows(size),
      into: &scatter, .rows(size))
    let eigen = SymmetricEigen(scatter, size: size)
    let axes = Array(eigen.vectors.prefix(2 * size))
    var scores = [Double](repeating: 0, count: 2 * count)
    // A second axis is missing where there is one feature: the map starts on a line.
    Products.multiply(
      rows: count, columns: axes.count / size, inner: size, centred, .rows(size), axes,
      .transposed(size), into: &scores, .rows(2))
    let deviation = (max(0, eigen.values[0]) / Double(count)).squareRoot()
    return scores.map { deviation > 0 ? $0 / deviation * 1e-4 : 0 }
  }
}

/// Gradient descent with momentum and a gain for every coordinate (Jacobs 1988).
private struct Descent {
  var places: [Double]
  let rate: Double

  /// Takes steps until they are enough or the gradient vanishes.
  mutating func run(
    _ iterations: Int, momentum: Double, _ forces: TSNEForces, exaggeration: Double
  ) throws {
    var update = [Double](repeating: 0, count: places.count)
    var gains = [Double](repeating: 1, count: places.count)
    for _ in 0..<iterations {
      try Parallel.checkCancellation()
      let gradient = forces.gradient(places, exaggeration: exaggeration)
      var norm = 0.0
      for index in places.indices {
        norm += gradient[index] * gradient[index]
        // A coordinate that keeps its direction is given more room.
        let keeps = update[index] * gradient[index] < 0
        gains[index] = max(0.01, keeps ? gains[index] + 0.2 : gains[index] * 0.8)
        update[index] = momentum * update[index] - rate * gains[index] * gradient[index]
        places[index] += update[index]
      }
      if norm.squareRoot() <= 1e-7 { return }
    }
  }
}
