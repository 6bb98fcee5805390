import Networks

/// How the results of several models become one.
enum Combination: String, CaseIterable, Codable, Sendable {
  /// The mean of probabilities or values.
  case average
  /// The share of models that decide for a class or label.
  case vote

  /// Combines the results of models; one model's stay as they are.
  ///
  /// They are outputs x items each, or items x outputs where `isByItem`.
  /// Where a model has no result, there is none. Of equal probabilities the first class gets the
  /// vote.
  func combined(
    _ results: [[Float]], outputCount: Int, kind: ModelArchitecture.Head.Kind,
    isByItem: Bool = false
  ) -> [Float] {
    guard let first = results.first, results.count > 1 else { return results.first ?? [] }
    let parts =
      self == .average
      ? results
      : results.map { values in
        kind == .softmax
          ? Self.choices(values, outputCount, isByItem: isByItem)
          : values.map { $0.isNaN ? .nan : $0 > 0.5 ? 1 : 0 }
      }
    return first.indices.map { index in
      Float(parts.reduce(0.0) { $0 + Double($1[index]) } / Double(parts.count))
    }
  }

  /// The standard deviation (of a sample) of the results of two models or more; where a model has
  /// no result, there is none.
  static func deviation(_ results: [[Float]]) -> [Float] {
    (results.first ?? []).indices.map { index in
      let values = results.map { Double($0[index]) }
      return Float(Comparison.spread(values).deviation)
    }
  }

  /// 1 for the most probable class of each item, 0 for the others.
  private static func choices(
    _ values: [Float], _ outputCount: Int, isByItem: Bool
  ) -> [Float] {
    let items = values.count / max(1, outputCount)
    var result = [Float](repeating: 0, count: values.count)
    for item in 0..<items {
      let places = (0..<outputCount).map {
        isByItem ? item * outputCount + $0 : $0 * items + item
      }
      guard var best = places.first else { continue }
      for place in places where values[place] > values[best] { best = place }
      result[best] = 1
      if places.contains(where: { values[$0].isNaN }) {
        for place in places { result[place] = .nan }
      }
    }
    return result
  }
}
