/// Tangents of cells by the slopes of their inputs: less work where features are many.
extension CellPass {
  /// The tangents of a block, features x outputs x cells: a pass back for each output.
  ///
  /// - Parameters:
  ///   - zeros: The model's parameters, all zero.
  ///   - columns: The block's columns in row `y`.
  func pulled(
    _ pass: GroupPass, _ zeros: ModelParameters, _ directions: [BandDirection],
    _ columns: Range<Int>, _ y: Int
  ) -> [Float] {
    let (count, outputs) = (columns.count, model.outputCount)
    var result = [Float](repeating: 0, count: directions.count * outputs * count)
    for output in 0..<outputs {
      var wanted = [Float](repeating: 0, count: count * outputs)
      for cell in 0..<count { wanted[cell * outputs + output] = 1 }
      let gradient = model.pullback(pass, wanted, zeros, wantsInput: true)
      for branch in model.parameters.branches.indices {
        let slopes = slopes(of: branch, gradient, count)
        for (feature, direction) in directions.enumerated() {
          let start = (feature * outputs + output) * count
          for cell in 0..<count {
            result[start + cell] += change(
              slopes, direction, feature, cell, x: columns.lowerBound + cell, y: y)
          }
        }
      }
    }
    return result
  }

  /// The slopes of an output in what a branch reads of each cell.
  private enum Slopes {
    /// Cells x bands x side x side.
    case bands([Float], Range<Int>, side: Int)
    /// Features x cells of a graph branch.
    case segments([Float], branch: Int, width: Int)
  }

  private func slopes(of branch: Int, _ gradient: GroupGradients, _ count: Int) -> Slopes {
    let network = model.parameters.branches[branch]
    guard let input = network.stack(batch: count)?.input, let values = gradient.inputs[branch]
    else { return .segments(gradient.features[branch], branch: branch, width: network.width) }
    var samples = [Float](repeating: 0, count: count * input.layout.sampleSize)
    input.add(values, to: &samples, from: 0)
    let (form, bandCount) = (model.architecture.branches[branch], model.architecture.bandCount)
    guard case .patch(let patch) = form else { return .bands(samples, 0..<bandCount, side: 1) }
    return .bands(samples, form.bands(of: bandCount), side: patch.inputWindow)
  }

  /// How one output of a cell moves with a feature, by one branch.
  private func change(
    _ slopes: Slopes, _ direction: BandDirection, _ feature: Int, _ cell: Int, x: Int, y: Int
  ) -> Float {
    switch slopes {
    case .bands(let values, let bands, let side):
      return direction.bands.reduce(Float(0)) { sum, band in
        guard bands.contains(band.band) else { return sum }
        let start = (cell * bands.count + band.band - bands.lowerBound) * side * side
        return sum + change(values, from: start, side, band.terms, x: x, y: y)
      }
    case .segments(let values, let branch, let width):
      let segment = Int(input.segmentOfCell[y * input.width + x])
      guard segment >= 0 else { return 0 }
      let own = segments[branch]
      let (start, count) = (feature * own.values.count + segment * width, values.count / width)
      return (0..<width).reduce(Float(0)) {
        $0 + values[$1 * count + cell] * own.tangents[start + $1]
      }
    }
  }

  /// What the sources that move a band add, over the window around a cell.
  private func change(
    _ values: [Float], from start: Int, _ side: Int, _ terms: [(source: Int, slope: Float)],
    x: Int, y: Int
  ) -> Float {
    let sources = tangent?.values ?? []
    let plane = input.paddedWidth * input.paddedHeight
    let (left, top) = (x + input.margin - side / 2, y + input.margin - side / 2)
    var sum: Float = 0
    for (source, slope) in terms {
      var part: Float = 0
      for row in 0..<side {
        let place = source * plane + (top + row) * input.paddedWidth + left
        for column in 0..<side {
          part += values[start + row * side + column] * sources[place + column]
        }
      }
      sum += slope * part
    }
    return sum
  }
}
