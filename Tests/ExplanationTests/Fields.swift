import Explanation
import Networks

#if canImport(Glibc)
  import Glibc
#endif

func tanhOf(_ x: Double) -> Double { tanh(x) }

/// A field of pseudorandom sources whose bands follow from the mixing; some cells without data.
func makeField(
  width: Int, height: Int, margin: Int, mixing: SourceMixing, invalid: Set<Int> = [],
  seed: UInt64 = 7
) -> ExplanationField {
  let cells = (width + 2 * margin) * (height + 2 * margin)
  let count = mixing.sourceCount
  let sources = pseudorandom(count * cells, seed)
  var values = [Float](repeating: 0, count: mixing.bandCount * cells)
  for cell in 0..<cells {
    let bands = mixing.bands((0..<count).map { sources[$0 * cells + cell] })
    for band in bands.indices {
      values[band * cells + cell] = invalid.contains(cell) ? 0.25 : bands[band]
    }
  }
  return ExplanationField(
    input: DenseInput(
      width: width, height: height, margin: margin, bandCount: mixing.bandCount, values: values),
    valid: (0..<cells).map { !invalid.contains($0) }, sources: sources, mixing: mixing)
}

/// Three sources of which the last two form one feature, mixed into two bands.
let groupedMixing = SourceMixing(
  bandCount: 2, matrix: [0.5, 0, 1, -0.25, 2, 0.75], offset: [0.1, -0.2],
  featureOfSource: [0, 1, 1], featureNames: ["a", "b"])

/// Weights of `outputs` linear functions of a window.
func windowWeights(_ outputs: Int, _ count: Int, _ seed: UInt64, scale: Float = 0.3) -> [[Double]] {
  (0..<outputs).map { k in
    pseudorandom(count, seed &+ UInt64(k)).map { Double(scale * $0) }
  }
}

/// The field with a graph of two segments over its cells; the first cell belongs to none.
func withGraph(_ field: ExplanationField) -> ExplanationField {
  var field = field
  let count = field.mixing.sourceCount
  let pixels = 7
  let ones = pseudorandom(pixels, 91).map { 1 + 0.2 * $0 }
  let sources = pseudorandom(pixels * count, 92)
  var propagated: [Float] = []
  for pixel in 0..<pixels {
    for band in 0..<field.mixing.bandCount {
      var z = field.mixing.offset[band] * ones[pixel]
      for j in 0..<count {
        z += field.mixing.matrix[band * count + j] * sources[pixel * count + j]
      }
      propagated.append(z)
    }
  }
  field.input.graph = SegmentGraph(
    bandCount: field.mixing.bandCount, pixelStart: [0, 3, pixels], propagated: propagated,
    neighborStart: [0, 1, 2], neighbors: [1, 0], propagatedOnes: ones)
  field.input.segmentOfCell = (0..<field.input.cellCount).map { $0 == 0 ? -1 : Int32($0 % 2) }
  field.propagatedSources = sources
  return field
}
