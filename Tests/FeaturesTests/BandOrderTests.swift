import Rasters
import Tensors
import Testing

@testable import Features

struct BandOrderTests {
  private let window = Window(x: 2, y: 3, width: 4, height: 3)

  @Test func bandsStandSideBySide() {
    var numbers = TestNumbers(3)
    let cube = DataCube(
      window: window, bandCount: 6, values: (0..<72).map { _ in Float(numbers.next()) })
    let order = BandOrder([5, 1, 3], scores: [0, 0, 0])
    let places = order.places(bandCount: 6)
    #expect(places == [0, 5, 1, 3, 2, 4])
    let ordered = order.apply(cube)
    let map = LinearMap.permutation(places)
    for cell in 0..<12 {
      let before = (0..<6).map { cube.values[$0 * 12 + cell] }
      let after = (0..<6).map { ordered.values[$0 * 12 + cell] }
      #expect(after == places.map { before[$0] } && after == map.apply(before))
    }
  }

  @Test func highScoresComeFirst() {
    let order = BandOrder(byScore: [0.2, 0.5, 0.2, 0.9], bands: [7, 3, 4, 1])
    #expect(order.bands == [1, 3, 7, 4] && order.scores == [0.9, 0.5, 0.2, 0.2])
  }

  /// A constant band resembles none, and one that falls as another rises resembles it.
  @Test func likenessIsAbsoluteCorrelation() {
    var moments = ExactCovariance(variableCount: 4)
    let a: [Float] = [1, 2, 3, 4, 7]
    let variables: [[Float]] = [a, [5, 5, 5, 5, 5], [3, 1, 4, 1, 5], a.map { 10 - 2 * $0 }]
    moments.add(variables.flatMap(\.self).span)
    let distances = BandOrder.distances(moments)
    #expect(distances[3] < 1e-12 && distances[1] == 1 && distances[4] == 1 && distances[5] == 0)
    let order = BandOrder(clustering: moments, bands: [0, 1, 2, 3], linkage: .average)
    #expect(zip(order.bands, order.bands.dropFirst()).contains { Set([$0, $1]) == [0, 3] })
    #expect(order.scores.count == 4 && order.scores[3] == 0)
    for index in 0..<3 {
      #expect(order.scores[index] == distances[order.bands[index] * 4 + order.bands[index + 1]])
    }
  }
}
