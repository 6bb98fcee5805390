internal import Glibc
internal import Tensors

/// Newton's method with conjugate gradients on standardised features (Nocedal and Wright 2006, 7.1).
///
/// Standardising changes the conditioning alone: the penalty is on the coefficients of the features
/// as they were given. Sums over samples are taken block by block in the blocks' order.
struct LogisticFit {
  private let data: LogisticData
  private let jobs: Int?
  /// The penalty's second derivative with respect to each feature's coefficient, 0 for intercepts.
  private let penalties: [Double]
  /// Vectors x (features + 1).
  private var parameters: [Double]

  /// The loss at some parameters with its first derivative and what the second one needs.
  private struct Point {
    var loss: Double
    var gradient: [Double]
    /// Samples x vectors.
    var probabilities: [Double]
  }

  /// The samples of a block.
  private static let blockSize = 2048

  init(_ data: LogisticData, inversePenalty: Double, jobs: Int?) {
    self.data = data
    self.jobs = jobs
    penalties = data.scales.map { 1 / (inversePenalty * $0 * $0) } + [0]
    parameters = [Double](repeating: 0, count: data.vectorCount * penalties.count)
  }

  /// The coefficients and intercepts for features as they were given.
  var solution: (coefficients: [Double], intercepts: [Double]) {
    let width = penalties.count
    var (coefficients, intercepts) = ([Double](), [Double]())
    for vector in 0..<data.vectorCount {
      let own = (0..<data.featureCount).map {
        TwoFloats.rounded(parameters[vector * width + $0] / data.scales[$0])
      }
      coefficients += own
      intercepts.append(
        zip(own, data.means).reduce(parameters[vector * width + width - 1]) { $0 - $1.0 * $1.1 })
    }
    if data.vectorCount > 1 {
      let mean = intercepts.reduce(0, +) / Double(data.vectorCount)
      intercepts = intercepts.map { $0 - mean }
    }
    return (coefficients, intercepts.map(TwoFloats.rounded))
  }

  /// Takes steps until the gradient vanishes; whether it does.
  mutating func run(iterations: Int) throws -> Bool {
    guard data.vectorCount > 0 else { return true }
    let tolerance = 1e-9 * data.weights.reduce(0, +)
    var point = evaluate(parameters)
    for _ in 0..<iterations {
      try Parallel.checkCancellation()
      if norm(point.gradient) <= tolerance { return true }
      let direction = newtonDirection(point)
      guard let next = search(from: point, along: direction) else {
        // The loss can fall no further in its own digits: this is the optimum, or nearly so.
        return norm(point.gradient) <= 1e3 * tolerance
      }
      point = next
    }
    return norm(point.gradient) <= tolerance
  }

  /// Halves a step until the loss falls enough (Armijo 1966).
  private mutating func search(from point: Point, along direction: [Double]) -> Point? {
    let slope = dot(point.gradient, direction)
    var step = 1.0
    for _ in 0..<40 {
      let trial = zip(parameters, direction).map { $0 + step * $1 }
      let next = evaluate(trial)
      let isShort = abs(slope) < 1e-10 * abs(point.loss)
      let falls = next.loss <= point.loss + 1e-4 * step * slope
      // So near to the optimum rounding hides the fall, and the gradient tells instead.
      if falls || isShort && norm(next.gradient) < norm(point.gradient) {
        parameters = trial
        return next
      }
      step /= 2
    }
    return nil
  }

  /// Solves the Newton equation by conjugate gradients, the more exactly the nearer the optimum.
  private func newtonDirection(_ point: Point) -> [Double] {
    let preconditioner = LogisticPreconditioner(
      data, probabilities: point.probabilities, penalties: penalties, jobs: jobs)
    let start = norm(point.gradient)
    let tolerance = min(0.1, (start / data.weights.reduce(0, +)).squareRoot()) * start
    var direction = [Double](repeating: 0, count: parameters.count)
    var residual = point.gradient.map { -$0 }
    var conditioned = preconditioner.solve(residual)
    var search = conditioned
    var product = dot(residual, conditioned)
    for _ in 0..<200 where norm(residual) > tolerance {
      let image = hessian(point, times: search)
      let curvature = dot(search, image)
      guard curvature > 0 else { break }
      let step = product / curvature
      for index in direction.indices {
        direction[index] += step * search[index]
        residual[index] -= step * image[index]
      }
      conditioned = preconditioner.solve(residual)
      let next = dot(residual, conditioned)
      for index in search.indices {
        search[index] = conditioned[index] + next / product * search[index]
      }
      product = next
    }
    return direction
  }

