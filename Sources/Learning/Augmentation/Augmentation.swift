internal import Networks
internal import Tensors

/// A way to make further training samples of those at hand, never of samples that are tested.
public enum Augmentation: Sendable, Hashable {
  /// Synthetic samples of the rarer classes, between neighbours.
  case oversample(Oversampling)
  /// Copies with Gaussian noise of `deviation` on every value; bands of categories stay.
  case noise(deviation: Float, copies: Int)
  /// Copies in which bands, each with the chance `rate`, hold the background mean.
  case drop(rate: Float, copies: Int)
  /// Copies of each sample as if it lay in other cells at most `distance` columns and rows away,
  /// drawn among those that the set knows; samples that were made of others have none.
  case shift(distance: Int, copies: Int)
  /// The windows of every sample in their other seven orientations.
  case rotateFlip
}

extension TrainingSet {
  /// The set with further samples made of some of its own, in the order of the augmentations.
  ///
  /// Each works on the samples at `fitted` and on what those before it made. New samples have the
  /// target, the weight, the place and the segment of the one that they were made of, and new ids.
  /// Missing cells of windows must have been filled.
  ///
  /// - Parameters:
  ///   - background: The bands that stand for "nothing special", for `drop`.
  ///   - seed: What the draws depend on.
  /// - Returns: The set and the positions of the new samples, which come after all others.
  public func augmented(
    by augmentations: [Augmentation], fitted: [Int], background: [Float], seed: UInt64
  ) -> (set: TrainingSet, added: [Int]) {
    var result = self
    var members = fitted.sorted { samples.samples[$0].id < samples.samples[$1].id }
    for (number, augmentation) in augmentations.enumerated() {
      let maker = AugmentedRows(
        set: result, members: members, background: background,
        random: Randomness(seed: seed, Randomness.word("augmentation"), UInt64(number)))
      let made = maker.rows(of: augmentation)
      members += result.count..<result.count + made.count
      result = result.appending(made)
    }
    return (result, Array(count..<result.count))
  }

  private func appending(_ rows: [AugmentedRows.Row]) -> TrainingSet {
    let first = (samples.samples.map(\.id).max() ?? 0) + 1
    let new = rows.enumerated().map { number, row in
      var sample = samples.samples[row.parent]
      sample.id = first + number
      return sample
    }
    return TrainingSet(
      like: self, samples: SampleSet(valid: samples, samples: samples.samples + new),
      spectra: spectra + rows.flatMap(\.spectrum),
      windows: windows.indices.map { branch in
        windows[branch] + rows.flatMap { $0.windows[branch] }
      },
      segmentOfSample: segmentOfSample.isEmpty
        ? [] : segmentOfSample + rows.map { segmentOfSample[$0.parent] },
      shifts: shifts.isEmpty ? [] : shifts + rows.map { _ in [] })
  }
}

/// Makes the rows of new samples.
private struct AugmentedRows {
  let set: TrainingSet
  let members: [Int]
  let background: [Float]
  let random: Randomness

  /// What a new sample holds, and the position of the one whose target it has.
  struct Row {
    var parent: Int
    var spectrum: [Float]
    var windows: [[Float]]
  }

  func rows(of augmentation: Augmentation) -> [Row] {
    switch augmentation {
    case .oversample(let method): oversampled(method)
    case .noise(let deviation, let copies):
      copied(copies) { noisy($0, deviation, $1) }
    case .drop(let rate, let copies):
      copied(copies) { dropped($0, rate, $1) }
    case .shift(let distance, let copies): shifted(distance, copies)
    case .rotateFlip:
      members.flatMap { position in (1..<8).map { turned(row(position), orientation: $0) } }
    }
  }

  private func row(_ position: Int) -> Row {
    Row(
      parent: position, spectrum: TrainingSet.rows(set.spectra, set.count, [position]),
      windows: set.windows.map { TrainingSet.rows($0, set.count, [position]) })
  }

  /// Some copies of every member, each changed with random numbers of its own.
  private func copied(_ copies: Int, _ change: (Row, Randomness) -> Row) -> [Row] {
    members.flatMap { position in
      (0..<copies).map { copy in
        let id = UInt64(bitPattern: Int64(set.samples.samples[position].id))
        return change(row(position), random.derived(id, UInt64(copy)))
      }
    }
  }

