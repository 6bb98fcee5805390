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
    plan.run(input, tangent, segments: segments) { block in
      for (i, cell) in block.cells.enumerated() {
        for k in 0..<count {
          outputs[k * cells + cell] = block.outputs[k * block.cells.count + i]
          for (row, t) in block.features.enumerated() {
            tangents[(t * count + k) * cells + cell] =
              block.tangents[(row * count + k) * block.cells.count + i]
          }
        }
      }
    }
    return (outputs, tangents)
  }

  /// The largest difference, infinite where the counts differ or a number is missing.
  static func difference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
  }

  @Test(arguments: shapes) func patchesEqualWindowsOneByOne(_ shape: Shape) {
    let twin = PatchTwin(window: shape.window, bands: Self.bands, layers: shape.layers, width: 4)
    let head = randomHead([4, 5, 2])
    let plan = DensePlan(bandCount: Self.bands, branches: [.patch(twin.plan)], head: head)
    #expect(plan.margin <= shape.window / 2)
    let (width, height) = (9, 7)
    var (input, tangent) = Self.input(width, height, margin: shape.window / 2 + 1)
    // Coarse numbers make ties, which the first of equals has to win.
    if case .maxPool = shape.layers.first { input.values = input.values.map { ($0 * 2).rounded() } }
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
    #expect(Self.difference(Self.evaluate(plan, input, nil).outputs, outputs) < 1e-5)
  }

  /// The joint features of a plan's twins at a cell, with derivatives for a feature.
  struct JointTwin {
    var patches: [PatchTwin] = []
    var spectral: SpectralTwin?
    var segments = SegmentFeatures()
    var segmentOfCell: [Int32] = []
    var graphWidth = 0

    var plan: [DensePlan.Branch] {
      patches.map { .patch($0.plan) } + (spectral.map { [.spectral($0.plan)] } ?? [])
        + (graphWidth > 0 ? [.graph(width: graphWidth)] : [])
    }

    func features(_ input: DenseInput, _ tangent: TangentField, _ t: Int, x: Int, y: Int) -> [Dual]
    {
      var result: [Dual] = []
      for twin in patches {
        result += twin.features(duals(input, tangent, t, x: x, y: y, window: twin.window))
      }
      if let spectral {
        result += spectral.features(duals(input, tangent, t, x: x, y: y, window: 1))
      }
      let segment = graphWidth > 0 ? Int(segmentOfCell[y * input.width + x]) : -1
      for i in 0..<graphWidth {
        let place = segment * graphWidth + i
        result.append(
          segment < 0
            ? Dual(value: 0, slope: 0)
            : Dual(
              value: Double(segments.values[place]),
              slope: Double(segments.tangents[t * segments.values.count + place])))
      }
      return result
    }
  }

  private func check(
    _ twin: JointTwin, _ head: HeadPlan, width: Int, height: Int, every step: Int
  ) {
    let plan = DensePlan(bandCount: Self.bands, branches: twin.plan, head: head)
    var (input, tangent) = Self.input(width, height, margin: 5)
    input.segmentOfCell = twin.segmentOfCell
    let segments = twin.plan.map { branch in
      if case .graph = branch { return twin.segments }
      return SegmentFeatures()
    }
    let (outputs, tangents) = Self.evaluate(plan, input, tangent, segments)
    let (count, cells) = (head.outputCount, width * height)
    for cell in stride(from: 0, to: cells, by: step) {
      for t in 0..<3 {
        let features = twin.features(input, tangent, t, x: cell % width, y: cell / width)
        let expected = headTwin(head, features)
        for k in 0..<count {
          let slope = tangents[(t * count + k) * cells + cell]
          #expect(abs(Double(outputs[k * cells + cell]) - expected[k].value) < 1e-5)
          #expect(abs(Double(slope) - expected[k].slope) < 3e-5)
        }
      }
    }
    // Strips differ with tangents, and with them the order of sums in products.
    #expect(Self.difference(Self.evaluate(plan, input, nil, segments).outputs, outputs) < 1e-5)
  }

  @Test(arguments: [
    (filters: [4], kernel: 2, pool: 2), ([3, 4], 2, 1), ([2, 3, 4], 5, 3), ([], 1, 1),
  ])
  func spectraEqualPixelsOneByOne(_ shape: (filters: [Int], kernel: Int, pool: Int)) {
    let twin = SpectralTwin(
      bands: Self.bands, filters: shape.filters, kernel: shape.kernel, pool: shape.pool, width: 5)
    check(JointTwin(spectral: twin), randomHead([5, 3]), width: 300, height: 3, every: 3)
  }

  @Test func branchesAreJoinedInOrder() {
    let (width, height) = (11, 8)
    var twin = JointTwin()
    twin.patches = [
      PatchTwin(
        window: 5, bands: Self.bands, layers: [.convolution(filters: 3, kernel: 2)], width: 3),
      PatchTwin(window: 8, bands: Self.bands, layers: [.averagePool(size: 3)], width: 2),
    ]
    twin.spectral = SpectralTwin(bands: Self.bands, filters: [2], kernel: 2, pool: 1, width: 4)
    twin.graphWidth = 3
    twin.segments = SegmentFeatures(
      values: pseudorandom(4 * 3, 70), tangents: pseudorandom(3 * 4 * 3, 71))
    twin.segmentOfCell = (0..<width * height).map { Int32($0 % 5) - 1 }
    check(twin, randomHead([12, 6, 4, 2]), width: width, height: height, every: 1)
  }

  /// Wide and high enough for several strips, several blocks of products and many moves of rows.
  @Test func largeChunksAreCutIntoStrips() {
    let twin = PatchTwin(
      window: 9, bands: Self.bands,
      layers: [
        .convolution(filters: 4, kernel: 2), .maxPool(size: 2), .convolution(filters: 4, kernel: 2),
      ], width: 3)
    check(JointTwin(patches: [twin]), randomHead([3, 2]), width: 1801, height: 33, every: 97)
  }

  @Test func zeroWeightsGiveAConstantUpToTheCorners() {
    var twin = PatchTwin(
      window: 7, bands: Self.bands,
      layers: [.convolution(filters: 4, kernel: 3), .maxPool(size: 2)], width: 3)
    twin.layers = twin.layers.map { layer in
      guard case .convolution(let kernel, let weights, let bias) = layer else { return layer }
      return .convolution(
        kernel: kernel, weights: weights.map { _ in 0 }, bias: bias.map { _ in 0.5 })
    }
    let head = HeadPlan([.init(inputs: 3, outputs: 1, weights: [1, 1, 1], bias: [-0.5])])
    let plan = DensePlan(bandCount: Self.bands, branches: [.patch(twin.plan)], head: head)
    let (input, tangent) = Self.input(17, 5, margin: 3)
    let (outputs, tangents) = Self.evaluate(plan, input, tangent)
    #expect(outputs.count == 85 && outputs.allSatisfy { $0 == 1 })
    #expect(tangents.count == 3 * 85 && tangents.allSatisfy { $0 == 0 })
  }

  /// A halo wider than needed changes nothing, and no cell depends on where the chunk begins.
  @Test func cellsDoNotDependOnTheChunkAroundThem() {
    let twin = PatchTwin(
      window: 6, bands: Self.bands,
      layers: [.convolution(filters: 4, kernel: 2), .averagePool(size: 2)], width: 3)
    let plan = DensePlan(
      bandCount: Self.bands, branches: [.patch(twin.plan)], head: randomHead([3, 2]))
    let (input, _) = Self.input(20, 16, margin: 5)
    let whole = Self.evaluate(plan, input, nil).outputs
    var part = DenseInput(width: 9, height: 7, margin: 3, bandCount: Self.bands, values: [])
    for band in 0..<Self.bands {
      for y in 0..<13 {
        let start = (band * 26 + y + 4 + 2) * 30 + 8 + 2
        part.values += input.values[start..<start + 15]
      }
    }
    let outputs = Self.evaluate(plan, part, nil).outputs
    for k in 0..<2 {
      for cell in 0..<63 {
        let there = k * 320 + (cell / 9 + 4) * 20 + cell % 9 + 8
        #expect(abs(outputs[k * 63 + cell] - whole[there]) < 1e-6)
      }
    }
  }

  /// More features than go together come in several groups, each with the same numbers.
  @Test func manyFeaturesGoInGroups() {
    let twin = PatchTwin(
      window: 4, bands: Self.bands, layers: [.convolution(filters: 4, kernel: 2)], width: 3)
    let plan = DensePlan(
      bandCount: Self.bands,
      branches: [
        .patch(twin.plan), .graph(width: 2),
      ], head: randomHead([5, 2]))
    var (input, few) = Self.input(6, 5, margin: 2)
    input.segmentOfCell = (0..<30).map { Int32($0 % 3) }
    var many = few
    let copies = 25
    many.sourceCount *= copies
    many.featureCount *= copies
    many.featureOfSource = (0..<4 * copies).map { Self.featureOfSource[$0 % 4] + $0 / 4 * 3 }
    many.mixing = (0..<Self.bands * 4 * copies).map {
      Self.mixing[$0 / (4 * copies) * 4 + $0 % 4]
    }
    many.values = (0..<copies).flatMap { _ in few.values }
    var segments = SegmentFeatures(
      values: pseudorandom(6, 70), tangents: pseudorandom(18, 71))
    let (outputs, expected) = Self.evaluate(plan, input, few, [SegmentFeatures(), segments])
    segments.tangents = (0..<copies).flatMap { _ in segments.tangents }
    let result = Self.evaluate(plan, input, many, [SegmentFeatures(), segments])
    #expect(Self.difference(result.outputs, outputs) < 1e-6)
    let repeated = (0..<copies).flatMap { _ in expected }
    #expect(Self.difference(result.tangents, repeated) < 1e-6)
  }
}
