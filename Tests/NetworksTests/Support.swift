import Foundation
import Networks
import Tensors
import Testing

/// Reference values of PyTorch by name.
struct Fixture {
  private let tensors: [String: NamedTensor]

  init(_ name: String) throws {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "safetensors"))
    let file = try Safetensors([UInt8](Data(contentsOf: url)))
    tensors = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
  }

  func callAsFunction(_ name: String) throws -> [Float] { try #require(tensors[name]).values }

  func shape(_ name: String) throws -> [Int] { try #require(tensors[name]).shape }

  func names(_ prefix: String) -> [String] {
    tensors.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }
}

/// The largest difference of two arrays relative to the larger of 1 and the largest value.
func difference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  let scale = max(1, b.map { abs($0) }.max() ?? 0)
  return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
    / scale
}

/// The largest difference of an array and its twin in double precision.
func difference(_ a: [Float], _ b: [Double]) -> Float { difference(a, b.map { Float($0) }) }

/// The sum of products in double precision.
func inner(_ a: [Float], _ b: [Float]) -> Double {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// Whether two sums of products agree to single precision, given the lengths of the factors.
func agree(_ a: Double, _ b: Double, _ scale: Double) -> Bool {
  abs(a - b) <= 2e-6 * max(1, scale)
}

/// Standard normal values.
func normals(_ count: Int, seed: UInt64) -> [Float] {
  let random = Randomness(seed: seed)
  return (0..<count).map { random.normal(UInt64($0)) }
}
