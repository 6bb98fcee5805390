import Networks
import Tensors

/// A step of training of a model with a graph branch, as a share of the peak of products.
///
/// 500 samples on a lattice of segments of some 100 cells with 42 bands, as in a survey of stream
/// sediments; the training graph holds the segments two hops around them. Batch norm sees all of
/// these, so every step goes through all their pixels, whatever the batch.
struct GraphWorkloads {
  private static let (bands, width, edge, samples, batch) = (42, 64, 80, 500, 128)
  private let graph: SegmentGraph
  private let segmentOfSample: [Int32]
  private let spectra: [Float]
  private var model: Model

  init() throws {
    let random = Randomness(seed: 3)
    let targets = (0..<Self.samples).map {
      random.integer(UInt64($0), below: Self.edge * Self.edge)
    }
    let (part, segments) = Self.lattice(random).subgraph(around: targets)
    graph = part
    segmentOfSample = targets.map { Int32(segments.firstIndex(of: $0) ?? 0) }
    spectra = random.derived(1).uniforms(Self.samples * Self.bands)
    model = try Model(
      architecture: ModelArchitecture(
        bandCount: Self.bands,
        branches: [
          .graph(.init(hops: 3, width: Self.width, output: 32, dropout: 0.4)),
          .spectral(.init(filters: [20], kernel: 5, pool: 2, width: 32)),
        ], fusion: .gate, head: .init(kind: .softmax, hidden: [64], outputs: 2)), seed: 1)
  }

  /// Segments of 80 to 120 pixels, each a neighbour of the eight around it.
  private static func lattice(_ random: Randomness) -> SegmentGraph {
    var (pixelStart, neighborStart, neighbors) = ([0], [0], [Int32]())
    for row in 0..<edge {
      for column in 0..<edge {
        let pixels = 80 + random.derived(2).integer(UInt64(row * edge + column), below: 41)
        pixelStart.append(pixelStart[pixelStart.count - 1] + pixels)
        for y in max(0, row - 1)...min(edge - 1, row + 1) {
          for x in max(0, column - 1)...min(edge - 1, column + 1) where (y, x) != (row, column) {
            neighbors.append(Int32(y * edge + x))
          }
        }
        neighborStart.append(neighbors.count)
      }
    }
    let count = pixelStart[pixelStart.count - 1] * bands
    return SegmentGraph(
      bandCount: bands, pixelStart: pixelStart,
      propagated: random.derived(4).uniforms(count).map { $0 - 0.5 }, neighborStart: neighborStart,
      neighbors: neighbors)
  }

  /// Runs the steps and prints a line.
  mutating func run(_ peak: inout Peak) {
    var adam = Adam()
    // The pixels' products: forward, and for the weights' gradient.
    let operations = 4 * Double(graph.pixelCount * Self.bands * Self.width)
    var shares: [Double] = []
    var fastest = Double.infinity
    var before = peak.measure()
    for step in 0..<9 {
      let time = seconds { take(step, &adam) }
      let after = peak.measure()
      shares.append(operations / time / ((before + after) / 2))
      fastest = min(fastest, time)
      before = after
    }
    shares.sort()
    print(
      "training step, \(graph.segmentCount) segments of \(graph.pixelCount) pixels: "
        + "\((shares[4] * 100).rounded() / 100) of the peak, \((fastest * 1e4).rounded() / 10) ms, "
        + "parameters of norm \(model.parameters.norm)")
  }

  private mutating func take(_ step: Int, _ adam: inout Adam) {
    let positions = (0..<Self.batch).map { (step * Self.batch + $0) % Self.samples }
    let batch = ModelBatch(
      count: positions.count,
      spectra: positions.flatMap { spectra[$0 * Self.bands..<($0 + 1) * Self.bands] },
      graph: graph, segmentOfSample: positions.map { segmentOfSample[$0] })
    let (outputs, pass) = model.forward(
      batch, training: true, dropout: Randomness(seed: UInt64(step)))
    let loss = Losses.softmaxCrossEntropy(
      outputs, classes: positions.map { Int32($0 % 2) }, outputCount: 2)
    let gradient = model.pullback(pass, outputGradient: loss.gradient)
    adam.step(&model.parameters, gradient: gradient)
    model.updateBuffers(from: pass)
  }
}
