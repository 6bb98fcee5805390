import Testing

@testable import Networks

/// Dense evaluation of models against their batch evaluation, window by window.
@Suite struct DenseModelTests {
  typealias Layer = ModelArchitecture.PatchBranch.Layer

  struct Shape: Sendable, CustomTestStringConvertible {
    var branches: [ModelArchitecture.Branch]
    var hidden: [Int] = []
    var kind = ModelArchitecture.Head.Kind.softmax
    var fusion = ModelArchitecture.Fusion.concat
    var bandCount = DenseModelTests.bands
    var testDescription: String { "\(branches)" }
  }

  static func patch(
    _ window: Int, _ layers: [Layer], width: Int = 4, bands: Range<Int>? = nil,
    refinement: Int? = nil
  ) -> ModelArchitecture.Branch {
    .patch(
      .init(window: window, layers: layers, width: width, bands: bands, refinement: refinement))
  }

  static func spectral(
    _ filters: [Int], kernel: Int, pool: Int, bands: Range<Int>? = nil
  ) -> ModelArchitecture.Branch {
    .spectral(.init(filters: filters, kernel: kernel, pool: pool, width: 5, bands: bands))
  }

  /// Every window from 1 to 16 with every mix of layers that fits it.
  static let windows: [Shape] = (1...16).flatMap { window in
    let mixes: [[Layer]] = [
      [], [.convolution(filters: 3, kernel: 3)], [.maxPool(size: 2)], [.averagePool(size: 3)],
      [
        .convolution(filters: 3, kernel: 2), .maxPool(size: 2), .convolution(filters: 2, kernel: 2),
      ],
      [.maxPool(size: 2), .convolution(filters: 4, kernel: 3), .averagePool(size: 2)],
      [
        .convolution(filters: 3, kernel: 3), .convolution(filters: 3, kernel: 3),
        .maxPool(size: 2), .convolution(filters: 4, kernel: 3),
      ],
    ]
    return mixes.map { Shape(branches: [patch(window, $0)]) }.filter {
      $0.branches.allSatisfy { $0.problem == nil }
    }
  }

  static let mixtures: [Shape] = [
    Shape(branches: [spectral([4], kernel: 3, pool: 2)], kind: .linear),
    Shape(branches: [spectral([3, 5], kernel: 3, pool: 1)], hidden: [6], kind: .sigmoid),
    Shape(branches: [spectral([6, 6, 6], kernel: 9, pool: 2)]),
    Shape(branches: [spectral([], kernel: 1, pool: 1)], hidden: [4, 3]),
    Shape(
      branches: [
        spectral([3], kernel: 2, pool: 2), patch(7, [.convolution(filters: 3, kernel: 3)]),
        patch(4, [.averagePool(size: 2)]), patch(1, []),
      ], hidden: [7], kind: .sigmoid),
    Shape(
      branches: [patch(5, [.maxPool(size: 3)]), spectral([2], kernel: 3, pool: 1)], hidden: [5],
      kind: .linear),
    Shape(
      branches: [
        spectral([3], kernel: 2, pool: 2),
        patch(6, [.convolution(filters: 3, kernel: 3)], width: 5),
        spectral([], kernel: 1, pool: 1),
      ], hidden: [4], fusion: .gate),
    Shape(
      branches: [spectral([3], kernel: 2, pool: 1), patch(3, [], width: 5)], kind: .sigmoid,
      fusion: .gate),
  ]

  static let graphs: [Shape] = [
    Shape(branches: [graph()]),
    Shape(
      branches: [graph(), patch(5, [.convolution(filters: 3, kernel: 3)]), graph(output: 3)],
      hidden: [6], kind: .sigmoid),
    Shape(
      branches: [spectral([3], kernel: 3, pool: 1), graph(), patch(2, [])], hidden: [5],
      kind: .linear),
  ]

