import Learning
import Networks

/// What predicts all outputs of a head from a pixel's bands alone.
protocol PixelPredictor: Sendable {
  /// The method that makes it.
  var method: Predictor.Method { get }
  /// What it is with its size, in words.
  var phrase: String { get }
  /// Its size in words.
  var summary: String { get }
  /// The probabilities, or values, of samples: samples x outputs, row-major.
  func probabilities(_ rows: [Float], count: Int) -> [Float]
  /// The probabilities, or values, of a chunk of pixels: outputs x cells, band-major.
  func dense(_ planes: [Float], cells: Int) -> [Float]
  /// The numbers of a model file.
  var tensors: [NamedTensor] { get }
  /// Whether it takes the bands and makes the outputs of a form.
  func fits(_ architecture: ModelArchitecture) -> Bool
  /// The same with raw outputs divided by a temperature; one without them as it is.
  func tempered(by temperature: Double) -> Self
}

extension SurfaceRule: PixelPredictor {
  var method: Predictor.Method { .surface }

  var phrase: String {
    surfaces.count == 1
      ? "A band that predicts by itself" : "\(summary) that predict by themselves"
  }

  var summary: String { "\(surfaces.count) band\(surfaces.count == 1 ? "" : "s")" }

  func fits(_ architecture: ModelArchitecture) -> Bool {
    featureCount == architecture.bandCount && outputCount == architecture.head.outputs
  }

  func tempered(by temperature: Double) -> SurfaceRule { self }
}
