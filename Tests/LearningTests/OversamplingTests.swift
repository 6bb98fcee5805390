import Foundation
import Tensors
import Testing

@testable import Learning

struct OversamplingTests {
  /// What imbalanced-learn made of a table, with its draws.
  private struct Fixture: Decodable {
    struct Case: Decodable {
      var parents: [Int]
      var neighbors: [Int]
      var shares: [Float]
      var rows: [Float]
      var danger: [Int]?
      var counts: [Int]?
    }
    var rows: [Float]
    var classes: [Int]
    var columns: Int
    var neighbors: Int
    var borderNeighbors: Int
    var wanted: Int
    var smote: Case
    var adasyn: Case
    var borderline: Case

    enum CodingKeys: String, CodingKey {
      case rows, classes, columns, neighbors, borderNeighbors, wanted, smote, adasyn
      case borderline = "borderline-smote"
    }

    static func load() throws -> Fixture {
      let url = try #require(
        Bundle.module.url(
          forResource: "oversampling", withExtension: "json", subdirectory: "Fixtures"))
      return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }

    func method(_ method: Oversampling.Method) -> Oversampling {
      Oversampling(
        method, neighbors: neighbors,
        borderNeighbors: method == .borderline ? borderNeighbors : neighbors)
    }

    var own: [Int] { classes.indices.filter { classes[$0] == 1 } }
  }

  /// Given the same neighbours and draws, rows are those of imbalanced-learn.
  @Test func rowsAgreeWithImbalancedLearn() throws {
    let fixture = try Fixture.load()
    let rows = FeatureRows(fixture.rows, columns: fixture.columns)
    for known in [fixture.smote, fixture.borderline, fixture.adasyn] {
      for (number, parent) in known.parents.enumerated() {
        let near = rows.nearest(to: parent, among: fixture.own, count: fixture.neighbors)
        #expect(near.contains(known.neighbors[number]))
        let row = rows.row(
          .init(parent: parent, neighbor: known.neighbors[number], share: known.shares[number]))
        let expected = known.rows[number * fixture.columns..<(number + 1) * fixture.columns]
        for (a, b) in zip(row, expected) { #expect(abs(a - b) < 1e-6) }
      }
    }
  }

  @Test func startsAgreeWithImbalancedLearn() throws {
    let fixture = try Fixture.load()
    let rows = FeatureRows(fixture.rows, columns: fixture.columns)
    let danger = fixture.own.filter {
      fixture.method(.borderline).isInDanger(rows, $0, fixture.classes)
    }
    #expect(danger == fixture.borderline.danger)
    let counts = fixture.method(.adasyn).shares(
      rows, fixture.own, fixture.classes, total: fixture.wanted)
    #expect(counts == fixture.adasyn.counts)
  }

  @Test(arguments: Oversampling.Method.allCases)
  func rarerClassesGrowFromTheirOwn(method: Oversampling.Method) throws {
    let fixture = try Fixture.load()
    let rows = FeatureRows(fixture.rows, columns: fixture.columns)
    let made = fixture.method(method).samples(
      rows, classes: fixture.classes, classCount: 2, random: Randomness(seed: 3))
    if method != .adasyn { #expect(made.count == fixture.wanted) }
    #expect(abs(made.count - fixture.wanted) < 8)
    let own = Set(fixture.own)
    for synthetic in made {
      #expect(own.contains(synthetic.parent) && own.contains(synthetic.neighbor))
      #expect(synthetic.parent != synthetic.neighbor && (0..<1).contains(synthetic.share))
    }
    // Draws depend on the seed alone.
    let again = fixture.method(method).samples(
      rows, classes: fixture.classes, classCount: 2, random: Randomness(seed: 3))
    let other = fixture.method(method).samples(
      rows, classes: fixture.classes, classCount: 2, random: Randomness(seed: 4))
    #expect(again == made && other != made)
    // Neighbours and shares are drawn evenly: no part of either is left out.
    #expect(made.count { $0.share < 0.5 } > made.count / 5)
    #expect(made.count { $0.share >= 0.5 } > made.count / 5)
  }

  @Test func theRatioIsThatOfTheLargestClass() {
    let values = (0..<40).flatMap { [Float($0 % 7), Float($0 % 11)] }
    let classes = (0..<40).map { $0 < 30 ? 0 : $0 < 39 ? 1 : 2 }
    let rows = FeatureRows(values, columns: 2)
    let made = Oversampling(.smote, ratio: 0.5).samples(
      rows, classes: classes, classCount: 3, random: Randomness(seed: 1))
    // A class of one sample has no neighbour of its own.
    #expect(made.count == 6 && made.allSatisfy { classes[$0.parent] == 1 })
    let none = Oversampling(.smote, ratio: 0.2).samples(
      rows, classes: classes, classCount: 3, random: Randomness(seed: 1))
    #expect(none.isEmpty)
  }

  @Test func categoriesAreThoseOfTheNearerSample() {
    let rows = FeatureRows(
      [0, 1, 0, 4, 0, 1], columns: 3, isCategory: [false, true, true])
    #expect(rows.row(.init(parent: 0, neighbor: 1, share: 0.25)) == [1, 1, 0])
    #expect(rows.row(.init(parent: 0, neighbor: 1, share: 0.5)) == [2, 0, 1])
  }

  @Test func classesAwayFromOthersHaveNoBorder() {
    let values = (0..<12).map { Float($0 < 8 ? $0 : 1000 + $0) }
    let classes = (0..<12).map { $0 < 8 ? 0 : 1 }
    let rows = FeatureRows(values, columns: 1)
    for method in [Oversampling.Method.borderline, .adasyn] {
      let made = Oversampling(method, neighbors: 2, borderNeighbors: 3).samples(
        rows, classes: classes, classCount: 2, random: Randomness(seed: 1))
      #expect(made.isEmpty)
    }
  }
}
