internal import Tensors

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
    precondition(
      rows.count == count * featureCount,
      "\(rows.count) features for \(count) samples of \(featureCount)")
    var result = [Float](repeating: 0, count: count * outputCount)
    let length = Self.blockSize * outputCount
    Parallel.forEachChunk(of: &result, length: length, jobs: jobs) { index, chunk in
      var block = ForestBlock(self, size: chunk.count / outputCount)
      let first = index * Self.blockSize * featureCount
      block.predict(self, rows.span.extracting(first..<first + block.size * featureCount))
      for place in chunk.indices { chunk[place] = block.output(place) }
    }
    return result
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
    precondition(
      planes.count == cells * featureCount,
      "\(planes.count) values for \(cells) cells of \(featureCount) features")
    let blocks = (cells + Self.blockSize - 1) / Self.blockSize
    let parts = Parallel.map(blocks, jobs: jobs) { index in
      let first = index * Self.blockSize
      var block = ForestBlock(self, size: min(Self.blockSize, cells - first))
      let rows = block.rows(planes.span, cells: cells, first: first, features: featureCount)
      block.predict(self, rows.span)
      return block.outputs
    }
    var result = [Float](repeating: 0, count: cells * outputCount)
    for (index, part) in parts.enumerated() {
      for (place, value) in part.enumerated() {
        let cell = index * Self.blockSize + place / outputCount
        result[place % outputCount * cells + cell] = value
      }
    }
    return result
  }

  /// The samples of a block: their rows stay in the cache while all trees go over them.
  private static var blockSize: Int { 256 }
}

/// The work on a block of samples.
private struct ForestBlock {
  let size: Int
  private let outputCount: Int
  private let treeCount: Double
  private var sums: [Double]

  init(_ forest: RandomForest, size: Int) {
    self.size = size
    outputCount = forest.outputCount
    treeCount = Double(forest.treeCount)
    sums = [Double](repeating: 0, count: size * outputCount)
  }

  func output(_ place: Int) -> Float { Float(sums[place] / treeCount) }

  var outputs: [Float] { sums.indices.map(output) }

  /// The rows of some cells of band-major planes.
  func rows(_ planes: Span<Float>, cells: Int, first: Int, features: Int) -> [Float] {
    var rows = [Float](repeating: 0, count: size * features)
    for feature in 0..<features {
      let start = feature * cells + first
      for cell in 0..<size { rows[cell * features + feature] = planes[start + cell] }
    }
    return rows
  }

  /// Adds up what the trees say, in their order, tree by tree.
  mutating func predict(_ forest: RandomForest, _ rows: Span<Float>) {
    let (size, outputCount, features) = (size, outputCount, forest.featureCount)
    let leaves = forest.leaves.span
    let nodes = forest.nodes.span
    let roots = forest.roots.span
    var target = sums.mutableSpan
    for tree in 0..<roots.count - 1 {
      let root = Int(roots[tree])
      for sample in 0..<size {
        let row = rows.extracting(sample * features..<(sample + 1) * features)
        let leaf = Self.leaf(nodes, root, row) * outputCount
        for output in 0..<outputCount {
          target[sample * outputCount + output] += Double(leaves[leaf + output])
        }
      }
    }
    for sample in 0..<size {
      let isMissing = (0..<features).contains { rows[sample * features + $0].isNaN }
      guard isMissing else { continue }
      for output in 0..<outputCount { target[sample * outputCount + output] = .nan }
    }
  }

  /// The leaf to which a sample comes.
  private static func leaf(_ nodes: Span<ForestNode>, _ root: Int, _ row: Span<Float>) -> Int {
    var place = root
    while true {
      let node = nodes[place]
      guard !node.isLeaf else { return Int(node.next) }
      place = row[Int(node.feature)] <= node.threshold ? place + 1 : Int(node.next)
    }
  }
}
