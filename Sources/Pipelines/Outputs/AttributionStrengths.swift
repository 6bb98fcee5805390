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
  ///
  /// The end of the scale is told to a two-thousandth: it takes one look at each chunk, so that a new
  /// chunk makes no other look at again.
  static func node(_ request: PlanRequest, _ raster: Node, featureCount: Int) -> Node {
    let tables = request.trainingTable("/magnitudes", raster) { cube, _ in
      let cells = cube.window.cellCount
      let bands = (0..<featureCount).map { band in
        cube.values[band * cells..<(band + 1) * cells].map(\.magnitude)
      }
      var writer = ByteWriter()
      writer.append([UInt8](try JSONEncoder.stable.encode(bands.map { ExactMoments($0) })))
      writer.append(MagnitudeCounts(bands.joined()))
      return writer.bytes
    }
    return request.planner.node(
      Node(
        name: request.name + "/strengths", kind: .value,
        identity: ["strengths 2", "\(featureCount)"], edges: [.all(tables)]
      ) { context in
        var total = [ExactMoments](repeating: ExactMoments(), count: featureCount)
        var sizes = MagnitudeCounts()
        try context.forEachTable(0) { table in
          var reader = ByteReader(table)
          let parts = try reader.json([ExactMoments].self)
          for (index, part) in parts.enumerated().prefix(featureCount) { total[index].merge(part) }
          sizes.merge(try reader.magnitudes())
        }
        let strengths = AttributionStrengths(
          total, percentile: sizes.quantile(0.99).map(Double.init))
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
