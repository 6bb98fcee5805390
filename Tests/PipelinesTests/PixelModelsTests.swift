import Learning
import Networks
import Rasters
import Testing

@testable import Pipelines

/// One forest or regression for each label or value.
struct PixelModelsTests {
  /// Samples of three bands with two labels, or values, of which some are not known.
  private static func set(_ kind: ModelArchitecture.Head.Kind) throws -> TrainingSet {
    func band(_ sample: Int, _ band: Int) -> Float { Float((sample * (7 + 4 * band)) % 31) / 31 }
    let samples = (0..<60).map { number -> Sample in
      let (a, b) = (band(number, 0), band(number, 1))
      let numbers: [Float] =
        kind == .linear ? [10 * a + b, b - a] : [a > 0.5 ? 1 : 0, a + b > 1.2 ? 1 : 0]
      return Sample(
        id: number, x: Double(number), y: 0, cell: Cell(column: number, row: 0),
        target: .values([
          number % 3 == 0 ? .nan : numbers[0], number % 5 == 1 ? .nan : numbers[1],
        ]), weight: Float(1 + number % 2))
    }
    return try TrainingSet(
      samples: SampleSet(
        kind: kind, categories: ["Cd", "Zn"].map { .init(code: $0, name: $0) }, samples: samples),
      blockSize: 1, bandCount: 3,
      spectra: (0..<60).flatMap { sample in (0..<3).map { band(sample, $0) } })
  }

  private static func values(_ set: TrainingSet, _ output: Int) -> [Float] {
    set.samples.samples.map {
      if case .values(let values) = $0.target { values[output] } else { 0 }
    }
  }

  private static let architecture = ModelArchitecture(
    bandCount: 3, branches: [],
    head: ModelArchitecture.Head(kind: .sigmoid, hidden: [], outputs: 2))

  private static func forests(_ set: TrainingSet) throws -> PixelModels<RandomForest> {
    var options = RandomForest.Options()
    options.trees = 9
    return try PixelModels(set) { task, _ in
      try RandomForest(
        rows: task.rows,
        target: task.classCount == 0
          ? .values(task.values) : .classes(task.classes, count: task.classCount),
        weights: task.weights, options: options)
    }
  }

  @Test(arguments: [ModelArchitecture.Head.Kind.sigmoid, .linear])
  func eachIsTrainedOnTheSamplesThatItKnows(kind: ModelArchitecture.Head.Kind) throws {
    let set = try Self.set(kind)
    let forests = try Self.forests(set)
    let all = forests.probabilities(set.spectra, count: 60)
    var options = RandomForest.Options()
    options.trees = 9
    for output in 0..<2 {
      let targets = Self.values(set, output)
      let known = targets.indices.filter { !targets[$0].isNaN }
      #expect(known.count == [40, 48][output])
      let alone = try RandomForest(
        rows: known.flatMap { set.spectra[3 * $0..<3 * $0 + 3] },
        target: kind == .linear
          ? .values(known.map { targets[$0] })
          : .classes(known.map { Int(targets[$0]) }, count: 2),
        weights: known.map { set.samples.samples[$0].weight }, options: options)
      let own = alone.probabilities(set.spectra, count: 60)
      for sample in 0..<60 {
        #expect(all[2 * sample + output] == (kind == .linear ? own[sample] : own[2 * sample + 1]))
      }
    }
    let planes = (0..<3).flatMap { band in (0..<60).map { set.spectra[3 * $0 + band] } }
    let dense = forests.dense(planes, cells: 60)
    for sample in 0..<60 {
      for output in 0..<2 { #expect(dense[60 * output + sample] == all[2 * sample + output]) }
    }
  }

  @Test func aFileKeepsAllOfThem() throws {
    let set = try Self.set(.sigmoid)
    let forests = try Self.forests(set)
    let again = try PixelModels<RandomForest>(forests.tensors, Self.architecture)
    #expect(again.members == forests.members && again.fits(Self.architecture))
    let regressions = try PixelModels(set) { task, _ in
      try LogisticRegression(
        rows: task.rows, classes: task.classes, classCount: 2, weights: task.weights)
    }
    let read = try PixelModels<LogisticRegression>(regressions.tensors, Self.architecture)
    #expect(read.members == regressions.members && read.fits(Self.architecture))
    let extra = NamedTensor(name: "output3.forest.kind", shape: [1], values: [1])
    #expect(throws: ModelFileError.self) {
      try PixelModels<RandomForest>(forests.tensors + [extra], Self.architecture)
    }
    let first = forests.tensors.filter { $0.name.hasPrefix("output1.") }
    #expect(throws: ModelFileError.self) {
      try PixelModels<RandomForest>(first, Self.architecture)
    }
  }

  @Test func aLabelThatNobodyKnowsIsNamed() throws {
    let set = try Self.set(.sigmoid)
    let samples = set.samples.samples.map { sample in
      var sample = sample
      if case .values(let values) = sample.target { sample.target = .values([values[0], .nan]) }
      return sample
    }
    let unknown = try TrainingSet(
      samples: SampleSet(
        kind: .sigmoid, categories: set.samples.categories, samples: samples),
      blockSize: 1, bandCount: 3, spectra: set.spectra)
    let error = #expect(throws: ExecutionError.self) { try Self.forests(unknown) }
    #expect(error?.description.contains("'Zn'") == true)
  }
}
