import Testing

@testable import Networks

@Suite struct PoolingTests {
  private let shape = ActivationShape(rows: 7, channels: 3, columns: 5, batch: 4)
  static let sizes = [
    PoolingBlocks(rows: 2, columns: 2), PoolingBlocks(rows: 3, columns: 1),
    PoolingBlocks(rows: 1, columns: 1), PoolingBlocks(rows: 7, columns: 5),
  ]

  private func naive(
    _ x: [Float], _ blocks: PoolingBlocks, _ reduce: ([Double]) -> Double
  ) -> [Float] {
    var samples = [Float](repeating: 0, count: shape.count)
    shape.add(x, to: &samples, from: 0)
    let size = shape.valuesPerSample
    let pooled = (0..<shape.batch).flatMap { sample in
      NaiveVolume(3, 7, 5, samples[sample * size..<(sample + 1) * size].map { Double($0) })
        .pooled(blocks.rows, blocks.columns, reduce).values.map { Float($0) }
    }
    return blocks.outputShape(shape).arranged(pooled, from: 0)
  }

  @Test(arguments: sizes)
  func agreesWithLoops(_ blocks: PoolingBlocks) {
    let x = normals(shape.count, seed: 20)
    #expect(MaxPool(blocks).forward(x, shape).values == naive(x, blocks) { $0.max() ?? 0 })
    let means = naive(x, blocks) { $0.reduce(0, +) / Double($0.count) }
    #expect(difference(AveragePool(blocks).forward(x, shape), means) < 1e-6)
  }

  @Test(arguments: sizes)
  func derivativesAreAdjoint(_ blocks: PoolingBlocks) {
    let (x, v) = (normals(shape.count, seed: 21), normals(shape.count, seed: 22))
    let u = normals(blocks.outputShape(shape).count, seed: 23)
    let largest = MaxPool(blocks)
    let winners = largest.forward(x, shape).winners
    let back = largest.pullback(u, winners: winners, shape)
    let push = largest.pushforward(v, winners: winners, shape)
    #expect(agree(inner(u, push), inner(back, v), Double(u.count)))
    let mean = AveragePool(blocks)
    #expect(
      agree(inner(u, mean.forward(v, shape)), inner(mean.pullback(u, shape), v), Double(u.count)))
  }

  @Test func tangentIsTheDifferenceOfForwardPasses() {
    let blocks = PoolingBlocks(rows: 2, columns: 2)
    let (x, v) = (normals(shape.count, seed: 24), normals(shape.count, seed: 25))
    let layer = MaxPool(blocks)
    let before = layer.forward(x, shape)
    let moved = layer.forward(zip(x, v).map { $0 + 0x1p-12 * $1 }, shape).values
    let slopes = zip(moved, before.values).map { ($0 - $1) * 0x1p12 }
    #expect(difference(slopes, layer.pushforward(v, winners: before.winners, shape)) < 5e-3)
  }

  @Test func firstMaximumWinsTies() {
    let shape = ActivationShape(rows: 2, channels: 1, columns: 2, batch: 2)
    // Samples (1, 3, 3, 3) and (0, 0, 0, 0).
    let x: [Float] = [1, 0, 3, 0, 3, 0, 3, 0]
    let layer = MaxPool(PoolingBlocks(rows: 2, columns: 2))
    let result = layer.forward(x, shape)
    #expect(result.values == [3, 0] && result.winners == [1, 0])
    let back = layer.pullback([5, 7], winners: result.winners, shape)
    #expect(back == [0, 7, 5, 0, 0, 0, 0, 0])
  }

  @Test(arguments: ["max1d", "max2d", "average2d"])
  func agreesWithPyTorch(_ name: String) throws {
    let fixture = try Fixture("layers")
    let size = try fixture.shape("\(name).x")
    let columns = size.count == 4 ? size[3] : 1
    let shape = ActivationShape(rows: size[2], channels: size[1], columns: columns, batch: size[0])
    let edge = name == "average2d" ? 3 : 2
    let blocks = PoolingBlocks(rows: edge, columns: size.count == 4 ? edge : 1)
    let output = blocks.outputShape(shape)
    let x = try shape.arranged(fixture("\(name).x"), from: 0)
    let u = try output.arranged(fixture("\(name).u"), from: 0)
    let y = try output.arranged(fixture("\(name).y"), from: 0)
    let dx = try shape.arranged(fixture("\(name).dx"), from: 0)
    if name == "average2d" {
      #expect(difference(AveragePool(blocks).forward(x, shape), y) < 1e-6)
      #expect(difference(AveragePool(blocks).pullback(u, shape), dx) < 1e-6)
    } else {
      let result = MaxPool(blocks).forward(x, shape)
      #expect(result.values == y)
      #expect(MaxPool(blocks).pullback(u, winners: result.winners, shape) == dx)
    }
  }
}
