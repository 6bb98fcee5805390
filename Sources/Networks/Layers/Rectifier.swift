internal import Tensors

/// The rectified linear unit, `max(x, 0)`, with derivative 0 at 0.
public enum Rectifier {
  /// Sets negative values to zero.
  public static func apply(_ values: inout [Float]) {
    for index in values.indices { values[index] = max(values[index], 0) }
  }

  /// Sets derivatives to zero where the rectified `outputs` are: pullback and pushforward alike.
  public static func gate(_ derivatives: inout [Float], by outputs: [Float]) {
    precondition(
      derivatives.count == outputs.count, "\(derivatives.count) against \(outputs.count) values")
    for index in derivatives.indices {
      // Loaded before the choice: a conditional load would not vectorise.
      let derivative = derivatives[index]
      derivatives[index] = outputs[index] > 0 ? derivative : 0
    }
  }

  /// Adds `bias[i]` to the i-th run of `run` values and cuts off negative ones on demand.
  static func addBias(
    _ bias: [Float], rectified: Bool, _ values: UnsafeMutableBufferPointer<Float>, run: Int
  ) {
    precondition(values.count == bias.count * run, "\(values.count) values, \(bias.count) biases")
    let floor: Float = rectified ? 0 : -.infinity
    for channel in bias.indices {
      let addend = bias[channel]
      for index in channel * run..<(channel + 1) * run {
        let value = values[index] + addend
        values[index] = value < floor ? floor : value
      }
    }
  }

  /// Adds the sum of the i-th run of `run` values to `sums[i]`.
  static func addSums(_ values: Span<Float>, run: Int, to sums: inout [Float]) {
    precondition(values.count == sums.count * run, "\(values.count) values, \(sums.count) sums")
    for index in sums.indices {
      sums[index] += Reductions.sum(values.extracting(index * run..<(index + 1) * run))
    }
  }
}
