import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// False anomalies and gaps.
struct ContaminateTests {
  private func run(_ sample: SampleRun, _ name: String, _ options: String) throws -> DataCube {
    let path = try sample.ground(
      name, labels: "",
      then: """
        { type: "grid-points", tag: "metals", file: "${data}/points.gpkg", fields: ["Cu", "Zn"] },
        { type: "contaminate", tag: "hit", inputs: ["metals"]\(options) },
        { type: "write", inputs: ["metals", "hit"] },
        """)
    #expect(sample.run(path, out: name) == .done)
    return try sample.raster(name, "hit.tif").cube
  }

  @Test func aStatedShareIsHit() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let hit = try run(sample, "hit", ", rate: 0.05, factor: 4, missing: 0.02, bands: [\"Cu\"]")
    let plain = try sample.raster("hit", "metals.tif").cube
    let cells = plain.window.cellCount
    var anomalies = 0
    var gaps = 0
    for cell in 0..<cells {
      // The other band is left alone.
      #expect(hit.values[cells + cell] == plain.values[cells + cell])
      if hit.values[cell].isNaN {
        gaps += 1
      } else if hit.values[cell] != plain.values[cell] {
        #expect(hit.values[cell] == 4 * plain.values[cell])
        anomalies += 1
      }
    }
    // Binomial: 11232 cells; four standard deviations to either side.
    #expect(
      abs(Double(gaps) - 0.02 * Double(cells)) < 4 * (0.02 * 0.98 * Double(cells)).squareRoot())
    // One band of a hit cell changes by a chance of one half.
    let expected = 0.05 * 0.98 / 2
    #expect(
      abs(Double(anomalies) - expected * Double(cells))
        < 4 * (expected * (1 - expected) * Double(cells)).squareRoot())
  }

  @Test func nothingIsHitByDefault() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let same = try run(sample, "same", "")
    #expect(same.values == (try sample.raster("same", "metals.tif").cube.values))
  }
}
