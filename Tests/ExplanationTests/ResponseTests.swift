import Networks
import Testing

@testable import Explanation

/// Responses against inputs that are moved one by one.
@Suite struct ResponseTests {
  /// Sources: two of feature 0, and one of feature 1 that both bands are made of.
  private static let mixing = SourceMixing(
    bandCount: 2, matrix: [0.5, 0, 2, 0, -1, 0.5], offset: [0.1, -0.2],
    featureOfSource: [0, 0, 1], featureNames: ["rock", "W"])

  private static let sources: [Float] = [1, 0, 0.5, 0, 1, -0.25, 1, 0, 1.5]

  private static func batch() -> ModelBatch {
    let edge = ModelExplanationTests.window
    let cells = edge * edge
    return ModelBatch(
      count: 3, spectra: (0..<3).flatMap { mixing.bands(Array(sources[$0 * 3..<$0 * 3 + 3])) },
      windows: [(0..<3 * 2 * cells).map { Float($0 * 7 % 23) / 11 - 1 }])
  }

  private static func response(_ scale: ExplainedOutput.Scale = .logOdds) -> Response {
    Response(
      output: ExplainedOutput(head: .softmax, index: 1, scale: scale), mixing: mixing,
      batch: batch(), sources: sources)
  }

  /// The batch of one sample whose source W has another value, by loops.
  private static func moved(_ sample: Int, to value: Float) -> ModelBatch {
    let whole = batch()
    let cells = whole.windows[0].count / 6
    let by = value - sources[sample * 3 + 2]
    let shifts: [Float] = [2 * by, 0.5 * by]
    return ModelBatch(
      count: 1,
      spectra: (0..<2).map { whole.spectra[sample * 2 + $0] + shifts[$0] },
      windows: [
        (0..<2 * cells).map { whole.windows[0][sample * 2 * cells + $0] + shifts[$0 / cells] }
      ])
  }

  @Test(arguments: [ExplainedOutput.Scale.logOdds, .probability])
  func linesAreThoseOfMovedSamples(scale: ExplainedOutput.Scale) throws {
    let model = try ModelExplanationTests.model()
    let response = Self.response(scale)
    let positions: [Float] = [-0.5, 0.25, 0.5, 2]
    let curves = response.curves(of: 1, at: positions, model)
    #expect(curves.own == [0.5, -0.25, 1.5] && curves.positions == [-0.5, 0.25, 0.5, 2])
    for sample in 0..<3 {
      for (place, value) in positions.enumerated() {
        let batch = Self.moved(sample, to: value)
        let (raw, pass) = model.forward(batch)
        var gradient = [0.0, 0, 0]
        let expected = response.output.value(raw.map(Double.init), gradient: &gradient)
        #expect(abs(curves.values[sample][place] - expected) < 1e-5)
        let cells = batch.windows[0].count / 2
        let tangent = ModelBatch(
          count: 1, spectra: [2, 0.5],
          windows: [(0..<2 * cells).map { $0 < cells ? 2 : 0.5 }])
        let slopes = model.pushforward(pass, tangent: tangent)
        let slope = zip(gradient, slopes).reduce(0) { $0 + $1.0 * Double($1.1) }
        #expect(abs(curves.slopes[sample][place] - slope) < 1e-4)
      }
    }
    // The value at a sample's own place is the model's.
    let own = response.output.values(
      (0..<3).flatMap { output in
        (0..<3).map { model.outputs(Self.batch())[$0 * 3 + output] }
      }, outputCount: 3)
    #expect(abs(curves.values[0][2] - own[0]) < 1e-5)
  }

  /// A window that holds some of the bands moves as those bands of a whole one.
  @Test func partsOfTheBandsMoveAlike() throws {
    let forms = [nil, 1..<2].map { bands in
      ModelArchitecture(
        bandCount: 2,
        branches: [
          .spectral(.init(filters: [2], kernel: 1, pool: 1, width: 3)),
          .patch(.init(window: 2, layers: [], width: 3, bands: bands)),
        ], head: .init(kind: .softmax, hidden: [], outputs: 3))
    }
    var whole = try Model(architecture: forms[0], seed: 2)
    let part = try Model(architecture: forms[1], seed: 2)
    // The whole model's weights of the first band are zero, the others are the part's.
    whole.parameters.visitParameters("") { name, shape, values in
      let own = part.tensors.first { $0.name == name }?.values ?? []
      values =
        name == "patch.dense.weight"
        ? (0..<shape[0]).flatMap { [0, 0, 0, 0] + own[$0 * 4..<$0 * 4 + 4] } : own
    }
    let values = (0..<24).map { Float($0 * 5 % 17) / 8 - 1 }
    var batch = ModelBatch(count: 3, spectra: Self.batch().spectra, windows: [values])
    var response = Self.response()
    response.batch = batch
    let expected = response.curves(of: 1, at: [-1, 0.5, 2], whole)
    batch.windows = [(0..<3).flatMap { values[$0 * 8 + 4..<$0 * 8 + 8] }]
    batch.windowBands = [1..<2]
    response.batch = batch
    let found = response.curves(of: 1, at: [-1, 0.5, 2], part)
    for sample in 0..<3 {
      for place in 0..<3 {
        #expect(abs(found.values[sample][place] - expected.values[sample][place]) < 1e-5)
        #expect(abs(found.slopes[sample][place] - expected.slopes[sample][place]) < 1e-5)
      }
    }
  }

  @Test func categoriesAreSwitchedAsAGroup() throws {
    let model = try ModelExplanationTests.model()
    let curves = Self.response().categories(of: 0, model)
    #expect(curves.positions == [0, 1] && curves.own == [0, 1, 0] && curves.slopes.isEmpty)
    let raw = model.outputs(Self.batch())
    let output = ExplainedOutput(head: .softmax, index: 1)
    for sample in 0..<3 {
      let own = output.value((0..<3).map { Double(raw[sample * 3 + $0]) })
      #expect(abs(curves.values[sample][Int(curves.own[sample])] - own) < 1e-5)
      #expect(abs(curves.values[sample][1 - Int(curves.own[sample])] - own) > 1e-4)
    }
  }

  @Test func exchangedSamplesHaveTheOthersValue() throws {
    let response = Self.response()
    let exchanged = response.exchanged(feature: 1, from: [2, 0, 1])
    let alone = (0..<3).map { Self.moved($0, to: Self.sources[[2, 0, 1][$0] * 3 + 2]) }
    for (a, b) in zip(exchanged.spectra, alone.flatMap(\.spectra)) { #expect(abs(a - b) < 1e-6) }
    for (a, b) in zip(exchanged.windows[0], alone.flatMap { $0.windows[0] }) {
      #expect(abs(a - b) < 1e-6)
    }
    #expect(response.exchanged(feature: 1, from: [0, 1, 2]) == Self.batch())
  }

  @Test func meansAndSpreadsAreThoseOfTheLines() {
    let curves = ResponseCurves(
      positions: [0, 1, 3], values: [[1, 2, 6], [3, 2, 0]], slopes: [[1, 2, 3], [3, 2, -1]],
      own: [0, 1])
    #expect(curves.mean([0, 1]) == [2, 2, 3] && curves.mean([1]) == [3, 2, 0])
    #expect(curves.centred == [[0, 1, 5], [0, -1, -3]])
    #expect(curves.slopeSpread == [1, 0, 2])
    #expect(curves.numericalSlopes(smoothing: 0) == [[1, 5.0 / 3, 2], [-1, -1, -1]])
    let smooth = curves.numericalSlopes(smoothing: 1)
    // (1.5, 3, 4) over 0, 1, 3.
    #expect(smooth[0] == [1.5, 2.5 / 3, 0.5])
  }
}
