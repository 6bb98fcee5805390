import Foundation
import RasterFiles
import Rasters

/// The files of a pair of synthetic provinces: layers, samples, and the truth that made them.
struct ProvinceScene {
  private let province: Province
  /// The places of the cells' centres.
  private let centers: [SIMD2<Double>]
  /// The effects of the drivers in each cell.
  private let effects: [[Double]]
  /// The log-odds of each metal without any driver.
  private let intercepts: [Double]

  /// Writes both provinces and what is to know of them; returns the names of the files.
  static func write(seed: UInt64, cells: Int, to folder: String) throws -> [String] {
    try FileManager.default.makeFolder(folder)
    var names: [String] = []
    var scenes: [ProvinceScene] = []
    for role in Province.Role.allCases {
      let scene = try ProvinceScene(Province(role, seed: seed, cells: cells))
      try FileManager.default.makeFolder("\(folder)/\(role.rawValue)")
      names += try scene.write(to: "\(folder)/\(role.rawValue)").map { "\(role.rawValue)/\($0)" }
      scenes.append(scene)
    }
    try AtomicFile.write(
      ProvinceReadme(seed: seed, cells: cells, intercepts: scenes.map(\.intercepts)).text,
      to: folder + "/README.txt")
    return names + ["README.txt"]
  }

  init(_ province: Province) {
    self.province = province
    let grid = province.grid
    let centers = (0..<grid.cellCount).map { index in
      let center = grid.center(of: Cell(column: index % grid.width, row: index / grid.width))
      return SIMD2(center.x, center.y)
    }
    self.centers = centers
    let effects = centers.map(province.effects)
    self.effects = effects
    intercepts = SoilMetal.all.map { metal in
      Self.intercept(
        effects.map { metal.contributions($0, in: province.role).reduce(0, +) },
        share: metal.shares[province.role] ?? 0.5)
    }
  }

  /// The intercept with which the wanted share of the cells is expected to exceed.
  private static func intercept(_ sums: [Double], share: Double) -> Double {
    var (low, high) = (-40.0, 40.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      let expected = sums.reduce(0) { $0 + probability($1 + middle) }
      if expected < share * Double(sums.count) { low = middle } else { high = middle }
    }
    // To three digits, so that what the README says is what was used.
    return (low * 1000).rounded() / 1000
  }

  private static func probability(_ score: Double) -> Double { 1 / (1 + exp(-score)) }

  /// The log-odds of a metal where the drivers have these effects.
  private func score(_ metal: Int, _ effects: [Double]) -> Double {
    SoilMetal.all[metal].contributions(effects, in: province.role).reduce(intercepts[metal], +)
  }

  // MARK: Files

  private func write(to folder: String) throws -> [String] {
    try write("image.tif", Province.imageBands.map { OutputBand(name: $0) }, folder) { index in
      let place = centers[index]
      return province.isCloudy(place)
        ? nil : province.image(place, cell(index)).map { SceneRaster.rounded($0, digits: 3) }
    }
    try write("elevation.tif", [OutputBand(name: "elevation", unit: "m")], folder) { index in
      [Float(province.elevation(centers[index]).rounded())]
    }
    try write("truth.tif", truthBands, folder) { index in
      truth(effects[index]).map { SceneRaster.rounded($0, digits: 3) }
    }
    try writeEmitters(folder + "/emitters.gpkg")
    try AtomicFile.write(samples, to: folder + "/samples.csv")
    return ["image.tif", "elevation.tif", "truth.tif", "emitters.gpkg", "samples.csv"]
  }

  private func cell(_ index: Int) -> Cell {
    Cell(column: index % province.grid.width, row: index / province.grid.width)
  }

  private func write(
    _ name: String, _ bands: [OutputBand], _ folder: String, _ values: (Int) -> [Float]?
  ) throws {
    try SceneRaster.write(
      "\(folder)/\(name)", province.grid, bands, rows: centers.indices.map(values))
  }

  /// The probability of each metal, what each group adds to its log-odds, the drivers' effects.
  private var truthBands: [OutputBand] {
    SoilMetal.all.map { OutputBand(name: "\($0.name) probability") }
      + SoilMetal.all.flatMap { metal in
        SoilMetal.Group.allCases.map { OutputBand(name: "\(metal.name): \($0.rawValue)") }
      } + SoilMetal.drivers.map { OutputBand(name: "effect of \($0.name)") }
  }

  private func truth(_ effects: [Double]) -> [Double] {
    let probabilities = SoilMetal.all.indices.map { Self.probability(score($0, effects)) }
    let groups = SoilMetal.all.flatMap { sums($0.contributions(effects, in: province.role)) }
    return probabilities + groups + effects
  }

  /// What the drivers of each group add together.
  private func sums(_ contributions: [Double]) -> [Double] {
    SoilMetal.Group.allCases.map { group in
      SoilMetal.drivers.indices.reduce(0.0) { sum, driver in
        SoilMetal.drivers[driver].group == group ? sum + contributions[driver] : sum
      }
    }
  }

  private func writeEmitters(_ path: String) throws {
    let output = VectorOutput(
      path: path, crs: province.grid.crs,
      layers: [
        VectorOutput.Layer("works", .points, fields: [.init("name", .text)]),
        VectorOutput.Layer(
          "mines", .points, fields: [.init("name", .text), .init("tonnage", .real)]),
        VectorOutput.Layer("roads", .lines, fields: [.init("name", .text)]),
      ])
    try output.write { writer in
      for (index, place) in province.works.enumerated() {
        try writer.append(to: 0, paths: [[place]], values: [.text("works \(index + 1)")])
      }
      for (index, mine) in province.mines.enumerated() {
        try writer.append(
          to: 1, paths: [[mine.place]], values: [.text("mine \(index + 1)"), .real(mine.tonnage)])
      }
      for (index, road) in province.roads.enumerated() {
        try writer.append(to: 2, paths: [road], values: [.text("road \(index + 1)")])
      }
    }
  }

  /// The field samples: places, contents, and whether they exceed; empty where nothing was measured.
  private var samples: String {
    let names = SoilMetal.all.map(\.name)
    var lines = [
      (["sample", "x", "y"] + names + names.map { "\($0)_exceeds" }).joined(separator: ",")
    ]
    for number in 0..<province.sampleCount {
      let place = province.samplePlace(number)
      let effects = province.effects(place)
      var contents: [String] = []
      var labels: [String] = []
      for (index, metal) in SoilMetal.all.enumerated() {
        let content = SceneRaster.rounded(
          metal.content(score(index, effects), draw: province.draw(number, index)), digits: 4)
        let isMissing = province.isUnmeasured(number, index)
        contents.append(isMissing ? "" : "\(content)")
        labels.append(isMissing ? "" : content > Float(metal.guideValue) ? "1" : "0")
      }
      lines.append(
        (["S\(number + 1)", "\(place.x)", "\(place.y)"] + contents + labels)
          .joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
