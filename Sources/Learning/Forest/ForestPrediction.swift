extension RandomForest {
  /// The probabilities of classes, or the values, of samples: samples x outputs, row-major.
  ///
  /// A sample with a feature that is not a number has NaN in all outputs.
  ///
  /// - Parameters:
  ///   - rows: Samples x features, row-major.
  ///   - count: The number of samples.
  ///   - jobs: The number of workers; nil for the number of `Parallel`.
  public func probabilities(_ rows: [Float], count: Int, jobs: Int? = nil) -> [Float] {
    SampleBlocks.rows(rows, count: count, features: featureCount, jobs: jobs, predict)
  }

  /// The probabilities of classes, or the values, of a chunk of pixels: outputs x cells, band-major.
  ///
  /// A cell with a feature that is not a number has NaN in all outputs. The bits are those of
  /// `probabilities`.
  ///
  /// - Parameters:
  ///   - planes: Features x cells, band-major.
  ///   - cells: The number of cells.
  ///   - jobs: The number of workers; nil for the number of `Parallel`.
  public func dense(_ planes: [Float], cells: Int, jobs: Int? = nil) -> [Float] {
    SampleBlocks.planes(
      planes, cells: cells, features: featureCount, outputs: outputCount, jobs: jobs, predict)
  }

  /// The mean of what the trees say of a block of rows, samples x outputs.
  @Sendable private func predict(_ rows: Span<Float>, _ count: Int) -> [Float] {
    var sums = [Double](repeating: 0, count: count * outputCount)
    // Tree by tree, so that a tree's nodes stay in the cache for the whole block.
    for tree in 0..<treeCount {
      Self.add(
        nodes.span, root: Int(roots[tree]), leaves.span, rows, featureCount,
        to: &sums, outputCount)
    }
    for sample in 0..<count {
      let row = rows.extracting(sample * featureCount..<(sample + 1) * featureCount)
      guard row.indices.contains(where: { row[$0].isNaN }) else { continue }
      for output in 0..<outputCount { sums[sample * outputCount + output] = .nan }
    }
    return sums.map { Float($0 / Double(treeCount)) }
  }

  /// Adds what one tree says of each row.
  private static func add(
    _ nodes: Span<ForestNode>, root: Int, _ leaves: Span<Float>, _ rows: Span<Float>,
    _ features: Int, to sums: inout [Double], _ outputs: Int
  ) {
    var target = sums.mutableSpan
    for sample in 0..<target.count / outputs {
      let start = sample * features
      var node = nodes[root]
      var place = root
      while !node.isLeaf {
        place = rows[start + Int(node.feature)] <= node.threshold ? place + 1 : Int(node.next)
        node = nodes[place]
      }
      let leaf = Int(node.next) * outputs
      for output in 0..<outputs {
        target[sample * outputs + output] += Double(leaves[leaf + output])
      }
    }
  }
}
