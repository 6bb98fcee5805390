import Foundation
import Tensors
import Testing

@testable import Networks

@Suite struct MultiheadAttentionTests {
  /// One of the attentions of the fixture, with its parameters.
  private static func attention(
    _ name: String, _ fixture: Fixture, width: Int, heads: Int
  ) throws -> MultiheadAttention {
    var result = MultiheadAttention(width: width, heads: heads, random: Randomness(seed: 1))
    result.visitParameters("\(name).parameter") { name, shape, values in
      #expect(throws: Never.self) {
        #expect(try fixture.shape(name) == shape)
        values = try fixture(name)
      }
    }
    return result
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let width: Int
    let heads: Int
    let batch: Int
    var testDescription: String { name }

    static let all = [
      Case(name: "self", width: 8, heads: 2, batch: 3),
      Case(name: "cross", width: 12, heads: 3, batch: 2),
      Case(name: "one", width: 6, heads: 1, batch: 4),
    ]
  }

  @Test(arguments: Case.all) func outputsAndGradientsArePyTorchs(_ which: Case) throws {
    let fixture = try Fixture("attention")
    let name = which.name
    let layer = try Self.attention(name, fixture, width: which.width, heads: which.heads)
    let x = try fixture("\(name).x")
    let y = name == "self" ? x : try fixture("\(name).y")
    let cache = layer.forward(x, keys: y, batch: which.batch)
    #expect(try difference(cache.outputs, fixture("\(name).outputs")) < 1e-5)
    let weights = cache.meanWeights(heads: which.heads)
    #expect(try difference(weights, fixture("\(name).weights")) < 1e-5)
    var gradient = layer.zeroed()
    let slopes = layer.pullback(
      cache, outputGradient: try fixture("\(name).u"), adding: &gradient)
    if name == "self" {
      let both = zip(slopes.x, slopes.keys).map { $0 + $1 }
      #expect(try difference(both, fixture("\(name).dx")) < 1e-5)
    } else {
      #expect(try difference(slopes.x, fixture("\(name).dx")) < 1e-5)
      #expect(try difference(slopes.keys, fixture("\(name).dy")) < 1e-5)
    }
    for tensor in gradient.parameters("\(name).gradient") {
      #expect(try difference(tensor.values, fixture(tensor.name)) < 1e-5, "\(tensor.name)")
    }
  }

  /// `<u, J v> == <Jt u, v>`, and the slope is that of differences.
  @Test(arguments: Case.all) func pushforwardAndPullbackAreAdjoint(_ which: Case) throws {
    let fixture = try Fixture("attention")
    let name = which.name
    let layer = try Self.attention(name, fixture, width: which.width, heads: which.heads)
    let x = try fixture("\(name).x")
    let y = name == "self" ? x : try fixture("\(name).y")
    let cache = layer.forward(x, keys: y, batch: which.batch)
    let u = try fixture("\(name).u")
    let (v, w) = (normals(x.count, seed: 5), normals(y.count, seed: 6))
    var gradient = layer.zeroed()
    let slopes = layer.pullback(cache, outputGradient: u, adding: &gradient)
    let pushed = inner(u, layer.pushforward(cache, v, keys: w))
    let pulled = inner(slopes.x, v) + inner(slopes.keys, w)
    #expect(abs(pushed - pulled) < 1e-5 * max(1, abs(pulled)))
    let step: Float = 1.0 / 256
    func outputs(_ sign: Float) -> [Float] {
      layer.forward(
        zip(x, v).map { $0 + sign * step * $1 }, keys: zip(y, w).map { $0 + sign * step * $1 },
        batch: which.batch
      ).outputs
    }
    let slope = (inner(u, outputs(1)) - inner(u, outputs(-1))) / Double(2 * step)
    #expect(abs(slope - pushed) < 2e-3 * max(1, abs(pushed)))
  }

  /// Against sums over heads, queries and keys in double precision.
  @Test func outputsAreThoseOfLoops() {
    let layer = MultiheadAttention(width: 6, heads: 3, random: Randomness(seed: 2))
    let (x, y) = (normals(2 * 4 * 6, seed: 3), normals(2 * 5 * 6, seed: 4))
    let outputs = layer.forward(x, keys: y, batch: 2).outputs
    for sample in 0..<2 {
      let own = AttentionTwin.rows(Array(x[sample * 24..<sample * 24 + 24]), 6)
      let other = AttentionTwin.rows(Array(y[sample * 30..<sample * 30 + 30]), 6)
      let twin = AttentionTwin(
        layer.parameters("").map { ($0.name, $0.values) }, width: 6, heads: 3)
      let expected = twin.attend(own, other, "").joined()
      #expect(difference(Array(outputs[sample * 24..<sample * 24 + 24]), Array(expected)) < 1e-6)
    }
  }

  @Test func parametersBeginAsPyTorchs() {
    let layer = MultiheadAttention(width: 16, heads: 4, random: Randomness(seed: 7))
    let names = layer.parameters("a").map { "\($0.name) \($0.shape)" }
    #expect(names.first == "a.query.weight [16, 16]" && names.last == "a.output.bias [16]")
    let bound = Float(6.0 / 64).squareRoot()
    for linear in [layer.query, layer.key, layer.value] {
      #expect(linear.weight.allSatisfy { abs($0) <= bound } && linear.bias.allSatisfy { $0 == 0 })
      #expect(linear.weight.contains { abs($0) > 0.9 * bound })
    }
    #expect(layer.output.weight.allSatisfy { abs($0) <= 0.25 })
    #expect(layer.query.weight != layer.key.weight)
  }
}

@Suite struct ExponentialTests {
  @Test func exponentialsAreThoseOfTheLibrary() {
    var worst = 0.0
    for place in -8700...8800 {
      let x = Float(place) / 100
      let expected = Foundation.exp(Double(x))
      worst = max(worst, abs(Double(Exponential.exp(x)) - expected) / expected)
    }
    #expect(worst < 2e-7, "\(worst)")
    #expect(Exponential.exp(0) == 1)
    #expect(Exponential.exp(-1e9) > 0 && Exponential.exp(-1e9) < 1e-37)
    #expect(Exponential.exp(1e9).isFinite)
    var values: [Float] = [-50, -3, -0.25, 0, 1e-3, 0.5, 2, 60]
    let expected = values.map { Foundation.tanh(Double($0)) }
    Exponential.tanh(&values)
    #expect(difference(values, expected) < 2e-7)
  }

  @Test func rowsBecomeShares() {
    var values: [Float] = [1, 2, 3, -200, 0, 200, 5, 5, 5]
    let expected = values.chunks(of: 3).flatMap { row in
      let powers = row.map { Foundation.exp(Double($0 - (row.max() ?? 0))) }
      return powers.map { $0 / powers.reduce(0, +) }
    }
    values.withUnsafeMutableBufferPointer { Exponential.softmaxRows($0, columns: 3) }
    #expect(difference(values, expected) < 1e-6)
  }
}

extension Array {
  /// The elements in runs of a length.
  fileprivate func chunks(of length: Int) -> [[Element]] {
    stride(from: 0, to: count, by: length).map { Array(self[$0..<$0 + length]) }
  }
}
