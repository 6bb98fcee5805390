internal import Glibc

/// What raw outputs mean: probabilities of classes or labels, or values as they are.
public enum Probabilities {
  /// The probabilities (values, for a linear head) of raw outputs `samples x outputs`.
  public static func of(
    _ outputs: [Float], outputCount: Int, kind: ModelArchitecture.Head.Kind
  ) -> [Float] {
    precondition(
      outputCount > 0 && outputs.count % outputCount == 0,
      "\(outputs.count) values in samples of \(outputCount)")
    switch kind {
    case .linear: return outputs
    case .sigmoid: return outputs.map { Float(sigmoid(Double($0))) }
    case .softmax:
      var result = [Float](repeating: 0, count: outputs.count)
      var probabilities = [Double](repeating: 0, count: outputCount)
      for start in stride(from: 0, to: outputs.count, by: outputCount) {
        _ = softmax(outputs, start, &probabilities)
        for index in 0..<outputCount { result[start + index] = Float(probabilities[index]) }
      }
      return result
    }
  }

  /// The logarithms of the classes' probabilities, samples x outputs.
  public static func logSoftmax(_ outputs: [Float], outputCount: Int) -> [Float] {
    var result = outputs
    var probabilities = [Double](repeating: 0, count: outputCount)
    for start in stride(from: 0, to: outputs.count, by: outputCount) {
      let total = softmax(outputs, start, &probabilities)
      for index in start..<start + outputCount {
        result[index] = Float(Double(outputs[index]) - total)
      }
    }
    return result
  }

  /// Fills in one sample's probabilities; returns the logarithm of the sum of exponentials.
  static func softmax(
    _ outputs: [Float], _ start: Int, _ probabilities: inout [Double]
  ) -> Double {
    var largest = -Float.infinity
    for index in start..<start + probabilities.count { largest = max(largest, outputs[index]) }
    var sum: Double = 0
    for index in probabilities.indices {
      probabilities[index] = exp(Double(outputs[start + index]) - Double(largest))
      sum += probabilities[index]
    }
    for index in probabilities.indices { probabilities[index] /= sum }
    return Double(largest) + log(sum)
  }

  static func sigmoid(_ z: Double) -> Double {
    let small = exp(-abs(z))
    return z >= 0 ? 1 / (1 + small) : small / (1 + small)
  }
}
