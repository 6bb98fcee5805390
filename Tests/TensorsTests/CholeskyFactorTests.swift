import Tensors
import Testing

@Suite struct CholeskyFactorTests {
  @Test(arguments: [1, 2, 9, 40]) func factorsGiveTheMatrixBack(size: Int) throws {
    let random = Randomness(seed: UInt64(size))
    let root = (0..<size * size).map { random.uniformDouble(UInt64($0)) - 0.5 }
    for scale in [1e-12, 1, 1e9] {
      var matrix = [Double](repeating: 0, count: size * size)
      for row in 0..<size {
        for column in 0..<size {
          for inner in 0..<size {
            matrix[row * size + column] +=
              scale * root[row * size + inner] * root[column * size + inner]
          }
        }
        matrix[row * (size + 1)] += 0.1 * scale
      }
      let factor = try #require(CholeskyFactor(matrix, size: size))
      let inverse = factor.inverseLower
      for row in 0..<size {
        for column in 0..<size {
          var (product, identity) = (0.0, 0.0)
          for inner in 0..<size {
            product += factor.lower[row * size + inner] * factor.lower[column * size + inner]
            identity += inverse[row * size + inner] * factor.lower[inner * size + column]
          }
          #expect(abs(product - matrix[row * size + column]) < 1e-12 * scale * Double(size))
          #expect(abs(identity - (row == column ? 1 : 0)) < 1e-10)
        }
      }
    }
  }

  @Test func othersThanPositiveDefiniteOnesHaveNone() {
    #expect(CholeskyFactor([1, 2, 2, 1], size: 2) == nil)
    #expect(CholeskyFactor([1, 1, 1, 1], size: 2) == nil)
    #expect(CholeskyFactor([0], size: 1) == nil)
    #expect(CholeskyFactor([.nan], size: 1) == nil)
    // The upper triangle does not count.
    #expect(CholeskyFactor([4, 99, 2, 5], size: 2)?.lower == [2, 0, 1, 2])
  }
}
