import Features
import Foundation
import Learning

/// How surfaces were fitted and how well points predict one another, for report and record.
struct InterpolationSummary: Codable, Sendable {
  /// How far the predictions of one method are off at points that it has not seen.
  struct Errors: Codable, Sendable, Equatable {
    /// The points with a value and a prediction.
    var count: Int
    /// The mean of prediction less measurement: above 0 where predictions are too high.
    var mean: Double?
    var rmse: Double?
    var r2: Double?

    /// Compares predictions with measurements; a point that misses one of them does not count.
    init(predicted: [Float], measured: [Float]) {
      let known = measured.indices.filter { measured[$0].isFinite && predicted[$0].isFinite }
      let metrics = ValueMetrics(
        predicted: known.map { predicted[$0] }, measured: known.map { measured[$0] })
      count = metrics.count
      rmse = metrics.rmse
      r2 = metrics.r2
      let errors = known.map { Double(predicted[$0]) - Double(measured[$0]) }
      mean = errors.isEmpty ? nil : errors.reduce(0, +) / Double(errors.count)
    }
  }

  /// The errors of one method for one column.
  struct Entry: Codable, Sendable {
    var field: String
    var method: PointInterpolation.Method
    /// Each point predicted from all others; those at its place are left out with it.
    var leaveOneOut: Errors
    /// Each point predicted from those of other blocks.
    var blocked: Errors
  }

  var method: PointInterpolation.Method
  var fields: [String]
  /// The variogram of each column, where the method is kriging.
  var variograms: [Variogram]
  /// The errors by field, then by method.
  var entries: [Entry]

  /// At most this many points are predicted, evenly taken from all, to bound the time.
  private static let mostPoints = 2000
  private static let foldCount = 5

  /// Predicts points by each of the methods that can be fitted to them.
  init(
    _ interpolation: PointInterpolation, _ points: GriddedPoints, _ variograms: [Variogram]
  ) throws {
    method = interpolation.method
    fields = interpolation.fields
    self.variograms = variograms
    entries = []
    let step = (points.x.count + Self.mostPoints - 1) / Self.mostPoints
    let tested = Array(stride(from: 0, to: points.x.count, by: max(1, step)))
    for (column, field) in fields.enumerated() {
      for method in PointInterpolation.Method.allCases {
        let single = interpolation.of(field, by: method)
        var own = points
        own.columns = [points.columns[column]]
        let predicted = single.leaveOneOut(own, tested)
        let measured = tested.map { own.columns[0][$0] }
        let blocked = single.blocked(own, tested, folds: Self.foldCount)
        entries.append(
          Entry(
            field: field, method: method,
            leaveOneOut: Errors(predicted: predicted, measured: measured),
            blocked: Errors(predicted: blocked, measured: measured)))
      }
    }
  }

  /// The numbers by name, for the record of a run.
  var measures: [(name: String, value: Double?)] {
    typealias Measure = (name: String, value: Double?)
    let errors = entries.flatMap { entry -> [Measure] in
      let name = "\(entry.field), \(entry.method.rawValue)"
      return measures("\(name): leave-one-out", entry.leaveOneOut)
        + measures("\(name): blocks", entry.blocked)
    }
    let models = zip(fields, variograms).flatMap { field, variogram -> [Measure] in
      let name = "\(field), \(variogram.model.shape.rawValue) variogram"
      return [
        ("\(name): nugget", variogram.model.nugget),
        ("\(name): partial sill", variogram.model.partialSill),
        ("\(name): range", variogram.model.range),
      ]
    }
    return errors + models
  }

  private func measures(_ name: String, _ errors: Errors) -> [(name: String, value: Double?)] {
    [
      ("\(name) RMSE", errors.rmse), ("\(name) mean error", errors.mean),
      ("\(name) R2", errors.r2),
    ]
  }
}

extension PointInterpolation {
  /// The interpolation of one column by a method.
  fileprivate func of(_ field: String, by method: Method) -> PointInterpolation {
    PointInterpolation(
      method: method, fields: [field], distance: distance, shapes: shapes, lags: lags,
      maximumLag: maximumLag, hasVariance: false, degree: degree,
      krigingNeighbors: krigingNeighbors)
  }

  /// The surface of the only column; nil where points do not determine it.
  private func single(_ points: GriddedPoints) -> (any PointSurface)? {
    guard method == .kriging else { return try? surface(points, []) }
    return (try? variograms(points)).flatMap { try? surface(points, $0) }
  }

  /// Predictions at points, each without all points at its place; a variogram is that of all.
  fileprivate func leaveOneOut(_ points: GriddedPoints, _ tested: [Int]) -> [Float] {
    single(points)?.leaveOneOut(tested, x: points.x, y: points.y).first
      ?? [Float](repeating: .nan, count: tested.count)
  }

  /// Predictions at points from those of other blocks, with everything fitted to these alone.
  ///
  /// Blocks are squares of a fifth of the longer side of the points' extent. Blocks of one fold
  /// are a knight's move apart, so that neighbours are of other folds.
  fileprivate func blocked(
    _ points: GriddedPoints, _ tested: [Int], folds: Int
  ) -> [Float] {
    let fold = points.blockFolds(folds)
    var result = [Float](repeating: .nan, count: points.x.count)
    for test in 0..<folds {
      var training = points
      training.take(points.x.indices.filter { fold[$0] != test })
      let places = tested.filter { fold[$0] == test }
      guard !places.isEmpty, let surface = single(training) else { continue }
      let found = surface.estimates(
        x: places.map { points.x[$0] }, y: places.map { points.y[$0] }, excluding: [])
      for (place, value) in zip(places, found.first ?? []) { result[place] = value }
    }
    return tested.map { result[$0] }
  }
}

extension GriddedPoints {
  /// The fold of every point's block.
  fileprivate func blockFolds(_ folds: Int) -> [Int] {
    let (left, bottom) = (x.min() ?? 0, y.min() ?? 0)
    let side = max((x.max() ?? 0) - left, (y.max() ?? 0) - bottom) / Double(folds)
    guard side > 0 else { return [Int](repeating: 0, count: x.count) }
    return zip(x, y).map { x, y in
      let column = min(folds - 1, Int((x - left) / side))
      let row = min(folds - 1, Int((y - bottom) / side))
      return (column + 2 * row) % folds
    }
  }
}
