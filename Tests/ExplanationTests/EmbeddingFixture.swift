import Foundation
import Testing

@testable import Explanation

/// What scikit-learn makes of iris and digits; `make_embedding_fixtures.py` made it.
struct EmbeddingFixture: Decodable {
  /// Of eight starts that differ by a thousandth of their width, ascending.
  struct Runs: Decodable {
    let divergences, trustworthiness: [Double]
  }

  struct Map: Decodable {
    let perplexity, divergence, planeTrustworthiness: Double
    let jointRows, sparseRows: [String: [Double]]
    let gradient, plane: [Double]
    let runs: [String: Runs]
  }

  struct Within: Decodable {
    let shrinkage, trace: Double
    let covariance, distances: [Double]
  }

  struct Components: Decodable {
    let rows: Int
    let value, reached: Double
    let gradient: [Double]
  }

  struct Neighbours: Decodable {
    let leaveOneOut, fromEven: [Int]
  }

  let dimensions: Int
  let values: [Double]
  let classes: [Int]
  let tsne: Map
  let within: Within
  let components: Components
  let neighbours: Neighbours

  static let names = ["iris", "digits"]

  static func load(_ name: String) throws -> EmbeddingFixture {
    let file = try #require(
      Bundle.module.url(
        forResource: "embedding", withExtension: "json", subdirectory: "Fixtures"))
    let all = try JSONDecoder().decode(
      [String: EmbeddingFixture].self, from: Data(contentsOf: file))
    return try #require(all[name])
  }

  var points: FeaturePoints { FeaturePoints(values, dimensions: dimensions) }
  var classCount: Int { (classes.max() ?? 0) + 1 }

  /// A map that the script makes, too.
  var places: [Double] {
    (0..<points.count).flatMap { index -> [Double] in
      let angle = Double(index)
      return [3 * sin(angle), 2 * cos(2 * angle + 1)]
    }
  }
}

/// The largest difference of two lists.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

/// The largest number of a list, without its sign.
func largest(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }
