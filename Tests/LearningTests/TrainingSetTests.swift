import Networks
import Testing

@testable import Learning

struct TrainingSetTests {
  private func samples(_ count: Int) throws -> SampleSet {
    try scatteredSamples(count, seed: 1) { x, _ in .category(x > 50 ? 1 : 0) }
  }

  @Test func selectingTakesTheRowsOfEverything() throws {
    let set = try TrainingSet(
      samples: samples(3), blockSize: 20, bandCount: 2, spectra: [1, 2, 3, 4, 5, 6],
      windows: [(0..<24).map { Float($0) }],
      graph: SegmentGraph(
        bandCount: 2, pixelStart: [0, 1, 2], propagated: [0, 0, 0, 0], neighborStart: [0, 0, 0],
        neighbors: []), segmentOfSample: [1, 0, 1])
    let part = set.selecting([2, 0])
    #expect(part.samples.samples.map(\.id) == [2, 0])
    #expect(part.spectra == [5, 6, 1, 2])
    #expect(part.windows == [(16..<24).map { Float($0) } + (0..<8).map { Float($0) }])
    #expect(part.segmentOfSample == [1, 1] && part.graph == set.graph)
  }

  @Test func sizesAndValuesMustFit() throws {
    let three = try samples(3)
    #expect(throws: SampleError.self) {
      try TrainingSet(samples: three, blockSize: 1, bandCount: 2, spectra: [1, 2, 3, 4, 5])
    }
    #expect(throws: SampleError.self) {
      try TrainingSet(samples: three, blockSize: 1, bandCount: 1, spectra: [1, .nan, 3])
    }
    #expect(throws: SampleError.self) {
      try TrainingSet(
        samples: three, blockSize: 1, bandCount: 1, spectra: [1, 2, 3], windows: [[1, 2, 3, 4]])
    }
    func windows(_ values: Int, _ forms: [ModelArchitecture.WindowForm]) throws -> TrainingSet {
      try TrainingSet(
        samples: three, blockSize: 1, bandCount: 2, spectra: [1, 2, 3, 4, 5, 6],
        windows: [[Float](repeating: 0, count: values)], windowForms: forms)
    }
    let form = ModelArchitecture.WindowForm(bands: 1..<2, side: 3)
    #expect(try windows(27, [form]).windowForms == [form])
    #expect(throws: SampleError.self) { try windows(54, [form]) }
    #expect(throws: SampleError.self) { try windows(27, []) }
    let graph = SegmentGraph(
      bandCount: 1, pixelStart: [0, 1], propagated: [0], neighborStart: [0, 0], neighbors: [])
    #expect(throws: SampleError.self) {
      try TrainingSet(
        samples: three, blockSize: 1, bandCount: 1, spectra: [1, 2, 3], graph: graph,
        segmentOfSample: [0, 0, 1])
    }
  }

  @Test func segmentsOfTestSamplesAreLeftOutOfTraining() throws {
    let set = try samples(6)
    let folds = try Folds.field(set, values: ["1", "1", "2", "2", "2", "2"])
    let parts = folds.trainingSamples(0, segmentOfSample: [4, 5, 5, 6, 4, 7])
    #expect(parts.kept == [3, 5] && parts.dropped == [2, 4])
  }
}
