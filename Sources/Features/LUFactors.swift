/// A square system of equations as the product of two triangles, with rows exchanged for size.
struct LUFactors: Sendable {
  private let size: Int
  private var factors: [Double]
  private var order: [Int]

  /// Factorizes a matrix of rows whose elements are about 1; nil where it is singular.
  init?(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size, "\(matrix.count) elements for \(size) x \(size)")
    self.size = size
    factors = matrix
    order = Array(0..<size)
    for column in 0..<size {
      var pivot = column
      for row in column..<size
      where abs(factors[row * size + column]) > abs(factors[pivot * size + column]) {
        pivot = row
      }
      guard abs(factors[pivot * size + column]) > 1e-13 else { return nil }
      if pivot != column { exchange(pivot, column) }
      let inverse = 1 / factors[column * size + column]
      for row in column + 1..<max(size, column + 1) {
        let factor = factors[row * size + column] * inverse
        factors[row * size + column] = factor
        if factor == 0 { continue }
        for index in column + 1..<size {
          factors[row * size + index] -= factor * factors[column * size + index]
        }
      }
    }
  }

  private mutating func exchange(_ first: Int, _ second: Int) {
    order.swapAt(first, second)
    for index in 0..<size { factors.swapAt(first * size + index, second * size + index) }
  }

  /// The unknowns for a right-hand side.
  func solve(_ right: [Double]) -> [Double] {
    precondition(right.count == size, "\(right.count) values for \(size) equations")
    var result = order.map { right[$0] }
    for row in 0..<size {
      for index in 0..<row { result[row] -= factors[row * size + index] * result[index] }
    }
    for row in (0..<size).reversed() {
      for index in row + 1..<max(size, row + 1) {
        result[row] -= factors[row * size + index] * result[index]
      }
      result[row] /= factors[row * size + row]
    }
    return result
  }
}
