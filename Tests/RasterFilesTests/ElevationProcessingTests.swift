import Foundation
import RasterFiles
import Testing

/// GDAL's terrain measures, against their formulas written out.
struct ElevationProcessingTests {
  private static let width = 14
  private static let height = 11
  private static let size = SIMD2(20.0, 35)
  private static let elevations: [Float] = (0..<width * height).map { cell in
    if cell == 5 * width + 6 { return .nan }
    return 300 + 40 * noise(cell % width, cell / width) + Float(cell % width)
  }

  private static func neighborhood(_ cell: Int) -> [Double]? {
    let (column, row) = (cell % width, cell / width)
    guard (1..<width - 1).contains(column), (1..<height - 1).contains(row) else { return nil }
    let z = (-1...1).flatMap { down in
      (-1...1).map { Double(elevations[cell + down * width + $0]) }
    }
    return z.allSatisfy(\.isFinite) ? z : nil
  }

  private static func check(_ found: [Float], _ expected: ([Double]) -> Double) {
    #expect(found.count == elevations.count)
    var count = 0
    for (cell, value) in found.enumerated() {
      guard let z = neighborhood(cell) else {
        #expect(value.isNaN)
        continue
      }
      let wanted = expected(z)
      #expect(abs(Double(value) - wanted) <= 1e-4 * max(1, abs(wanted)))
      count += 1
    }
    #expect(count == 12 * 9 - 9)
  }

  @Test func slopesAreThoseOfHorn() throws {
    let found = try ElevationProcessing.slope.apply(
      to: Self.elevations, width: Self.width, cellSize: Self.size)
    Self.check(found) { z in
      let x = (z[2] + 2 * z[5] + z[8] - z[0] - 2 * z[3] - z[6]) / (8 * Self.size.x)
      let y = (z[6] + 2 * z[7] + z[8] - z[0] - 2 * z[1] - z[2]) / (8 * Self.size.y)
      return atan((x * x + y * y).squareRoot()) * 180 / .pi
    }
  }

  @Test func slopesAreThoseOfZevenbergenAndThorne() throws {
    let found = try ElevationProcessing.slope.apply(
      to: Self.elevations, width: Self.width, cellSize: Self.size, method: .zevenbergenThorne)
    Self.check(found) { z in
      let (x, y) = ((z[5] - z[3]) / (2 * Self.size.x), (z[7] - z[1]) / (2 * Self.size.y))
      return atan((x * x + y * y).squareRoot()) * 180 / .pi
    }
  }

  @Test func aspectsAreClockwise() throws {
    let found = try ElevationProcessing.aspect.apply(
      to: Self.elevations, width: Self.width, cellSize: SIMD2(1, 1))
    Self.check(found) { z in
      let x = z[2] + 2 * z[5] + z[8] - z[0] - 2 * z[3] - z[6]
      let y = z[6] + 2 * z[7] + z[8] - z[0] - 2 * z[1] - z[2]
      let angle = atan2(-x, y) * 180 / .pi
      return angle < 0 ? angle + 360 : angle
    }
  }

  @Test func ruggednessAndRoughnessAreDifferences() throws {
    let ruggedness = try ElevationProcessing.ruggedness.apply(
      to: Self.elevations, width: Self.width, cellSize: Self.size)
    Self.check(ruggedness) { z in
      z.reduce(0) { $0 + ($1 - z[4]) * ($1 - z[4]) }.squareRoot()
    }
    let roughness = try ElevationProcessing.roughness.apply(
      to: Self.elevations, width: Self.width, cellSize: Self.size)
    Self.check(roughness) { z in (z.max() ?? 0) - (z.min() ?? 0) }
  }

  @Test func flatCellsHaveNoAspectAndSmallRastersNothing() throws {
    let flat = [Float](repeating: 12, count: 9)
    let aspect = try ElevationProcessing.aspect.apply(to: flat, width: 3, cellSize: SIMD2(1, 1))
    #expect(aspect.allSatisfy { $0.isNaN })
    let slope = try ElevationProcessing.slope.apply(to: flat, width: 3, cellSize: SIMD2(1, 1))
    #expect(slope[4] == 0)
    let line = try ElevationProcessing.slope.apply(to: flat, width: 9, cellSize: SIMD2(1, 1))
    #expect(line.count == 9 && line.allSatisfy { $0.isNaN })
  }
}
