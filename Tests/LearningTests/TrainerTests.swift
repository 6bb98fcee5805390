import Networks
import Rasters
import Tensors
import Testing

@testable import Learning

/// Two clouds of points in three bands, some samples in each, on a map of 100 units.
func blobs(_ count: Int, seed: UInt64, distance: Float = 3) throws -> TrainingSet {
  var numbers = TestNumbers(seed)
  let samples = try scatteredSamples(count, seed: seed) { _, _ in
    .category(numbers.next() < 0.3 ? 1 : 0)
  }
  let spectra = samples.samples.flatMap { sample -> [Float] in
    let shift = sample.target == .category(1) ? distance : 0
    return [numbers.normal() + shift, numbers.normal(), numbers.normal() - shift]
  }
  return try TrainingSet(samples: samples, blockSize: 20, bandCount: 3, spectra: spectra)
}

/// Windows of 7 x 7 with one band: class 1 has a bright bar across, class 0 a bright bar down.
func bars(_ count: Int, seed: UInt64, missing: Bool = false) throws -> TrainingSet {
  var numbers = TestNumbers(seed)
  let samples = try scatteredSamples(count, seed: seed) { _, _ in
    .category(numbers.next() < 0.5 ? 1 : 0)
  }
  var windows: [Float] = []
  var spectra: [Float] = []
  for sample in samples.samples {
    var window = (0..<49).map { _ in 0.5 * numbers.normal() }
    let line = Int(numbers.next() * 7)
    for step in 0..<7 {
      window[sample.target == .category(1) ? line * 7 + step : step * 7 + line] += 2
    }
    spectra.append(window[24])
    if missing { window[Int(numbers.next() * 49)] = .nan }
    windows += window
  }
  return try TrainingSet(
    samples: samples, blockSize: 20, bandCount: 1, spectra: spectra, windows: [windows])
}

func accuracy(_ model: TrainedModel, _ set: TrainingSet) -> Double {
  let metrics = Metrics(
    predictions: model.probabilities(set), targets: set.samples.samples.map(\.target),
    kind: .softmax)
  guard case .classes(let classes) = metrics else { return 0 }
  return classes.accuracy ?? 0
}

struct TrainerTests {
  private let spectral = ModelArchitecture(
    bandCount: 3, branches: [.spectral(.init(filters: [8], kernel: 3, pool: 1, width: 16))],
    head: .init(kind: .softmax, hidden: [16], outputs: 2, dropout: 0.2))
  private let patch = ModelArchitecture(
    bandCount: 1,
    branches: [
      .patch(
        .init(
          window: 7, layers: [.convolution(filters: 8, kernel: 3), .maxPool(size: 2)], width: 16))
    ],
    head: .init(kind: .softmax, hidden: [], outputs: 2))

  private func options(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
    var options = TrainingOptions()
    options.epochs = 60
    change(&options)
    return options
  }

  private func bits(_ model: TrainedModel) -> [[UInt32]] {
    model.model.parameters.parameters("").map { $0.values.map(\.bitPattern) }
  }

  @Test func cloudsAreLearnt() throws {
    let model = try Trainer.train(
      blobs(200, seed: 1), architecture: spectral, options: options())
    #expect(accuracy(model, try blobs(1000, seed: 2)) > 0.96)
    #expect(model.record.trainingCount + model.record.validationCount == 200)
    #expect(model.record.bestEpoch >= 1)
    let losses = model.record.epochs.compactMap(\.validationLoss)
    #expect(losses.min() == losses[model.record.bestEpoch - 1])
  }

  /// Two labels of 80 samples, of which every fourth misses the second.
  private func labelled(shift: Float, isEmpty: Bool = false) throws -> TrainingSet {
    var numbers = TestNumbers(12)
    let spectra = (0..<240).map { _ in numbers.normal() }
    let samples = (0..<80).map { id in
      let labels: [Float] = [spectra[3 * id] > 0 ? 1 : 0, spectra[3 * id + 1] > 0 ? 1 : 0]
      let isMissing = isEmpty || id % 4 == 0
      return Sample(
        id: id, x: Double(id), y: 0, cell: Cell(column: id, row: 0),
        target: .values([labels[0], isMissing ? .nan : labels[1]]))
    }
    return try TrainingSet(
      samples: SampleSet(
        kind: .sigmoid, categories: ["a", "b"].map { .init(code: $0, name: $0) },
        samples: samples),
      blockSize: 20, bandCount: 3,
      spectra: spectra.enumerated().map { $0.offset / 3 % 4 == 0 ? $0.element + shift : $0.element }
    )
  }

