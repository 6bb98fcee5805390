public import Networks

extension LogisticRegression {
  /// The regression as named arrays, as a safetensors file holds them.
  ///
  /// A coefficient is the sum of a `Float` and a second one for the digits that it lacks.
  public var tensors: [NamedTensor] {
    func pair(_ name: String, _ values: [Double], _ shape: [Int]) -> [NamedTensor] {
      let parts = values.map(TwoFloats.init)
      return [
        NamedTensor(name: "logistic.\(name)", shape: shape, values: parts.map(\.high)),
        NamedTensor(name: "logistic.\(name).rest", shape: shape, values: parts.map(\.low)),
      ]
    }
    let counts = [Float(featureCount), Float(classCount), isConverged ? 1 : 0]
    return pair("coefficient", coefficients, [intercepts.count, featureCount])
      + pair("intercept", intercepts, [intercepts.count]) + [
        NamedTensor(
          name: "logistic.class", shape: [classes.count], values: classes.map { Float($0) }),
        NamedTensor(name: "logistic.form", shape: [3], values: counts),
      ]
  }

  /// Reads a regression from named arrays.
  ///
  /// - Throws: `ModelFileError` where an array is missing, unknown, of another shape or not finite,
  ///   or the classes do not fit together.
  public init(tensors: [NamedTensor]) throws(ModelFileError) {
    var reader = TensorReader(tensors, prefix: "logistic.")
    let form = try reader.whole("form", from: 0, count: 3)
    let classes = try reader.whole("class", from: 0)
    let (features, classCount) = (form[0], form[1])
    guard let last = classes.last, last < classCount,
      zip(classes, classes.dropFirst()).allSatisfy(<)
    else {
      throw ModelFileError(
        "the regression has the classes \(classes); some of \(classCount), ascending, were "
          + "expected")
    }
    let vectors = classes.count == 2 ? 1 : classes.count > 2 ? classes.count : 0
    func pair(_ name: String, _ shape: [Int]) throws(ModelFileError) -> [Double] {
      let high = try reader.take(name, shape)
      let low = try reader.take("\(name).rest", shape)
      return zip(high.values, low.values).map { Double($0) + Double($1) }
    }
    let coefficients = try pair("coefficient", [vectors, features])
    let intercepts = try pair("intercept", [vectors])
    try reader.finish()
    self.init(
      featureCount: features, classCount: classCount, classes: classes,
      coefficients: coefficients, intercepts: intercepts, isConverged: form[2] == 1)
  }
}

/// A number as the sum of two floats: 48 digits and more.
struct TwoFloats {
  let high: Float
  let low: Float

  init(_ value: Double) {
    high = Float(value)
    low = Float(value - Double(high))
  }

  /// The number rounded to what two floats hold, so that a file keeps it.
  static func rounded(_ value: Double) -> Double {
    let parts = TwoFloats(value)
    return Double(parts.high) + Double(parts.low)
  }
}
