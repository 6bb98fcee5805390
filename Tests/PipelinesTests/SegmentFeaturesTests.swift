import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Rasters of what is known of each cell's segment.
struct SegmentFeaturesTests {
  private func run(
    _ sample: SampleRun, _ name: String, _ stage: String, chunk: Int = 512
  ) throws -> String {
    let path = try sample.ground(
      name, labels: "",
      then: """
        { type: "superpixels", tag: "segments", inputs: ["cube"], size: 60 },
        \(stage)
        { type: "write", inputs: ["features", "segments", "ground"] },
        """)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "seed: 1,", with: "seed: 1, chunk: \(chunk),")
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(sample.run(path, out: name) == .done)
    return path
  }

  private static let stage = """
    { type: "segment-features", tag: "features", inputs: { segments: "segments", cube: "ground" } },
    """

  @Test func cellsHaveTheNumbersOfTheirSegment() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let path = try run(sample, "whole", Self.stage)
    let ids = try sample.segmentIDs(path, "segments", out: "whole")
    let (info, features) = try sample.raster("whole", "features.tif")
    let ground = try sample.raster("whole", "ground.tif")
    #expect(
      info.bands.map(\.name) == ["size", "elongation", "strike"] + ground.info.bands.map(\.name))
    #expect(info.bands.prefix(3).map(\.unit) == ["cells", "", "degrees"])
    let nodes = try PointTable.read(
      path: sample.folder + "/whole/segments.gpkg", layer: "nodes", crs: info.gridOfCells.crs)
    let columns = try ["id", "cells", "elongation", "strike"].map {
      try #require(nodes.columns[$0]?.numbers)
    }
    var members: [UInt32: [Int]] = [:]
    for (cell, id) in ids.enumerated() { members[id, default: []].append(cell) }
    let count = ids.count
    for cell in members[0] ?? [] { #expect(features.values[cell].isNaN) }
    for row in columns[0].indices {
      let own = try #require(members[UInt32(columns[0][row])])
      for cell in own {
        for shape in 0..<3 {
          #expect(features.values[shape * count + cell] == Float(columns[shape + 1][row]))
        }
      }
      // The means are those of another cube than the one that was segmented.
      for band in ground.info.bands.indices {
        let sum = own.reduce(0.0) { $0 + Double(ground.cube.values[band * count + $1]) }
        let mean = Double(features.values[(band + 3) * count + own[0]])
        #expect(abs(mean - sum / Double(own.count)) < 1e-5)
      }
    }
  }

  @Test(arguments: [40, 57])
  func anyChunkMakesTheSame(chunk: Int) throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    _ = try run(sample, "whole", Self.stage)
    _ = try run(sample, "parts", Self.stage, chunk: chunk)
    let whole = try #require(sample.bytes("whole", "features.tif"))
    #expect(sample.bytes("parts", "features.tif") == whole)
  }

  @Test func optionsChoose() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    _ = try run(
      sample, "chosen",
      """
      { type: "segment-features", tag: "features", inputs: { segments: "segments" },
        shapes: ["strike", "size"], bands: ["landuse: Forest"] },
      """)
    let info = try sample.raster("chosen", "features.tif").info
    #expect(info.bands.map(\.name) == ["size", "strike", "landuse: Forest"])
    let path = try sample.ground(
      "none", labels: "",
      then: """
        { type: "superpixels", tag: "segments", inputs: ["cube"], size: 60 },
        { type: "segment-features", inputs: { segments: "segments" }, shapes: [], bands: [] },
        """)
    #expect(Runner.problems(path, overrides: Overrides()).map(\.key) == ["shapes"])
  }
}
