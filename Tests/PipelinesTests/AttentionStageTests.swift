import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Reports
import Testing

@testable import Pipelines

/// Maps of attention, and the pipeline of image and spectrum that they belong to.
@Suite(.serialized) struct AttentionStageTests {
  /// The shipped pipeline on a small filter, cut short.
  private func filter(
    _ run: SampleRun, cells: Int = 48, replacing changes: [(String, String)] = []
  ) throws -> String {
    if !FileManager.default.fileExists(atPath: run.folder + "/filter") {
      _ = try FilterScene(seed: 1, cells: cells).write(to: run.folder + "/filter")
    }
    let path = SampleRun.root + "/pipelines/image-spectrum.json5"
    var text = try String(contentsOfFile: path, encoding: .utf8)
    for (old, new) in [
      ("\"../out/filter\"", "\"\(run.folder)/filter\""), ("epochs: 60", "epochs: 3"),
      ("size: 900", "size: 300"),
    ] + changes {
      #expect(text.contains(old))
      text = text.replacingOccurrences(of: old, with: new)
    }
    let copy = "\(run.folder)/pipeline.json5"
    try text.write(toFile: copy, atomically: true, encoding: .utf8)
    return copy
  }

  @Test func theShippedPipelineMapsItsScene() throws {
    let run = try SampleRun()
    defer { run.remove() }
    let path = try filter(run)
    #expect(Runner.problems(path, overrides: Overrides()).isEmpty)
    try #require(run.run(path, out: "out") == .done)
    let names = Set(try run.names("out"))
    #expect(
      names.isSuperset(of: [
        "probability.tif", "looks.tif", "unknown.tif", "unknown-outside.tif", "embedding.csv",
        "model.safetensors", "report.html",
      ]))
    let (info, looks) = try run.raster("out", "looks.tif")
    #expect(info.bands.map(\.name) == ["C=C", "C=O", "O-H"])
    #expect(looks.values.allSatisfy { $0 > 0 && $0 < 1 })
    let report = String(decoding: try #require(run.bytes("out", "report.html")), as: UTF8.self)
    for title in ["Attention by band", "Attention in the declared windows", "Two causes at once"] {
      #expect(report.contains(title), "\(title)")
    }
  }

  /// The shares of all tokens add up to 1, and those of windows are made of them, whatever the chunks.
  @Test func sharesOfWindowsAreThoseOfTheirTokens() throws {
    let run = try SampleRun()
    defer { run.remove() }
    let windows = "{ \"C=O\": [1700, 1760], \"O-H\": [3320, 3420], \"C=C\": [1640, 1680] }"
    func cube(_ changes: [(String, String)], chunk: Int = 512) throws -> (
      Node, DataCube, Runner.Plan
    ) {
      let path = try filter(
        run, replacing: changes + [("seed: 1,", "seed: 1, chunk: \(chunk),")])
      let plan = try Runner.plan(path, overrides: Overrides())
      guard case .raster(let raster) = try plan.planner.product("looks", fold: nil) else {
        throw SampleRun.SampleError.missing("looks")
      }
      let executor = Executor(
        lattice: ChunkLattice(grid: plan.planner.grid, size: chunk),
        store: try ChunkStore(directory: run.folder + "/store\(chunk)"),
        events: SampleRun.Notes(), cacheBytes: 1 << 26)
      return (raster.node, try executor.cube(raster.node, plan.planner.grid.window), plan)
    }
    let (node, tokens, plan) = try cube([("windows: \(windows) }", "readout: \"rollout\" }")])
    let cells = tokens.window.cellCount
    for cell in stride(from: 0, to: cells, by: 37) {
      let sum = (0..<node.bands.count).reduce(Float(0)) { $0 + tokens.values[$1 * cells + cell] }
      #expect(abs(sum - 1) < 1e-4)
    }
    guard case .model(let model) = try plan.planner.product("model", fold: nil) else { return }
    let reach = try Model(architecture: model.architecture, seed: 0).tokenReach(1)
    #expect(reach.count == node.bands.count)
    let (named, shares, _) = try cube([])
    for (band, range) in [(0, 1640.0...1680), (1, 1700...1760), (2, 3320...3420)] {
      let inside = Set(
        FilterScene.wavenumbers.indices.filter { range.contains(FilterScene.wavenumbers[$0]) }
          .map { $0 + 75 })
      for cell in stride(from: 0, to: cells, by: 101) {
        let expected = reach.enumerated().reduce(Float(0)) { sum, token in
          guard case .bands(let own) = token.element else { return sum }
          let part = Float(own.count(where: inside.contains)) / Float(own.count)
          return sum + part * tokens.values[token.offset * cells + cell]
        }
        #expect(abs(shares.values[band * cells + cell] - expected) < 1e-5, "\(named.bands[band])")
      }
    }
    #expect(isSame(try cube([], chunk: 32).1.values, shares.values, tolerance: 1e-5))
  }

