import Testing

@testable import Features

/// Curvatures of surfaces whose derivatives are known.
struct SurfaceCurvatureTests {
  /// Nine elevations of a function of east and north, rows from the north.
  private func surface(
    _ size: SIMD2<Double>, _ height: (Double, Double) -> Double
  ) -> InlineArray<9, Double> {
    InlineArray { place in
      height(Double(place % 3 - 1) * size.x, Double(1 - place / 3) * size.y)
    }
  }

  @Test(arguments: [SIMD2(10.0, 10), SIMD2(4, 25)])
  func quadraticSurfacesAreExact(size: SIMD2<Double>) {
    let (xx, yy, xy, x, y) = (-0.003, 0.002, 0.0015, 0.4, -0.3)
    let z = surface(size) { east, north in
      100 + x * east + y * north + xx * east * east / 2 + yy * north * north / 2
        + xy * east * north
    }
    let slope = x * x + y * y
    let expected: [SurfaceCurvature: Double] = [
      .total: -(xx + yy),
      .profile: -(xx * x * x + 2 * xy * x * y + yy * y * y) / slope,
      .plan: -(xx * y * y - 2 * xy * x * y + yy * x * x) / slope,
    ]
    for (curvature, value) in expected {
      #expect(abs(curvature.value(z, cellSize: size) - value) < 1e-12, "\(curvature)")
    }
  }

  /// A ridge along the slope is convex along the contour and straight along the slope.
  @Test func signsAreThoseOfConvexity() {
    let size = SIMD2(1.0, 1)
    let ridge = surface(size) { east, north in -0.1 * east * east - 0.2 * north }
    #expect(abs(SurfaceCurvature.plan.value(ridge, cellSize: size) - 0.2) < 1e-12)
    #expect(abs(SurfaceCurvature.profile.value(ridge, cellSize: size)) < 1e-12)
    let brow = surface(size) { _, north in -0.1 * north * north - 0.2 * north }
    #expect(abs(SurfaceCurvature.profile.value(brow, cellSize: size) - 0.2) < 1e-12)
    let top = surface(size) { east, north in -0.1 * (east * east + north * north) }
    #expect(abs(SurfaceCurvature.total.value(top, cellSize: size) - 0.4) < 1e-12)
    #expect(SurfaceCurvature.profile.value(top, cellSize: size) == 0)
    #expect(SurfaceCurvature.plan.value(InlineArray(repeating: 3), cellSize: size) == 0)
  }

  @Test(arguments: 0..<9) func missingNeighboursLeaveNoCurvature(missing: Int) {
    var z = surface(SIMD2(1, 1)) { east, north in east + north * north }
    z[missing] = .nan
    for curvature in SurfaceCurvature.allCases {
      #expect(curvature.value(z, cellSize: SIMD2(1, 1)).isNaN)
    }
  }
}
