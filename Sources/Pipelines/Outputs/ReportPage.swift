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

  /// What the page is made of: it is written again only if this changes.
  func key() throws -> Digest {
    var hash = KeyHash()
    hash.add("report 2, gossan \(Gossan.version)")
    for layer in layers { hash.add(layer.path) }
    for node in task.products.flatMap(\.product.nodes) {
      hash.add(node.name)
      hash.add(try executor.digest(node, executor.lattice.grid.window))
    }
    return hash.digest
  }

  /// The page as HTML.
  func html(_ record: RunRecord) throws -> String {
    let grid = executor.lattice.grid
    var facts = [
      (
        name: "Grid",
        value: "\(grid.width) x \(grid.height) cells of "
          + "\(grid.transform.cellWidth) x \(grid.transform.cellHeight) \(CRS.unitName(grid.crs))"
      ),
      (
        name: "Coordinate system",
        value: grid.crs.isEmpty
          ? "none"
          : CRS.name(grid.crs)
            + (CRS.code(grid.crs).map { " (\($0))" } ?? "")
      ),
      (name: "Seed", value: "\(plan.document.seed)"),
    ]
    for (name, version) in RunRecord.versions.sorted(by: { $0.key < $1.key }) {
      facts.append((name: name, value: version))
    }
    for input in try record.inputs() {
      facts.append((name: "Input", value: "\(input.file), SHA-256 \(input.digest.prefix(16))..."))
    }
    var sections: [HTMLReport.Section] = []
    for (tag, scores) in try record.scores().sorted(by: { $0.key < $1.key }) {
      sections.append(scoresSection(tag, scores))
    }
    for case .model(let model) in task.products.map(\.product) {
      sections.append(try modelSection(model))
    }
    sections += try componentSections()
    sections.append(HTMLReport.Section("Layers", try layers.flatMap(pictures)))
    sections.append(
      HTMLReport.Section(
        "How it was made",
        [
          .table(
            HTMLReport.Table(
              "The stages of the pipeline", columns: ["Stage", "Tag", "Options"],
              rows: plan.document.stages.map { [$0.type, $0.tag, $0.options.canonicalJSON] }))
        ]))
    return HTMLReport(
      title: plan.document.name,
      summary: "Layers made by gossan \(Gossan.version). Scores are out of fold: every sample is "
        + "predicted by a model that has not seen its place.",
      facts: facts, sections: sections
    ).html
  }

  // MARK: Scores

  private func scoresSection(_ tag: String, _ scores: Scores) -> HTMLReport.Section {
    var blocks: [HTMLReport.Block] = [.text(method(scores))]
    let outputs: [(Int, String)] =
      if case .classes = scores.metrics.pooled { [(0, "")] } else {
        scores.classes.enumerated().map { ($0.offset, $0.element) }
      }
    for (output, name) in outputs {
      let pooled = scores.metrics.pooled.named(output: output)
      let rows = pooled.enumerated().map { index, entry in
        [entry.name, text(entry.value)]
          + scores.metrics.perFold.map { fold in
            text(fold.flatMap { $0.named(output: output)[index].value })
          }
      }
      blocks.append(
        .table(
          HTMLReport.Table(
            name.isEmpty ? "Scores, pooled out of fold and by fold" : "Scores of \(name)",
            columns: ["Measure", "Pooled"] + scores.foldNames.map { "Fold \($0)" }, rows: rows)))
    }
    if case .classes(let metrics) = scores.metrics.pooled {
      let count = metrics.classCount
      blocks.append(
        .chart(
          SVGChart.confusion(
            title: "Confusion matrix", description: "Samples by true and predicted class.",
            classes: scores.classes,
            counts: (0..<count).map { row in
              Array(metrics.confusion[row * count..<(row + 1) * count])
            }), caption: "True classes in rows, predicted ones in columns; out of fold."))
    }
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
      case .blocks: "spatial blocks of \(scores.blockSize) map units"
      case .random:
        "random cells: neighbours of test samples are trained on, so these scores flatter the model"
      case .field: "the folds of a column of the samples"
      }
    let shared = scores.folds.reduce(0) { $0 + $1.sharedSegmentSamples }
    let missing = scores.folds.reduce(0) { $0 + $1.missing }
    return "Divided by \(way). Everything fitted was fitted anew in each of "
      + "\(scores.folds.count) folds. \(shared) times a training sample was left out because its "
      + "segment holds a test sample; \(missing) test samples could not be used because a band "
      + "or segment is missing there."
  }

  private func modelSection(_ model: ModelProduct) throws -> HTMLReport.Section {
    let package = try ModelPackage(try executor.value(model.node))
    let record = package.notes.record
    let epochs = record.epochs.map { Double($0.number) }
    var series = [SVGChart.Series("training", x: epochs, y: record.epochs.map(\.loss))]
    if record.validationCount > 0 {
      series.append(
        SVGChart.Series(
          "watched part", x: epochs, y: record.epochs.map { $0.validationLoss ?? .nan }))
    }
    let losses = series.flatMap(\.y).filter(\.isFinite)
    return HTMLReport.Section(
      "Model: \(model.tag)",
      [
        .text(
          "\(package.model.parameterCount) parameters; \(record.trainingCount) samples trained on, "
            + "\(record.validationCount) watched for early stopping; the weights are those of epoch "
            + "\(record.bestEpoch). \(package.notes.unusableSamples) samples could not be used."
            + (model.needsSegments
              ? " \(package.notes.samplesInSharedSegments) training samples share their segment with "
                + "others; in \(package.notes.conflictingSegments) segments they do not agree."
              : "")),
        .chart(
          SVGChart.lines(
            title: "Training", description: "Loss by epoch.",
            x: Axis("epoch", covering: epochs), y: Axis("loss", covering: losses), series: series),
          caption: "The loss of the shipped model's training."),
      ])
  }

  private func text(_ value: Double?) -> String {
    guard let value else { return "-" }
    return value == value.rounded() && abs(value) < 1e15
      ? "\(Int(value))" : String(format: "%.3f", value)
  }

  // MARK: Layers

  private static let pictureEdge = 640

  private func pictures(_ layer: OutputWriter.Layer) throws -> [HTMLReport.Block] {
    let grid = executor.lattice.grid
    let step = max(1, (max(grid.width, grid.height) + Self.pictureEdge - 1) / Self.pictureEdge)
    let t = grid.transform
    let coarse = Grid(
      width: (grid.width + step - 1) / step, height: (grid.height + step - 1) / step,
      transform: GeoTransform(
        originX: t.originX, columnX: t.columnX * Double(step), rowX: t.rowX * Double(step),
        originY: t.originY, columnY: t.columnY * Double(step), rowY: t.rowY * Double(step)),
      crs: grid.crs)
    let numbers = Array(1...layer.bands.count)
    let cube = try RasterPool(path: layer.path, bands: numbers, grid: coarse, resampling: .nearest)
      .read(coarse.window)
    let name = layer.product.tag
    switch layer.product {
    case .segments:
      let ids = cube.values.map { $0.isNaN ? 0 : UInt32($0) }
      return try [
        block(
          RasterPicture.render(
            SegmentRaster(window: coarse.window, ids: ids), edge: Self.pictureEdge), name,
          "Superpixels, coloured at random.")
      ]
    case .raster(let raster): return try rasterPictures(raster, cube, layer)
    default: return []
    }
  }

  private func rasterPictures(
    _ raster: RasterProduct, _ cube: DataCube, _ layer: OutputWriter.Layer
  ) throws -> [HTMLReport.Block] {
    switch raster.presentation {
    case .probability:
      let band = raster.bands.count == 2 ? 1 : 0
      return try [
        block(
          RasterPicture.render(
            cube, band: band, ramp: .probability, range: 0...1, edge: Self.pictureEdge), raster.tag,
          "Probability of '\(raster.bands[band].name)', from 0 to 1.")
      ]
    case .attribution(let attribution):
      let features = raster.bands.filter {
        $0.name != "base value" && $0.name != "explained output"
      }
      let limit = Double(
        cube.values[..<(features.count * cube.window.cellCount)].lazy.filter(\.isFinite).map(abs)
          .max() ?? 1)
      let chart = importance(features, cube, attribution)
      return [chart]
        + (try features.indices.map { band in
          try block(
            RasterPicture.render(
              cube, band: band, ramp: .diverging, range: -max(limit, 1e-12)...max(limit, 1e-12),
              edge: Self.pictureEdge / 2), "\(raster.tag): \(features[band].name)",
            "What '\(features[band].name)' adds to the \(attribution.output) of "
              + "'\(attribution.className)', from \(Float(-limit)) (blue) to \(Float(limit)).")
        })
    case .flags:
      let colors = Dictionary(uniqueKeysWithValues: (0..<16).map { ($0, Palette.category($0)) })
      return try [
        block(
          RasterPicture.render(cube, band: 0, classes: colors, edge: Self.pictureEdge), raster.tag,
          "Why a pixel is missing or doubtful; see the layer's legend.")
      ]
    case .continuous:
      let values = cube.band(0).lazy.filter(\.isFinite)
      let low = Double(values.min() ?? 0)
      let high = Double(values.max() ?? 1)
      return try [
        block(
          RasterPicture.render(
            cube, band: 0, ramp: .viridis, range: low...max(high, low + 1e-12),
            edge: Self.pictureEdge), raster.tag,
          "'\(raster.bands[0].name)', from \(Float(low)) to \(Float(high)).")
      ]
    }
  }

  private func importance(
    _ features: [Band], _ cube: DataCube, _ attribution: Presentation.Attribution
  ) -> HTMLReport.Block {
    let means = features.indices.map { band -> Double in
      let values = cube.band(band).lazy.filter(\.isFinite).map { Double(abs($0)) }
      return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
    let order = means.indices.sorted { (means[$1], $0) < (means[$0], $1) }
    return .chart(
      SVGChart.bars(
        title: "Features of '\(attribution.className)'",
        description: "Mean absolute attribution of each feature over the map.",
        axisTitle: "mean |SHAP| (\(attribution.output))",
        labels: order.map { features[$0].name },
        series: [SVGChart.Bars("mean |SHAP|", order.map { means[$0] })]),
      caption: "Which features move the map most.")
  }

  private func block(
    _ picture: RasterPicture, _ title: String, _ caption: String
  ) throws -> HTMLReport.Block {
    .picture(
      png: try PNGImage.encode(width: picture.width, height: picture.height, rgba: picture.rgba),
      description: title, caption: "\(title). \(caption)")
  }
}

extension OutputWriter {
  /// Writes the page unless nothing about it is new.
  func writeReport(_ page: ReportPage, _ record: RunRecord, _ result: inout Result) throws {
    let path = folder + "/report.html"
    let key = try page.key()
    guard !ledger.isCurrent([path], key: key) else { return }
    try AtomicFile.write(try page.html(record), to: path)
    try ledger.record([path], key: key)
    result.written.append(path)
  }
}
