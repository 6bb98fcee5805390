/// Eigenvalues and eigenvectors of a real symmetric matrix, by cyclic Jacobi rotations.
///
/// Rotations go through the matrix row by row, so the same matrix gives the same bits. Eigenvalues
/// descend; each vector has length 1 and its largest coefficient (the first on ties) positive.
public struct SymmetricEigen: Sendable, Hashable {
  /// The eigenvalues, largest first.
  public private(set) var values: [Double]
  /// The eigenvectors, one row each, in the order of `values`.
  public private(set) var vectors: [Double]

  /// Decomposes a matrix of `size` rows of finite numbers; only its upper triangle counts.
  public init(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size, "\(matrix.count) elements for \(size) x \(size)")
    var work = Rotations(matrix, size: size)
    work.run()
    let order = (0..<size).sorted { left, right in
      (work.matrix[right * size + right], left) < (work.matrix[left * size + left], right)
    }
    values = order.map { work.matrix[$0 * size + $0] }
    vectors = order.flatMap { Self.signed(work.vectors[$0 * size..<($0 + 1) * size]) }
  }

  private static func signed(_ vector: ArraySlice<Double>) -> [Double] {
    var largest = 0.0
    for value in vector where abs(value) > abs(largest) { largest = value }
    return vector.map { largest < 0 ? -$0 : $0 }
  }
}

/// The matrix on its way to a diagonal, and the product of all rotations so far.
private struct Rotations {
  let size: Int
  var matrix: [Double]
  /// One eigenvector a row.
  var vectors: [Double]

  init(_ matrix: [Double], size: Int) {
    self.size = size
    self.matrix = matrix
    vectors = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      vectors[row * size + row] = 1
      for column in 0..<row { self.matrix[row * size + column] = matrix[column * size + row] }
    }
  }

  /// Sweeps until nothing beside the diagonal matters; convergence is quadratic at the end.
  mutating func run() {
    let scale = matrix.reduce(0) { max($0, abs($1)) }
    for _ in 0..<60 {
      var rest = 0.0
      for row in 0..<size {
        for column in row + 1..<max(size, row + 1) {
          let value = abs(matrix[row * size + column])
          rest = max(rest, value)
          // What rounding hides in both diagonal elements needs no rotation.
          if value > 1e-300 && value > 1e-18 * scale { rotate(row, column) }
        }
      }
      if rest <= 1e-18 * scale { return }
    }
  }

  /// Turns the plane of two axes so that the element between them vanishes (Jacobi 1846).
  private mutating func rotate(_ p: Int, _ q: Int) {
    let between = matrix[p * size + q]
    let ratio = (matrix[q * size + q] - matrix[p * size + p]) / (2 * between)
    let tangent = (ratio < 0 ? -1 : 1) / (abs(ratio) + (1 + ratio * ratio).squareRoot())
    let cosine = 1 / (1 + tangent * tangent).squareRoot()
    let sine = tangent * cosine
    let (first, second) = (matrix[p * size + p], matrix[q * size + q])
    for k in 0..<size where k != p && k != q {
      let (a, b) = (matrix[p * size + k], matrix[q * size + k])
      set(p, k, cosine * a - sine * b)
      set(q, k, sine * a + cosine * b)
    }
    matrix[p * size + p] = first - tangent * between
    matrix[q * size + q] = second + tangent * between
    set(p, q, 0)
    for k in 0..<size {
      let (a, b) = (vectors[p * size + k], vectors[q * size + k])
      vectors[p * size + k] = cosine * a - sine * b
      vectors[q * size + k] = sine * a + cosine * b
    }
  }

  private mutating func set(_ row: Int, _ column: Int, _ value: Double) {
    matrix[row * size + column] = value
    matrix[column * size + row] = value
  }
}
