import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// The synthetic belt: its files, and whether what is planted in it is found.
@Suite(.serialized) struct BeltTests {
  private static let sample = SampleRun.root + "/sample-rasters/tungsten-belt"

  private func cube(_ path: String) throws -> (bands: [String], cube: DataCube) {
    let info = try RasterInfo(path: path)
    let source = try RasterSource(path: path, grid: info.gridOfCells, resampling: .nearest)
    return (info.bands.map(\.name), try source.read(info.gridOfCells.window))
  }

  @Test func theSampleIsWhatTheGeneratorMakes() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let names = try BeltScene(seed: 1).write(to: sample.folder + "/belt")
    for name in names where name.hasSuffix(".tif") {
      let made = try cube("\(sample.folder)/belt/\(name)")
      let shipped = try cube("\(Self.sample)/\(name)")
      #expect(made.bands == shipped.bands)
      #expect(isSame(made.cube.values, shipped.cube.values))
    }
    let crs = try CRS.wkt(from: "EPSG:32650")
    let made = try PointTable.read(path: sample.folder + "/belt/deposits.gpkg", crs: crs)
    let shipped = try PointTable.read(path: Self.sample + "/deposits.gpkg", crs: crs)
    #expect(made.count == 80 && made.x == shipped.x && made.y == shipped.y)
    #expect(made.rows == shipped.rows)
  }

  @Test func depositsFollowTheTruth() throws {
    let truth = try cube(Self.sample + "/truth.tif")
    #expect(truth.bands == ["probability"] + Belt.drivers.map { "effect of \($0.name)" })
    let layers = try cube(Self.sample + "/geochemistry.tif")
    let window = truth.cube.window
    var expected = 0.0
    for cell in 0..<window.cellCount where !truth.cube.values[cell].isNaN {
      expected += Double(truth.cube.values[cell])
      // The shipped W says what it adds to the log-odds, but for its rounding.
      let effect = Belt.drivers[0].effect(log10(Double(layers.cube.values[cell])))
      #expect(abs(effect - Double(truth.cube.values[window.cellCount + cell])) < 0.05)
    }
    #expect(abs(expected - Belt.expectedDeposits) < 1)
    // A lake has geology but no geochemistry, and outside the belt is nothing.
    let geology = try cube(Self.sample + "/geology.tif").cube.completeCells
    let chemistry = layers.cube.completeCells
    #expect(zip(geology, chemistry).allSatisfy { $0 || !$1 })
    #expect(zip(geology, chemistry).count { $0 && !$1 } > 50)
    #expect(geology.count { !$0 } > window.cellCount / 5)
  }

  /// The shipped pipeline finds the four drivers and not the others, and which way they act.
  @Test func plantedDriversAreFound() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    #expect(
      sample.run(SampleRun.root + "/pipelines/mineral-prospectivity.json5", out: "out") == .done)
    func table(_ name: String) throws -> [[String]] {
      let text = String(decoding: try #require(sample.bytes("out", name)), as: UTF8.self)
      return text.split(separator: "\n").dropFirst().map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
    }
    let drivers = Set(Belt.drivers.map(\.name))
    for name in [
      "response-ranges.csv", "filters-patch-features.csv", "attributions-importance.csv",
    ] {
      #expect(Set(try table(name).prefix(4).map { $0[0] }) == drivers, "\(name)")
    }
    // The beeswarm has them first, and they are the last steps of every decision.
    var rows: [String] = []
    for row in try table("attributions-beeswarm.csv") where row[0] != rows.last {
      rows.append(row[0])
    }
    #expect(Set(rows.prefix(4)) == drivers && rows.count == 10)
    let first = try table("attributions-decision.csv").prefix(11).map { $0[2] }
    #expect(first[0] == "start" && Array(first.dropFirst()) == rows.reversed())
    let shap = try sample.raster("out", "shap.tif")
    let cells = shap.cube.window.cellCount
    let means = (0..<10).map { band -> (Double, String) in
      let values = shap.cube.band(band).filter(\.isFinite)
      return (
        values.reduce(0) { $0 + Double(abs($1)) } / Double(values.count), shap.info.bands[band].name
      )
    }
    #expect(cells > 0 && Set(means.sorted { $0 > $1 }.prefix(4).map(\.1)) == drivers)
    for driver in Belt.drivers {
      let slopes = try table("response-d-ice-\(driver.name.fileName).csv")
      let values = slopes.filter { $0[0] == "mean slope" }.compactMap { Double($0[2]) }
      #expect(values.allSatisfy { driver.width > 0 ? $0 > 0 : $0 < 0 }, "\(driver.name)")
    }
    // The steepest place of W is near its planted threshold of 12 mg/kg.
    let steepest = try table("response-d-ice-w.csv").filter { $0[0] == "mean slope" }.max {
      (Double($0[2]) ?? 0) < (Double($1[2]) ?? 0)
    }
    let place = try #require(steepest.flatMap { Double($0[1]) })
    #expect((6...18).contains(place))
    let scores = try table("scores.csv")
    for measure in ["d-ICE spread", "d-ICE spread beyond threshold", "PDP gap between classes"] {
      let found = scores.first { $0[0] == "pooled" && $0[2] == measure }.flatMap { Double($0[3]) }
      #expect((0.001...1).contains(try #require(found)), "\(measure)")
    }
    let area = scores.first { $0[0] == "pooled" && $0[2] == "ROC AUC" }.flatMap { Double($0[3]) }
    #expect((0.75...0.9).contains(try #require(area)))
  }
}
