import Features
import Foundation
import Rasters
import Reports

extension ReportPage {
  /// A section for each raster of gridded points: errors of prediction, and variograms.
  func interpolationSections() throws -> [HTMLReport.Section] {
    try task.products.compactMap { tag, product in
      guard case .raster(let raster) = product, let node = raster.interpolation else { return nil }
      let summary = try InterpolationSummary.stored(try executor.value(node))
      return HTMLReport.Section(
        "Interpolation: \(tag)",
        [.text(summary.sentence)] + summary.tables.map(HTMLReport.Block.table)
          + summary.figures.map(\.block))
    }
  }

  /// The figures of these sections, with the tag that the tables of their numbers are named by.
  func interpolationFigures() throws -> [(tag: String, figure: Figure)] {
    try task.products.flatMap { tag, product -> [(tag: String, figure: Figure)] in
      guard case .raster(let raster) = product, let node = raster.interpolation else { return [] }
      return try InterpolationSummary.stored(try executor.value(node)).figures.map { (tag, $0) }
    }
  }
}

extension ReportPage {
  /// A section for each raster of levels: where they begin.
  func levelSections() throws -> [HTMLReport.Section] {
    try task.products.compactMap { tag, product in
      guard case .raster(let raster) = product, raster.recipe.type == "regionalize",
        let fit = raster.recipe.fit
      else { return nil }
      let breaks = try [LevelBreaks].stored(try executor.value(fit))
      // The bands of one division stand behind one another.
      let rows = breaks.enumerated().map { index, breaks in
        [
          raster.bands[(index + 1) * breaks.counts.count - 1].name,
          breaks.breaks.map { NumberText.short($0) }.joined(separator: ", "),
        ]
      }
      return HTMLReport.Section(
        "Levels: \(tag)",
        [
          .text("Where the finest levels of the shipped map are divided; coarser ones join them."),
          .table(
            HTMLReport.Table(
              "Breaks", columns: ["Band", "The next level begins above"], rows: rows)),
        ])
    }
  }
}

extension InterpolationSummary {
  fileprivate var sentence: String {
    "Gridded by \(method.phrase). How well do points that a surface has not seen agree with it? "
      + "Each is predicted from all others, and, harder, from those outside its block: five folds of "
      + "squares a fifth as wide as the survey, each with everything fitted anew. Errors are in the "
      + "unit of the column; the other methods have the options of this stage or their defaults."
      + (variograms.isEmpty
        ? ""
        : " For single points left out, the variogram is that of all points, as is usual: no point "
          + "alone decides about it.")
  }

  fileprivate var tables: [HTMLReport.Table] {
    let errors = HTMLReport.Table(
      "Errors of prediction",
      columns: [
        "Column", "Method", "RMSE", "Mean error", "R2", "RMSE, blocks", "Mean error, blocks",
        "R2, blocks",
      ],
      rows: entries.map { entry in
        [entry.field, entry.method.phrase + (entry.method == method ? " (used)" : "")]
          + [entry.leaveOneOut, entry.blocked].flatMap {
            [$0.rmse, $0.mean, $0.r2].map(Self.text)
          }
      })
    guard !variograms.isEmpty else { return [errors] }
    let models = HTMLReport.Table(
      "Variograms",
      columns: ["Column", "Model", "Nugget", "Partial sill", "Range", "Weighted squares"],
      rows: zip(fields, variograms).map { field, variogram in
        let model = variogram.model
        return [field, model.shape.rawValue]
          + [model.nugget, model.partialSill, model.range, variogram.residual].map(Self.text)
      })
    return [errors, models]
  }

  private static func text(_ value: Double?) -> String {
    value.map { NumberText.short($0, significant: 4) } ?? "-"
  }

  /// The errors as bars, and each variogram with its model.
  var figures: [Figure] {
    ([errorFigure].compactMap(\.self) + zip(fields, variograms).map(Self.variogramFigure))
      .withDifferentNames
  }

  /// R2 has no unit, so that columns can stand side by side.
  private var errorFigure: Figure? {
    let methods = PointInterpolation.Method.allCases
    func column(_ name: String, _ value: (Entry) -> Double?) -> [Figure.Column] {
      methods.map { method in
        Figure.Column(
          "\(method.phrase)\(name)",
          fields.map { field in
            entries.first { $0.field == field && $0.method == method }.flatMap(value) ?? .nan
          })
      }
    }
    let columns = column("") { $0.leaveOneOut.r2 } + column(", blocks") { $0.blocked.r2 }
    guard columns.contains(where: { $0.values.contains(where: \.isFinite) }) else { return nil }
    return Figure(
      name: "cross-validation", title: "What each method tells of points left out",
      description: "R2 by column and method, single points and blocks left out.",
      caption: "1 is perfect; below 0 the mean of all points predicts better. The bars of blocks "
        + "stand for places away from all points.",
      content: .bars(axis: "R2", labels: fields, columns))
  }

  private static func variogramFigure(_ field: String, _ variogram: Variogram) -> Figure {
    let bins = variogram.empirical.bins
    let reach = variogram.empirical.maximumLag
    // Enough to look smooth; lines of so many points are drawn without dots. At 0 the curve jumps
    // from 0 to the nugget.
    let distances = (0...60).map { reach * Double($0) / 60 }
    let model = variogram.model
    let curve = [0, model.nugget] + distances.dropFirst().map(model.semivariance(at:))
    return Figure(
      name: "variogram-\(field.filter { $0.isLetter || $0.isNumber })",
      title: "Variogram of \(field)",
      description: "Semivariance by distance: classes of pairs, and the fitted model.",
      caption: "\(bins.reduce(0) { $0 + $1.pairs }) pairs in \(bins.count) classes; the "
        + "\(model.shape.rawValue) model has a nugget of \(NumberText.short(model.nugget)), a "
        + "partial sill of \(NumberText.short(model.partialSill)) and a range of "
        + "\(NumberText.short(model.range)) map units.",
      content: .lines(
        x: "distance, map units", y: "semivariance",
        [
          Figure.Line("points", x: bins.map(\.distance), y: bins.map(\.semivariance)),
          Figure.Line(
            "\(model.shape.rawValue) model", x: [0] + distances, y: curve, group: 1),
        ]))
  }
}
