import Explanation
import Features
import Foundation
import Learning
import Rasters
import Tensors

/// What each feature adds to a model's output at the cells of its samples.
struct SampleAttributions: Sendable {
  private let request: PlanRequest
  private let explained: ExplainedClass
  private let samples: SamplesProduct
  private let fold: FoldContext?
  private let mostSamples: Int
  /// The numbers of quadrature nodes to try, one after another.
  private let nodes: [Int]

  /// Explains the samples that a fold tests, or all.
  init(
    _ request: PlanRequest, _ model: ModelProduct, _ index: Int, method: String,
    fold: FoldContext?
  ) throws {
    guard let training = model.training else { throw request.failure("inputs", "needs a model") }
    self.request = request
    self.fold = fold
    samples = training.samples
    mostSamples = request.options.int("samples")
    let feed = try ModelFeed(
      AppliedModel(model: model, cube: training.cube, segments: training.segments))
    explained = try ExplainedClass(request, feed, index, method: method)
    var nodes = [method == "gradshap" ? request.options.int("nodes") : 0]
    while let last = nodes.last, last > 0, last * 2 <= request.options.int("most-nodes") {
      nodes.append(last * 2)
    }
    self.nodes = nodes
  }

  /// Attributions of samples; what they are made of adds up but for the residual.
  struct Rows: Codable {
    /// Positions in the set.
    var positions: [Int] = []
    /// Samples x features.
    var features: [[Float]] = []
    /// The mean output of the background, for each sample.
    var base: [Float] = []
    /// The explained output of each sample.
    var output: [Float] = []
    /// The values of the sources, samples x sources.
    var sources: [[Float]] = []

    mutating func merge(_ other: Rows) {
      positions += other.positions
      features += other.features
      base += other.base
      output += other.output
      sources += other.sources
    }

    /// The same, by position: not in the order of chunks or folds.
    var sorted: Rows {
      let order = positions.indices.sorted { positions[$0] < positions[$1] }
      return Rows(
        positions: order.map { positions[$0] }, features: order.map { features[$0] },
        base: order.map { base[$0] }, output: order.map { output[$0] },
        sources: order.map { sources[$0] })
    }

    /// The share of the output's range that 99 of 100 samples add up to.
    var relativeResidual: Double {
      var whole = Attribution(featureCount: 0, cellCount: positions.count)
      whole.output = output
      whole.residual = positions.indices.map { index in
        Float(
          features[index].reduce(Double(output[index]) - Double(base[index])) { $0 - Double($1) })
      }
      return GradSHAP.relativeResidual([whole])
    }
  }

  private var name: String { fold.map { "\(request.name)@\($0.index)" } ?? request.name }

  /// A value, `Rows`, whose quadrature is fine enough.
  func node() -> Node {
    let tables = nodes.map(table)
    return request.planner.node(
      Node(
        name: name + "/rows", kind: .value, identity: ["sample attributions 1", "\(nodes)"],
        edges: [.all(tables[0])] + tables.dropFirst().map { .lazily($0) }
      ) { context in
        var rows = Rows()
        for table in tables.indices {
          rows = Rows()
          try context.forEachTable(table) { rows.merge(try .stored($0)) }
          if rows.relativeResidual <= 0.05 { break }
        }
        return .bytes([UInt8](try JSONEncoder.stable.encode(rows.sorted)))
      })
  }

  /// The rows of the samples of each chunk.
  private func table(nodes: Int) -> Node {
    let feed = explained.feed
    let view = feed.applied.cube.view
    let edges = feed.edges
    let known = DecodedFit<SampleSet>()
    let first = edges.count + view.values.count
    return request.planner.node(
      Node(
        name: "\(name)/nodes\(nodes)", kind: .table,
        identity: [
          "attributions of samples 1", "\(mostSamples)", fold.map { "\($0.index)" } ?? "all",
        ]
          + explained.identity(nodes: nodes),
        edges: edges + view.values.map(Node.Edge.all) + [.all(samples.node)]
          + (fold.map { [.all($0.folds.node)] } ?? [])
      ) { context in
        let set = try known(try context.value(first))
        let tested = try fold.map {
          try TestPlaces(try context.value(first + 1), fold: $0.index).folds
            .testSamples($0.index)
        }
        let map = try view.map(
          try view.values.indices.map { try context.value(edges.count + $0) }[...])
        let rows = try rows(context, set, among: tested.map(Set.init), map, nodes)
        return .bytes([UInt8](try JSONEncoder.stable.encode(rows)))
      })
  }

  private func rows(
    _ context: NodeContext, _ set: SampleSet, among tested: Set<Int>?, _ map: LinearMap,
    _ nodes: Int
  ) throws -> Rows {
    let window = context.window
    let here = drawn(set).filter { position in
      let cell = set.samples[position].cell
      return (tested?.contains(position) ?? true)
        && window.contains(column: cell.column, row: cell.row)
    }
    guard !here.isEmpty else { return Rows() }
    func place(_ position: Int, in window: Window) -> Int {
      let cell = set.samples[position].cell
      return window.index(column: cell.column, row: cell.row)
    }
    let chunk = try explained.feed.chunk(context, withSources: true)
    let flags = explained.flags(chunk, window: window, grid: context.grid)
    let positions = here.filter { flags[place($0, in: window)] & PixelFlags.invalid == 0 }
    let found = try explained.attribution(
      at: positions.map { place($0, in: window) }, chunk, map, nodes: nodes)
    let sources = chunk.sources
    return Rows(
      positions: positions,
      features: positions.indices.map { row in
        (0..<found.featureCount).map { found.features[$0 * found.cellCount + row] }
      }, base: found.base, output: found.output,
      sources: positions.map { position in
        let cell = place(position, in: sources.window)
        return (0..<sources.bandCount).map {
          sources.values[$0 * sources.window.cellCount + cell]
        }
      })
  }

  /// Samples by a draw that depends on seed and ids alone.
  private func drawn(_ set: SampleSet) -> [Int] {
    set.drawn(Array(set.samples.indices), most: mostSamples, seed: request.seed)
  }
}

extension SampleSet {
  /// At most so many of some positions, ascending, by a draw that depends on seed and ids alone.
  func drawn(_ positions: [Int], most: Int, seed: UInt64) -> [Int] {
    let random = Randomness(seed: seed, Randomness.word("inspection"))
    return positions.map { position in
      (random.bits64(UInt64(bitPattern: Int64(samples[position].id))), position)
    }.sorted { $0 < $1 }.prefix(most).map(\.1).sorted()
  }
}
