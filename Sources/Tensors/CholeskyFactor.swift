/// The lower triangle L of a symmetric positive definite matrix `A = L L^T` (Cholesky 1910).
public struct CholeskyFactor: Sendable, Hashable {
  /// The number of rows.
  public let size: Int
  /// L, size x size, row-major, zero above the diagonal.
  public let lower: [Double]

  /// Factorizes a matrix of `size` rows, of which the lower triangle counts; nil where it is not
  /// positive definite in the digits of a `Double`.
  public init?(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size, "\(matrix.count) elements for \(size) x \(size)")
    var factor = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0...row {
        var sum = matrix[row * size + column]
        for index in 0..<column {
          sum -= factor[row * size + index] * factor[column * size + index]
        }
        guard row == column else {
          factor[row * size + column] = sum / factor[column * size + column]
          continue
        }
        guard sum > 1e-14 * abs(matrix[row * size + row]), sum.isFinite else { return nil }
        factor[row * size + row] = sum.squareRoot()
      }
    }
    self.size = size
    lower = factor
  }

  /// `L^-1`, size x size, row-major: the map that makes a covariance `A` the identity.
  public var inverseLower: [Double] {
    var inverse = [Double](repeating: 0, count: size * size)
    for column in 0..<size {
      inverse[column * size + column] = 1 / lower[column * size + column]
      for row in column + 1..<max(size, column + 1) {
        var sum = 0.0
        for index in column..<row {
          sum -= lower[row * size + index] * inverse[index * size + column]
        }
        inverse[row * size + column] = sum / lower[row * size + row]
      }
    }
    return inverse
  }
}
