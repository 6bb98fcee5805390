import Tensors
import Testing

@Suite struct ProductsTests {
  /// Three nested loops.
  private func naive(
    _ m: Int, _ n: Int, _ k: Int, _ a: [Float], _ aLayout: Products.Layout, _ b: [Float],
    _ bLayout: Products.Layout, alpha: Float, beta: Float, _ c: [Float], _ cLayout: Products.Layout
  ) -> [Float] {
    func at(_ values: [Float], _ layout: Products.Layout, _ row: Int, _ column: Int) -> Float {
      let (stored, place) = layout.isTransposed ? (column, row) : (row, column)
      return values[layout.offset + stored * layout.stride + place]
    }
    var result = c
    for row in 0..<m {
      for column in 0..<n {
        var sum: Double = 0
        for inner in 0..<k {
          sum += Double(at(a, aLayout, row, inner)) * Double(at(b, bLayout, inner, column))
        }
        let place = cLayout.offset + row * cLayout.stride + column
        result[place] = Float(Double(alpha) * sum) + (beta == 0 ? 0 : beta * c[place])
      }
    }
    return result
  }

  @Test(arguments: [false, true], [false, true])
  func agreesWithLoops(transposeA: Bool, transposeB: Bool) {
    let (m, n, k) = (5, 7, 4)
    let random = Randomness(seed: 1)
    let a = random.uniforms(100, from: 0)
    let b = random.uniforms(100, from: 100)
    let c = random.uniforms(100, from: 200)
    let aLayout: Products.Layout = transposeA ? .transposed(6, at: 3) : .rows(6, at: 3)
    let bLayout: Products.Layout = transposeB ? .transposed(9, at: 2) : .rows(9, at: 2)
    for beta: Float in [0, 1, 0.5] {
      var result = c
      Products.multiply(
        rows: m, columns: n, inner: k, alpha: 2, a, aLayout, b, bLayout, beta: beta, into: &result,
        .rows(8, at: 1))
      let expected = naive(
        m, n, k, a, aLayout, b, bLayout, alpha: 2, beta: beta, c, .rows(8, at: 1))
      #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-5 })
      var doubles = c.map { Double($0) }
      Products.multiply(
        rows: m, columns: n, inner: k, alpha: 2, a.map { Double($0) }, aLayout,
        b.map { Double($0) }, bLayout, beta: Double(beta), into: &doubles, .rows(8, at: 1))
      #expect(zip(doubles, expected).allSatisfy { abs($0 - Double($1)) < 1e-5 })
    }
  }

  @Test func nothingBetweenScales() {
    var c: [Float] = [1, 2, .nan, 4]
    Products.multiply(
      rows: 2, columns: 2, inner: 0, [], .rows(0), [], .rows(2), beta: 0, into: &c, .rows(2))
    #expect(c == [0, 0, 0, 0])
    c = [1, 2, 3, 4]
    Products.multiply(
      rows: 2, columns: 2, inner: 0, [], .rows(0), [], .rows(2), beta: 2, into: &c, .rows(2))
    #expect(c == [2, 4, 6, 8])
  }

  @Test func oldContentsDoNotCountWithBetaZero() {
    var c: [Float] = [.nan]
    Products.multiply(
      rows: 1, columns: 1, inner: 1, [2], .rows(1), [3], .rows(1), into: &c, .rows(1))
    #expect(c == [6])
  }

  @Test func spansGiveTheSame() {
    let a: [Float] = [1, 2, 3, 4]
    let b: [Float] = [5, 6, 7, 8]
    var c: [Float] = [0, 0, 0, 0]
    var target = c.mutableSpan
    Products.multiply(
      rows: 2, columns: 2, inner: 2, a.span, .rows(2), b.span, .rows(2), into: &target, .rows(2))
    #expect(c == Products.product(a, b, rows: 2, columns: 2, inner: 2))
    #expect(c == [19, 22, 43, 50])
  }

  @Test func kernelsHaveAName() {
    #expect(!Products.kernelName.isEmpty && Products.kernelName != "unknown")
  }
}
