import Foundation
import Testing

@testable import Learning

/// The table that `make_forest_fixtures.py` made: 200 samples to train on, then 100 to test.
struct ForestTable: Decodable {
  let rows256: [Int]
  let two: [Int]
  let three: [Int]
  let values64: [Int]
  let trained: Int

  static func load() throws -> ForestTable { try fixture("table") }

  static func fixture<Contents: Decodable>(_ name: String) throws -> Contents {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(Contents.self, from: Data(contentsOf: url))
  }

  var features: Int { rows256.count / two.count }
  var rows: [Float] { rows256.map { Float($0) / 256 } }
  var values: [Float] { values64.map { Float($0) / 64 } }
  var trainingRows: [Float] { Array(rows[..<(trained * features)]) }
  var testRows: [Float] { Array(rows[(trained * features)...]) }
  var testCount: Int { two.count - trained }
}
