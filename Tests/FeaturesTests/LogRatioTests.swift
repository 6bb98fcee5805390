import Foundation
import Rasters
import Testing

@testable import Features

struct LogRatioTests {
  private let window = Window(x: 3, y: 4, width: 5, height: 2)

  private func cube(_ bands: [[Float]]) -> DataCube {
    DataCube(window: window, bandCount: bands.count, values: bands.flatMap { $0 })
  }

  private let bands: [[Float]] = [
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [10, 20, 0, 40, 50, -1, 70, 80, .nan, 100],
    [7, 7, 7, 7, 7, 7, 7, 7, 7, 7], [0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.4],
  ]

  @Test func equalsTheDefinition() {
    let result = LogRatio(parts: [0, 1, 3]).apply(cube(bands))
    for cell in 0..<10 {
      let parts = [0, 1, 3].map { Double(bands[$0][cell]) }
      let mean = parts.map { log($0) }.reduce(0, +) / 3
      let valid = parts.allSatisfy { $0 > 0 }
      for (slot, band) in [0, 1, 3].enumerated() {
        let value = result.values[band * 10 + cell]
        #expect(value.isNaN == !valid)
        if valid { #expect(abs(Double(value) - (log(parts[slot]) - mean)) < 1e-6) }
      }
      #expect(result.values[20 + cell] == 7)
    }
  }

  @Test func zerosAreReplacedAndMissingStaysMissing() {
    let ratio = LogRatio(parts: [0, 1], replacements: LogRatio.replacements(below: [1, 10]))
    let result = ratio.apply(cube(bands))
    #expect(abs(result.values[2] - Float(log(3) - log(6.5)) / 2) < 1e-6)
    #expect(abs(result.values[5] - Float(log(6) - log(6.5)) / 2) < 1e-6)
    #expect(result.values[8].isNaN && result.values[18].isNaN)
  }

  @Test func matrixOnLogarithmsIsTheLogRatio() {
    let ratio = LogRatio(parts: [0, 1, 3], replacements: [0.5, 0.25, nil])
    let map = ratio.linearMap(bandCount: 4)
    let logs = ratio.logarithms(cube(bands))
    let result = ratio.apply(cube(bands))
    for cell in 0..<10 where cell != 8 {
      let mixed = map.apply((0..<4).map { logs.values[$0 * 10 + cell] })
      for band in 0..<4 { #expect(abs(mixed[band] - result.values[band * 10 + cell]) < 1e-5) }
    }
  }

  @Test func smallestPositiveMergesInAnyOrder() throws {
    let all = cube(bands)
    var whole = SmallestPositive(bandCount: 4)
    whole.add(all)
    #expect(whole.values == [1, 10, 7, 0.1])
    var left = SmallestPositive(bandCount: 4)
    left.add(all.cropped(to: Window(x: 3, y: 4, width: 2, height: 2)))
    var right = SmallestPositive(bandCount: 4)
    right.add(all.cropped(to: Window(x: 5, y: 4, width: 3, height: 2)))
    right.merge(left)
    #expect(right == whole)
    let empty = SmallestPositive(bandCount: 2)
    let copy = try JSONDecoder().decode(
      SmallestPositive.self, from: JSONEncoder().encode(empty))
    #expect(copy == empty)
    #expect(LogRatio.replacements(below: empty.values) == [nil, nil])
  }

  @Test func codable() throws {
    let ratio = LogRatio(parts: [2, 0], replacements: [nil, 0.5])
    let data = try JSONEncoder().encode(ratio)
    #expect(try JSONDecoder().decode(LogRatio.self, from: data) == ratio)
  }
}
