import Testing

@testable import Learning

struct PlaceRankTests {
  /// Values with many ties and some missing ones.
  private let map = (0..<3000).map { index -> Float in
    index % 11 == 0 ? .nan : Float((index * 7919) % 129) / 128
  }
  private let places: [Float] = [0.5, 0.5, 0.9921875, 0, 1, 0.25, .nan, 0.3]

  @Test func ranksAreThoseOfCounting() throws {
    var counts = RankCounts(beside: places)
    counts.add(map)
    let valid = map.filter { !$0.isNaN }
    for place in places where !place.isNaN {
      let rank = try #require(counts.rank(of: place))
      #expect(rank.above == valid.count { $0 > place })
      #expect(rank.atOrAbove == valid.count { $0 >= place })
      #expect(rank.cells == valid.count)
    }
    #expect(counts.rank(of: .nan) == nil && counts.rank(of: 0.75) == nil)
  }

  @Test func countsOfChunksAddUp() {
    var whole = RankCounts(beside: places)
    whole.add(map)
    var sum = RankCounts(beside: places)
    for start in stride(from: 0, to: map.count, by: 700) {
      var part = RankCounts(beside: places)
      part.add(map[start..<min(start + 700, map.count)])
      let fits = sum.merge(upTo: part.upTo, at: part.at)
      #expect(fits)
    }
    #expect(sum == whole)
    let fits = sum.merge(upTo: [1], at: [])
    #expect(!fits && sum == whole)
  }

  /// On one map ranks and thresholds give the same curve, where each value has a bin of its own.
  @Test func ranksOnOneMapAreItsCurve() throws {
    let known = places.filter { !$0.isNaN && ($0 * 128).rounded() == $0 * 128 }
    let valid = map.filter { !$0.isNaN }
    var counts = RankCounts(beside: known)
    counts.add(valid)
    let ranked = try #require(SuccessCurve(ranks: known.compactMap(counts.rank)))
    var area = ProbabilityHistogram()
    area.add(valid)
    let curve = try #require(SuccessCurve(area: area, deposits: known))
    #expect(abs(ranked.areaUnderCurve - curve.areaUnderCurve) < 1e-12)
    for share in [0.05, 0.1, 0.2, 0.5, 0.77] {
      #expect(abs(ranked.depositShare(atArea: share) - curve.depositShare(atArea: share)) < 1e-9)
    }
    #expect(abs(ranked.crossing.depositShare - curve.crossing.depositShare) < 1e-9)
    #expect(ranked.crossing.threshold == nil && ranked.thresholds.isEmpty)
  }

  /// Deposits of different maps count the same, each by its share of its own map.
  @Test func mapsArePooledByShare() throws {
    let curve = try #require(
      SuccessCurve(ranks: [
        PlaceRank(above: 0, atOrAbove: 1, cells: 4),
        PlaceRank(above: 50, atOrAbove: 100, cells: 100),
      ]))
    #expect(curve.areaShares == [0.25, 0.5, 1])
    #expect(curve.depositShares == [0.5, 0.5, 1])
    #expect(curve.areaUnderCurve == (1 - 0.125 + 1 - 0.75) / 2)
    #expect(curve.crossing.depositShare == 0.5 && curve.crossing.areaShare == 0.5)
    #expect(SuccessCurve(ranks: []) == nil)
  }
}