  // MARK: Oversampling

  /// Samples between neighbours, which are near one another in all that the branches read.
  private func oversampled(_ method: Oversampling) -> [Row] {
    let widths = [set.bandCount] + set.windows.map { $0.count / max(1, set.count) }
    let rows = FeatureRows(
      members.flatMap { position in
        let row = row(position)
        return row.spectrum + row.windows.flatMap(\.self)
      }, columns: widths.reduce(0, +),
      isCategory: zip(widths, [0..<set.bandCount] + set.windowForms.map(\.bands)).flatMap {
        width, bands in
        (0..<width).map { set.isCategory[bands.lowerBound + $0 / (width / bands.count)] }
      })
    let classes = members.map { position in
      if case .category(let index) = set.samples.samples[position].target { index } else { 0 }
    }
    return method.samples(
      rows, classes: classes, classCount: set.samples.categories.count, random: random
    ).map { synthetic in
      var rest = rows.row(synthetic)[...]
      let parts = widths.map { width in
        defer { rest = rest.dropFirst(width) }
        return Array(rest.prefix(width))
      }
      return Row(
        parent: members[synthetic.parent], spectrum: parts[0], windows: Array(parts.dropFirst()))
    }
  }

  // MARK: Copies

  private func noisy(_ row: Row, _ deviation: Float, _ random: Randomness) -> Row {
    var row = row
    var counter: UInt64 = 0
    func add(_ values: inout [Float], _ bands: Range<Int>) {
      let cells = values.count / bands.count
      for index in values.indices where !set.isCategory[bands.lowerBound + index / cells] {
        values[index] += deviation * random.normal(counter)
        counter += 1
      }
    }
    add(&row.spectrum, 0..<set.bandCount)
    for (branch, form) in set.windowForms.enumerated() { add(&row.windows[branch], form.bands) }
    return row
  }

  /// The same bands are dropped from the spectrum and from all windows.
  private func dropped(_ row: Row, _ rate: Float, _ random: Randomness) -> Row {
    var row = row
    for band in 0..<set.bandCount where random.uniform(UInt64(band)) < rate {
      row.spectrum[band] = background[band]
      for (branch, form) in set.windowForms.enumerated() where form.bands.contains(band) {
        let cells = row.windows[branch].count / form.bands.count
        let place = band - form.bands.lowerBound
        for cell in place * cells..<(place + 1) * cells {
          row.windows[branch][cell] = background[band]
        }
      }
    }
    return row
  }

  /// Samples as they are read a few cells beside their places.
  private func shifted(_ distance: Int, _ copies: Int) -> [Row] {
    members.flatMap { position -> [Row] in
      let id = UInt64(bitPattern: Int64(set.samples.samples[position].id))
      let near = set.shifts.isEmpty ? [] : set.shifts[position].filter { $0.distance <= distance }
      return random.derived(id).shuffled(near).prefix(copies).map { shift in
        Row(parent: position, spectrum: shift.spectrum, windows: shift.windows)
      }
    }
  }

  /// One of eight orientations: bit 0 mirrors columns, bit 1 rows, bit 2 changes rows with columns.
  ///
  /// Bands that are sub-cells turn with their cells.
  private func turned(_ row: Row, orientation: Int) -> Row {
    var row = row
    for (branch, form) in set.windowForms.enumerated() {
      let values = row.windows[branch]
      let cells = values.count / form.bands.count
      let edge = Int(Double(cells).squareRoot().rounded())
      let parts = form.refinement
      row.windows[branch] = values.indices.map { index in
        let (band, cell) = (index / cells, index % cells)
        var x = cell % edge * parts + band % parts
        var y = cell / edge * parts + band / parts % parts
        if orientation & 1 != 0 { x = edge * parts - 1 - x }
        if orientation & 2 != 0 { y = edge * parts - 1 - y }
        if orientation & 4 != 0 { (x, y) = (y, x) }
        let plane = (band / (parts * parts) * parts + y % parts) * parts + x % parts
        return values[plane * cells + y / parts * edge + x / parts]
      }
    }
    return row
  }
}
