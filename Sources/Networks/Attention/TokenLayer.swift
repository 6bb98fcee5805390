internal import Tensors

/// Dense layers on rows: one token of one sample each.
extension Linear {
  /// The outputs, rows x outputs, of inputs, rows x inputs.
  func rows(_ x: [Float]) -> [Float] {
    var y = pushedRows(x)
    for start in stride(from: 0, to: y.count, by: outputs) {
      for output in 0..<outputs { y[start + output] += bias[output] }
    }
    return y
  }

  /// The outputs' tangents, rows x outputs, for the inputs' tangents.
  func pushedRows(_ tangent: [Float]) -> [Float] {
    let count = tangent.count / max(1, inputs)
    precondition(tangent.count == count * inputs, "\(tangent.count) values in rows of \(inputs)")
    var y = [Float](repeating: 0, count: count * outputs)
    Products.multiply(
      rows: count, columns: outputs, inner: inputs, tangent, .rows(inputs), weight,
      .transposed(inputs), into: &y, .rows(outputs))
    return y
  }

  /// Adds the parameters' gradient for the outputs' gradient; returns the inputs' gradient.
  ///
  /// - Parameters:
  ///   - x: The inputs of the forward pass, rows x inputs.
  ///   - outputGradient: Rows x outputs.
  ///   - gradient: Where the parameters' gradient is added.
  func pulledRows(
    _ x: [Float], outputGradient: [Float], adding gradient: inout Linear
  ) -> [Float] {
    let count = x.count / max(1, inputs)
    precondition(
      x.count == count * inputs && outputGradient.count == count * outputs,
      "\(x.count) inputs and \(outputGradient.count) outputs of \(inputs) to \(outputs)")
    Products.multiply(
      rows: outputs, columns: inputs, inner: count, outputGradient, .transposed(outputs), x,
      .rows(inputs), beta: 1, into: &gradient.weight, .rows(inputs))
    var sums = [Double](repeating: 0, count: outputs)
    for start in stride(from: 0, to: outputGradient.count, by: outputs) {
      for output in 0..<outputs { sums[output] += Double(outputGradient[start + output]) }
    }
    for output in 0..<outputs { gradient.bias[output] += Float(sums[output]) }
    var result = [Float](repeating: 0, count: x.count)
    Products.multiply(
      rows: count, columns: inputs, inner: outputs, outputGradient, .rows(outputs), weight,
      .rows(inputs), into: &result, .rows(inputs))
    return result
  }
}

extension ActivationShape {
  /// Values in this shape as tokens, `[sample][row][column][channel]`.
  func tokens(_ values: [Float]) -> [Float] {
    precondition(values.count == count, "\(values.count) values in a shape of \(count)")
    var result = [Float](repeating: 0, count: count)
    forEachToken { place, token in
      for sample in 0..<batch { result[sample * valuesPerSample + token] = values[place + sample] }
    }
    return result
  }

  /// The inverse of `tokens`.
  func fromTokens(_ tokens: [Float]) -> [Float] {
    precondition(tokens.count == count, "\(tokens.count) values in a shape of \(count)")
    var result = [Float](repeating: 0, count: count)
    forEachToken { place, token in
      for sample in 0..<batch { result[place + sample] = tokens[sample * valuesPerSample + token] }
    }
    return result
  }

  /// Calls `body` with the first place of each run of samples and its place among a sample's tokens.
  @inline(__always)
  private func forEachToken(_ body: (_ place: Int, _ token: Int) -> Void) {
    for row in 0..<rows {
      for channel in 0..<channels {
        for column in 0..<columns {
          body(
            ((row * channels + channel) * columns + column) * batch,
            (row * columns + column) * channels + channel)
        }
      }
    }
  }
}

/// Adds values to equally many others.
func accumulate(_ addends: [Float], into values: inout [Float]) {
  precondition(addends.count == values.count, "\(addends.count) added to \(values.count)")
  for index in values.indices { values[index] += addends[index] }
}
