import Learning
import Networks
import Rasters

/// Gathered samples as training sets.
extension GatheredSamples {
  /// How well a model predicts some of the samples.
  func metrics(of predictor: Predictor, at positions: [Int], fill: [Float]) -> Metrics {
    Metrics(
      predictions: predictor.probabilities(batch(positions, fill: fill)),
      targets: positions.map { set.samples[$0].target }, kind: set.kind)
  }

  /// Some of the samples as a set of their own; of classes, two at least must occur.
  func chosen(_ positions: [Int]) throws -> SampleSet {
    guard !positions.isEmpty else {
      throw ExecutionError.data("no training sample has every band and segment it needs")
    }
    let chosen = try SampleSet(
      kind: set.kind, categories: set.categories, samples: positions.map { set.samples[$0] })
    if chosen.kind == .softmax, chosen.counts.count(where: { $0 > 0 }) < 2 {
      throw ExecutionError.data("the training samples have one class only")
    }
    return chosen
  }

  /// Some of the samples as a training set, with shifts to cells that may be seen.
  func trainingSet(
    _ positions: [Int], blockSize: Double, seeing isSeen: (Cell) -> Bool = { _ in true }
  ) throws -> TrainingSet {
    let occupied = Set(set.samples.map(\.cell))
    let near = positions.map { position in
      shifts(of: position) { isSeen($0) && !occupied.contains($0) }
    }
    return try TrainingSet(
      samples: chosen(positions), blockSize: blockSize, bandCount: bandCount,
      spectra: spectra(positions),
      windows: windows(positions), graph: graph,
      segmentOfSample: graph == nil ? [] : positions.map { segmentOfSample[$0] },
      isCategory: isCategory, shifts: near.allSatisfy(\.isEmpty) ? [] : near)
  }

  /// What the branches read at the cells around a sample, as far as its wider window reaches.
  ///
  /// Cells that miss a band, hold a sample of their own or may not be seen are left out.
  private func shifts(
    of position: Int, to isAllowed: (Cell) -> Bool
  ) -> [TrainingSet.Shift] {
    guard let row = rows[position], row.windows.count > windowSizes.count,
      let wide = row.windows.last
    else { return [] }
    let edge = Int(Double(wide.count / bandCount).squareRoot().rounded())
    let reach = (edge - (windowSizes.max() ?? 1)) / 2
    let own = set.samples[position].cell
    func crop(_ size: Int, _ x: Int, _ y: Int) -> [Float] {
      let first = edge / 2 - size / 2
      return (0..<bandCount).flatMap { band in
        (0..<size).flatMap { line in
          let start = (band * edge + first + y + line) * edge + first + x
          return wide[start..<start + size]
        }
      }
    }
    return (-reach...reach).flatMap { y in
      (-reach...reach).compactMap { x -> TrainingSet.Shift? in
        guard x != 0 || y != 0, isAllowed(Cell(column: own.column + x, row: own.row + y)) else {
          return nil
        }
        let spectrum = crop(1, x, y)
        guard spectrum.allSatisfy(\.isFinite) else { return nil }
        return TrainingSet.Shift(
          distance: max(abs(x), abs(y)), spectrum: spectrum,
          windows: windowSizes.map { crop($0, x, y) })
      }
    }
  }
}
