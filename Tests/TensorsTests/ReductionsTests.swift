import Tensors
import Testing

@Suite struct ReductionsTests {
  @Test(arguments: [0, 1, 15, 16, 17, 100, 1000])
  func agreesWithDoubles(count: Int) {
    let a = Randomness(seed: 3).uniforms(count)
    let b = Randomness(seed: 4).uniforms(count)
    let sum = a.reduce(0.0) { $0 + Double($1) }
    let dot = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(Double(Reductions.sum(a)) - sum) <= 1e-6 * max(1, sum))
    #expect(abs(Double(Reductions.dot(a, b)) - dot) <= 1e-6 * max(1, dot))
    #expect(Reductions.maximum(a) == a.max() ?? -.infinity)
    #expect(Reductions.sum(a.span) == Reductions.sum(a))
    #expect(Reductions.dot(a.span, b.span) == Reductions.dot(a, b))
    #expect(Reductions.maximum(a.span) == Reductions.maximum(a))
  }

  @Test func lanesAreAddedInHalves() {
    // 2^24 + 1 is no float: only the stated order, where 1 meets 1 first, keeps both ones.
    var values = [Float](repeating: 0, count: 16)
    (values[0], values[1], values[9]) = (0x1p24, 1, 1)
    #expect(Reductions.sum(values) == 0x1p24 + 2)
  }

  @Test func notANumberIsNoMaximum() {
    var values = [Float](repeating: 1, count: 20)
    (values[3], values[17], values[18]) = (.nan, .nan, 2)
    #expect(Reductions.maximum(values) == 2)
  }
}
