import Testing

@testable import Explanation

@Suite struct TrustworthinessTests {
  @Test(arguments: EmbeddingFixture.names) func agreesWithScikitLearn(name: String) throws {
    let fixture = try EmbeddingFixture.load(name)
    let own = try #require(fixture.points.trustworthiness(of: fixture.tsne.plane))
    // Equally far points, of which iris has many, have ranks in another order there.
    #expect(abs(own - fixture.tsne.planeTrustworthiness) < 5e-4)
  }

  @Test func isOneForTheSameNeighbours() throws {
    let points = FeaturePoints((0..<40).map { Double($0 * $0) }, dimensions: 2)
    #expect(points.trustworthiness(of: points.values, neighbors: 3) == 1)
    // It is told for fewer neighbours than half of the points only.
    #expect(points.trustworthiness(of: points.values, neighbors: 10) == nil)
    #expect(points.trustworthiness(of: points.values, neighbors: 0) == nil)
  }
}
