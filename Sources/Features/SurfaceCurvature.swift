/// The curvatures of a surface of elevations (Zevenbergen and Thorne 1987).
///
/// A surface of the fourth order runs through the nine elevations around a cell. With its second
/// derivatives `2D` along the rows, `2E` across, `F` mixed, and its slopes `G` and `H`, in the
/// centre: all three are positive where the surface is convex, as on a ridge, and 0 where it has no
/// slope that they could refer to.
public enum SurfaceCurvature: String, Sendable, CaseIterable {
  /// `-2 (D + E)`.
  case total = "curvature"
  /// Along the line of steepest slope: `-2 (D G^2 + E H^2 + F G H)/(G^2 + H^2)`.
  case profile = "profile curvature"
  /// Along the contour: `-2 (D H^2 + E G^2 - F G H)/(G^2 + H^2)`.
  case plan = "plan curvature"

  /// The curvature in the middle of three rows of three elevations; NaN where one is missing.
  ///
  /// - Parameters:
  ///   - z: the elevations, row by row.
  ///   - cellSize: the sides of a cell along and across the rows, in the unit of the elevations.
  public func value(_ z: InlineArray<9, Double>, cellSize: SIMD2<Double>) -> Double {
    let (x, y) = (cellSize.x, cellSize.y)
    let d = ((z[3] + z[5]) / 2 - z[4]) / (x * x)
    let e = ((z[1] + z[7]) / 2 - z[4]) / (y * y)
    // The corners take no part in the first, but without them there is no surface.
    let f = (z[2] - z[0] + z[6] - z[8]) / (4 * x * y)
    if f.isNaN { return .nan }
    if self == .total { return -2 * (d + e) }
    let g = (z[5] - z[3]) / (2 * x)
    let h = (z[1] - z[7]) / (2 * y)
    let slope = g * g + h * h
    guard !(slope == 0) else { return (d + e).isNaN ? .nan : 0 }
    return self == .profile
      ? -2 * (d * g * g + e * h * h + f * g * h) / slope
      : -2 * (d * h * h + e * g * g - f * g * h) / slope
  }
}
