import Foundation

@testable import Pipelines

/// A small map of copper and zinc with a gap, and points that are ore where copper is high.
enum OreScene {
  /// A folder with `a.tif` and `points.csv`: columns `ore` and `tin`, 0 or 1, `grade` and `fold`.
  static func make() throws -> StageRun {
    let run = try StageRun()
    try run.raster("a.tif", ["copper", "zinc"]) { band, column, row in
      column > 30 && row < 4 ? .nan : metal(band, column, row)
    }
    let lines = (0..<140).map { index in
      let (column, row) = (7 * index % 36, (5 * index + index / 36) % 28)
      let ore = metal(0, column, row) + StageRun.noise(2, index) > 1.2
      let tin = metal(1, column, row) + StageRun.noise(3, index) > 1.1
      return "\(1035 + 10 * column),\(2065 - 10 * row),\(ore ? 1 : 0),\(tin ? 1 : 0),"
        + "\(metal(0, column, row)),\(["a", "b", "c", "d"][column / 9])"
    }
    try run.text("x,y,ore,tin,grade,fold\n" + lines.joined(separator: "\n"), "points.csv")
    return run
  }

  private static func metal(_ band: Int, _ column: Int, _ row: Int) -> Float {
    let (x, y) = (Double(column), Double(row))
    let wave = band == 0 ? sin(x / 5) + cos(y / 7) : cos(x / 3) - sin(y / 4)
    return Float(wave / 2 + 0.6) + 0.3 * StageRun.noise(band, column, row)
  }

  /// The stages up to `model`.
  static func stages(
    samples: String = "field: \"ore\"", train: String = Self.network
  ) -> String {
    """
    { type: "read-cube", tag: "raw", files: "a.tif" },
    { type: "labels", tag: "ore", file: "points.csv", \(samples) },
    { type: "split", tag: "folds", inputs: { samples: "ore" }, method: "field", field: "fold" },
    { type: "standardize", tag: "cube", inputs: ["raw"] },
    { type: "train", tag: "model", inputs: { cube: "cube", samples: "ore" }, background: 4,
      \(train) },
    """
  }

  /// A network of windows.
  static let network = """
    epochs: 8, branches: [{ type: "patch-cnn", window: 3, width: 4,
      layers: [{ type: "convolution", filters: 3 }] }], head: { type: "softmax", hidden: [4] }
    """

  /// The same with another head.
  static func network(_ head: String) -> String {
    network.replacingOccurrences(of: "softmax", with: head)
  }
}
