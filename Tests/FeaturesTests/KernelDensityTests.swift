import Foundation
import Testing

@testable import Features

/// Kernel densities, against their definition.
struct KernelDensityTests {
  private static func power(_ kernel: KernelDensity.Kernel) -> Int {
    switch kernel {
    case .quartic: 2
    case .epanechnikov: 1
    case .uniform: 0
    }
  }

  /// The kernel written out.
  private static func value(
    _ kernel: KernelDensity.Kernel, _ offset: SIMD3<Double>, _ radius: Double
  ) -> Double {
    let share = (offset * offset).sum() / (radius * radius)
    let k = power(kernel)
    return share < 1 ? Double(k + 1) / (.pi * radius * radius) * pow(1 - share, Double(k)) : 0
  }

  private static func points(_ places: [SIMD3<Double>]) -> SegmentTree {
    SegmentTree(places.enumerated().map { .init(from: $1, to: $1, owner: $0) })
  }

  @Test(arguments: KernelDensity.Kernel.allCases)
  func pointsAddUp(kernel: KernelDensity.Kernel) {
    let places = (0..<40).map { index -> SIMD3<Double> in
      let (x, y, z) = (index * 37 % 100, index * 61 % 100, index % 3)
      return SIMD3(Double(x), Double(y), Double(z))
    }
    let weights = (0..<40).map { Double($0 % 5) + 0.5 }
    let density = KernelDensity(
      Self.points(places), weights: weights, kernel: kernel, radius: 23.5)
    for step in 0..<50 {
      let (x, y) = (step * 7 % 110, step * 13 % 110)
      let place = SIMD3<Double>(Double(x), Double(y), 0)
      for excluded in [[], [3, 17]] as [Set<Int>] {
        let expected = places.indices.filter { !excluded.contains($0) }.reduce(0) {
          (sum: Double, index: Int) -> Double in
          sum + weights[index] * Self.value(kernel, places[index] - place, 23.5)
        }
        #expect(abs(density.value(at: place, excluding: excluded) - expected) < 1e-12)
      }
    }
  }

  /// A line is many points.
  @Test(arguments: KernelDensity.Kernel.allCases)
  func linesAreIntegrated(kernel: KernelDensity.Kernel) {
    let (start, end) = (SIMD3(-3.0, 2, 0), SIMD3(20.0, 9, 1))
    let length = ((end - start) * (end - start)).sum().squareRoot()
    let tree = SegmentTree([.init(from: start, to: end, owner: 0)])
    let density = KernelDensity(tree, weights: [2], kernel: kernel, radius: 6)
    let count = 200_000
    for place in [SIMD3(0.0, 0, 0), SIMD3(10, 10, 0), SIMD3(22, 9, 0), SIMD3(-9.2, 2, 0)] {
      var sum = 0.0
      for step in 0..<count {
        let share = (Double(step) + 0.5) / Double(count)
        sum += Self.value(kernel, start + share * (end - start) - place, 6)
      }
      let expected = 2 * sum * length / Double(count)
      #expect(abs(density.value(at: place) - expected) < 1e-5)
    }
    #expect(density.value(at: SIMD3(10, 20, 0)) == 0)
  }

  /// A point counts as one over the plane, a line by its length.
  @Test(arguments: KernelDensity.Kernel.allCases)
  func theWholePlaneHoldsTheWeight(kernel: KernelDensity.Kernel) {
    func total(_ tree: SegmentTree) -> Double {
      let density = KernelDensity(tree, weights: [1], kernel: kernel, radius: 5)
      var sum = 0.0
      for row in 0..<300 {
        for column in 0..<300 {
          let (x, y) = (Double(column) * 0.1 - 15, Double(row) * 0.1 - 15)
          sum += density.value(at: SIMD3<Double>(x, y, 0))
        }
      }
      return sum * 0.01
    }
    #expect(abs(total(Self.points([SIMD3(0.03, 0.01, 0)])) - 1) < 2e-3)
    let line = SegmentTree([.init(from: SIMD3(-6, 1, 0), to: SIMD3(2, 7, 0), owner: 0)])
    #expect(abs(total(line) - 10) < 1e-2)
  }
}
