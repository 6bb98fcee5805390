import Foundation
import Rasters
import Testing

@testable import Features

struct OneHotTests {
  private let cube = DataCube(
    window: Window(x: 0, y: 0, width: 3, height: 2), bandCount: 2,
    values: [9, 9, 9, 9, 9, 9, 1, 5, 5, .nan, 4, 1.5])

  @Test func everyCategoryIsABand() {
    let rock = OneHot(feature: "rock", codes: [5, 1], names: ["marl", "clay"])
    let result = rock.apply(cube, band: 1)
    #expect(result.values[0..<3] == [0, 1, 1])
    #expect(result.values[6..<9] == [1, 0, 0])
    for cell in 3..<6 { #expect(result.values[cell].isNaN && result.values[6 + cell].isNaN) }
    #expect(rock.bands.map(\.name) == ["rock: marl", "rock: clay"])
    #expect(rock.bands.allSatisfy { $0.feature == "rock" })
  }

  @Test func codesAreCounted() {
    var counts = CodeCounts()
    counts.add(cube, band: 1)
    #expect(counts.counts == [1: 1, 4: 1, 5: 2])
    #expect(counts.otherCount == 1)
    #expect(counts.codes == [1, 4, 5])
    var twice = CodeCounts()
    twice.add(cube, band: 0)
    twice.merge(counts)
    #expect(twice.counts == [1: 1, 4: 1, 5: 2, 9: 6])
    #expect(OneHot(feature: "f", codes: counts.codes).names == ["1", "4", "5"])
  }
}
