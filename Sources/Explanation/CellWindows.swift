import Networks

extension ExplanationField {
  /// As many windows stand in one row at most.
  private static let windowsAtOnce = 512

  /// Explains single cells of a chunk, wherever they are.
  ///
  /// Their windows stand side by side in a row, so that cells far apart cost no more than near ones;
  /// cells between the middles of two windows are explained in vain. A graph stays that of the whole
  /// chunk.
  ///
  /// - Parameters:
  ///   - cells: Places of cells in the chunk, row-major.
  ///   - explain: What attributes a whole field.
  /// - Returns: The attributions of the cells, in their order.
  public func explained(
    at cells: [Int], _ explain: (ExplanationField) -> Attribution
  ) -> Attribution {
    var result = Attribution(featureCount: mixing.featureCount, cellCount: cells.count)
    let side = 2 * input.margin + 1
    for start in stride(from: 0, to: cells.count, by: Self.windowsAtOnce) {
      let group = Array(cells[start..<min(cells.count, start + Self.windowsAtOnce)])
      let part = explain(sideBySide(group))
      for index in group.indices {
        let (from, to) = (index * side, start + index)
        result.base[to] = part.base[from]
        result.output[to] = part.output[from]
        result.residual[to] = part.residual[from]
        for t in 0..<result.featureCount {
          result.features[t * result.cellCount + to] = part.features[t * part.cellCount + from]
        }
      }
    }
    return result
  }

  /// A field of one row whose every `2 margin + 1`-th cell is one of the cells, with its window.
  private func sideBySide(_ cells: [Int]) -> ExplanationField {
    let side = 2 * input.margin + 1
    let from = input.paddedWidth
    func gather<T>(_ values: [T], _ planes: Int) -> [T] {
      var result: [T] = []
      result.reserveCapacity(planes * side * side * cells.count)
      for plane in 0..<planes {
        for y in 0..<side {
          for cell in cells {
            let row = plane * input.paddedHeight + cell / input.width + y
            let start = row * from + cell % input.width
            result.append(contentsOf: values[start..<start + side])
          }
        }
      }
      return result
    }
    var part = self
    part.input.width = cells.count * side - 2 * input.margin
    part.input.height = 1
    part.input.values = gather(input.values, input.bandCount)
    part.valid = gather(valid, 1)
    part.sources = gather(sources, mixing.sourceCount)
    if !input.segmentOfCell.isEmpty {
      part.input.segmentOfCell = (0..<part.input.width).map {
        input.segmentOfCell[cells[$0 / side]]
      }
    }
    return part
  }
}