  /// A sample that misses a label does not move the output of that label.
  @Test func missingLabelsMoveNothing() throws {
    let form = ModelArchitecture(
      bandCount: 3, branches: [.spectral(.init(filters: [4], kernel: 2, pool: 1, width: 5))],
      head: .init(kind: .sigmoid, hidden: [], outputs: 2))
    let options = options {
      $0.epochs = 3
      $0.validationShare = 0
      $0.weightDecay = 0
      $0.clipNorm = 0
    }
    // With fixed features an output is moved by its own samples alone.
    func rows(_ set: TrainingSet) throws -> [ArraySlice<UInt32>] {
      let model = try Trainer.train(
        set, architecture: form, options: options, rate: { $0.hasPrefix("head.") ? 1 : 0 }
      ).model
      let weights = model.parameters.head.output.weight.map(\.bitPattern)
      return [weights.prefix(5), weights.suffix(5)]
    }
    let (plain, moved) = (try rows(labelled(shift: 0)), try rows(labelled(shift: 2)))
    #expect(plain[0] != moved[0] && plain[1] == moved[1])
    let drawn = try Model(architecture: form, seed: options.seed).parameters.head.output.weight
      .map(\.bitPattern)
    #expect(plain[1] != drawn.suffix(5))
    let untouched = try rows(labelled(shift: 0, isEmpty: true))
    #expect(untouched[0] != drawn.prefix(5) && untouched[1] == drawn.suffix(5))
  }

  @Test func patternsAreLearntAndMissingCellsAreFilled() throws {
    let model = try Trainer.train(
      bars(300, seed: 3, missing: true), architecture: patch, options: options { $0.epochs = 200 })
    #expect(accuracy(model, try bars(500, seed: 4)) > 0.9)
    #expect(accuracy(model, try bars(500, seed: 5, missing: true)) > 0.88)
    #expect(model.record.filledCells == 300)
    #expect(abs(model.backgroundMean[0]) < 1)
  }

  @Test func sameBitsForAnyWorkersAndAnyOrder() throws {
    let set = try blobs(90, seed: 6)
    let brief = options { $0.epochs = 4 }
    let one = try Parallel.with(jobs: 1) {
      try Trainer.train(set, architecture: spectral, options: brief)
    }
    let two = try Parallel.with(jobs: 2) {
      try Trainer.train(set, architecture: spectral, options: brief)
    }
    #expect(bits(one) == bits(two) && one.record == two.record)
    let turned = try Trainer.train(
      set.selecting(Array((0..<90).reversed())), architecture: spectral, options: brief)
    #expect(bits(turned) == bits(one) && turned.backgroundMean == one.backgroundMean)
    let other = try Trainer.train(
      set, architecture: spectral,
      options: options {
        $0.epochs = 4
        $0.seed = 1
      })
    #expect(bits(other) != bits(one))
  }

  /// Values learnt from two bands, with one value per sample.
  private func values(outlier: (position: Int, value: Float)? = nil) throws -> TrainingSet {
    var numbers = TestNumbers(7)
    let spectra = (0..<240).map { _ in numbers.normal() }
    var position = 0
    let samples = try scatteredSamples(120, seed: 8, kind: .linear) { _, _ in
      defer { position += 1 }
      let value = 500 + 100 * spectra[2 * position] - 50 * spectra[2 * position + 1]
      return .values([position == outlier?.position ? outlier?.value ?? 0 : value, .nan])
    }
    return try TrainingSet(samples: samples, blockSize: 20, bandCount: 2, spectra: spectra)
  }

  private let linear = ModelArchitecture(
    bandCount: 2, branches: [.spectral(.init(filters: [8], kernel: 2, pool: 1, width: 16))],
    head: .init(kind: .linear, hidden: [], outputs: 2))

