import Foundation

/// The one number by which raw outputs are divided so that a model is as sure as it is right.
///
/// After Guo et al. 2017 it minimises the mean negative logarithm of the true classes' probabilities, which is convex in
/// the inverse temperature, within `bounds`: where every class is told from the others without
/// fault the loss falls for ever as the temperature falls. The order of the classes stays.
public struct TemperatureScaling: Sendable, Hashable, Codable {
  /// The least and the highest temperature.
  public static let bounds = 0.05...20.0

  /// What raw outputs are divided by: above 1 where the model was too sure.
  public let temperature: Double
  /// Whether the loss is least at one of `bounds`, or beyond.
  public let isAtBound: Bool

  /// Finds the temperature; 1 where there are no samples, or no differences between the logits of
  /// any sample.
  ///
  /// - Parameters:
  ///   - logits: The raw outputs, samples x classes, row-major and finite; a label is two classes
  ///     with the logits 0 and its own.
  ///   - classes: The true class of each sample.
  public init(logits: [Double], classes: [Int], classCount: Int) {
    precondition(
      logits.count == classes.count * classCount,
      "\(logits.count) logits for \(classes.count) samples of \(classCount) classes")
    let loss = TemperedLoss(logits: logits, classes: classes, classCount: classCount)
    guard loss.dependsOnTemperature else {
      (temperature, isAtBound) = (1, false)
      return
    }
    let (low, high) = (1 / Self.bounds.upperBound, 1 / Self.bounds.lowerBound)
    if loss.slopes(at: low).first >= 0 {
      (temperature, isAtBound) = (Self.bounds.upperBound, true)
    } else if loss.slopes(at: high).first <= 0 {
      (temperature, isAtBound) = (Self.bounds.lowerBound, true)
    } else {
      (temperature, isAtBound) = (1 / loss.minimum(in: low...high), false)
    }
  }
}

/// The mean log loss of logits times a number, the inverse temperature.
private struct TemperedLoss {
  let logits: [Double]
  let classes: [Int]
  let classCount: Int

  /// Whether the logits of any sample differ.
  var dependsOnTemperature: Bool {
    logits.indices.contains { logits[$0] != logits[$0 / classCount * classCount] }
  }

  /// The first and the second derivative: the mean difference of the expected logit and that of the
  /// true class, and the mean variance of the logits.
  func slopes(at inverse: Double) -> (first: Double, second: Double) {
    var (first, second) = (0.0, 0.0)
    for (sample, truth) in classes.enumerated() {
      let row = logits[sample * classCount..<(sample + 1) * classCount]
      // Differences from the true class: no rounding makes a right answer look wrong.
      let own = row[row.startIndex + truth]
      let largest = row.max() ?? 0
      var (sum, mean, square) = (0.0, 0.0, 0.0)
      for value in row {
        let weight = exp(inverse * (value - largest))
        sum += weight
        mean += weight * (value - own)
        square += weight * (value - own) * (value - own)
      }
      mean /= sum
      first += mean
      second += max(0, square / sum - mean * mean)
    }
    let count = Double(max(1, classes.count))
    return (first / count, second / count)
  }

  /// Where the first derivative is 0, by Newton's steps kept between signs that differ.
  func minimum(in range: ClosedRange<Double>) -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    var place = 1.0
    for _ in 0..<200 {
      let slopes = slopes(at: place)
      if slopes.first > 0 { high = place } else { low = place }
      var next = place - slopes.first / slopes.second
      if !(next > low && next < high) { next = (low * high).squareRoot() }
      if abs(next - place) <= 1e-14 * place { return next }
      place = next
    }
    return place
  }
}