  /// Branches that read some of the bands, which may overlap, and windows of sub-cells.
  static let parts: [Shape] = [
    Shape(branches: [spectral([3], kernel: 2, pool: 2, bands: 1..<4)]),
    Shape(
      branches: [
        spectral([4], kernel: 3, pool: 1, bands: 0..<3),
        patch(5, [.convolution(filters: 3, kernel: 3)], bands: 2..<5),
        patch(4, [.maxPool(size: 2)], bands: 4..<5), graph(),
      ], hidden: [6], kind: .sigmoid),
    Shape(
      branches: [
        patch(3, [.convolution(filters: 3, kernel: 2)], width: 5, bands: 0..<1),
        spectral([3], kernel: 2, pool: 1, bands: 3..<5),
      ], fusion: .gate),
    Shape(
      branches: [
        patch(5, [.convolution(filters: 3, kernel: 3)], bands: 1..<5, refinement: 2),
        spectral([3], kernel: 2, pool: 1),
      ], hidden: [4]),
    Shape(
      branches: [
        graph(), patch(4, [.maxPool(size: 2)], bands: 0..<4, refinement: 2), patch(3, []),
      ],
      kind: .linear),
    Shape(branches: [patch(7, [.averagePool(size: 2)], refinement: 1)]),
  ]

  static let refined: [Shape] = [(2, 1), (2, 6), (2, 7), (3, 2), (3, 5), (3, 8), (5, 3), (5, 11)]
    .map { refinement, window in
      Shape(
        branches: [
          patch(
            window, window > 2 ? [.convolution(filters: 3, kernel: 2)] : [],
            bands: 1..<1 + refinement * refinement, refinement: refinement),
          spectral([2], kernel: 2, pool: 1, bands: 0..<5),
        ], hidden: [5], bandCount: 27)
    }

  /// Attention over tokens of every kind of branch.
  static let attentions: [Shape] = [
    Shape(branches: [spectral([3], kernel: 2, pool: 1)], fusion: .attention),
    Shape(
      branches: [
        spectral([4], kernel: 2, pool: 2), patch(4, [.convolution(filters: 3, kernel: 2)]),
        graph(output: 3),
      ], hidden: [6], kind: .sigmoid, fusion: .attention),
    Shape(
      branches: [
        patch(5, [.convolution(filters: 3, kernel: 3)], bands: 1..<5, refinement: 2),
        patch(2, [.maxPool(size: 2)], bands: 3..<5), graph(),
      ], kind: .linear, fusion: .attention),
  ]

  static func graph(output: Int = 5) -> ModelArchitecture.Branch {
    .graph(.init(hops: 2, width: 6, output: output, dropout: 0.5))
  }

  static let bands = 5
  static let (width, height) = (8, 6)

  static func model(_ shape: Shape) throws -> Model {
    try Model(
      architecture: ModelArchitecture(
        bandCount: shape.bandCount, branches: shape.branches, fusion: shape.fusion,
        attention: shape.fusion == .attention ? .init(width: 6, heads: 2) : nil,
        head: .init(kind: shape.kind, hidden: shape.hidden, outputs: 3)), seed: 11)
  }

  /// Seven segments in a ring, four of them wanted; the cells between them belong to none.
  static func addGraph(to input: inout DenseInput) {
    let start = [0, 3, 4, 9, 11, 12, 15, 17]
    input.graph = SegmentGraph(
      bandCount: bands, pixelStart: start, propagated: pseudorandom(bands * 17, 31),
      neighborStart: (0...7).map { 2 * $0 },
      neighbors: [1, 4, 0, 2, 1, 3, 2, 5, 0, 6, 3, 6, 4, 5],
      weights: [0.3, 0.9, 0.3, 0.1, 0.1, 0.7, 0.7, 1, 0.9, 0.4, 1, 0.6, 0.4, 0.6], targetCount: 4,
      innerCount: 6,
      propagatedOnes: pseudorandom(17, 32))
    input.segmentOfCell = (0..<input.cellCount).map { Int32($0 % 5) - 1 }
  }

  static func input(margin: Int, bands: Int = bands, seed: UInt64 = 1) -> DenseInput {
    let cells = (width + 2 * margin) * (height + 2 * margin)
    return DenseInput(
      width: width, height: height, margin: margin, bandCount: bands,
      values: pseudorandom(bands * cells, seed))
  }

  /// A feature of one source, one of three sources over two bands each, one of a mixture.
  static func tangent(_ input: DenseInput, of sources: [Int] = [1, 0, 1, 2, 1]) -> TangentField {
    let (cells, count) = (input.paddedWidth * input.paddedHeight, sources.count)
    return TangentField(
      sourceCount: count, featureCount: (sources.max() ?? -1) + 1, featureOfSource: sources,
      mixing: pseudorandom(input.bandCount * count, 8), values: pseudorandom(count * cells, 9),
      propagated: pseudorandom(count * (input.graph?.pixelCount ?? 0), 10))
  }

