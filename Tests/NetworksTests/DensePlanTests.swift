import Testing

@testable import Networks

/// Rows of whole chunks against windows one by one, in Double, with derivatives.
@Suite struct DensePlanTests {
  typealias Layer = ModelArchitecture.PatchBranch.Layer

  struct Shape: Sendable, CustomTestStringConvertible {
    var window: Int
    var layers: [Layer]
    var testDescription: String { "window \(window), \(layers.count) layers" }
  }

  static let shapes: [Shape] =
    (1...16).map { Shape(window: $0, layers: []) }
    + (3...16).map {
      Shape(window: $0, layers: [.convolution(filters: 3, kernel: 3), .maxPool(size: 1)])
    }
    + (5...16).map {
      Shape(window: $0, layers: [.convolution(filters: 3, kernel: 2), .maxPool(size: 2)])
    }
    + (6...16).map {
      Shape(
        window: $0,
        layers: [
          .averagePool(size: 2), .convolution(filters: 4, kernel: 2), .averagePool(size: 2),
        ])
    }
    + (7...16).map {
      Shape(window: $0, layers: [.maxPool(size: 3), .convolution(filters: 2, kernel: 2)])
    }
    + [
      Shape(
        window: 15,
        layers: [
          .convolution(filters: 4, kernel: 3), .convolution(filters: 5, kernel: 3),
          .maxPool(size: 2), .convolution(filters: 6, kernel: 3),
        ]),
      Shape(
        window: 16,
        layers: [
          .convolution(filters: 3, kernel: 1), .maxPool(size: 3),
          .convolution(filters: 4, kernel: 2),
          .averagePool(size: 2), .convolution(filters: 4, kernel: 2),
        ]),
      Shape(window: 13, layers: [.maxPool(size: 2), .maxPool(size: 2), .averagePool(size: 2)]),
    ]

  static let bands = 3
  /// Four sources of three features; the second feature mixes two bands.
  static let mixing: [Float] = [1, 0.5, 0, 0, 0, -1, 2, 0, 0.25, 0, 0, 1]
  static let featureOfSource = [0, 1, 1, 2]

  static func input(_ width: Int, _ height: Int, margin: Int) -> (DenseInput, TangentField) {
    let cells = (width + 2 * margin) * (height + 2 * margin)
    return (
      DenseInput(
        width: width, height: height, margin: margin, bandCount: bands,
        values: pseudorandom(bands * cells, 1)),
      TangentField(
        sourceCount: 4, featureCount: 3, featureOfSource: featureOfSource, mixing: mixing,
        values: pseudorandom(4 * cells, 2))
    )
  }

  /// A window's bands with their derivatives for a feature.
  static func duals(
    _ input: DenseInput, _ tangent: TangentField, _ feature: Int, x: Int, y: Int, window: Int
  ) -> [Dual] {
    let cells = input.paddedWidth * input.paddedHeight
    var result: [Dual] = []
    for band in 0..<bands {
      for row in 0..<window {
        for column in 0..<window {
          let cell =
            (y + input.margin - window / 2 + row) * input.paddedWidth + x + input.margin
            - window / 2 + column
          var slope = 0.0
          for j in 0..<4 where featureOfSource[j] == feature {
            slope += Double(mixing[band * 4 + j]) * Double(tangent.values[j * cells + cell])
          }
          result.append(Dual(value: Double(input.values[band * cells + cell]), slope: slope))
        }
      }
    }
    return result
  }

  /// All outputs and tangents of a plan.
  static func evaluate(
    _ plan: DensePlan, _ input: DenseInput, _ tangent: TangentField?,
    _ segments: [SegmentFeatures] = []
  ) -> (outputs: [Float], tangents: [Float]) {
    let (count, cells) = (plan.head.outputCount, input.cellCount)
    var outputs = [Float](repeating: .nan, count: count * cells)
    var tangents = [Float](repeating: .nan, count: (tangent?.featureCount ?? 0) * count * cells)
    plan.run(input, tangent, segments: segments) { range, values, slopes in
      for k in 0..<count {
        for (i, cell) in range.enumerated() {
          outputs[k * cells + cell] = values[k * range.count + i]
          for t in 0..<(tangent?.featureCount ?? 0) {
            tangents[(t * count + k) * cells + cell] = slopes[(t * count + k) * range.count + i]
          }
        }
      }
    }
    return (outputs, tangents)
  }

  @Test(arguments: shapes) func patchesEqualWindowsOneByOne(_ shape: Shape) {
    let twin = PatchTwin(window: shape.window, bands: Self.bands, layers: shape.layers, width: 4)
    let head = randomHead([4, 5, 2])
    let plan = DensePlan(bandCount: Self.bands, branches: [.patch(twin.plan)], head: head)
    #expect(plan.margin <= shape.window / 2)
    let (width, height) = (9, 7)
    let (input, tangent) = Self.input(width, height, margin: shape.window / 2 + 1)
    let (outputs, tangents) = Self.evaluate(plan, input, tangent)
    for cell in stride(from: 0, to: width * height, by: 2) {
      for t in 0..<3 {
        let window = Self.duals(
          input, tangent, t, x: cell % width, y: cell / width, window: shape.window)
        let expected = headTwin(head, twin.features(window))
        for k in 0..<2 {
          let (i, j) = (k * 63 + cell, (t * 2 + k) * 63 + cell)
          #expect(abs(Double(outputs[i]) - expected[k].value) < 1e-5)
          #expect(abs(Double(tangents[j]) - expected[k].slope) < 3e-5)
        }
      }
    }
    #expect(Self.evaluate(plan, input, nil).outputs == outputs)
  }
}
