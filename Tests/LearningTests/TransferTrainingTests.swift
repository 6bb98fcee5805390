import Networks
import Tensors
import Testing

@testable import Learning

/// Trainings that go on from a model, some of whose parts stay.
struct TransferTrainingTests {
  private let spectral = ModelArchitecture(
    bandCount: 3, branches: [.spectral(.init(filters: [4], kernel: 2, pool: 1, width: 6))],
    head: .init(kind: .softmax, hidden: [5], outputs: 2))

  private func options(_ epochs: Int) -> TrainingOptions {
    var options = TrainingOptions()
    options.epochs = epochs
    options.weightDecay = 0.1
    // The last epoch is kept, whether or not it is better than the start.
    options.validationShare = 0
    return options
  }

  private func bits(_ model: Model, _ part: String) -> [[UInt32]] {
    model.tensors.filter { $0.name.hasPrefix(part) }.map { $0.values.map(\.bitPattern) }
  }

  @Test func noEpochChangesNothing() throws {
    let set = try blobs(60, seed: 3)
    let source = try Model(architecture: spectral, seed: 9)
    let trained = try Trainer.train(
      set, architecture: spectral, options: options(0), from: source)
    #expect(trained.model.tensors == source.tensors)
  }

  /// Few samples may make a model worse than it came.
  @Test func theStartMayBeTheBestEpoch() throws {
    var options = options(60)
    options.weightDecay = 1e-4
    options.validationShare = 0.3
    let source = try Trainer.train(
      try blobs(300, seed: 3), architecture: spectral, options: options
    ).model
    // Steps of this size lead away from what was learnt.
    options.learningRate = 0.5
    options.epochs = 3
    let set = try blobs(60, seed: 4)
    let kept = try Trainer.train(set, architecture: spectral, options: options, from: source)
    #expect(kept.record.bestEpoch == 0 && kept.record.epochs.count == 3)
    #expect(kept.model.tensors == source.tensors)
    let drawn = try Model(architecture: spectral, seed: 9)
    options.learningRate = 0.01
    let learnt = try Trainer.train(set, architecture: spectral, options: options, from: drawn)
    #expect(learnt.record.bestEpoch > 0 && learnt.model.tensors != drawn.tensors)
    // Without a start the first epoch is the first that counts.
    let new = try Trainer.train(set, architecture: spectral, options: options)
    #expect(new.record.bestEpoch > 0)
  }

  /// Neither steps nor the decay of weights move what is frozen; the rest learns.
  @Test(arguments: ["spectral", "head", "spectral.conv1"])
  func frozenPartsStayBitForBit(part: String) throws {
    let set = try blobs(60, seed: 3)
    let source = try Model(architecture: spectral, seed: 9)
    let trained = try Trainer.train(
      set, architecture: spectral, options: options(3), from: source,
      rate: { $0.hasPrefix(part + ".") ? 0 : 1 }
    ).model
    #expect(bits(trained, part + ".") == bits(source, part + "."))
    let others = source.tensors.filter { !$0.name.hasPrefix(part + ".") }
    for tensor in others {
      #expect(trained.tensors.first { $0.name == tensor.name } != tensor, "\(tensor.name)")
    }
  }

  /// A part at a tenth of the rate moves less than at the whole one.
  @Test func ratesScaleSteps() throws {
    let set = try blobs(60, seed: 3)
    let source = try Model(architecture: spectral, seed: 9)
    func moved(_ rate: Double) throws -> Double {
      let trained = try Trainer.train(
        set, architecture: spectral, options: options(1), from: source,
        rate: { $0.hasPrefix("spectral.") ? rate : 1 }
      ).model
      return zip(trained.tensors, source.tensors).filter { $0.0.name.hasPrefix("spectral.") }
        .flatMap { zip($0.values, $1.values).map { Double(abs($0 - $1)) } }.reduce(0, +)
    }
    let (full, tenth) = (try moved(1), try moved(0.1))
    #expect(tenth > 0 && tenth < 0.3 * full)
  }

  /// A frozen norm uses the statistics that it came with, and keeps them.
  @Test func frozenNormsKeepTheirStatistics() throws {
    let form = ModelArchitecture(
      bandCount: 3, branches: [.graph(.init(hops: 0, width: 4, output: 3, dropout: 0))],
      head: .init(kind: .softmax, hidden: [], outputs: 2))
    let plain = try blobs(60, seed: 3)
    let count = plain.count
    let graph = SegmentGraph(
      bandCount: 3, pixelStart: Array(0...count), propagated: plain.spectra,
      neighborStart: (0...count).map { min($0 * 2, 2 * count) },
      neighbors: (0..<count).flatMap {
        [Int32(($0 + count - 1) % count), Int32(($0 + 1) % count)]
      })
    let set = try TrainingSet(
      samples: plain.samples, blockSize: 20, bandCount: 3, spectra: plain.spectra, graph: graph,
      segmentOfSample: (0..<count).map(Int32.init))
    var source = try Model(architecture: form, seed: 9)
    source.parameters.visitBuffers("") { name, _, values in
      for place in values.indices { values[place] = name.hasSuffix("var") ? 2 : 0.5 }
    }
    let frozen = try Trainer.train(
      set, architecture: form, options: options(3), from: source,
      rate: { $0.hasPrefix("graph.") ? 0 : 1 }
    ).model
    #expect(bits(frozen, "graph.") == bits(source, "graph."))
    #expect(bits(frozen, "head.") != bits(source, "head."))
    let free = try Trainer.train(set, architecture: form, options: options(3), from: source).model
    #expect(free.parameters.buffers("") != source.parameters.buffers(""))
  }

  /// A frozen last layer of values is not scaled there and back.
  @Test func frozenValuesStayBitForBit() throws {
    var numbers = TestNumbers(4)
    let spectra = (0..<180).map { _ in numbers.normal() }
    var position = 0
    let samples = try scatteredSamples(60, seed: 10, kind: .linear) { _, _ in
      defer { position += 1 }
      return .values([100 + 7 * spectra[3 * position], spectra[3 * position + 1]])
    }
    let set = try TrainingSet(samples: samples, blockSize: 20, bandCount: 3, spectra: spectra)
    let form = ModelArchitecture(
      bandCount: 3, branches: spectral.branches,
      head: .init(kind: .linear, hidden: [4], outputs: 2))
    let source = try Model(architecture: form, seed: 9)
    let trained = try Trainer.train(
      set, architecture: form, options: options(2), from: source,
      rate: { $0.hasPrefix("head.output.") ? 0 : 1 }
    ).model
    #expect(bits(trained, "head.output") == bits(source, "head.output"))
    #expect(bits(trained, "spectral") != bits(source, "spectral"))
  }
}