  /// All cells of an input as a batch of samples.
  static func batch(_ model: Model, _ values: [Float], _ input: DenseInput) -> ModelBatch {
    var batch = ModelBatch(
      count: input.cellCount, graph: input.graph, segmentOfSample: input.segmentOfCell)
    func append(_ window: Int, _ bands: Range<Int>, to samples: inout [Float]) {
      for cell in 0..<input.cellCount {
        let y = cell / input.width + input.margin - window / 2
        let x = cell % input.width + input.margin - window / 2
        for band in bands {
          for row in y..<y + window {
            let start = (band * input.paddedHeight + row) * input.paddedWidth + x
            samples += values[start..<start + window]
          }
        }
      }
    }
    append(1, 0..<input.bandCount, to: &batch.spectra)
    for form in model.architecture.windows {
      batch.windows.append([])
      append(form.side, form.bands, to: &batch.windows[batch.windows.count - 1])
    }
    return batch
  }

  /// A feature's tangents as bands, laid out as the input's values.
  static func bandTangents(_ tangent: TangentField, _ feature: Int) -> [Float] {
    let cells = tangent.values.count / tangent.sourceCount
    let bands = tangent.mixing.count / tangent.sourceCount
    var result = [Float](repeating: 0, count: bands * cells)
    for j in 0..<tangent.sourceCount where tangent.featureOfSource[j] == feature {
      for band in 0..<bands {
        let slope = tangent.mixing[band * tangent.sourceCount + j]
        for cell in 0..<cells {
          result[band * cells + cell] += slope * tangent.values[j * cells + cell]
        }
      }
    }
    return result
  }

  /// A feature's tangents of propagated pixels as bands, pixel-major.
  static func graphTangents(_ tangent: TangentField, _ feature: Int) -> [Float] {
    let count = tangent.sourceCount
    return (0..<tangent.propagated.count / count * bands).map { i in
      (0..<count).filter { tangent.featureOfSource[$0] == feature }.reduce(0) {
        $0 + tangent.mixing[i % bands * count + $1] * tangent.propagated[i / bands * count + $1]
      }
    }
  }

  /// Samples x outputs as outputs x cells.
  static func classMajor(_ outputs: [Float], _ count: Int) -> [Float] {
    let cells = outputs.count / count
    return (0..<outputs.count).map { outputs[$0 % cells * count + $0 / cells] }
  }

  @Test(arguments: windows + mixtures + graphs + parts + refined + attentions)
  func cellsEqualTheirWindows(_ shape: Shape) throws {
    let model = try Self.model(shape)
    let largest = model.architecture.branches.reduce(0) { largest, branch in
      if case .patch(let patch) = branch { return max(largest, patch.inputWindow / 2) }
      return largest
    }
    #expect(model.margin <= largest)
    var input = Self.input(margin: largest, bands: shape.bandCount)
    if model.hasGraph { Self.addGraph(to: &input) }
    let tangent = Self.tangent(input)
    let (outputs, pass) = model.forward(Self.batch(model, input.values, input))
    let dense = model.densePushforward(input, tangent)
    let expected = Self.classMajor(outputs, 3)
    #expect(DensePlanTests.difference(model.dense(input), expected) < 1e-5)
    #expect(DensePlanTests.difference(dense.outputs, expected) < 1e-5)
    for t in 0..<3 {
      var batch = Self.batch(model, Self.bandTangents(tangent, t), input)
      batch.graph?.propagated = Self.graphTangents(tangent, t)
      let slopes = model.pushforward(pass, tangent: batch)
      let count = 3 * input.cellCount
      let part = Array(dense.tangents[t * count..<(t + 1) * count])
      #expect(DensePlanTests.difference(part, Self.classMajor(slopes, 3)) < 1e-5)
      let isMoved = part.contains { abs($0) > 1e-4 }
      #expect(isMoved)
    }
  }

  /// Many features take the slopes of the inputs, and say the same as their tangents.
  @Test(arguments: refined + parts + attentions)
  func manyFeaturesHaveTheirTangents(_ shape: Shape) throws {
    let model = try Self.model(shape)
    var input = Self.input(margin: 3, bands: shape.bandCount)
    if model.hasGraph { Self.addGraph(to: &input) }
    let tangent = Self.tangent(input, of: [3, 0, 1, 2, 6, 4, 5, 3])
    #expect(tangent.featureCount > 2 * model.outputCount)
    let pass = model.forward(Self.batch(model, input.values, input)).pass
    let dense = model.densePushforward(input, tangent)
    for t in 0..<tangent.featureCount {
      var batch = Self.batch(model, Self.bandTangents(tangent, t), input)
      batch.graph?.propagated = Self.graphTangents(tangent, t)
      let slopes = model.pushforward(pass, tangent: batch)
      let count = 3 * input.cellCount
      let part = Array(dense.tangents[t * count..<(t + 1) * count])
      #expect(DensePlanTests.difference(part, Self.classMajor(slopes, 3)) < 2e-5)
    }
  }

