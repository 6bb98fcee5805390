import Foundation
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// The synthetic provinces: their files, and whether these hold what was planted.
@Suite(.serialized) struct ProvinceTests {
  private static let sample = SampleRun.root + "/sample-rasters/metal-provinces"
  private static let metals = SoilMetal.all.map(\.name)

  private func cube(_ path: String) throws -> (bands: [String], cube: DataCube) {
    let info = try RasterInfo(path: path)
    let source = try RasterSource(path: path, grid: info.gridOfCells, resampling: .nearest)
    return (info.bands.map(\.name), try source.read(info.gridOfCells.window))
  }

  private func samples(_ role: Province.Role) throws -> PointTable {
    try PointTable.read(
      path: "\(Self.sample)/\(role.rawValue)/samples.csv", crs: CRS.wkt(from: "EPSG:32650"),
      xField: "x", yField: "y")
  }

  @Test func theSampleIsWhatTheGeneratorMakes() throws {
    let files = try SampleRun()
    defer { files.remove() }
    let names = try ProvinceScene.write(seed: 1, cells: 160, to: files.folder + "/made")
    #expect(names.count == 11)
    for name in names {
      let (made, shipped) = ("\(files.folder)/made/\(name)", "\(Self.sample)/\(name)")
      if name.hasSuffix(".tif") {
        let (a, b) = (try cube(made), try cube(shipped))
        #expect(a.bands == b.bands && isSame(a.cube.values, b.cube.values), "\(name)")
      } else if !name.hasSuffix(".gpkg") {
        #expect(
          FileManager.default.contents(atPath: made)
            == FileManager.default.contents(atPath: shipped), "\(name)")
      }
    }
  }

  /// Samples exceed as often as the truth says, and are labelled by what they hold.
  @Test(arguments: Province.Role.allCases) func samplesFollowTheTruth(role: Province.Role) throws {
    let (bands, truth) = try cube("\(Self.sample)/\(role.rawValue)/truth.tif")
    #expect(Array(bands.prefix(3)) == Self.metals.map { "\($0) probability" })
    let info = try RasterInfo(path: "\(Self.sample)/\(role.rawValue)/truth.tif")
    let table = try samples(role)
    #expect(table.count == (role == .source ? 900 : 120))
    for (index, metal) in SoilMetal.all.enumerated() {
      let probabilities = truth.band(index).map(Double.init)
      let mean = probabilities.reduce(0, +) / Double(probabilities.count)
      #expect(abs(mean - (metal.shares[role] ?? 0)) < 0.005, "\(metal.name)")
      let (contents, labels) = (table.numbers(metal.name), table.numbers("\(metal.name)_exceeds"))
      var (expected, variance, found, known) = (0.0, 0.0, 0.0, 0)
      for point in 0..<table.count {
        #expect(contents[point].isNaN == labels[point].isNaN)
        guard !labels[point].isNaN else { continue }
        #expect((contents[point] > metal.guideValue) == (labels[point] == 1))
        let cell = try #require(info.gridOfCells.cell(x: table.x[point], y: table.y[point]))
        let probability = probabilities[cell.row * truth.window.width + cell.column]
        expected += probability
        variance += probability * (1 - probability)
        found += labels[point]
        known += 1
      }
      #expect(abs(found - expected) < 4 * variance.squareRoot(), "\(metal.name)")
      #expect((0.78...0.97).contains(Double(known) / Double(table.count)))
    }
  }

  /// What the groups add is all that moves the log-odds.
  @Test(arguments: Province.Role.allCases) func groupsAddUp(role: Province.Role) throws {
    let (bands, truth) = try cube("\(Self.sample)/\(role.rawValue)/truth.tif")
    #expect(bands.count == 3 + 9 + SoilMetal.drivers.count)
    let cells = truth.window.cellCount
    for metal in 0..<3 {
      var intercepts: [Double] = []
      for cell in stride(from: 0, to: cells, by: 97) {
        let values = truth.spectrum(column: cell % 160, row: cell / 160).map(Double.init)
        let probability = values[metal]
        guard (0.02...0.98).contains(probability) else { continue }
        let sum = values[(3 + 3 * metal)..<(6 + 3 * metal)].reduce(0, +)
        intercepts.append(log(probability / (1 - probability)) - sum)
      }
      let (low, high) = (try #require(intercepts.min()), try #require(intercepts.max()))
      #expect(high - low < 0.06)
    }
  }

  /// The provinces share what acts and differ in how much.
  @Test func theTargetDiffersInScaleAndInOneDriver() {
    let scales = SoilMetal.drivers.map { SoilMetal.scale($0, in: .target) }
    #expect(scales.count { $0 == 0.8 } == 5 && (scales.min() ?? 1) < 0.4)
    #expect(SoilMetal.drivers.allSatisfy { SoilMetal.scale($0, in: .source) == 1 })
  }

  /// The size of cells changes neither works, mines and roads nor samples, but by the intercepts.
  @Test func theSizeOfCellsIsFree() throws {
    let (coarse, fine) = (
      try Province(.target, seed: 3, cells: 20), try Province(.target, seed: 3, cells: 40)
    )
    #expect(coarse.works == fine.works && coarse.roads == fine.roads)
    #expect(coarse.samplePlace(5) == fine.samplePlace(5))
    let place = coarse.samplePlace(7)
    #expect(coarse.effects(place) == fine.effects(place))
    #expect(coarse.grid.cellCount == 400 && fine.grid.cellCount == 1600)
  }

  /// The model of the source, cut short, on provinces of fewer cells; writes `model.safetensors`.
  private func source(_ files: SampleRun, _ overrides: Overrides) throws -> String {
    let path = SampleRun.root + "/pipelines/soil-pollution-source.json5"
    let plan = try Runner.plan(path, overrides: overrides)
    guard case .model(let model) = plan.products.first(where: { $0.tag == "model" })?.product else {
      throw SampleRun.SampleError.missing("model")
    }
    let executor = Executor(
      lattice: ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk),
      store: try ChunkStore(directory: files.folder + "/source"), events: SampleRun.Notes(),
      cacheBytes: 1 << 24)
    try executor.run(Schedule(targets: [model.node]))
    let file = files.folder + "/model.safetensors"
    try Data(try executor.value(model.node)).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// The shipped pipelines, cut short: the target's starts from the model of the source and makes a
  /// map and an explanation of each metal, by groups.
  @Test func thePipelinesMapEveryMetal() throws {
    let files = try SampleRun()
    defer { files.remove() }
    _ = try ProvinceScene.write(seed: 1, cells: 48, to: files.folder + "/scene")
    let data = Overrides(
      parameters: [.init(name: "data", text: files.folder + "/scene")],
      options: [.init(tag: "model", path: "epochs", text: "3")])
    let model = try source(files, data)
    var command = Command.Run(pipeline: SampleRun.root + "/pipelines/soil-pollution.json5")
    command.output = files.folder + "/out"
    command.verbosity = .quiet
    let changes = [
      ("folds", "folds", "2"), ("shap", "step", "16"), ("shap", "background", "2"),
      ("attributions", "samples", "10"), ("attributions", "background", "2"),
    ]
    command.overrides = data.followed(
      by: Overrides(
        parameters: [.init(name: "source", text: model)],
        options: changes.map { .init(tag: $0.0, path: $0.1, text: $0.2) }))
    #expect(Runner.problems(command.pipeline, overrides: command.overrides).isEmpty)
    try #require(Runner.run(command) == .done)
    let package = try ModelPackage(
      [UInt8](try #require(files.bytes("out", "model.safetensors"))))
    let transfer = try #require(package.notes.transfer)
    #expect(transfer.anew.isEmpty && transfer.partly.isEmpty && transfer.newBands.isEmpty)
    let labels = Self.metals + ["at least 2", "Nemerow above 1"]
    let (info, map) = try files.raster("out", "probability.tif")
    #expect(info.bands.map(\.name) == labels)
    #expect(map.completeCells.count(where: \.self) > map.window.cellCount * 9 / 10)
    for label in labels {
      let groups = try files.raster("out", "shap-\(label.fileName)-groups.tif").info.bands
      #expect(
        groups.map(\.name) == ["remote sensing", "web-based", "field", "spatial", "base value"])
    }
    let scores = String(decoding: try #require(files.bytes("out", "scores.csv")), as: UTF8.self)
    #expect(labels.allSatisfy { scores.contains("pooled,\($0),ROC AUC") })
    #expect(scores.contains("pooled,all labels,all labels right"))
    #expect(scores.contains("pooled,at least 2,Brier score if independent"))
    let page = String(decoding: try #require(files.bytes("out", "report.html")), as: UTF8.self)
    #expect(labels.allSatisfy { page.contains("Map of probability: \($0)") })
    #expect(page.contains("Scores of each label and of all"))
    #expect(files.bytes("out", "attributions-groups.csv") != nil)
  }
}
