import Foundation

@testable import Pipelines

/// A small map of two features and points with amounts of cadmium and lead, skewed as amounts are.
enum ValueScene {
  /// A folder with `a.tif` and `points.csv`: columns `cd` and `pb` above 0, `none`, 0 in its third
  /// row, and `fold`, one of a to d.
  static func make() throws -> StageRun {
    let run = try StageRun()
    try run.raster("a.tif", ["iron", "clay"]) { band, column, row in feature(band, column, row) }
    try points(run, "points.csv")
    return run
  }

  /// Writes the points; those of the fold `changed` hold amounts of their own.
  static func points(_ run: StageRun, _ name: String, changed: String = "") throws {
    let lines = (0..<160).map { index in
      let (column, row) = (7 * index % 36, (5 * index + index / 36) % 28)
      let fold = ["a", "b", "c", "d"][column / 9]
      var amount = exp(
        Double(feature(0, column, row)) - Double(feature(1, column, row)) / 2
          + 0.8 * Double(StageRun.noise(9, index)))
      if fold == changed { amount = 3 + 10 * Double(StageRun.noise(4, index)) }
      let lead = 20 + 5 * amount + 4 * Double(StageRun.noise(8, index))
      return "\(1035 + 10 * column),\(2065 - 10 * row),\(amount),\(lead),"
        + "\(index == 2 ? 0 : amount),\(fold)"
    }
    try run.text("x,y,cd,pb,none,fold\n" + lines.joined(separator: "\n"), name)
  }

  private static func feature(_ band: Int, _ column: Int, _ row: Int) -> Float {
    let (x, y) = (Double(column), Double(row))
    let wave = band == 0 ? sin(x / 6) + cos(y / 8) : cos(x / 4) - sin(y / 5)
    return Float(wave) + 0.4 * StageRun.noise(band, column, row)
  }

  /// The labels, folds and features; `gridded` adds the amounts themselves as a feature, gridded
  /// anew in each fold.
  static func start(
    samples: String, file: String = "points.csv", gridded: String = ""
  ) -> String {
    """
    { type: "labels", tag: "amounts", file: "\(file)", target: "values", \(samples) },
    { type: "split", tag: "folds", inputs: { samples: "amounts" }, method: "field", field: "fold" },
    { type: "read-cube", tag: "raw", files: "a.tif" },
    \(gridded.isEmpty
      ? "{ type: \"standardize\", tag: \"cube\", inputs: [\"raw\"] },"
      : """
        { type: "grid-points", tag: "near", file: "\(file)", fields: ["\(gridded)"] },
        { type: "stack", tag: "both", inputs: ["raw", "near"] },
        { type: "standardize", tag: "cube", inputs: ["both"] },
        """)
    """
  }

  /// A forest, its scores and its intervals.
  static let forest = """
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "amounts" }, background: 4,
      method: "random-forest", trees: 12, "minimum-leaf": 3 },
    { type: "validate", tag: "scores", inputs: { model: "model", folds: "folds" } },
    { type: "calibrate", tag: "sure", inputs: { model: "model", scores: "scores" } },
    """
}