  /// A feature that no branch reads moves nothing, one that one branch reads moves just that.
  @Test(arguments: [false, true]) func featuresOutsideABranchDoNotMoveIt(refined: Bool) throws {
    let model = try Self.model(
      Shape(
        branches: [
          Self.spectral([3], kernel: 2, pool: 1, bands: 1..<3),
          Self.patch(
            3, [.convolution(filters: 2, kernel: 2)], bands: refined ? 3..<7 : 3..<4,
            refinement: refined ? 2 : nil),
        ], bandCount: 8))
    let input = Self.input(margin: 1, bands: 8)
    let cells = input.paddedWidth * input.paddedHeight
    let mixing = (0..<64).map { Float($0 / 8 == $0 % 8 ? 1 : 0) }
    let tangent = TangentField(
      sourceCount: 8, featureCount: 8, featureOfSource: Array(0..<8), mixing: mixing,
      values: pseudorandom(8 * cells, 12))
    let slopes = model.densePushforward(input, tangent).tangents
    let count = slopes.count / 8
    let moved = (0..<8).map { slopes[$0 * count..<($0 + 1) * count].contains { $0 != 0 } }
    #expect(moved == [false, true, true, true, refined, refined, refined, false])
  }

  /// Slopes agree with differences of outputs wherever no kink lies between.
  @Test(arguments: mixtures + graphs + parts + attentions) func tangentsAreDifferencesOfOutputs(
    _ shape: Shape
  )
    throws
  {
    let model = try Self.model(shape)
    var input = Self.input(margin: 3)
    if model.hasGraph { Self.addGraph(to: &input) }
    let tangent = Self.tangent(input)
    let slopes = model.densePushforward(input, tangent).tangents
    let step: Float = 1e-3
    var close = 0
    for t in 0..<3 {
      let direction = Self.bandTangents(tangent, t)
      var (up, down) = (input, input)
      for i in direction.indices {
        up.values[i] += step * direction[i]
        down.values[i] -= step * direction[i]
      }
      for (i, slope) in Self.graphTangents(tangent, t).enumerated() {
        up.graph?.propagated[i] += step * slope
        down.graph?.propagated[i] -= step * slope
      }
      let (above, below) = (model.dense(up), model.dense(down))
      for i in above.indices {
        let difference = (above[i] - below[i]) / (2 * step)
        if abs(difference - slopes[t * above.count + i]) < 1e-3 { close += 1 }
      }
    }
    #expect(close > slopes.count * 95 / 100)
  }

  @Test func marginsAreThoseOfTheLayers() throws {
    func margin(_ window: Int, _ layers: [Layer]) throws -> Int {
      try Self.model(Shape(branches: [Self.patch(window, layers)])).margin
    }
    #expect(try margin(1, []) == 0)
    #expect(try margin(2, []) == 1)
    #expect(try margin(15, []) == 7)
    // Pooling drops the last column of 13 cells: 14 cells are read, from 7 to the left.
    #expect(try margin(15, [.convolution(filters: 2, kernel: 3), .maxPool(size: 2)]) == 7)
    // A window of 5 sub-cells of a half begins 2 before its cell: one cell; one of 6 of a third
    // ends 4 after the first one, begins 2 before it: one cell.
    func refined(_ window: Int, _ refinement: Int) throws -> Int {
      try Self.model(
        Shape(branches: [Self.patch(window, [], refinement: refinement)], bandCount: 36)
      ).margin
    }
    #expect(try refined(5, 2) == 1)
    #expect(try refined(7, 2) == 2)
    #expect(try refined(6, 3) == 1)
    #expect(try refined(3, 3) == 0)
    #expect(try Self.model(Self.mixtures[0]).margin == 0)
    #expect(try Self.model(Self.mixtures[4]).margin == 3)
  }
}

extension Model {
  fileprivate var hasGraph: Bool {
    architecture.branches.contains { if case .graph = $0 { true } else { false } }
  }
}
