import Explanation
import Networks

/// A model for tests: any function of a square window's bands, evaluated cell by cell in Double.
///
/// With a graph, the mean propagated pixel of the cell's segment follows the window's values.
struct WindowModel: DifferentiableModel {
  var outputCount: Int
  var headKind: ModelArchitecture.Head.Kind = .linear
  var margin: Int
  var function: @Sendable ([Double]) -> [Double]
  var derivative: @Sendable ([Double], [Double]) -> [Double]

  func window(_ values: [Float], _ planes: Int, _ input: DenseInput, _ x: Int, _ y: Int)
    -> [Double]
  {
    let inset = input.margin - margin
    var result: [Double] = []
    for plane in 0..<planes {
      for dy in 0...2 * margin {
        for dx in 0...2 * margin {
          let row = (plane * input.paddedHeight + y + inset + dy) * input.paddedWidth
          result.append(Double(values[row + x + inset + dx]))
        }
      }
    }
    return result
  }

  func segmentMean(_ pixels: [Float], _ width: Int, _ input: DenseInput, _ cell: Int) -> [Double] {
    guard let graph = input.graph else { return [] }
    var mean = [Double](repeating: 0, count: width)
    let segment = Int(input.segmentOfCell[cell])
    guard segment >= 0 else { return mean }
    let range = graph.pixelStart[segment]..<graph.pixelStart[segment + 1]
    for pixel in range {
      for i in 0..<width {
        mean[i] += Double(pixels[pixel * width + i]) / Double(range.count)
      }
    }
    return mean
  }

  func point(_ input: DenseInput, _ x: Int, _ y: Int) -> [Double] {
    window(input.values, input.bandCount, input, x, y)
      + segmentMean(input.graph?.propagated ?? [], input.bandCount, input, y * input.width + x)
  }

  func dense(_ input: DenseInput) -> [Float] {
    var result = [Float](repeating: 0, count: outputCount * input.cellCount)
    for y in 0..<input.height {
      for x in 0..<input.width {
        for (k, value) in function(point(input, x, y)).enumerated() {
          result[k * input.cellCount + y * input.width + x] = Float(value)
        }
      }
    }
    return result
  }

  func densePushforward(
    _ input: DenseInput, _ tangent: TangentField, receive: (DenseBlock) -> Void
  ) {
    // Rows in two parts of different size, features in two groups.
    let (width, features) = (input.width, tangent.featureCount)
    for y in 0..<input.height {
      for columns in [0..<width / 3, width / 3..<width] where !columns.isEmpty {
        for group in [0..<features / 2, features / 2..<features] where !group.isEmpty {
          push(input, tangent, y, columns, group, receive)
        }
      }
    }
  }

  private func push(
    _ input: DenseInput, _ tangent: TangentField, _ y: Int, _ columns: Range<Int>,
    _ features: Range<Int>, _ receive: (DenseBlock) -> Void
  ) {
    let count = columns.count
    var values = [Float](repeating: 0, count: outputCount * count)
    var tangents = [Float](repeating: 0, count: features.count * values.count)
    for (i, x) in columns.enumerated() {
      let here = point(input, x, y)
      for (k, value) in function(here).enumerated() { values[k * count + i] = Float(value) }
      for (row, t) in features.enumerated() {
        let slopes = derivative(here, direction(input, tangent, t, x, y))
        for (k, slope) in slopes.enumerated() {
          tangents[(row * outputCount + k) * count + i] = Float(slope)
        }
      }
    }
    let first = y * input.width + columns.lowerBound
    values.withUnsafeBufferPointer { outputs in
      tangents.withUnsafeBufferPointer { tangents in
        receive(
          DenseBlock(
            cells: first..<first + count, features: features, outputs: outputs,
            tangents: tangents))
      }
    }
  }

  private func direction(
    _ input: DenseInput, _ tangent: TangentField, _ t: Int, _ x: Int, _ y: Int
  ) -> [Double] {
    let count = tangent.sourceCount
    let sources = window(tangent.values, count, input, x, y)
    let area = sources.count / count
    let means = segmentMean(tangent.propagated, count, input, y * input.width + x)
    var result: [Double] = []
    for (values, stride) in [(sources, area), (means, means.isEmpty ? 0 : 1)] {
      for band in 0..<input.bandCount {
        for i in 0..<stride {
          result.append(
            (0..<count).filter { tangent.featureOfSource[$0] == t }.reduce(0) {
              $0 + Double(tangent.mixing[band * count + $1]) * values[$1 * stride + i]
            })
        }
      }
    }
    return result
  }
}

extension WindowModel {
  /// `raw[k] = w[k] . z`.
  static func linear(_ weights: [[Double]], margin: Int) -> WindowModel {
    let function: @Sendable ([Double]) -> [Double] = { z in
      weights.map { w in zip(w, z).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    return WindowModel(
      outputCount: weights.count, margin: margin, function: function,
      derivative: { _, v in function(v) })
  }

  /// `raw[k] = tanh(w[k] . z) * (1 + w[k+1] . z)`: smooth and far from additive.
  static func curved(_ weights: [[Double]], margin: Int) -> WindowModel {
    @Sendable func dots(_ z: [Double]) -> [Double] {
      weights.map { w in zip(w, z).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    return WindowModel(
      outputCount: weights.count, margin: margin,
      function: { z in
        let a = dots(z)
        return a.indices.map { tanhOf(a[$0]) * (1 + a[($0 + 1) % a.count]) }
      },
      derivative: { z, v in
        let (a, d) = (dots(z), dots(v))
        return a.indices.map { k in
          let next = (k + 1) % a.count
          let h = tanhOf(a[k])
          return (1 - h * h) * d[k] * (1 + a[next]) + h * d[next]
        }
      })
  }
}

/// Numbers in -1...1 that look random and are the same in every run.
func pseudorandom(_ count: Int, _ seed: UInt64) -> [Float] {
  var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 33) & 0xff_ffff) / Float(0x80_0000) - 1
  }
}
