internal import Tensors

/// The second derivative of each vector of coefficients alone, in factors.
///
/// For two classes that is the whole second derivative; for more it leaves out how the classes
/// compete, which conjugate gradients then find in few steps, however alike features are.
struct LogisticPreconditioner {
  private let width: Int
  /// The lower triangle L of `A = L L^T` for each vector, width x width, row-major.
  private let factors: [[Double]]

  /// - Parameters:
  ///   - data: The samples.
  ///   - probabilities: Samples x vectors.
  ///   - penalties: What the penalty adds to the diagonal.
  ///   - jobs: The number of workers.
  init(_ data: LogisticData, probabilities: [Double], penalties: [Double], jobs: Int?) {
    let (width, vectors) = (penalties.count, data.vectorCount)
    self.width = width
    factors = Parallel.map(vectors, jobs: jobs) { vector in
      let curvatures = (0..<data.count).map { sample in
        let p = probabilities[sample * vectors + vector]
        return data.weights[sample] * p * (1 - p)
      }
      var sums = Self.squares(data.matrix, curvatures, width)
      for index in 0..<width { sums[index * width + index] += penalties[index] }
      Self.factorize(&sums, width)
      return sums
    }
  }

  /// `matrix^T diag(curvatures) matrix`, block by block.
  private static func squares(_ matrix: [Double], _ curvatures: [Double], _ width: Int)
    -> [Double]
  {
    let size = 1024
    var sums = [Double](repeating: 0, count: width * width)
    for first in stride(from: 0, to: curvatures.count, by: size) {
      let count = min(size, curvatures.count - first)
      let scaled = (0..<count * width).map {
        matrix[first * width + $0] * curvatures[first + $0 / width]
      }
      Products.multiply(
        rows: width, columns: width, inner: count, scaled, .transposed(width),
        matrix, .rows(width, at: first * width), beta: 1, into: &sums, .rows(width))
    }
    return sums
  }

  /// Puts the factor of Cholesky into the lower triangle.
  private static func factorize(_ a: inout [Double], _ width: Int) {
    var a = a.mutableSpan
    for row in 0..<width {
      for column in 0...row {
        var sum = a[row * width + column]
        for index in 0..<column { sum -= a[row * width + index] * a[column * width + index] }
        if column < row {
          a[row * width + column] = sum / a[column * width + column]
        } else {
          // Rounding must not make a pivot vanish: any positive one still makes a preconditioner.
          let least = max(1e-12 * a[row * width + row], 1e-300)
          a[row * width + row] = max(sum, least).squareRoot()
        }
      }
    }
  }

  /// Solves `A x = residual` for each vector.
  func solve(_ residual: [Double]) -> [Double] {
    var result = residual
    for (vector, factor) in factors.enumerated() {
      let start = vector * width
      for row in 0..<width {
        var sum = result[start + row]
        for index in 0..<row { sum -= factor[row * width + index] * result[start + index] }
        result[start + row] = sum / factor[row * width + row]
      }
      for row in (0..<width).reversed() {
        let value = result[start + row] / factor[row * width + row]
        result[start + row] = value
        for index in 0..<row { result[start + index] -= factor[row * width + index] * value }
      }
    }
    return result
  }
}
