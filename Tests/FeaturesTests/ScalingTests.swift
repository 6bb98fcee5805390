import Foundation
import Rasters
import Testing

@testable import Features

struct ScalingTests {
  private let window = Window(x: 10, y: 20, width: 37, height: 23)
  private let bands = [
    Band(name: "Cu"), Band(name: "flat"), Band(name: "clay", group: "rock"), Band(name: "northing"),
    Band(name: "empty"),
  ]

  private var cube: DataCube {
    var numbers = TestNumbers(2)
    var cube = DataCube(window: window, bandCount: 5)
    let cells = window.cellCount
    for cell in 0..<cells {
      cube.values[cell] = cell % 7 == 0 ? .nan : Float(numbers.next() * numbers.next() * 90)
      cube.values[cells + cell] = 4.1
      cube.values[2 * cells + cell] = cell % 3 == 0 ? 1 : 0
      cube.values[3 * cells + cell] = 5_000_000 + Float(cell)
    }
    return cube
  }

  private func statistics(_ cube: DataCube) -> BandStatistics {
    var statistics = BandStatistics(bandCount: 5)
    statistics.add(cube)
    return statistics
  }

  @Test func equalsTheDefinition() {
    let scaling = Scaling(statistics(cube), bands: bands)
    let result = scaling.apply(cube)
    for band in [0, 3] {
      let values = cube.band(band).filter { !$0.isNaN }.map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance =
        values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
      #expect(abs(scaling.means[band] - mean) < 1e-9 * abs(mean))
      #expect(abs(scaling.scales[band] - variance.squareRoot()) < 1e-9 * variance.squareRoot())
      for (value, new) in zip(cube.band(band), result.band(band)) {
        #expect(value.isNaN == new.isNaN)
        let wanted = (Double(value) - mean) / variance.squareRoot()
        if !value.isNaN { #expect(abs(Double(new) - wanted) < 1e-6) }
      }
    }
    #expect(result.band(1).allSatisfy { abs($0) < 1e-6 })
    #expect(scaling.scales[1] == 1)
    #expect(result.band(2) == cube.band(2))
    #expect(scaling.means[4] == 0 && scaling.scales[4] == 1)
    let all = Scaling(statistics(cube), bands: bands, scaled: [2])
    #expect(all.means[2] != 0 && all.scales[0] == 1)
  }

  @Test func sameBitsForAnyChunksInAnyOrder() {
    var parts: [BandStatistics] = []
    for top in stride(from: 20, to: 43, by: 5) {
      for left in stride(from: 10, to: 47, by: 16) {
        let chunk = Window(x: left, y: top, width: 16, height: 5).intersection(window)
        parts.append(statistics(cube.cropped(to: chunk)))
      }
    }
    var merged = BandStatistics(bandCount: 5)
    for part in parts.reversed() { merged.merge(part) }
    #expect(merged == statistics(cube))
    #expect(Scaling(merged, bands: bands) == Scaling(statistics(cube), bands: bands))
  }

  @Test func onlyTheMaskCounts() {
    let mask = (0..<window.cellCount).map { $0 % 2 == 0 }
    var masked = BandStatistics(bandCount: 5)
    masked.add(cube, mask: mask)
    var blanked = cube
    for position in blanked.values.indices where !mask[position % window.cellCount] {
      blanked.values[position] = .nan
    }
    let wanted = Scaling(statistics(blanked), bands: bands)
    #expect(Scaling(masked, bands: bands) == wanted)
    #expect(wanted != Scaling(statistics(cube), bands: bands))
  }

  @Test func inverseAndMatrixAgree() {
    let scaling = Scaling(means: [3, -1, 0, 2, 0], scales: [2, 0.5, 1, 7, 1])
    let scaled = scaling.apply(cube)
    let back = scaling.inverse(scaled)
    for (value, again) in zip(cube.values, back.values) where !value.isNaN {
      #expect(abs(value - again) <= 1e-6 * abs(value) + 1e-5)
    }
    let spectrum: [Float] = [8, 3, 1, -5, 2]
    #expect(scaling.linearMap.apply(spectrum) == [2.5, 8, 1, -1, 2])
  }

  @Test func codable() throws {
    let scaling = Scaling(statistics(cube), bands: bands)
    let copy = try JSONDecoder().decode(Scaling.self, from: JSONEncoder().encode(scaling))
    #expect(copy == scaling)
  }
}
