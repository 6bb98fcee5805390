import Foundation
import RasterFiles
import Rasters
import Reports
import Testing

@testable import Pipelines

/// The page of a run holds everything it shows.
struct ReportTests {
  @Test func thePageStandsAlone() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    #expect(sample.run(try sample.pipeline("page"), out: "out") == .done)
    let page = String(decoding: try #require(sample.bytes("out", "report.html")), as: UTF8.self)
    #expect(!page.contains("<script") && !page.contains("<link") && !page.contains("@import"))
    let sources = page.matches(of: /(?:src|href)="([^"]{0,12})/)
      .map { String($0.output.1) }
    #expect(!sources.isEmpty)
    #expect(sources.allSatisfy { $0.hasPrefix("data:image/p") || $0.hasPrefix("#section-") })
    // A picture for each layer, and for each feature of the attributions.
    #expect(page.matches(of: /<img\s/).count == 3 + 8)
    for text in [
      "Scores: scores", "Confusion matrix", "Fold 4", "96 x 117 cells of 50 x 50",
      "EPSG:2056", "at the border", "transductive", "points.gpkg</th><td>",
      "Superpixels of about 50 cells", "Model card", "On places that it has not seen",
      "North is up", "<span>1 km</span>", "How to reproduce it",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(!page.contains("model-inputs"))
    #expect(
      page.contains(#/On about [0-9.]+.% of the map a feature is outside that range \(see /#))
    // The chart's numbers are means over all cells, as project and style have them.
    let table = String(
      decoding: try #require(sample.bytes("out", "shap-features.csv")), as: UTF8.self)
    let shap = try sample.raster("out", "shap.tif")
    for line in table.split(separator: "\n").dropFirst() {
      let cells = line.split(separator: ",")
      let band = try #require(shap.info.bands.firstIndex { $0.name == cells[0] })
      let values = shap.cube.band(band).lazy.filter(\.isFinite).map { Double(abs($0)) }
      let mean = values.reduce(0, +) / Double(values.count)
      #expect(abs(mean - (try #require(Double(cells[1])))) < 1e-9 * mean)
    }
    // Times stand in run.json alone: the page is the same whenever it is made.
    let again = try sample.pipeline("page")
    try FileManager.default.removeItem(atPath: sample.folder + "/out/report.html")
    #expect(sample.run(again, out: "out") == .done)
    #expect(sample.bytes("out", "report.html") == Data(page.utf8))
  }

  /// Ids differ in their last bits only, far beyond what a Float tells apart.
  @Test func neighbouringIdsStayApart() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let grid = Grid(
      width: 1400, height: 3,
      transform: GeoTransform(left: 0, top: 0, cellWidth: 1, cellHeight: 1), crs: "")
    let node = Node(name: "ids", kind: .segments, identity: ["ids"]) { context in
      var part = SegmentRaster(window: context.window)
      for place in part.ids.indices {
        let column = context.window.x + place % context.window.width
        part.ids[place] = UInt32.max - UInt32(4 * column)
      }
      return .segments(part)
    }
    let executor = Executor(
      lattice: ChunkLattice(grid: grid, size: 100),
      store: try ChunkStore(directory: sample.folder + "/store"), events: SampleRun.Notes(),
      cacheBytes: 1 << 20)
    let ids = try ReportLayers(executor: executor).decimatedIDs(node)
    // Every third cell of 1400, in the first row of three.
    #expect(ids.window == Window(x: 0, y: 0, width: 467, height: 1))
    #expect(ids.ids == (0..<467).map { UInt32.max - UInt32(4 * 3 * $0) })
  }

  /// Layers that are larger than their pictures are drawn from overviews, or chunk by chunk.
  @Test func largeLayersAreDrawnFromEveryForm() throws {
    let run = try StageRun()
    let grid = Grid(
      width: 1300, height: 20,
      transform: GeoTransform(left: 0, top: 200, cellWidth: 10, cellHeight: 10), crs: "")
    try run.raster("a.tif", ["a"], on: grid) { _, column, row in
      column < 300 ? .nan : Float(column + row)
    }
    var pictures: [[String]] = []
    for format in ["cog", "geotiff"] {
      let path = try run.pipeline(
        """
        { type: "read-cube", tag: "cube", files: "a.tif" },
        { type: "superpixels", tag: "segments", size: 100, iterations: 1 },
        { type: "write", inputs: ["cube", "segments"], format: "\(format)" }, { type: "report" }
        """, name: format, chunk: 256)
      try #require(run.files.run(path, out: format) == .done)
      let page = String(
        decoding: try #require(run.files.bytes(format, "report.html")), as: UTF8.self)
      #expect(page.contains("White: no data"))
      pictures.append(page.matches(of: /<img[^>]*? src="([^"]*)"/).map { String($0.output.1) })
    }
    #expect(pictures.map(\.count) == [2, 2])
    // Overviews hold means, chunks single cells.
    #expect(pictures[0][0] != pictures[1][0])
  }

  @Test func everyDoubtHasAColourOfItsOwn() {
    let entries = (0..<16).map { PixelFlags.entry(UInt8($0)) }
    #expect(Set(entries.map(\.color)).count == 16)
    #expect(Set(entries.map(\.label)).count == 16)
    #expect(entries[0].label == "no doubt")
    #expect(entries[6].label == "outside the training range, at the border")
  }

  @Test func doubtsAreToldApartWithoutHue() {
    let (missing, outside) = (
      PixelFlags.bandMissing | PixelFlags.noSegment, PixelFlags.outsideRange
    )
    let shades = [missing, PixelFlags.border, 0, outside | PixelFlags.border, outside]
      .map { PixelFlags.entry($0).color }
    for (paler, darker) in zip(shades, shades.dropFirst()) {
      #expect(paler.luminance > darker.luminance && paler.contrast(with: darker) > 1.4)
    }
  }
}
