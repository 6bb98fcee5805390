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
  ///
  /// Four rows go down the tree side by side: each waits for memory while the others compute.
  private static func add(
    _ nodes: Span<ForestNode>, root: Int, _ leaves: Span<Float>, _ rows: Span<Float>,
    _ features: Int, to sums: inout [Double], _ outputs: Int
  ) {
    var target = sums.mutableSpan
    let count = target.count / outputs
    for first in stride(from: 0, to: count, by: 4) {
      // The last group goes over the last row more than once.
      let (i, j, k) = (
        min(first + 1, count - 1), min(first + 2, count - 1), min(first + 3, count - 1)
      )
      var (a, b, c, d) = (root, root, root, root)
      while true {
        let before = (a, b, c, d)
        a = child(nodes, a, rows, first * features)
        b = child(nodes, b, rows, i * features)
        c = child(nodes, c, rows, j * features)
        d = child(nodes, d, rows, k * features)
        if before == (a, b, c, d) { break }
      }
      let ends = (a, b, c, d)
      for sample in first..<min(first + 4, count) {
        let lane = sample - first
        let end = lane == 0 ? ends.0 : lane == 1 ? ends.1 : lane == 2 ? ends.2 : ends.3
        let leaf = Int(nodes[end].next) * outputs
        for output in 0..<outputs {
          target[sample * outputs + output] += Double(leaves[leaf + output])
        }
      }
    }
  }

  /// The child to which a row goes on from a node; the node itself where it is a leaf.
  ///
  /// Written without branches, which no processor could foresee.
  @inline(__always)
  private static func child(
    _ nodes: Span<ForestNode>, _ place: Int, _ rows: Span<Float>, _ start: Int
  ) -> Int {
    let node = nodes[place]
    let value = rows[start + Int(max(0, node.feature))]
    let child = value <= node.threshold ? place + 1 : Int(node.next)
    return node.isLeaf ? place : child
  }
}
