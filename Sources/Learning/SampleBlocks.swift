internal import Tensors

/// Prediction block by block, each from rows, in parallel.
enum SampleBlocks {
  /// The samples of a block: their rows stay in the cache while a model goes over them.
  private static let size = 256

  /// The outputs of row-major samples, samples x outputs.
  static func rows(
    _ rows: [Float], count: Int, features: Int, jobs: Int?,
    _ predict: @Sendable (_ rows: Span<Float>, _ count: Int) -> [Float]
  ) -> [Float] {
    precondition(
      rows.count == count * features, "\(rows.count) features for \(count) samples of \(features)")
    return Parallel.map((count + size - 1) / size, jobs: jobs) { index in
      let samples = index * size..<min(count, (index + 1) * size)
      let part = samples.lowerBound * features..<samples.upperBound * features
      return predict(rows.span.extracting(part), samples.count)
    }.flatMap { $0 }
  }

  /// The outputs of band-major cells, outputs x cells.
  static func planes(
    _ planes: [Float], cells: Int, features: Int, outputs: Int, jobs: Int?,
    _ predict: @Sendable (_ rows: Span<Float>, _ count: Int) -> [Float]
  ) -> [Float] {
    precondition(
      planes.count == cells * features,
      "\(planes.count) values for \(cells) cells of \(features) features")
    let parts = Parallel.map((cells + size - 1) / size, jobs: jobs) { index in
      let block = index * size..<min(cells, (index + 1) * size)
      var rows = [Float](repeating: 0, count: block.count * features)
      for feature in 0..<features {
        let start = feature * cells + block.lowerBound
        for cell in 0..<block.count { rows[cell * features + feature] = planes[start + cell] }
      }
      return predict(rows.span, block.count)
    }
    var result = [Float](repeating: 0, count: cells * outputs)
    for (index, part) in parts.enumerated() {
      for (place, value) in part.enumerated() {
        result[place % outputs * cells + index * size + place / outputs] = value
      }
    }
    return result
  }
}
