import Features
import Rasters
import Reports

extension ReportPage {
  /// A section for each raster of principal components: loadings and explained variance.
  func componentSections() throws -> [HTMLReport.Section] {
    try task.products.compactMap { tag, product in
      guard case .raster(let raster) = product, raster.recipe.type == "principal-components",
        let fit = raster.recipe.fit, let below = raster.recipe.inputs.first
      else { return nil }
      let components = try PrincipalComponents.stored(try executor.value(fit))
      return section(tag, components, components.bands.map { below.bands[$0].name })
    }
  }

  /// A section for each raster with a fitted order of bands.
  func orderSections() throws -> [HTMLReport.Section] {
    try task.products.compactMap { tag, product in
      guard case .raster(let raster) = product, let fit = raster.recipe.fit,
        let (bands, order) = try raster.recipe.orderedBands(try executor.value(fit))
      else { return nil }
      let scores = Dictionary(
        zip(order.bands, order.scores), uniquingKeysWith: { first, _ in first })
      let places = order.places(bandCount: bands.count)
      return HTMLReport.Section(
        "Order of bands: \(tag)",
        [
          .text(
            "The order for the shipped model. The score is what decided: for 'clustered' 1 minus the "
              + "absolute correlation with the next band, for 'importance' how much the band tells of "
              + "the labels."),
          .table(
            HTMLReport.Table(
              "Bands in their order", columns: ["Place", "Band", "Score"],
              rows: zip(bands, places).enumerated().map { place, entry in
                ["\(place + 1)", entry.0.name, scores[entry.1].map { "\(Float($0))" } ?? "-"]
              })),
        ])
    }
  }

  private func section(
    _ tag: String, _ components: PrincipalComponents, _ bands: [String]
  ) -> HTMLReport.Section {
    HTMLReport.Section(
      "Components: \(tag)",
      [
        .text(
          "\(components.componentCount) components of \(bands.count) bands"
            + (components.keptCount < components.componentCount
              ? "; those after PC\(components.keptCount) are 0 everywhere." : ".")),
        .table(varianceTable(components)),
        .chart(
          loadingsChart(components, bands),
          caption: "What a component takes of each band: loadings of length 1. Orange bands raise "
            + "the component, blue ones lower it."),
      ])
  }

  private func varianceTable(_ components: PrincipalComponents) -> HTMLReport.Table {
    var sum = 0.0
    let rows = zip(components.variances, components.explainedShares).enumerated().map {
      index, entry in
      sum += entry.1
      return ["PC\(index + 1)", NumberText.short(entry.0), percent(entry.1), percent(sum)]
    }
    return HTMLReport.Table(
      "Explained variance", columns: ["Component", "Variance", "Share", "Together"], rows: rows)
  }

  /// The heat table has a row per band, so that many bands make it long and not wide.
  private func loadingsChart(_ components: PrincipalComponents, _ bands: [String]) -> SVGChart {
    let shown = min(components.keptCount, 12)
    let values = bands.indices.map { band in
      (0..<shown).map { components.loadings[$0 * bands.count + band] }
    }
    return SVGChart.heatTable(
      title: "Loadings", description: "Loadings of the bands in the first \(shown) components.",
      columnTitle: "Component", rows: bands, columns: (0..<shown).map { "PC\($0 + 1)" },
      values: values, ramp: .diverging, range: -1...1)
  }

  private func percent(_ share: Double) -> String { "\(Float((share * 1000).rounded() / 10)) %" }
}