  @Test func nothingIsTrainedOnTheValidationPart() throws {
    func run(_ set: TrainingSet) throws -> TrainingRun {
      var run = try TrainingRun(
        set, architecture: linear, options: options { $0.epochs = 5 }, from: nil)
      while !run.isFinished { _ = try run.trainEpoch() }
      return run
    }
    func parameters(_ run: TrainingRun) -> [NamedTensor] { run.model.parameters.parameters("") }
    let set = try values()
    let plain = try run(set)
    func value(_ position: Int) -> Float {
      if case .values(let values) = set.samples.samples[position].target { values[0] } else { 0 }
    }
    // The largest value of a part stays in its quarter, so the division does not change.
    let watched = try #require(plain.watched.max { value($0) < value($1) })
    let planted = try run(values(outlier: (watched, 1e7)))
    #expect(planted.watched == plain.watched)
    #expect(parameters(planted) == parameters(plain))
    #expect(planted.record.epochs.map(\.loss) == plain.record.epochs.map(\.loss))
    #expect(
      planted.record.epochs.map(\.validationLoss) != plain.record.epochs.map(\.validationLoss))
    var spectra = set.spectra
    spectra[2 * watched] = 1e6
    let strange = try run(
      TrainingSet(samples: set.samples, blockSize: 20, bandCount: 2, spectra: spectra))
    #expect(parameters(strange) == parameters(plain))
    #expect(strange.finished().backgroundMean == plain.finished().backgroundMean)
    let trained = (0..<120).filter { !plain.watched.contains($0) }
    let fitted = try #require(trained.max { value($0) < value($1) })
    let moved = try run(values(outlier: (fitted, 1e7)))
    #expect(moved.watched == plain.watched)
    #expect(parameters(moved) != parameters(plain))
  }

  @Test func valuesAreLearntInTheirUnits() throws {
    let set = try values()
    let model = try Trainer.train(
      set, architecture: linear, options: options { $0.epochs = 200 })
    let metrics = Metrics(
      predictions: model.probabilities(set), targets: set.samples.samples.map(\.target),
      kind: .linear)
    guard case .values(let values) = metrics else { return }
    #expect((values[0].r2 ?? 0) > 0.97)
    // Going on from a finished model at no rate leaves it as it is.
    let frozen = try Trainer.train(
      set, architecture: linear, options: options { $0.epochs = 2 }, from: model.model,
      rate: { _ in 0 })
    for (again, before) in zip(frozen.probabilities(set), model.probabilities(set)) {
      #expect(abs(again - before) < 1e-3)
    }
  }

  @Test func labelsAreLearntEachForThemselves() throws {
    var numbers = TestNumbers(9)
    let spectra = (0..<600).map { _ in numbers.normal() }
    var position = 0
    let samples = try scatteredSamples(200, seed: 10, kind: .sigmoid) { _, _ in
      defer { position += 1 }
      let first: Float = spectra[3 * position] > 0.8 ? 1 : 0
      let second: Float = spectra[3 * position + 1] + spectra[3 * position + 2] > 0 ? 1 : 0
      return .values([first, position % 4 == 0 ? .nan : second])
    }
    let set = try TrainingSet(samples: samples, blockSize: 20, bandCount: 3, spectra: spectra)
    let form = ModelArchitecture(
      bandCount: 3, branches: spectral.branches,
      head: .init(kind: .sigmoid, hidden: [], outputs: 2))
    let model = try Trainer.train(set, architecture: form, options: options { $0.epochs = 120 })
    let metrics = Metrics(
      predictions: model.probabilities(set), targets: samples.samples.map(\.target),
      kind: .sigmoid)
    guard case .labels(let labels) = metrics else { return }
    for label in labels { #expect((label.rocAUC ?? 0) > 0.97) }
  }

  @Test func rareClassesCountAsMuch() throws {
    // Far more zeros, and clouds that overlap: only balanced weights recall the rare class.
    func recall(_ weights: TrainingOptions.ClassWeights) throws -> Double {
      var numbers = TestNumbers(11)
      let samples = try scatteredSamples(300, seed: 12) { _, _ in
        .category(numbers.next() < 0.08 ? 1 : 0)
      }
      let spectra = samples.samples.flatMap { sample -> [Float] in
        let shift: Float = sample.target == .category(1) ? 1 : 0
        return [numbers.normal() + shift, numbers.normal(), numbers.normal()]
      }
      let set = try TrainingSet(samples: samples, blockSize: 20, bandCount: 3, spectra: spectra)
      let model = try Trainer.train(
        set, architecture: spectral, options: options { $0.classWeights = weights })
      let predictions = model.probabilities(set)
      let rare = (0..<300).filter { samples.samples[$0].target == .category(1) }
      return Double(rare.count { predictions[2 * $0 + 1] > 0.5 }) / Double(rare.count)
    }
    #expect(try recall(.balanced) > 0.5)
    #expect(try recall(.none) < 0.25)
  }

  @Test func aCallbackCanEndTheTraining() throws {
    struct Stopped: Error {}
    var seen: [Int] = []
    #expect(throws: Stopped.self) {
      _ = try Trainer.train(
        blobs(60, seed: 1), architecture: spectral, options: options(),
        onEpoch: {
          seen.append($0.number)
          if $0.number == 3 { throw Stopped() }
        })
    }
    #expect(seen == [1, 2, 3])
  }

  @Test func trainingStopsWhenNothingImproves() throws {
    // Labels without any pattern: the validation loss soon only rises.
    let model = try Trainer.train(
      blobs(120, seed: 1, distance: 0), architecture: spectral,
      options: options {
        $0.epochs = 300
        $0.patience = 10
        $0.learningRate = 0.01
      })
    let record = model.record
    #expect(record.epochs.count < 300)
    #expect(record.epochs.count == record.bestEpoch + 10)
  }

  @Test func modelsAndSamplesMustFit() throws {
    let set = try blobs(30, seed: 1)
    #expect(throws: SampleError.self) {
      try Trainer.train(set, architecture: patch, options: options())
    }
    var wide = spectral
    wide.head.outputs = 3
    #expect(throws: SampleError.self) {
      try Trainer.train(set, architecture: wide, options: options())
    }
    #expect(throws: TrainingError.self) {
      try Trainer.train(
        set, architecture: spectral, options: options { $0.learningRate = 1e30 })
    }
  }
}
