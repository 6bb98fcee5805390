/// How well predicted values agree with the measured ones.
///
/// A measure that the samples cannot tell is nil.
public struct ValueMetrics: Sendable, Hashable, Codable {
  /// The number of samples with a measured value.
  public let count: Int
  /// The coefficient of determination: 1 less the squared errors over those of the mean.
  public let r2: Double?
  /// The mean absolute error, in the unit of the values.
  public let mae: Double?
  /// The root of the mean squared error, in the unit of the values.
  public let rmse: Double?

  /// Compares predictions with measurements; a measurement that is NaN does not count.
  public init(predicted: [Float], measured: [Float]) {
    precondition(
      predicted.count == measured.count,
      "\(predicted.count) predictions for \(measured.count) measurements")
    let known = measured.indices.filter { !measured[$0].isNaN }
    let truth = known.map { Double(measured[$0]) }
    let errors = known.map { Double(predicted[$0]) - Double(measured[$0]) }
    count = known.count
    mae = mean(errors.map(abs))
    let squares = mean(errors.map { $0 * $0 })
    rmse = squares?.squareRoot()
    if let center = mean(truth), let squares,
      let variance = mean(truth.map { ($0 - center) * ($0 - center) }), variance > 0
    {
      r2 = 1 - squares / variance
    } else {
      r2 = nil
    }
  }

  /// The measures by name, in a fixed order.
  public var named: [(name: String, value: Double?)] {
    [("R2", r2), ("MAE", mae), ("RMSE", rmse)]
  }
}
