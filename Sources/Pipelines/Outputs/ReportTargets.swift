import Rasters
import Reports

extension ReportPage {
  /// A section for each list of targets: the first ten, and a map.
  func targetSections() throws -> [HTMLReport.Section] {
    try task.products.compactMap { _, product in
      guard case .targets(let targets) = product else { return nil }
      let list = try TargetList.stored(try executor.value(targets.node))
      return HTMLReport.Section(
        "Targets: \(targets.tag)",
        list.emptiness(leastArea: targets.leastArea).map { [.text("There are \($0).")] }
          ?? [.text(introduction(list)), .chart(map(list), caption: caption(list)), table(list)])
    }
  }

  private static let shownTargets = 10
  private static let drawnTargets = 200

  private func introduction(_ list: TargetList) -> String {
    let count = list.targets.count
    return "\(count) target\(count == 1 ? "" : "s") in which '\(list.bandName)' exceeds "
      + "\(NumberText.short(list.threshold)), together "
      + list.area(list.targets.reduce(0) { $0 + $1.area })
      + "."
      + (list.explainedOutput.map {
        " What moved them is the mean attribution over their cells, in \($0)."
      } ?? "")
  }

  private func table(_ list: TargetList) -> HTMLReport.Block {
    let shown = list.targets.prefix(Self.shownTargets)
    let title =
      list.targets.count > shown.count
      ? "The first \(shown.count) of \(list.targets.count) targets" : "All targets"
    return .table(
      HTMLReport.Table(
        title, columns: ["Rank", "x", "y", "Mean", "Maximum", "Area", "Why"],
        rows: shown.map { target in
          [
            "\(target.rank)", NumberText.short(target.place.x, significant: 9),
            NumberText.short(target.place.y, significant: 9),
            NumberText.short(target.mean, significant: 3),
            NumberText.short(target.maximum, significant: 3), list.area(target.area),
            list.sentence(target),
          ]
        }))
  }

  private func map(_ list: TargetList) -> SVGChart {
    let grid = executor.lattice.grid
    let extent = grid.extent
    let means = list.targets.map(\.mean)
    let (low, high) = list.isProbability ? (0.5, 1) : (means.min() ?? 0, means.max() ?? 1)
    let areas = list.targets.prefix(Self.drawnTargets).map { target in
      SVGChart.Outline(
        rings: target.parts.flatMap { $0.map { $0.map(\.vector) } },
        share: high > low ? (target.mean - low) / (high - low) : 1,
        label: target.rank <= Self.shownTargets ? "\(target.rank)" : "",
        place: target.place.vector)
    }
    return SVGChart.outlines(
      title: "Targets by rank",
      description: "The outlines of the targets on the map, the first ten with their ranks.",
      bounds: (SIMD2(extent.left, extent.bottom), SIMD2(extent.right, extent.top)),
      aspect: GroundMeasure(grid).aspect, areas: areas,
      known: (list.known ?? []).map(\.vector), knownTitle: "known deposit")
  }

  private func caption(_ list: TargetList) -> String {
    let grid = executor.lattice.grid
    let extent = grid.extent
    let middle = (extent.bottom + extent.top) / 2
    let across = GroundMeasure(grid).distance(
      SIMD2(extent.left, middle), SIMD2(extent.right, middle))
    let more =
      list.targets.count > Self.drawnTargets ? " The first \(Self.drawnTargets) are drawn." : ""
    return "The darker, the higher the mean; numbers are ranks, at the cell with the maximum. The "
      + "frame is \(list.length(across)) wide.\(more)"
  }
}
