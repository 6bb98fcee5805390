import Glibc

/// What stands for a point in a drawing, so that groups differ by more than their colours.
enum PointShape: Int, CaseIterable, Sendable {
  case disc, square, triangle, diamond, cross, pointingDown, saltire, star

  /// The shape of the groups of a number.
  init(group: Int) {
    let all = Self.allCases
    self = all[(group % all.count + all.count) % all.count]
  }

  /// The corners around (0, 0) for a disc of radius 1, y downwards; none of the disc.
  var corners: [(x: Double, y: Double)] {
    switch self {
    case .disc: []
    case .square: [(-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)]
    case .triangle: [(0, -1.4), (1.25, 0.9), (-1.25, 0.9)]
    case .pointingDown: Self.triangle.corners.map { ($0.x, -$0.y) }
    case .diamond: [(0, -1.45), (1.1, 0), (0, 1.45), (-1.1, 0)]
    case .cross: Self.plus
    case .saltire:
      Self.plus.map { (($0.x - $0.y) * 0.5.squareRoot(), ($0.x + $0.y) * 0.5.squareRoot()) }
    case .star:
      (0..<10).map { index in
        let (angle, radius) = (Double(index) * .pi / 5, index % 2 == 0 ? 1.7 : 0.7)
        return (radius * sin(angle), -radius * cos(angle))
      }
    }
  }

  /// Two bars that cross.
  private static let plus: [(x: Double, y: Double)] = {
    let (reach, half) = (1.4, 0.36)
    let quarter = [(half, -reach), (half, -half), (reach, -half)]
    return (0..<4).flatMap { turn in
      quarter.map { point in
        switch turn {
        case 0: point
        case 1: (-point.1, point.0)
        case 2: (-point.0, -point.1)
        default: (point.1, -point.0)
        }
      }
    }
  }()
}
