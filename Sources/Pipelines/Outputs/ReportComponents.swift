import Features
import Rasters
import Reports

extension ReportPage {
  /// A section for each raster of principal components: loadings and explained variance.
  func componentSections() throws -> [HTMLReport.Section] {
    try components().map { section($0.tag, $0.components, $0.bands) }
  }

  /// The loadings of these sections, with the tag that the tables of their numbers are named by.
  func componentFigures() throws -> [(tag: String, figure: Figure)] {
    try components().map { ($0.tag, loadingsFigure($0.components, $0.bands)) }
  }

  /// The components of each raster of them, with the bands that they are made of.
  private func components() throws -> [(
    tag: String, components: PrincipalComponents, bands: [Band]
  )] {
    try task.products.compactMap { tag, product in
      guard case .raster(let raster) = product, raster.recipe.type == "principal-components",
        let fit = raster.recipe.fit, let below = raster.recipe.inputs.first
      else { return nil }
      let components = try PrincipalComponents.stored(try executor.value(fit))
      return (tag, components, components.bands.map { below.bands[$0] })
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
    _ tag: String, _ components: PrincipalComponents, _ bands: [Band]
  ) -> HTMLReport.Section {
    HTMLReport.Section(
      "Components: \(tag)",
      [
        .text(
          "\(components.componentCount) components of \(bands.count) bands"
            + (components.keptCount < components.componentCount
              ? "; those after PC\(components.keptCount) are 0 everywhere." : ".")),
        .table(varianceTable(components)),
        bands.count > Self.mostRows
          ? .chart(
            loadingSpectra(components, bands),
            caption:
              "What a component takes of each band: loadings of length 1. Bands above 0 raise "
              + "the component, those below lower it. The CSV has all components.")
          : .chart(
            loadingsChart(components, bands.map(\.name)),
            caption:
              "What a component takes of each band: loadings of length 1. Orange bands raise "
              + "the component, blue ones lower it."),
      ])
  }

  /// The most bands that a table on a page has rows for.
  private static let mostRows = 24
  /// The most lines that can be followed in one chart.
  private static let mostLines = 4

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
    let values = loadings(components, bands.count, of: shown)
    return SVGChart.heatTable(
      title: "Loadings", description: "Loadings of the bands in the first \(shown) components.",
      columnTitle: "Component", rows: bands, columns: (0..<shown).map { "PC\($0 + 1)" },
      values: values, ramp: .diverging, range: -1...1)
  }

  /// The loadings of the first of the components, bands x components.
  private func loadings(
    _ components: PrincipalComponents, _ bands: Int, of count: Int
  ) -> [[Double]] {
    (0..<bands).map { band in
      (0..<count).map { components.loadings[$0 * bands + band] }
    }
  }

  private func loadingsFigure(_ components: PrincipalComponents, _ bands: [Band]) -> Figure {
    Figure(
      name: "loadings", title: "Loadings", description: "Loadings of bands in the components.",
      caption: "",
      content: .heat(
        rows: bands.map(\.name), columns: (0..<components.keptCount).map { "PC\($0 + 1)" },
        values: loadings(components, bands.count, of: components.keptCount)))
  }

  /// Many bands are a spectrum: a line for each of the first components.
  private func loadingSpectra(_ components: PrincipalComponents, _ bands: [Band]) -> SVGChart {
    let shown = min(components.keptCount, Self.mostLines)
    let axis = bands.spectralAxis
    return Figure(
      name: "loadings", title: "Loadings",
      description: "Loadings of \(bands.count) bands in the first \(shown) components.",
      caption: "",
      content: .lines(
        x: axis.title, y: "loading",
        (0..<shown).map { component in
          Figure.Line(
            "PC\(component + 1)", x: axis.places,
            y: Array(components.loadings[component * bands.count..<(component + 1) * bands.count]),
            group: component)
        })
    ).chart
  }

  private func percent(_ share: Double) -> String { "\(Float((share * 1000).rounded() / 10)) %" }
}
