public import Networks

/// A chunk with its halo as a model sees it and as an analyst knows it.
public struct ExplanationField: Sendable {
  /// The model's input, invalid cells filled.
  public var input: DenseInput
  /// Whether a cell of chunk and halo has data; cells without keep their fill in every baseline.
  public var valid: [Bool]
  /// The source values over chunk and halo, source-major (`J x cells`); ignored where invalid.
  public var sources: [Float]
  /// `S^K` applied to the sources, pixel-major (pixels of the graph x J); for graphs,
  /// which then hold `S^K 1` too.
  public var propagatedSources: [Float]
  /// How the model's bands are made of the sources.
  public var mixing: SourceMixing

  /// Gathers a field.
  public init(
    input: DenseInput, valid: [Bool], sources: [Float], mixing: SourceMixing,
    propagatedSources: [Float] = []
  ) {
    let cells = input.paddedWidth * input.paddedHeight
    precondition(
      valid.count == cells && sources.count == mixing.sourceCount * cells
        && input.values.count == input.bandCount * cells && input.bandCount == mixing.bandCount,
      "\(valid.count) cells, \(sources.count) source values and \(input.values.count) band values "
        + "for \(cells) cells of \(mixing.sourceCount) sources and \(mixing.bandCount) bands")
    let pixels = input.graph?.pixelCount ?? 0
    let ones = input.graph?.propagatedOnes.count ?? 0
    precondition(
      ones == pixels && propagatedSources.count == pixels * mixing.sourceCount,
      "\(ones) and \(propagatedSources.count) propagated values for \(pixels) "
        + "pixels of \(mixing.sourceCount) sources")
    self.input = input
    self.valid = valid
    self.sources = sources
    self.propagatedSources = propagatedSources
    self.mixing = mixing
  }

  /// The cells of chunk and halo.
  var paddedCount: Int { input.paddedWidth * input.paddedHeight }

  /// The field of a part of the chunk's cells with the same margin.
  ///
  /// Segments stay whole: a graph is that of the whole chunk.
  func cropped(rows: Range<Int>, columns: Range<Int>) -> ExplanationField {
    if rows == 0..<input.height && columns == 0..<input.width { return self }
    let margin = input.margin
    let from = input.paddedWidth
    let width = columns.count + 2 * margin
    let height = rows.count + 2 * margin
    func crop<T>(_ values: [T], _ planes: Int) -> [T] {
      var result: [T] = []
      result.reserveCapacity(planes * width * height)
      for plane in 0..<planes {
        for y in 0..<height {
          let start = (plane * input.paddedHeight + rows.lowerBound + y) * from + columns.lowerBound
          result.append(contentsOf: values[start..<start + width])
        }
      }
      return result
    }
    var part = self
    part.input.width = columns.count
    part.input.height = rows.count
    part.input.values = crop(input.values, input.bandCount)
    part.valid = crop(valid, 1)
    part.sources = crop(sources, mixing.sourceCount)
    if !input.segmentOfCell.isEmpty {
      part.input.segmentOfCell = rows.flatMap { y in
        columns.map { input.segmentOfCell[y * input.width + $0] }
      }
    }
    return part
  }
}

extension ExplanationField {
  /// The input on the straight line from a baseline to the field, `share` of the way.
  ///
  /// Cells without data keep their fill; propagated pixels follow `share P_z + (1 - share) z' S^K
  /// 1`, because a baseline is the same in every pixel.
  func input(from baseline: Baseline, share: Double) -> DenseInput {
    var point = input
    let (here, there) = (Float(share), Float(1 - share))
    let cells = paddedCount
    for band in 0..<mixing.bandCount {
      let constant = there * baseline.bands[band]
      for cell in 0..<cells where valid[cell] {
        point.values[band * cells + cell] = here * input.values[band * cells + cell] + constant
      }
    }
    if var graph = point.graph {
      let bands = mixing.bandCount
      for pixel in 0..<graph.pixelCount {
        let ones = there * graph.propagatedOnes[pixel]
        for band in 0..<bands {
          let i = pixel * bands + band
          graph.propagated[i] = here * graph.propagated[i] + ones * baseline.bands[band]
        }
      }
      point.graph = graph
    }
    return point
  }

  /// The directions from a baseline to the field, one per feature.
  func tangent(from baseline: Baseline) -> TangentField {
    var values = sources
    let cells = paddedCount
    for j in 0..<mixing.sourceCount {
      let origin = baseline.sources[j]
      for cell in 0..<cells {
        let difference = values[j * cells + cell] - origin
        values[j * cells + cell] = valid[cell] ? difference : 0
      }
    }
    var propagated = propagatedSources
    let ones = input.graph?.propagatedOnes ?? []
    for pixel in ones.indices {
      for j in 0..<mixing.sourceCount {
        propagated[pixel * mixing.sourceCount + j] -= ones[pixel] * baseline.sources[j]
      }
    }
    return TangentField(
      sourceCount: mixing.sourceCount, featureCount: mixing.featureCount,
      featureOfSource: mixing.featureOfSource, mixing: mixing.matrix, values: values,
      propagated: propagated)
  }

  /// Moves one feature of an input from the baseline to the field's own values.
  ///
  /// - Parameter tangent: The directions from the same baseline.
  func switchOn(_ feature: Int, in point: inout DenseInput, tangent: TangentField) {
    let cells = paddedCount
    let (bands, count) = (mixing.bandCount, mixing.sourceCount)
    let pixels = point.graph?.pixelCount ?? 0
    for j in mixing.sources(of: feature) {
      for band in 0..<bands {
        let slope = mixing.matrix[band * count + j]
        if slope == 0 { continue }
        for cell in 0..<cells {
          point.values[band * cells + cell] += slope * tangent.values[j * cells + cell]
        }
        for pixel in 0..<pixels {
          point.graph?.propagated[pixel * bands + band] +=
            slope * tangent.propagated[pixel * count + j]
        }
      }
    }
  }
}

/// A point of the source space that stands for "no information", and its bands.
struct Baseline {
  var sources: [Float]
  var bands: [Float]

  init(_ sources: [Float], _ mixing: SourceMixing) {
    self.sources = sources
    bands = mixing.bands(sources)
  }
}
