import Explanation
import Learning
import Networks

/// What a model makes of a place before its head: the fused features of a network, and of other
/// methods the bands as they are prepared.
struct ModelFeatures: Sendable {
  private let network: Model?
  /// The number of features.
  let count: Int

  init(_ predictor: Predictor) {
    network = predictor.network?.featureModel
    count = network?.outputCount ?? predictor.architecture.bandCount
  }

  /// What the features of a method are called.
  static func phrase(_ method: Predictor.Method) -> String {
    method == .network ? "fused features" : "prepared bands"
  }

  /// The cells of a block where there is no network.
  private static let blockSize = 512

  /// The features of samples.
  func points(_ batch: ModelBatch) -> FeaturePoints {
    FeaturePoints(network?.outputs(batch) ?? batch.spectra, dimensions: count)
  }

  /// The features of the cells of a chunk, features x cells, a block of cells at a time.
  func dense(
    _ input: DenseInput, receive: (Range<Int>, UnsafeBufferPointer<Float>) -> Void
  ) {
    if let network {
      return network.dense(input) { block in
        let size = count * block.cells.count
        receive(block.cells, UnsafeBufferPointer(rebasing: block.outputs[..<size]))
      }
    }
    precondition(input.margin == 0, "a margin of \(input.margin) without a network")
    for first in stride(from: 0, to: input.cellCount, by: Self.blockSize) {
      let cells = first..<min(input.cellCount, first + Self.blockSize)
      let block = (0..<count).flatMap { band in
        let start = band * input.cellCount
        return input.values[start + cells.lowerBound..<start + cells.upperBound]
      }
      block.withUnsafeBufferPointer { receive(cells, $0) }
    }
  }
}

/// Samples in the space of a model's features.
struct SampleFeatures {
  /// The positions of the samples in the set.
  let positions: [Int]
  let points: FeaturePoints
  /// The class of each sample; one for all where classes do not exclude one another.
  let classes: [Int]

  /// The features of samples, which must be usable.
  init(_ gathered: GatheredSamples, at positions: [Int], _ package: ModelPackage) {
    self.positions = positions
    points = ModelFeatures(package.predictor).points(
      gathered.batch(positions, fill: package.notes.backgroundMean))
    classes = positions.map { position in
      if case .category(let number) = gathered.set.samples[position].target { number } else { 0 }
    }
  }

  /// Some of the samples, by their places in this list.
  private init(_ all: SampleFeatures, _ places: [Int]) {
    positions = places.map { all.positions[$0] }
    points = all.points.selecting(places)
    classes = places.map { all.classes[$0] }
  }

  /// At most so many of the samples, by a draw that depends on seed and ids alone.
  func drawn(_ most: Int, _ set: SampleSet, seed: UInt64) -> SampleFeatures {
    guard positions.count > most else { return self }
    let kept = Set(set.drawn(positions, most: most, seed: seed))
    return SampleFeatures(self, positions.indices.filter { kept.contains(positions[$0]) })
  }
}
