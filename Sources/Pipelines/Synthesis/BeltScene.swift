import Foundation
import RasterFiles
import Rasters

/// The files of a synthetic belt: layers, deposits, and the truth that made them.
struct BeltScene {
  private let belt: Belt
  private let places: [Place]
  /// The log-odds of a cell without any driver.
  private let intercept: Double

  /// A cell of the belt.
  private struct Place {
    let cell: Cell
    let isInside: Bool
    let isLake: Bool
    let geochemistry: [Double]
    let geology: [Double]
    let effects: [Double]
  }

  init(seed: UInt64) throws {
    let belt = try Belt(seed: seed)
    self.belt = belt
    let grid = belt.grid
    places = (0..<grid.cellCount).map { index in
      let cell = Cell(column: index % grid.width, row: index / grid.width)
      let center = grid.center(of: cell)
      return Self.place(belt, cell, SIMD2(center.x, center.y))
    }
    intercept = Self.intercept(
      places.filter { $0.isInside && !$0.isLake }.map {
        $0.effects.reduce(0, +)
      })
  }

  private static func place(_ belt: Belt, _ cell: Cell, _ place: SIMD2<Double>) -> Place {
    guard belt.isInside(place) else {
      return Place(
        cell: cell, isInside: false, isLake: false, geochemistry: [], geology: [], effects: [])
    }
    let logs = Belt.elements.map { belt.content($0, place, cell) }
    let geology = belt.geology(place)
    var values = Dictionary(uniqueKeysWithValues: zip(Belt.elements.map(\.name), logs))
    for layer in geology { values[layer.name] = layer.value }
    return Place(
      cell: cell, isInside: true, isLake: belt.isLake(place),
      geochemistry: logs.map { pow(10, $0) }, geology: geology.map(\.value),
      effects: belt.effects(values))
  }

  /// The intercept with which as many deposits are expected as there shall be.
  private static func intercept(_ sums: [Double]) -> Double {
    var (low, high) = (-40.0, 10.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      let expected = sums.reduce(0) { $0 + probability($1 + middle) }
      if expected < Belt.expectedDeposits { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  private static func probability(_ score: Double) -> Double { 1 / (1 + exp(-score)) }

  private func probability(_ place: Place) -> Double {
    place.isInside && !place.isLake
      ? Self.probability(place.effects.reduce(intercept, +)) : .nan
  }

  // MARK: Files

  /// Writes the scene's files into a folder and returns their names.
  func write(to folder: String) throws -> [String] {
    try FileManager.default.makeFolder(folder)
    try raster(
      "geochemistry.tif", Belt.elements.map { OutputBand(name: $0.name, unit: "mg/kg") }, folder
    ) {
      $0.isInside && !$0.isLake ? $0.geochemistry.map { SceneRaster.rounded($0, digits: 3) } : nil
    }
    let layers = belt.geology(.zero)
    try raster(
      "geology.tif", layers.map { OutputBand(name: $0.name, unit: $0.unit) }, folder
    ) { $0.isInside ? $0.geology.map { SceneRaster.rounded($0, digits: 3) } : nil }
    try raster(
      "truth.tif",
      [OutputBand(name: "probability")]
        + Belt.drivers.map { OutputBand(name: "effect of \($0.name)") },
      folder
    ) { place in
      let probability = probability(place)
      return probability.isNaN
        ? nil : ([probability] + place.effects).map { SceneRaster.rounded($0, digits: 4) }
    }
    try writeDeposits(folder + "/deposits.gpkg")
    try writeStructures(folder + "/structures.gpkg")
    return ["geochemistry.tif", "geology.tif", "truth.tif", "deposits.gpkg", "structures.gpkg"]
  }

  private func raster(
    _ name: String, _ bands: [OutputBand], _ folder: String, values: (Place) -> [Float]?
  ) throws {
    try SceneRaster.write("\(folder)/\(name)", belt.grid, bands, rows: places.map(values))
  }

  private func writeDeposits(_ path: String) throws {
    let output = VectorOutput(
      path: path, crs: belt.grid.crs,
      layers: [
        VectorOutput.Layer(
          "deposits", .points, fields: [.init("name", .text), .init("probability", .real)])
      ])
    try output.write { writer in
      var number = 0
      for place in places {
        let probability = probability(place)
        guard belt.draw(place.cell, 0) < probability else { continue }
        number += 1
        let at = belt.grid.transform.map(
          column: Double(place.cell.column) + belt.draw(place.cell, 1),
          row: Double(place.cell.row) + belt.draw(place.cell, 2))
        try writer.append(
          to: 0, paths: [[SIMD2(at.x, at.y)]],
          values: [.text("T\(number)"), .real(Double(SceneRaster.rounded(probability, digits: 4)))])
      }
    }
  }

  private func writeStructures(_ path: String) throws {
    let output = VectorOutput(
      path: path, crs: belt.grid.crs,
      layers: [
        VectorOutput.Layer("intrusions", .polygons, fields: [.init("name", .text)]),
        VectorOutput.Layer("faults", .lines, fields: [.init("name", .text)]),
      ])
    try output.write { writer in
      for (index, ring) in belt.intrusionRings.enumerated() {
        try writer.append(to: 0, paths: [ring], values: [.text("granite \(index + 1)")])
      }
      for (index, line) in belt.faultLines.enumerated() {
        try writer.append(to: 1, paths: [line], values: [.text("fault \(index + 1)")])
      }
    }
  }
}
