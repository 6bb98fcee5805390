/// The shape of a layer's values for a batch of samples: `[row][channel][column][sample]`.
///
/// Samples lie together, so every shift of a window is one contiguous run, and the rows under a
/// kernel are one matrix. Spectra have their bands as rows and one column; vectors have their
/// features as channels, one row and one column.
public struct ActivationShape: Sendable, Hashable {
  /// The number of rows.
  public var rows: Int
  /// The number of channels.
  public var channels: Int
  /// The number of columns.
  public var columns: Int
  /// The number of samples.
  public var batch: Int

  /// Describes values.
  public init(rows: Int, channels: Int, columns: Int, batch: Int) {
    self.rows = rows
    self.channels = channels
    self.columns = columns
    self.batch = batch
  }

  /// The number of values of all samples.
  public var count: Int { rows * channels * columns * batch }
  /// The number of values of one sample.
  public var valuesPerSample: Int { rows * channels * columns }

  /// Values of each sample in the order `[channel][row][column]` as values in this shape.
  ///
  /// - Parameters:
  ///   - samples: Whole samples one after another.
  ///   - first: The sample to begin with; `batch` samples are taken.
  ///   - layout: Where a sample's values stand, if not just in that order.
  func arranged(_ samples: [Float], from first: Int, _ layout: InputLayout? = nil) -> [Float] {
    let layout = layout ?? plainLayout
    let size = layout.sampleSize
    precondition(
      samples.count >= (first + batch) * size,
      "\(samples.count) values for samples \(first)..<\(first + batch) of \(size) values")
    return [Float](unsafeUninitializedCapacity: count) { target, initialized in
      forEachPlace(layout) { place, inside in
        let source = first * size + inside
        for sample in 0..<batch { target[place + sample] = samples[source + sample * size] }
      }
      initialized = count
    }
  }

  /// Adds values in this shape to samples of the order `[channel][row][column]`.
  func add(
    _ values: [Float], to samples: inout [Float], from first: Int, _ layout: InputLayout? = nil
  ) {
    let layout = layout ?? plainLayout
    let size = layout.sampleSize
    forEachPlace(layout) { place, inside in
      let target = first * size + inside
      for sample in 0..<batch { samples[target + sample * size] += values[place + sample] }
    }
  }

  /// Samples that hold nothing else, in the order `[channel][row][column]`.
  private var plainLayout: InputLayout {
    InputLayout(sampleSize: valuesPerSample, rows: rows, columns: columns)
  }

  /// Calls `body` with the first place of every run of samples and its place in a sample.
  @inline(__always)
  private func forEachPlace(_ layout: InputLayout, _ body: (_ place: Int, _ inside: Int) -> Void) {
    for row in 0..<rows {
      for channel in 0..<channels {
        for column in 0..<columns {
          body(
            ((row * channels + channel) * columns + column) * batch,
            layout.place(channel: channel, row: row, column: column))
        }
      }
    }
  }

  /// The values with channels before rows, as a dense layer over all of them takes its inputs.
  func flattened(_ values: [Float]) -> [Float] {
    rows == 1 || channels == 1 ? values : swapped(values, rows, channels)
  }

  /// The inverse of `flattened`.
  func unflattened(_ values: [Float]) -> [Float] {
    rows == 1 || channels == 1 ? values : swapped(values, channels, rows)
  }

  /// Exchanges the two outer dimensions.
  private func swapped(_ values: [Float], _ outer: Int, _ inner: Int) -> [Float] {
    precondition(values.count == count, "\(values.count) values in a shape of \(count)")
    let run = columns * batch
    return [Float](unsafeUninitializedCapacity: count) { target, initialized in
      for a in 0..<outer {
        for b in 0..<inner {
          let (source, place) = ((a * inner + b) * run, (b * outer + a) * run)
          for index in 0..<run { target[place + index] = values[source + index] }
        }
      }
      initialized = count
    }
  }
}
