import Features
import Foundation
import Rasters
import Tensors

/// How strongly the features of an attribution raster move the map.
///
/// It is a value of the plan, made once of all cells: styles, project and report show the same
/// numbers.
struct AttributionStrengths: Codable, Sendable, Equatable {
  /// The mean absolute attribution by feature.
  let means: [Double]
  /// The end of the scale of all features: the 99th percentile of the magnitudes.
  ///
  /// A few extreme cells would make all others pale.
  let limit: Double
  /// Whether some magnitude is beyond `limit`.
  let isClipped: Bool

  /// The features, the strongest first.
  var order: [Int] { means.indices.sorted { (means[$1], $0) < (means[$0], $1) } }

  /// Sums up the magnitudes of each feature; `percentile` is the 99th of all, nil without any.
  init(_ magnitudes: [ExactMoments], percentile: Double?) {
    means = magnitudes.map { $0.count > 0 ? $0.mean : 0 }
    limit = max(percentile ?? 1, 1e-12)
    let largest = magnitudes.map { Double($0.maximum) }.max() ?? 0
    isClipped = largest > limit
  }

  /// Promises the strengths of the first `featureCount` bands of a raster.
  static func node(_ request: PlanRequest, _ raster: Node, featureCount: Int) -> Node {
    let magnitudes = { @Sendable (cube: DataCube, features: Range<Int>) -> ArraySlice<Float> in
      let cells = cube.window.cellCount
      return cube.values[features.lowerBound * cells..<features.upperBound * cells].map(abs)[...]
    }
    let moments = request.trainingTable("/magnitudes", raster) { cube, _ in
      let moments = (0..<featureCount).map { ExactMoments(Array(magnitudes(cube, $0..<$0 + 1))) }
      return [UInt8](try JSONEncoder.stable.encode(moments))
    }
    let percentile = request.quantiles(raster, [ExactQuantiles(at: [0.99])]) { cube, _ in
      magnitudes(cube, 0..<featureCount)
    }
    return request.planner.node(
      Node(
        name: request.name + "/strengths", kind: .value,
        identity: ["strengths 1", "\(featureCount)"], edges: [.all(moments), .all(percentile)]
      ) { context in
        var total = [ExactMoments](repeating: ExactMoments(), count: featureCount)
        try context.forEachTable(0) { table in
          for (index, part) in try [ExactMoments].stored(table).enumerated() {
            total[index].merge(part)
          }
        }
        let found = try [ExactQuantiles].stored(try context.value(1)).first?.values.first
        let strengths = AttributionStrengths(total, percentile: found)
        return .bytes([UInt8](try JSONEncoder.stable.encode(strengths)))
      })
  }
}

extension Executor {
  /// How strongly the features of an attribution raster move the map.
  func strengths(_ attribution: Presentation.Attribution) throws -> AttributionStrengths {
    try .stored(try value(attribution.strengths))
  }
}
