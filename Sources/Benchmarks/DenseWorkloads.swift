import Networks
import Tensors

/// Dense evaluation of a patch network as a share of the peak of products in the same run.
///
/// The network has 16 bands, a window of 15, and convolutions of 3 with 32, 32 and, after pooling
/// by 2, 64 filters, dense layers of 64 and 2: 138 thousand operations a pixel.
struct DenseWorkloads {
  private static let bands = 16
  /// Inputs, outputs and kernel places of all layers that the values go through.
  private static let layers = [(16, 32, 9), (32, 32, 9), (32, 64, 9), (64, 64, 9), (64, 2, 1)]
  private let model: Model

  init() throws {
    model = try Model(
      architecture: ModelArchitecture(
        bandCount: Self.bands,
        branches: [
          .patch(
            .init(
              window: 15,
              layers: [
                .convolution(filters: 32, kernel: 3), .convolution(filters: 32, kernel: 3),
                .maxPool(size: 2), .convolution(filters: 64, kernel: 3),
              ], width: 64))
        ], head: .init(kind: .softmax, hidden: [], outputs: 2)), seed: 1)
  }

  /// Runs all workloads and prints a line for each.
  func run(_ peak: inout Peak) {
    for edge in [64, 256, 512, 1024] {
      let input = input(edge, edge)
      report("dense \(edge) x \(edge)", input.cellCount, Self.operations(), &peak) {
        _ = model.dense(input)
      }
    }
    let input = input(256, 128)
    let tangent = tangent(input)
    let first = Double(2 * 32 * 9)
    let each = Self.operations() - Double(Self.bands - 1) * first
    report(
      "pushforward of 16 features, 256 x 128", input.cellCount,
      Self.operations() + Double(Self.bands) * each, &peak
    ) {
      model.densePushforward(input, tangent) { _ in }
    }
  }

  /// The operations of a pixel's values.
  private static func operations() -> Double {
    layers.reduce(0) { $0 + Double(2 * $1.0 * $1.1 * $1.2) }
  }

  /// Repeats the work between measurements of the peak; the median of the shares counts.
  private func report(
    _ name: String, _ cells: Int, _ operations: Double, _ peak: inout Peak, _ work: () -> Void
  ) {
    var shares: [Double] = []
    var fastest = Double.infinity
    var before = peak.measure()
    for _ in 0..<5 {
      let time = seconds(work)
      let after = peak.measure()
      shares.append(Double(cells) * operations / time / ((before + after) / 2))
      fastest = min(fastest, time)
      before = after
    }
    shares.sort()
    let microseconds = (fastest / Double(cells) * 1e9).rounded() / 1000
    print("\(name): \((shares[2] * 100).rounded() / 100) of the peak, \(microseconds) us a pixel")
  }

  private func input(_ width: Int, _ height: Int) -> DenseInput {
    let margin = model.margin
    let cells = (width + 2 * margin) * (height + 2 * margin)
    return DenseInput(
      width: width, height: height, margin: margin, bandCount: Self.bands,
      values: Randomness(seed: 2).uniforms(Self.bands * cells))
  }

  private func tangent(_ input: DenseInput) -> TangentField {
    let count = Self.bands
    var identity = [Float](repeating: 0, count: count * count)
    for band in 0..<count { identity[band * count + band] = 1 }
    return TangentField(
      sourceCount: count, featureCount: count, featureOfSource: Array(0..<count),
      mixing: identity, values: input.values)
  }
}
