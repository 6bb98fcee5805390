/// An affine map `z = A u + c` between the bands of two cubes, the same at every cell.
///
/// Explanations carry attributions through such maps back to the bands an analyst knows.
public struct LinearMap: Sendable, Hashable, Codable {
  /// The number of bands that go in, `u`.
  public let inputCount: Int
  /// The number of bands that come out, `z`.
  public let outputCount: Int
  /// `A`, outputs x inputs, row-major.
  public let matrix: [Float]
  /// `c`, one number per output.
  public let offset: [Float]

  /// Wraps a matrix (outputs x inputs, row-major) and an offset.
  public init(inputCount: Int, matrix: [Float], offset: [Float]) {
    precondition(
      matrix.count == inputCount * offset.count,
      "\(matrix.count) coefficients for \(offset.count) x \(inputCount)")
    self.inputCount = inputCount
    outputCount = offset.count
    self.matrix = matrix
    self.offset = offset
  }

  /// The map that changes nothing.
  public static func identity(_ bandCount: Int) -> LinearMap {
    var matrix = [Float](repeating: 0, count: bandCount * bandCount)
    for band in 0..<bandCount { matrix[band * bandCount + band] = 1 }
    return LinearMap(
      inputCount: bandCount, matrix: matrix, offset: [Float](repeating: 0, count: bandCount))
  }

  /// This map followed by another one.
  public func then(_ next: LinearMap) -> LinearMap {
    precondition(
      next.inputCount == outputCount, "\(outputCount) bands into \(next.inputCount) bands")
    var product = [Float](repeating: 0, count: next.outputCount * inputCount)
    var shift = next.offset
    for row in 0..<next.outputCount {
      for inner in 0..<outputCount {
        let factor = next.matrix[row * outputCount + inner]
        if factor == 0 { continue }
        shift[row] += factor * offset[inner]
        for column in 0..<inputCount {
          product[row * inputCount + column] += factor * matrix[inner * inputCount + column]
        }
      }
    }
    return LinearMap(inputCount: inputCount, matrix: product, offset: shift)
  }

  /// `A u + c` for one cell.
  public func apply(_ input: [Float]) -> [Float] {
    precondition(input.count == inputCount, "\(input.count) values for \(inputCount) bands")
    return (0..<outputCount).map { row in
      var sum = offset[row]
      for column in 0..<inputCount { sum += matrix[row * inputCount + column] * input[column] }
      return sum
    }
  }
}
