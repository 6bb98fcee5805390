import Foundation
import Features
import RasterFiles
import Rasters
import Testing

@testable import Pipelines

/// Log-ratios of the bands of a raster, against the definition written out.
struct LogRatioStageTests {
  private static let read =
    "{ type: \"read-cube\", tag: \"raw\", files: \"parts.tif\","
    + " categorical: { rock: { \"0\": \"granite\", \"1\": \"gneiss\" } } }"

  /// Three parts with a zero, a negative and a missing one here and there, a height and a rock.
  private static func value(_ band: Int, _ column: Int, _ row: Int) -> Float {
    if band == 4 { return Float((column + row) % 2) }
    if band == 1 && column == 4 { return 0 }
    if band == 2 && column == 5 { return -1 }
    if band == 0 && column == 6 { return .nan }
    return 0.1 + 9 * StageRun.noise(band, column, row)
  }

  private func run() throws -> StageRun {
    let run = try StageRun()
    try run.raster(
      "parts.tif", ["Cu", "Zn", "Pb", "height", "rock"], unit: "mg/kg", value: Self.value)
    return run
  }

  /// The definition at one cell; `zeros` stands for what is not positive.
  private func twin(_ cell: Cell, _ parts: [Int], zeros: Float?) -> [Float] {
    let logarithms = parts.map { part -> Double in
      let value = Self.value(part, cell.column, cell.row)
      return value > 0
        ? log(Double(value)) : value.isNaN ? .nan : zeros.map { log(Double($0)) } ?? .nan
    }
    let mean = logarithms.reduce(0, +) / Double(parts.count)
    return logarithms.map { Float($0 - mean) }
  }

  @Test(arguments: [nil, Float(0.05)]) func equalsTheDefinition(zeros: Float?) throws {
    let option = zeros.map { ", zeros: \($0)" } ?? ""
    let plan = try run().planned(
      Self.read
        + ", { type: \"log-ratio\", tag: \"clr\", bands: [\"Cu\", \"Zn\", \"Pb\"]\(option) }")
    let cube = try plan.cube("clr")
    var missing: Set<Int> = []
    for cell in StageRun.cells(cube.window) {
      let found = cube.spectrum(column: cell.column, row: cell.row)
      let expected = twin(cell, [0, 1, 2], zeros: zeros)
      #expect(isSame(found[..<3], expected, tolerance: 1e-5), "\(cell)")
      if expected[0].isNaN { missing.insert(cell.column) }
      // Other bands and categories pass through.
      #expect(found[3] == Self.value(3, cell.column, cell.row))
      let isGneiss = (cell.column + cell.row) % 2 == 1
      #expect(Array(found[4...]) == (isGneiss ? [0, 1] : [1, 0]))
      #expect(found[0].isNaN || abs(found[..<3].reduce(0, +)) < 1e-5)
    }
    #expect(missing == (zeros == nil ? [4, 5, 6] : [6]))
  }

  @Test func allBandsButCategoriesArePartsByDefault() throws {
    let plan = try run().planned(Self.read + ", { type: \"log-ratio\", tag: \"clr\" }")
    let cube = try plan.cube("clr")
    for cell in StageRun.cells(cube.window) {
      let found = cube.spectrum(column: cell.column, row: cell.row)
      #expect(isSame(found[..<4], twin(cell, [0, 1, 2, 3], zeros: nil), tolerance: 1e-5))
      #expect(found[4] + found[5] == 1)
    }
  }

  @Test func unitsAreThoseOfRatiosAndLogarithms() throws {
    let plan = try run().planned(
      Self.read + ", { type: \"log-ratio\", tag: \"clr\", bands: [\"Cu\", \"Zn\"] }")
    let product = try plan.rasterProduct("clr")
    #expect(
      product.bands.map(\.name) == ["Cu", "Zn", "Pb", "height", "rock: granite", "rock: gneiss"])
    #expect(product.bands.map(\.unit) == ["", "", "mg/kg", "mg/kg", "", ""])
    #expect(product.view.node.bands.prefix(2).map(\.unit) == ["ln mg/kg", "ln mg/kg"])
    // The ratios are the view's linear map of the logarithms.
    let map = try product.view.map([])
    let sources = try plan.executor.cube(product.view.node, plan.grid.window)
    let made = try plan.cube("clr")
    for cell in StageRun.cells(plan.grid.window) where cell.column > 6 {
      let mixed = map.apply(sources.spectrum(column: cell.column, row: cell.row))
      let expected = made.spectrum(column: cell.column, row: cell.row)
      #expect(isSame(mixed, expected, tolerance: 1e-5))
    }
  }

  @Test func twoPartsOrMoreAreNeeded() throws {
    let run = try run()
    let one = try run.problem(
      Self.read + ", { type: \"log-ratio\", tag: \"clr\", bands: [\"Cu\"] }")
    #expect(one?.key == "bands" && one?.message.contains("not 1") == true)
    let same = try run.problem(
      Self.read + ", { type: \"log-ratio\", tag: \"clr\", bands: [\"Cu\", \"Cu\"] }")
    #expect(same?.key == "bands" && same?.message.contains("'Cu' twice") == true)
  }
}
