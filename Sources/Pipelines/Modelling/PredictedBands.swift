import Foundation
import Learning
import Networks
import Rasters

/// The bands of a map of a model: probabilities, or values in their own unit with the limits of their
/// prediction intervals.
struct PredictedBands: Sendable {
  /// The level of the intervals; nil for none.
  let level: Double?
  /// The bands: of values with intervals each value, its lower and its upper limit.
  let bands: [Band]
  private let kind: ModelArchitecture.Head.Kind

  /// The option of stages that map values.
  static let option = OptionSpec(
    "interval", .number(0.01...0.999), default: .optional,
    "The level of prediction intervals of values, whose limits follow each value as the bands "
      + "'<value> lower' and '<value> upper'; for a model that 'calibrate' has made.",
    example: "0.9")

  /// How many bands a value has with its limits.
  static let bandsOfInterval = 3

  /// Reads the option of a request and finds out whether the model has intervals.
  init(_ request: PlanRequest, _ model: ModelProduct) throws {
    kind = model.architecture.head.kind
    level = request.options.optionalDouble(Self.option.name)
    let units = model.forms.map(\.unit)
    let values = model.classes.enumerated().map { output, name in
      Band(name: name, unit: units.indices.contains(output) ? units[output] : "")
    }
    guard let level else {
      bands = values
      return
    }
    try Self.check(request, model, level)
    bands = values.flatMap { band in
      ["", " lower", " upper"].map { Band(name: band.name + $0, unit: band.unit) }
    }
    try request.requireDifferentNames(bands, option: Self.option.name)
  }

  private static func check(
    _ request: PlanRequest, _ model: ModelProduct, _ level: Double
  ) throws {
    func failure(_ message: String) -> PlanFailure { request.failure(option.name, message) }
    guard model.architecture.head.kind == .linear else {
      throw failure("goes with models of values only; '\(model.tag)' tells classes or labels")
    }
    guard model.members.isEmpty, model.isCalibrated else {
      throw failure(
        "needs a model with the residuals of its out-of-fold predictions; '\(model.tag)' has none: "
          + "add 'validate' and 'calibrate', and give what 'calibrate' makes")
    }
    // No more residuals than samples: what is sure to fail need not be trained first.
    guard let column = model.training?.samples.columns.values.first else { return }
    let least = ConformalResiduals.leastCount(level: level)
    guard column.count >= least else {
      throw failure(
        "of \(level) needs \(least) samples or more; '\(model.training?.samples.tag ?? "")' has "
          + "\(column.count)")
    }
  }

  /// What turns raw outputs of a model into the bands.
  func reader(_ package: ModelPackage) throws -> Reader {
    let notes = package.notes
    guard let level else {
      return Reader(kind: kind, transforms: notes.transforms, limits: nil)
    }
    guard let intervals = notes.intervals else {
      throw ExecutionError.data("the model has no residuals to make intervals of")
    }
    return Reader(
      kind: kind, transforms: intervals.outputs.map(\.transform),
      limits: try intervals.outputs.map { try $0.limits(level: level) })
  }

  /// Turns raw outputs of a model into the bands of a map.
  struct Reader: Sendable {
    let kind: ModelArchitecture.Head.Kind
    let transforms: [ValueTransform]?
    let limits: [ConformalResiduals.Limits]?

    /// The bands of a cell; NaN where no finite amount has the number.
    func values(_ raw: [Float]) -> [Float] {
      guard kind == .linear else {
        return Probabilities.of(raw, outputCount: raw.count, kind: kind)
      }
      guard transforms != nil || limits != nil else { return raw }
      return raw.enumerated().flatMap { output, number -> [Float] in
        let transform = transforms?[output] ?? .identity
        let value = transform.inverse(Double(number))
        guard let limits = limits?[output] else { return [Self.finite(value)] }
        let interval = transform.interval(around: Double(number), limits)
        return [value, interval.lower, interval.upper].map(Self.finite)
      }
    }

    private static func finite(_ value: Double) -> Float {
      value < ValueTransform.largest ? Float(value) : .nan
    }
  }
}
