import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Reports
import Tensors

/// The page that tells what a run made, how good it is and what it looks like.
struct ReportPage {
  let plan: Runner.Plan
  let task: OutputTask
  let executor: Executor
  let layers: [OutputWriter.Layer]
  /// Makes the pictures of `layers`.
  let pictures: ReportLayers

  /// What the page is made of: it is written again only if this changes.
  func key() throws -> Digest {
    var hash = KeyHash()
    hash.add("report 14, gossan \(Gossan.version)")
    hash.add(plan.text)
    for argument in plan.overrides.arguments { hash.add(argument) }
    for layer in layers {
      hash.add(layer.path)
      hash.add(layer.key)
    }
    for node in task.products.flatMap(\.product.nodes) {
      hash.add(node.name)
      hash.add(try executor.digest(node, executor.lattice.grid.window))
    }
    return hash.digest
  }

  /// The page as HTML.
  func html(_ record: RunRecord, _ known: [KnownPlaces]) throws -> String {
    let grid = executor.lattice.grid
    let facts = [
      (name: "Grid", value: grid.phrase),
      (name: "Seed", value: "\(plan.document.seed)"),
      (name: "Made by", value: "gossan \(Gossan.version), GDAL \(GDAL.version)"),
    ]
    var sections: [HTMLReport.Section] = []
    for (tag, scores) in try record.scores().sorted(by: { $0.key < $1.key }) {
      sections.append(scoresSection(tag, scores, try figures(tag, scores)))
    }
    let hasScores = !sections.isEmpty
    for case .model(let model) in task.products.map(\.product) {
      sections.append(try modelSection(model))
    }
    for figures in task.products.compactMap(\.product.figures) {
      sections.append(try figuresSection(figures))
    }
    sections += try targetSections() + interpolationSections() + componentSections()
    sections += try levelSections() + orderSections() + noveltySections()
    sections += known.compactMap(\.section)
    sections.append(
      HTMLReport.Section(
        "Layers",
        [.text(MapLayout(grid).sentence)]
          + (try layers.flatMap(pictures.blocks))))
    sections += [try inputsSection(record), reproductionSection()]
    return HTMLReport(
      title: plan.document.name,
      summary: "Layers made by gossan \(Gossan.version). "
        + (hasScores
          ? "Scores are out of fold: every sample is predicted by a model that has not seen its place."
          : "Nothing was validated: there are no scores."),
      facts: facts, sections: sections
    ).html
  }

  // MARK: Scores

  private func scoresSection(
    _ tag: String, _ scores: Scores, _ figures: [Figure]
  ) -> HTMLReport.Section {
    var blocks: [HTMLReport.Block] = [.text(method(scores))]
    let outputs = scores.metrics.outputNames(scores.classes)
    blocks += scores.labelBlocks
    for (output, name) in outputs {
      let pooled = scores.measures(output: output)
      let rows = pooled.enumerated().map { index, entry in
        let values =
          [entry.value]
          + scores.foldNames.indices.map { fold in
            let own = scores.measures(output: output, fold: fold)
            return own.isEmpty ? nil : own[index].value
          }
        return [entry.name] + texts(values)
      }
      blocks.append(
        .table(
          HTMLReport.Table(
            name.isEmpty ? "Scores, pooled out of fold and by fold" : "Scores of \(name)",
            columns: ["Measure", "Pooled"] + scores.foldNames.map { "Fold \($0)" }, rows: rows)))
    }
    blocks += figures.map(\.block)
    if scores.isTransductive {
      blocks.append(
        .text(
          "A graph branch is transductive: superpixels see the unlabelled cells of test places, "
            + "never their labels or point measurements."))
    }
    return HTMLReport.Section("Scores: \(tag)", blocks)
  }

  private func method(_ scores: Scores) -> String {
    let way =
      switch scores.method {
      case .blocks:
        "spatial blocks of \(NumberText.short(scores.blockSize, significant: 9)) map units"
      case .random:
        "random cells: neighbours of test samples are trained on, so these scores flatter the model"
      case .field: "the folds of a column of the samples"
      case .deposit:
        "deposits at random: other deposits near a tested one are trained on, so these scores may "
          + "flatter the model"
      }
    let shared = scores.folds.reduce(0) { $0 + $1.sharedSegmentSamples }
    let missing = scores.folds.reduce(0) { $0 + $1.missing }
    let overlapping = scores.folds.reduce(0) { $0 + $1.overlapping }
    let tested = scores.folds.reduce(0) { $0 + $1.positions.count + $1.missing }
    return "Divided by \(way). Everything fitted was fitted anew in each of "
      + "\(scores.folds.count) folds. \(shared) times a training sample was left out because its "
      + "segment holds a test sample; \(missing) test samples could not be used because a band "
      + "or segment is missing there."
      + (overlapping == 0
        ? ""
        : " The windows of \(overlapping) of \(tested) test samples overlap those of training "
          + "samples: they share cells, though no labels.")
  }

  /// Counts as whole numbers; a row of shares has the same decimals everywhere.
  private func texts(_ values: [Double?]) -> [String] {
    let known = values.compactMap(\.self)
    let areCounts = known.allSatisfy { $0 == $0.rounded() && abs($0) < 1e15 }
    return values.map { value in
      value.map { String(format: areCounts ? "%.0f" : "%.3f", $0) } ?? "-"
    }
  }
}

extension ReportPage {
  /// The charts of scores.
  func figures(_ tag: String, _ scores: Scores) throws -> [Figure] {
    for case .scores(let product) in plan.products.map(\.product) where product.tag == tag {
      guard let samples = product.model?.samples else { return [] }
      return try scores.figures(try SampleSet.stored(try executor.value(samples.node)))
    }
    return []
  }

  /// The charts of a stage that looks into a model.
  private func figuresSection(_ figures: FiguresProduct) throws -> HTMLReport.Section {
    HTMLReport.Section(
      figures.title,
      try figures.figures(executor).map(\.block))
  }
}

extension OutputWriter {
  /// Writes the page unless nothing about it is new.
  func writeReport(_ page: ReportPage, _ record: RunRecord, _ result: inout Result) throws {
    let maps = page.mapsOfKnownPlaces
    let path = folder + "/report.html"
    let curves = maps.isEmpty ? [] : [folder + "/report-curves.csv"]
    let key = try page.key()
    guard !ledger.isCurrent([path] + curves, key: key) else { return }
    let known = try maps.map { try KnownPlaces($0, executor) }
    try AtomicFile.write(try page.html(record, known), to: path)
    for path in curves { try AtomicFile.write(known.csv, to: path) }
    for (tag, figure) in try page.figures(record) { try write([figure], tag, &result) }
    try ledger.record([path] + curves, key: key)
    result.written += [path] + curves
  }
}
