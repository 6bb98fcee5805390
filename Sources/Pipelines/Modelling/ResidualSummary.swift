import Features
import Foundation
import Rasters
import Tensors

/// How far attributions are from adding up, over a chunk or a whole map: parts merge exactly.
struct ResidualSummary: Sendable {
  private var residuals = ExactMoments()
  private var sizes = MagnitudeCounts()
  private var outputs = ExactMoments()
  private var bases = ExactMoments()

  /// Of no cells.
  init() {}

  /// Of a chunk: features, explained output, base value.
  init(_ cube: DataCube) {
    let cells = cube.window.cellCount
    let features = cube.bandCount - 2
    var residuals: [Float] = []
    for cell in 0..<cells {
      let output = cube.values[features * cells + cell]
      let base = cube.values[(features + 1) * cells + cell]
      guard output.isFinite, base.isFinite else { continue }
      var sum = Double(base)
      for feature in 0..<features { sum += Double(cube.values[feature * cells + cell]) }
      residuals.append(Float(abs(Double(output) - sum)))
      outputs.add(output)
      bases.add(base)
    }
    self.residuals = ExactMoments(residuals)
    sizes = MagnitudeCounts(residuals)
  }

  /// Of what `bytes` were made.
  init(bytes: [UInt8]) throws {
    var reader = ByteReader(bytes)
    residuals = try reader.json(ExactMoments.self)
    outputs = try reader.json(ExactMoments.self)
    bases = try reader.json(ExactMoments.self)
    sizes = try reader.magnitudes()
  }

  /// The summary as a row of a table, or a value.
  var bytes: [UInt8] {
    get throws {
      var writer = ByteWriter()
      for moments in [residuals, outputs, bases] {
        writer.append([UInt8](try JSONEncoder.stable.encode(moments)))
      }
      writer.append(sizes)
      return writer.bytes
    }
  }

  /// Takes in other cells.
  mutating func merge(_ other: ResidualSummary) {
    residuals.merge(other.residuals)
    sizes.merge(other.sizes)
    outputs.merge(other.outputs)
    bases.merge(other.bases)
  }

  /// The range of the explained output.
  var range: Float { outputs.count == 0 ? 0 : outputs.maximum - outputs.minimum }
  /// The mean base value.
  var meanBase: Double { bases.count == 0 ? .nan : bases.mean }
  /// The mean residual.
  var mean: Double { residuals.count == 0 ? 0 : residuals.mean }
  /// What the residuals of 99 of 100 cells stay within, to a two-thousandth.
  var percentile99: Float { sizes.quantile(0.99) ?? 0 }
  /// The largest residual.
  var maximum: Float { residuals.count == 0 ? 0 : residuals.maximum }
  /// `percentile99` as a share of the output's range.
  var relative99: Float { range > 0 ? percentile99 / range : (percentile99 > 0 ? .infinity : 0) }
}

// Nodes.
extension ResidualSummary {
  /// Promises the summary of a raster of attributions: features, explained output, base value.
  static func node(_ request: PlanRequest, _ raster: Node) -> Node {
    let tables = request.planner.node(
      Node(
        name: request.name + "/residuals", kind: .table, identity: ["residuals 1"],
        edges: [.cells(raster)]
      ) { .bytes(try ResidualSummary(try $0.cube(0, $0.window)).bytes) })
    return request.planner.node(
      Node(
        name: request.name + "/residual", kind: .value, identity: ["residual 1"],
        edges: [.all(tables)]
      ) { .bytes(try merged($0, 0).bytes) })
  }

  /// Promises the position, as text, of the first raster of several whose residuals are small.
  ///
  /// It is that of the last where none's are. Rasters behind it are not made.
  static func choice(_ request: PlanRequest, _ rasters: [Node]) -> Node {
    var decision: Node?
    for (index, raster) in rasters.enumerated().dropLast() {
      decision = decided(request, index, raster, after: decision)
    }
    let last = "\(rasters.count - 1)"
    let decided = decision.map { [Node.Edge.all($0)] } ?? []
    return request.planner.node(
      Node(
        name: request.name + "/quadrature", kind: .value, identity: ["quadrature 2", last],
        edges: decided, policy: request.policy
      ) { context in
        let found = decided.isEmpty ? [] : try context.value(0)
        return .bytes(found.isEmpty ? [UInt8](last.utf8) : found)
      })
  }

  /// A value: the position of a raster whose residuals are small, this one or one before.
  ///
  /// It is empty where there is none yet.
  private static func decided(
    _ request: PlanRequest, _ index: Int, _ raster: Node, after earlier: Node?
  ) -> Node {
    let before = earlier.map { [Node.Edge.all($0)] } ?? []
    let tables = request.planner.node(
      Node(
        name: "\(request.name)/residuals\(index)", kind: .table, identity: ["candidate 1"],
        edges: before + [earlier == nil ? .cells(raster) : .lazily(raster)],
        usesAllWorkers: earlier != nil
      ) { context in
        if earlier != nil, try !context.value(0).isEmpty { return .bytes([]) }
        return .bytes(try ResidualSummary(try context.cube(before.count, context.window)).bytes)
      })
    return request.planner.node(
      Node(
        name: "\(request.name)/decision\(index)", kind: .value,
        identity: ["decision 1", "\(index)"], edges: before + [.all(tables)]
      ) { context in
        if earlier != nil, case let found = try context.value(0), !found.isEmpty {
          return .bytes(found)
        }
        let isSmall = try merged(context, before.count).relative99 <= 0.05
        return .bytes(isSmall ? [UInt8]("\(index)".utf8) : [])
      })
  }

  private static func merged(_ context: NodeContext, _ index: Int) throws -> ResidualSummary {
    var total = ResidualSummary()
    try context.forEachTable(index) { total.merge(try ResidualSummary(bytes: $0)) }
    return total
  }
}

extension Executor {
  /// How far attributions are from adding up.
  func residuals(_ attribution: Presentation.Attribution) throws -> ResidualSummary {
    try ResidualSummary(bytes: try value(attribution.residuals))
  }
}