  // MARK: - Sums over samples

  private func evaluate(_ parameters: [Double]) -> Point {
    let vectors = data.vectorCount
    let parts = overBlocks(parameters) { scores, samples in
      var loss = 0.0
      var chances: [Double] = []
      for (place, sample) in samples.enumerated() {
        let own = Array(scores[place * vectors..<(place + 1) * vectors])
        let (p, log) = Self.chances(own, label: data.labels[sample])
        loss -= data.weights[sample] * log
        for vector in 0..<vectors {
          let isTrue = vectors == 1 ? data.labels[sample] == 1 : data.labels[sample] == vector
          scores[place * vectors + vector] =
            data.weights[sample] * (p[vector] - (isTrue ? 1 : 0))
        }
        chances += p
      }
      return (loss, chances)
    }
    var point = Point(
      loss: 0, gradient: [Double](repeating: 0, count: parameters.count), probabilities: [])
    for part in parts {
      point.loss += part.kept.0
      point.probabilities += part.kept.1
      for index in part.sums.indices { point.gradient[index] += part.sums[index] }
    }
    for index in parameters.indices {
      let penalty = penalties[index % penalties.count]
      point.loss += penalty * parameters[index] * parameters[index] / 2
      point.gradient[index] += penalty * parameters[index]
    }
    return point
  }

  /// The second derivative at a point times a vector.
  private func hessian(_ point: Point, times vector: [Double]) -> [Double] {
    let (vectors, probabilities) = (data.vectorCount, point.probabilities)
    let parts = overBlocks(vector) { scores, samples in
      for (place, sample) in samples.enumerated() {
        let (from, start) = (sample * vectors, place * vectors)
        var mean = 0.0
        for index in 0..<vectors { mean += probabilities[from + index] * scores[start + index] }
        for index in 0..<vectors {
          let (p, own) = (probabilities[from + index], scores[start + index])
          scores[start + index] =
            data.weights[sample] * p * (vectors == 1 ? (1 - p) * own : own - mean)
        }
      }
    }
    var result = vector.indices.map { penalties[$0 % penalties.count] * vector[$0] }
    for part in parts {
      for index in result.indices { result[index] += part.sums[index] }
    }
    return result
  }

  /// Turns the scores of each block into slopes by `body`; `slopes^T matrix` and what it kept.
  private func overBlocks<Kept: Sendable>(
    _ parameters: [Double], _ body: @Sendable (inout [Double], Range<Int>) -> Kept
  ) -> [(sums: [Double], kept: Kept)] {
    let (width, vectors) = (penalties.count, data.vectorCount)
    return Parallel.map((data.count + Self.blockSize - 1) / Self.blockSize, jobs: jobs) { index in
      let first = index * Self.blockSize
      let samples = first..<min(data.count, first + Self.blockSize)
      var scores = [Double](repeating: 0, count: samples.count * vectors)
      Products.multiply(
        rows: samples.count, columns: vectors, inner: width,
        data.matrix, .rows(width, at: first * width), parameters, .transposed(width),
        into: &scores, .rows(vectors))
      let kept = body(&scores, samples)
      var sums = [Double](repeating: 0, count: parameters.count)
      Products.multiply(
        rows: vectors, columns: width, inner: samples.count,
        scores, .transposed(vectors), data.matrix, .rows(width, at: first * width),
        into: &sums, .rows(width))
      return (sums, kept)
    }
  }

  /// The probabilities that go with the vectors, and the logarithm of that of the true class.
  private static func chances(_ scores: [Double], label: Int) -> (p: [Double], log: Double) {
    let all = LogisticData.probabilities(scores)
    guard scores.count > 1 else {
      let margin = label == 1 ? scores[0] : -scores[0]
      return ([all[1]], min(0, margin) - log1p(exp(-abs(margin))))
    }
    let largest = scores.reduce(-.infinity, max)
    let sum = scores.reduce(0) { $0 + exp($1 - largest) }
    return (all, scores[label] - largest - log(sum))
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }
}
