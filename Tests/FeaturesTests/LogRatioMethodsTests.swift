import Foundation
import Rasters
import Testing

@testable import Features

struct LogRatioMethodsTests {
  private let names = ["Cu", "rock", "Pb", "Zn", "As"].map { Band(name: $0, unit: "mg/kg") }

  private var cube: DataCube {
    var numbers = TestNumbers(4)
    let values = (0..<5 * 12).map { _ in Float(exp(numbers.next() * 4)) }
    return DataCube(window: Window(x: 2, y: 1, width: 4, height: 3), bandCount: 5, values: values)
  }

  private let parts = [3, 0, 4, 2]

  @Test func balancesByTheirDefinition() {
    let ratio = LogRatio(method: .ilr, parts: parts)
    let result = ratio.apply(cube)
    #expect(ratio.bands(names).map(\.name) == ["ilr 1", "ilr 2", "ilr 3", "rock"])
    for cell in 0..<12 {
      let x = parts.map { Double(cube.values[$0 * 12 + cell]) }
      for count in 1...3 {
        let mean = pow(x[..<count].reduce(1, *), 1 / Double(count))
        let wanted = sqrt(Double(count) / Double(count + 1)) * log(mean / x[count])
        #expect(abs(Double(result.values[(count - 1) * 12 + cell]) - wanted) < 1e-5)
      }
      #expect(result.values[36 + cell] == cube.values[12 + cell])
    }
  }

  /// Distances between cells are those of clr: the basis is orthonormal.
  @Test func balancesKeepDistances() {
    let ilr = LogRatio(method: .ilr, parts: parts).apply(cube)
    let clr = LogRatio(method: .clr, parts: parts).apply(cube)
    for cell in 1..<12 {
      func distance(_ cube: DataCube, _ bands: [Int]) -> Double {
        bands.map { band in
          let difference = Double(cube.values[band * 12 + cell]) - Double(cube.values[band * 12])
          return difference * difference
        }.reduce(0, +)
      }
      #expect(abs(distance(ilr, [0, 1, 2]) - distance(clr, parts)) < 1e-4)
    }
  }

  @Test func ratiosToOnePart() {
    let ratio = LogRatio(method: .alr, parts: parts, denominator: 1)
    let result = ratio.apply(cube)
    #expect(ratio.bands(names).map(\.name) == ["Zn/Cu", "As/Cu", "Pb/Cu", "rock"])
    for cell in 0..<12 {
      for (slot, part) in [3, 4, 2].enumerated() {
        let wanted = log(Double(cube.values[part * 12 + cell]) / Double(cube.values[cell]))
        #expect(abs(Double(result.values[slot * 12 + cell]) - wanted) < 1e-5)
      }
    }
  }

  @Test(arguments: LogRatio.Method.allCases) func matrixOnLogarithms(method: LogRatio.Method) {
    let ratio = LogRatio(method: method, parts: parts, factors: [1, 10_000, 0.001, 1])
    let map = ratio.linearMap(bandCount: 5)
    let logs = ratio.logarithms(cube)
    let result = ratio.apply(cube)
    #expect(map.outputCount == result.bandCount && ratio.bands(names).count == result.bandCount)
    for cell in 0..<12 {
      let mixed = map.apply((0..<5).map { logs.values[$0 * 12 + cell] })
      for band in 0..<result.bandCount {
        #expect(abs(mixed[band] - result.values[band * 12 + cell]) < 2e-5)
      }
    }
  }

  @Test func factorsBringPartsToOneUnit() {
    var percent = cube
    for position in 36..<48 { percent.values[position] /= 10_000 }
    let plain = LogRatio(method: .ilr, parts: parts).apply(cube)
    let converted = LogRatio(method: .ilr, parts: parts, factors: [10_000, 1, 1, 1]).apply(percent)
    for (a, b) in zip(plain.values, converted.values) where !a.isNaN { #expect(abs(a - b) < 1e-5) }
  }

  @Test func codesAreZerosAndOtherNegativesMissing() {
    let cells = DataCube(
      window: Window(x: 0, y: 0, width: 5, height: 1), bandCount: 2,
      values: [4, 0, -9999, -1, 0.5, 1, 1, 1, 1, 1])
    func logs(_ rule: LogRatio.BelowDetection) -> [Float] {
      LogRatio(parts: [0, 1], replacements: [2, nil], belowDetection: rule).logarithms(cells)
        .band(0).map { exp($0).rounded(.toNearestOrEven) }
    }
    #expect(logs(.negative) == [4, 2, 2, 2, exp(log(0.5)).rounded(.toNearestOrEven)])
    let codes = logs(.codes([-9999, 0.5]))
    #expect(codes[..<3] == [4, 2, 2] && codes[3].isNaN && codes[4] == 2)
    let detected = LogRatio(parts: [1, 0], belowDetection: .codes([0.5])).detected(cells)
    #expect(detected.band(1).map { $0.isNaN ? 0 : $0 } == [4, 0, -9999, -1, 0])
    var smallest = SmallestPositive(bandCount: 2)
    smallest.add(detected)
    #expect(smallest.values == [1, 4])
  }

  @Test func aMissingPartLeavesNoRatio() {
    var gap = cube
    gap.values[2 * 12 + 5] = .nan
    for method in LogRatio.Method.allCases {
      let ratio = LogRatio(method: method, parts: parts)
      let result = ratio.apply(gap)
      let rock = ratio.bands(names).firstIndex { $0.name == "rock" }
      for band in 0..<result.bandCount {
        #expect(result.values[band * 12 + 5].isNaN == (band != rock))
        #expect(!result.values[band * 12 + 4].isNaN)
      }
    }
  }

  @Test func unitsOfConcentration() {
    #expect(["ppm", "mg/kg", " g/t ", "PPM"].allSatisfy { PartUnit.factor($0) == 1 })
    #expect(PartUnit.factor("%") == 10_000 && PartUnit.factor("ppb") == 0.001)
    #expect(PartUnit.factor("nT") == nil && PartUnit.factor("") == nil)
  }
}
