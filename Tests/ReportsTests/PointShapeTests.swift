import Testing

@testable import Reports

@Suite struct PointShapeTests {
  /// The area within corners, by the shoelace formula.
  private func area(_ corners: [(x: Double, y: Double)]) -> Double {
    let next = corners.dropFirst() + corners.prefix(1)
    return zip(corners, next).reduce(0) { $0 + $1.0.x * $1.1.y - $1.1.x * $1.0.y } / 2
  }

  /// No group looks heavier than another: areas are those of the disc, to a fifth.
  @Test(arguments: PointShape.allCases.filter { $0 != .disc })
  func shapesHaveLikeAreas(shape: PointShape) {
    #expect(abs(abs(area(shape.corners)) - .pi) < .pi / 5, "\(area(shape.corners))")
    let center = shape.corners.reduce((0.0, 0.0)) { ($0.0 + $1.x, $0.1 + $1.y) }
    #expect(abs(center.0) < 1e-9 && abs(center.1) < 0.5)
  }

  @Test func everyNumberHasAShape() {
    #expect((-9..<20).map { PointShape(group: $0) }[9] == .disc)
    #expect(Set((0..<8).map { PointShape(group: $0) }).count == 8)
    #expect(PointShape(group: 9) == PointShape(group: 1))
  }
}
