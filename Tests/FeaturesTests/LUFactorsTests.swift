import Testing

@testable import Features

struct LUFactorsTests {
  @Test(arguments: [1, 2, 5, 14])
  func solutionsFulfilTheEquations(size: Int) throws {
    var numbers = TestNumbers(9)
    var matrix = (0..<size * size).map { _ in numbers.next() * 2 - 1 }
    // A zero on the diagonal, as kriging has them, asks for an exchange of rows.
    if size > 1 { matrix[0] = 0 }
    let right = (0..<size).map { _ in numbers.next() }
    let found = try #require(LUFactors(matrix, size: size)).solve(right)
    for row in 0..<size {
      let sum = (0..<size).reduce(0) { $0 + matrix[row * size + $1] * found[$1] }
      #expect(abs(sum - right[row]) < 1e-11)
    }
  }

  @Test func singularSystemsHaveNoFactors() {
    #expect(LUFactors([0], size: 1) == nil)
    #expect(LUFactors([1, 2, 2, 4], size: 2) == nil)
    #expect(LUFactors([1, 2, 3, 4, 5, 6, 7, 8, 9], size: 3) == nil)
  }
}
