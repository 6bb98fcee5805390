import Features
import Rasters

/// A raster as a linear function of source values: `z = A u + c` at every pixel.
///
/// Sources are the bands an analyst knows: raw bands, logarithms of the parts of a composition,
/// the categories of a class raster. Attributions are carried through to them exactly, because
/// every preparation is linear from there on.
struct LinearView: Sendable {
  /// The raster of the sources, J bands.
  let node: Node
  /// The fitted values that `mixing` needs, in its order.
  let values: [Node]
  /// Makes A and c from the bytes of `values`.
  let map: @Sendable (_ values: ArraySlice<[UInt8]>) throws -> LinearMap

  /// A raster that is its own source.
  static func identity(_ node: Node) -> LinearView {
    let count = node.bands.count
    return LinearView(node: node, values: []) { _ in .identity(count) }
  }
}

extension LinearMap {
  /// The map of some of the bands.
  func rows(_ bands: [Int]) -> LinearMap {
    LinearMap(
      inputCount: inputCount,
      matrix: bands.flatMap { matrix[$0 * inputCount..<($0 + 1) * inputCount] },
      offset: bands.map { offset[$0] })
  }

  /// The map of bands that stand one after another, each part with sources of its own.
  static func stacked(_ parts: [LinearMap]) -> LinearMap {
    let inputs = parts.reduce(0) { $0 + $1.inputCount }
    var matrix: [Float] = []
    var before = 0
    for part in parts {
      for row in 0..<part.outputCount {
        matrix += [Float](repeating: 0, count: before)
        matrix += part.matrix[row * part.inputCount..<(row + 1) * part.inputCount]
        matrix += [Float](repeating: 0, count: inputs - before - part.inputCount)
      }
      before += part.inputCount
    }
    return LinearMap(inputCount: inputs, matrix: matrix, offset: parts.flatMap(\.offset))
  }
}
