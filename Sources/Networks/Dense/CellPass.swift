/// Evaluation of a model at the cells of a chunk with every cell as a sample of its own.
///
/// Cells go in blocks of a row, so that memory stays bounded whatever the chunk's size.
struct CellPass {
  let model: Model
  let input: DenseInput
  let tangent: TangentField?
  /// For each branch the features of segments; empty for others than graph branches.
  let segments: [SegmentFeatures]

  /// The most cells of a block.
  private static let largestBlock = 32
  /// The most values that an attention keeps for a block: 4 MiB.
  private static let attentionLimit = 1 << 20

  /// The cells of a block: fewer where the attention matrices of each are large.
  private var block: Int {
    let values = model.parameters.fusion?.valuesPerSample ?? 1
    return max(1, min(Self.largestBlock, Self.attentionLimit / max(1, values)))
  }

  /// Evaluates all cells, row by row.
  func run(_ receive: (DenseBlock) -> Void) {
    let directions = tangent.map { BandDirection.all($0) } ?? []
    // Slopes of all inputs take two passes an output, and those of a feature one.
    let isBackward = 2 * model.outputCount < directions.count
    let zeros = isBackward ? model.parameters.zeroed() : model.parameters
    blocks { columns, y, cells, pass in
      var tangents: [Float] = []
      if isBackward {
        tangents = pulled(pass, zeros, directions, columns, y)
      } else {
        for (feature, direction) in directions.enumerated() {
          let slopes = model.pushforward(moved(by: direction, feature, columns, y), pass)
          tangents += transposed(slopes, columns.count, model.outputCount)
        }
      }
      pass.head.outputs.withUnsafeBufferPointer { outputs in
        tangents.withUnsafeBufferPointer { tangents in
          receive(
            DenseBlock(
              cells: cells, features: directions.indices, outputs: outputs, tangents: tangents))
        }
      }
    }
  }

  /// What the forward passes of all blocks keep.
  func passes(_ receive: (_ cells: Range<Int>, _ pass: GroupPass) -> Void) {
    blocks { _, _, cells, pass in receive(cells, pass) }
  }

  private func blocks(
    _ body: (_ columns: Range<Int>, _ y: Int, _ cells: Range<Int>, _ pass: GroupPass) -> Void
  ) {
    input.check(tangent, bandCount: model.architecture.bandCount, margin: model.margin)
    let block = block
    for y in 0..<input.height {
      for first in stride(from: 0, to: input.width, by: block) {
        let columns = first..<min(input.width, first + block)
        let start = y * input.width
        body(
          columns, y, start + columns.lowerBound..<start + columns.upperBound,
          model.forward(inputs(columns, y), 0..<columns.count))
      }
    }
  }

  // MARK: Inputs

  /// The cells of a block as samples.
  private func inputs(_ columns: Range<Int>, _ y: Int) -> ModelInputs {
    let planes = Planes(
      values: input.values, width: input.paddedWidth, height: input.paddedHeight,
      first: columns.lowerBound + input.margin, row: y + input.margin)
    return inputs(planes, columns, y) { segments[$0].values }
  }

  /// The tangents of a block's cells for one explained feature.
  private func moved(
    by direction: BandDirection, _ feature: Int, _ columns: Range<Int>, _ y: Int
  ) -> ModelInputs {
    let margin = model.margin
    let side = 2 * margin + 1
    let planes = Planes(
      values: direction.values(
        tangent?.values ?? [], bandCount: input.bandCount, input,
        columns: columns.lowerBound - margin..<columns.upperBound + margin,
        rows: y - margin..<y + margin + 1),
      width: columns.count + 2 * margin, height: side, first: margin, row: margin)
    return inputs(planes, columns, y) { branch in
      let count = segments[branch].values.count
      return Array(segments[branch].tangents[feature * count..<(feature + 1) * count])
    }
  }

  private func inputs(
    _ planes: Planes, _ columns: Range<Int>, _ y: Int, shared: (Int) -> [Float]
  ) -> ModelInputs {
    let form = model.architecture
    var batch = ModelBatch(count: columns.count)
    for branch in form.branches {
      if case .spectral = branch, batch.spectra.isEmpty {
        batch.spectra = planes.windows(
          .init(bands: 0..<form.bandCount, side: 1), columns.count)
      }
    }
    batch.windows = form.windows.map { planes.windows($0, columns.count) }
    if !input.segmentOfCell.isEmpty {
      let start = y * input.width
      batch.segmentOfSample = Array(
        input.segmentOfCell[start + columns.lowerBound..<start + columns.upperBound])
    }
    var result = ModelInputs(batch: batch)
    for (index, branch) in form.branches.enumerated() {
      if case .graph = branch {
        result.shared.append(shared(index))
      } else {
        result.shared.append(nil)
      }
    }
    return result
  }

  /// Bands over a part of the map, with the place of a block's first cell.
  private struct Planes {
    var values: [Float]
    var width: Int
    var height: Int
    var first: Int
    var row: Int

    /// The windows of `count` neighbouring cells, cells x bands x side x side.
    func windows(_ form: ModelArchitecture.WindowForm, _ count: Int) -> [Float] {
      [Float](unsafeUninitializedCapacity: count * form.valueCount) { target, initialized in
        var place = 0
        for cell in 0..<count {
          for band in form.bands {
            for line in 0..<form.side {
              let y = row - form.side / 2 + line
              let start = (band * height + y) * width + first + cell - form.side / 2
              for column in 0..<form.side {
                target[place] = values[start + column]
                place += 1
              }
            }
          }
        }
        initialized = place
      }
    }
  }
}