  /// Bands and cells that many tokens read are preferred no more than others by an even attention; all
  /// attention to one token prefers what that one reads.
  @Test func anEvenAttentionPrefersNothing() throws {
    let run = try SampleRun()
    defer { run.remove() }
    let plan = try Runner.plan(try filter(run), overrides: Overrides())
    guard case .model(let model) = try plan.planner.product("model", fold: nil),
      let bands = model.training?.cube.bands, let entry = plan.document.stage("looks")
    else { throw SampleRun.SampleError.missing("model") }
    let request = PlanRequest(
      name: "looks", tag: "looks", type: entry.type, revision: 1, options: entry.options,
      inputs: [:],
      fold: nil, planner: plan.planner)
    for branch in 0...1 {
      let reading = try AttentionReading(request, model.architecture, bands, branch: branch)
      let count = reading.reach.count
      func preferences(_ shares: [Float]) -> [Double] {
        branch == 0
          ? reading.cellPreferences(shares, 1).map(\.preference)
          : reading.bandPreferences(shares, 1).map(\.preference)
      }
      // The second of two samples is asked for.
      let none = [Float](repeating: 0, count: count)
      let even = preferences(none + [Float](repeating: 1 / Float(count), count: count))
      #expect(even.count == (branch == 0 ? 225 : 160))
      #expect(even.allSatisfy { $0.isNaN || abs($0 - 1) < 1e-5 } && even.contains { !$0.isNaN })
      var one = none
      one[3] = 1
      let found = preferences(none + one)
      let highest = found.filter(\.isFinite).max() ?? 0
      #expect(highest > 2)
      #expect(Set(reading.middles).count == count)
      for (place, value) in found.enumerated() where value.isFinite {
        let isRead =
          switch reading.reach[3] {
          case .bands(let own): own.contains(place + 75)
          case .cells(let rows, let columns):
            rows.contains(place / 15) && columns.contains(place % 15)
          case .segment: false
          }
        #expect((value > 0) == isRead)
        if place == reading.middles[3] - (branch == 0 ? 0 : 75) { #expect(isRead) }
      }
    }
  }

  /// A table of spectra with an image each trains the network that the map does.
  @Test func aTableWithImagesTrainsTheSameNetwork() throws {
    let run = try SampleRun()
    defer { run.remove() }
    let map = try filter(run)
    let path = SampleRun.root + "/pipelines/image-spectrum-table.json5"
    var text = try String(contentsOfFile: path, encoding: .utf8)
    for (old, new) in [
      ("\"../out/filter\"", "\"\(run.folder)/filter\""), ("epochs: 60", "epochs: 3"),
      // A small filter has few blocks.
      ("method: \"deposit\", field: \"block\"", "folds: 2, size: 10"),
    ] {
      #expect(text.contains(old))
      text = text.replacingOccurrences(of: old, with: new)
    }
    let table = run.folder + "/table.json5"
    try text.write(toFile: table, atomically: true, encoding: .utf8)
    try #require(run.run(table, out: "table") == .done)
    let names = Set(try run.names("table"))
    #expect(names.isSuperset(of: ["embedding.csv", "embedding-samples.svg", "scores.csv"]))
    let page = String(decoding: try #require(run.bytes("table", "report.html")), as: UTF8.self)
    #expect(
      page.contains("left to right: C=C (1640 to 1680), C=O (1700 to 1760), O-H (3320 to 3420)."))
    #expect(page.contains(">wavenumber, cm-1</text>"))
    let count = FilterScene(seed: 1, cells: 48).particles.count { $0.processes.count == 1 }
    let (info, looks) = try run.raster("table", "looks.tif")
    #expect(info.width == count && info.height == 1)
    #expect(looks.values.allSatisfy { $0 > 0 && $0 < 1 })
    let shapes = try [map, table].map { path in
      guard
        case .model(let model) = try Runner.plan(path, overrides: Overrides()).planner.product(
          "model", fold: nil)
      else { throw SampleRun.SampleError.missing("model") }
      var own: [String: [Int]] = [:]
      var network = try Model(architecture: model.architecture, seed: 0).parameters
      network.visitParameters("") { name, shape, _ in own[name] = shape }
      return own
    }
    #expect(shapes[0] == shapes[1] && shapes[0].count > 20)
  }

  /// Windows of samples are rasters where they lie on the map; those no longer chosen go.
  @Test func windowsOfSamplesLieOnTheMap() throws {
    let run = try SampleRun()
    defer { run.remove() }
    let patch = ("tag: \"looks\",", "tag: \"looks\", branch: \"patch\",")
    let windows = (
      "windows: { \"C=O\": [1700, 1760], \"O-H\": [3320, 3420], \"C=C\": [1640, 1680] }", "chips: 2"
    )
    let path = try filter(run, replacing: [patch, windows])
    try #require(run.run(path, out: "out") == .done)
    let isChip = { (name: String) in name.hasPrefix("looks-chip-") && name.hasSuffix(".tif") }
    let names = try run.names("out").filter(isChip)
    #expect(names.count == 6)
    let scene = FilterScene(seed: 1, cells: 48)
    for name in names {
      let (info, chip) = try run.raster("out", name)
      let number = try #require(info.metadata["SAMPLE"].flatMap { Int($0) })
      let table = try PointTable.read(path: run.folder + "/filter/particles.csv", crs: "")
      let cell = try #require(scene.grid.cell(x: table.x[number], y: table.y[number]))
      #expect(info.width == 15 && info.height == 15 && info.gridOfCells.crs == scene.grid.crs)
      let transform = info.gridOfCells.transform
      #expect(transform.cellWidth == 5)
      // The window's middle is the sample's cell: its central smaller cell is the eighth.
      let center = scene.grid.center(of: cell)
      let own = transform.map(column: 7.5, row: 7.5)
      #expect(abs(own.x - center.x) < 1e-6 && abs(own.y - center.y) < 1e-6)
      // Over an even share: 1 in the mean, as far as all cells are read alike.
      let known = chip.values.filter(\.isFinite)
      #expect(known.count > 150 && known.allSatisfy { $0 >= 0 })
      #expect(run.bytes("out", name.replacing(".tif", with: ".qml")) != nil)
    }
    let place = table(of: scene)
    let one = try filter(
      run, replacing: [patch, (windows.0, "places: [[\(place.x), \(place.y)]]")])
    try #require(run.run(one, out: "out") == .done)
    let left = try run.names("out").filter(isChip)
    #expect(left.count == 1)
    let (info, _) = try run.raster("out", try #require(left.first))
    let middle = info.gridOfCells.transform.map(column: 7.5, row: 7.5)
    #expect(abs(middle.x - place.x) < 1e-6 && abs(middle.y - place.y) < 1e-6)
    let page = String(decoding: try #require(run.bytes("out", "report.html")), as: UTF8.self)
    #expect(page.contains(" from the place that was named: how much more"))
  }

  /// The place of a particle of one process.
  private func table(of scene: FilterScene) -> (x: Double, y: Double) {
    let particle = scene.particles.last { $0.processes.count == 1 } ?? scene.particles[0]
    return scene.grid.center(of: Cell(column: particle.column, row: particle.row))
  }

  /// A model file maps what the pipeline that trained it does, from the raw rasters.
  @Test func aModelFileMapsTheSame() throws {
    let run = try SampleRun()
    defer { run.remove() }
    let path = try filter(run)
    try #require(run.run(path, out: "out") == .done)
    let text = """
      { name: "apply", grid: { like: "filter/spectra.tif" }, stages: [
        { type: "read-cube", tag: "photograph", files: "filter/photograph.tif", cells: 5 },
        { type: "read-cube", tag: "absorbance", files: "filter/spectra.tif" },
        { type: "attention", tag: "looks", model: "out/model.safetensors",
          inputs: { cube: ["photograph", "absorbance"] },
          windows: { "C=O": [1700, 1760], "O-H": [3320, 3420], "C=C": [1640, 1680] } },
        { type: "write" } ] }
      """
    let apply = run.folder + "/apply.json5"
    try text.write(toFile: apply, atomically: true, encoding: .utf8)
    try #require(run.run(apply, out: "applied") == .done)
    #expect(run.bytes("applied", "looks.tif") == run.bytes("out", "looks.tif"))
    try text.replacing("windows:", with: "chips: 1, windows:").write(
      toFile: apply, atomically: true, encoding: .utf8)
    let problem = Runner.problems(apply, overrides: Overrides()).first
    #expect(problem?.key == "chips" && problem?.message.contains("shows samples") == true)
  }

  @Test(arguments: [
    (
      "windows: { \"C=O\": [1700, 1760],", "windows: { \"C=O\": [1760, 1700],", "windows", "no pair"
    ),
    ("windows: { \"C=O\": [1700, 1760],", "windows: { \"C=O\": [100, 200],", "windows", "no band"),
    (
      "inputs: { model: \"model\" },\n      windows: { \"C=O\"",
      "inputs: { model: \"model\" }, branch: \"spectrum\",\n      windows: { \"C=O\"", "branch",
      "no branch 'spectrum'"
    ),
    ("windows: { chemical: [", "windows: { chemic: [", "windows", "did you mean 'chemical'"),
    (
      "inputs: { model: \"model\" },\n      windows: { \"C=O\"",
      "inputs: { model: \"model\" }, places: [[0, 1e9]],\n      windows: { \"C=O\"", "places",
      "outside the grid"
    ),
    (
      "inputs: { model: \"model\" },\n      windows: { \"C=O\"",
      "inputs: { model: \"model\" }, places: [[1, 2, 3]],\n      windows: { \"C=O\"", "places",
      "expected pairs"
    ),
    ("chemical: [1700, 1760]", "chemical: [1710, 1750]", "windows", "lies in 'chemical'"),
    ("fusion: \"attention\"", "fusion: \"concat\"", "inputs", "no fusion by \"attention\""),
    (
      "fields: [\"chemical\", \"UV\", \"physical\"]", "fields: [\"surface UV\"]", "inputs",
      "must be labels with names of"
    ),
  ])
  func mistakesAreNamed(old: String, new: String, key: String, says: String) throws {
    let run = try SampleRun()
    defer { run.remove() }
    let problems = Runner.problems(
      try filter(run, cells: 24, replacing: [(old, new)]), overrides: Overrides())
    #expect(
      problems.contains { $0.key == key && $0.message.contains(says) },
      "\(problems.map(\.description))")
  }

  /// Who attends evenly is as good as chance; else the token that is attended to most decides.
  @Test func anEvenAttentionIsAsGoodAsChance() {
    let wanted = [true, false, false, true, false]
    let even = DualSights.hit([Float](repeating: 0.2, count: 5), wanted: wanted)
    #expect(even.hit == 0.4 && even.chance == 0.4)
    #expect(DualSights.hit([0.1, 0.1, 0.1, 0.6, 0.1], wanted: wanted).hit == 1)
    #expect(DualSights.hit([0.1, 0.6, 0.1, 0.1, 0.1], wanted: wanted).hit == 0)
    #expect(DualSights.hit([0.3, 0.3, 0.1, 0.2, 0.1], wanted: wanted).hit == 0.5)
    #expect(DualSights.hit([0.3, 0.3, 0.1, 0.2, 0.1], wanted: wanted).chance == 0.4)
  }

  /// The share of mixtures whose two processes are the most probable, counted by hand.
  @Test func twoCausesAreCounted() throws {
    let run = try SampleRun()
    defer { run.remove() }
    let path = try filter(run)
    let plan = try Runner.plan(path, overrides: Overrides())
    let executor = Executor(
      lattice: ChunkLattice(grid: plan.planner.grid, size: 512),
      store: try ChunkStore(directory: run.folder + "/store"), events: SampleRun.Notes(),
      cacheBytes: 1 << 26)
    guard case .figures(let figures) = try plan.planner.product("both", fold: nil),
      case .raster(let map) = try plan.planner.product("probability", fold: nil)
    else {
      Issue.record("other products")
      return
    }
    let figure = try #require(try figures.figures(executor).first)
    guard case .bars(_, let labels, let columns) = figure.content else {
      Issue.record("no bars")
      return
    }
    #expect(labels == ["two most probable", "spectrum", "image", "spectrum and image"])
    let probability = try executor.cube(map.node, plan.planner.grid.window)
    let mixed = FilterScene(seed: 1, cells: 48).particles.filter { $0.processes.count == 2 }
    let hits = mixed.count { particle in
      let own = probability.spectrum(column: particle.column, row: particle.row).prefix(3)
      let order = (0..<3).sorted { (own[$1], $0) < (own[$0], $1) }
      return Set(order.prefix(2)) == Set(particle.processes.map(\.rawValue))
    }
    #expect(!mixed.isEmpty)
    #expect(abs(columns[0].values[0] - Double(hits) / Double(mixed.count)) < 1e-9)
    #expect(abs(columns[1].values[0] - 1.0 / 3) < 1e-9)
    // Two of three windows are right for a mixture: their share of the bands is chance.
    #expect(columns[1].values[1] > 0.04 && columns[1].values[1] < 0.09)
    #expect(columns[0].values.allSatisfy { (0...1).contains($0) })
    // Wilson's interval, whose ends solve (p - share)^2 = z^2 p (1 - p) / n.
    let (lower, upper) = (try #require(columns[0].lower), try #require(columns[0].upper))
    let (share, count) = (columns[0].values[0], Double(mixed.count))
    for end in [lower[0], upper[0]] where end > 0 && end < 1 {
      #expect(abs(pow(end - share, 2) - pow(1.959964, 2) * end * (1 - end) / count) < 1e-9)
    }
    #expect(lower[0] <= share && share <= upper[0] && lower[0] >= 0 && upper[0] <= 1)
  }
}
