import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Reports
import Segmentation
import Tensors

/// Writes products into a folder, each only if something about it is new.
struct OutputWriter {
  let executor: Executor
  let ledger: OutputLedger
  let folder: String
  let nodata: Double
  /// In which form rasters are written.
  var form = RasterForm()
  var styles = RasterStyles()

  /// What the bytes of outputs depend on beside their products.
  private static let revision = "outputs 7, GDAL \(GDAL.version)"

  /// A raster that was written, for the report and the project.
  struct Layer {
    let product: Product
    let folder: String
    let path: String
    /// The style file beside it.
    let stylePath: String
    let bands: [Band]
    /// The tag of the first of the layers that are made together.
    let head: String
    let styles: RasterStyles
    /// In which form the file was written.
    let form: RasterForm
    /// What the file was made from.
    let key: Digest
  }

  /// A GeoPackage that was written, for the project.
  struct VectorFile {
    let product: Product
    let path: String
    /// Its layers, with their styles.
    let layers: () throws -> [VectorOutput.Layer]
    /// What the file was made from.
    let key: Digest
  }

  /// The files that were written, and the layers among all outputs.
  struct Result {
    var written: [String] = []
    var layers: [Layer] = []
    var vectors: [VectorFile] = []
    var chips: [ChipFile] = []
  }

  /// Writes products; what is current is left alone.
  func write(_ products: [(tag: String, product: Product)]) throws -> Result {
    var result = Result()
    for (_, product) in products {
      switch product {
      case .raster(let raster):
        for part in raster.family { try write(part, head: raster.tag, &result) }
        if let fit = raster.novelty?.fit {
          try writeBytes(try executor.value(fit), "\(raster.tag)-fit.json", &result)
        }
        if let looks = raster.looks {
          try write(looks, &result)
          try writeChips(raster.chips, raster.tag, &result)
        }
      case .segments(let segments):
        for part in segments.family {
          try write(part, head: segments.tag, &result)
          try writeLayers(of: part, &result)
        }
      case .model(let model): try write(model, &result)
      case .scores(let scores): try write(scores, &result)
      case .figures(let figures): try write(figures, &result)
      case .targets(let targets): try write(targets, &result)
      case .samples(let samples): try write(samples, folds: nil, product, &result)
      case .folds(let folds): try write(folds.samples, folds: folds, product, &result)
      case .outputs: continue
      }
    }
    return result
  }

  /// Writes figures as drawings with the tables of their numbers.
  private func write(_ figures: FiguresProduct, _ result: inout Result) throws {
    let drawn = try figures.figures(executor)
    try write(drawn, figures.tag, &result)
    for figure in drawn {
      try writeBytes([UInt8](figure.chart.svg.utf8), "\(figures.tag)-\(figure.name).svg", &result)
    }
    if let table = figures.table {
      try writeBytes(try executor.value(table), "\(figures.tag).csv", &result)
    }
  }

  private func write(_ scores: ScoresProduct, _ result: inout Result) throws {
    let decoded = try Scores.stored(try executor.value(scores.node))
    let rates = try scores.rates.map { try PredictionRates.stored(try executor.value($0)) }
    let table = decoded.csv + (rates?.measuresCSV ?? "")
    try writeBytes([UInt8](table.utf8), "\(scores.tag).csv", &result)
    if let rates {
      try writeBytes([UInt8](rates.placesCSV.utf8), "\(scores.tag)-places.csv", &result)
    }
    if let samples = scores.model?.samples {
      let set = try SampleSet.stored(try executor.value(samples.node))
      try write(try decoded.figures(set), scores.tag, &result)
    }
  }

  private func write(_ model: ModelProduct, _ result: inout Result) throws {
    let bytes = try executor.value(model.node)
    try writeBytes(bytes, "\(model.tag).safetensors", &result)
    guard model.isCalibrated else { return }
    let notes = try ModelPackage(bytes).notes
    try write(notes.calibration.map { [$0.figure] } ?? [], model.tag, &result)
    guard let intervals = notes.intervals else { return }
    try write(intervals.figures.withDifferentNames, model.tag, &result)
    try writeBytes([UInt8](intervals.csv.utf8), "\(model.tag)-levels.csv", &result)
  }

  /// Writes the numbers of figures, a table each.
  func write(_ figures: [Figure], _ tag: String, _ result: inout Result) throws {
    for figure in figures {
      try writeBytes([UInt8](figure.csv.utf8), "\(tag)-\(figure.name).csv", &result)
    }
  }

  /// Writes bytes unless the file already holds them.
  func writeBytes(_ bytes: [UInt8], _ name: String, _ result: inout Result) throws {
    let path = "\(folder)/\(name)"
    let key = SHA256.digest(bytes)
    guard !ledger.isCurrent([path], key: key) else { return }
    try AtomicFile.write(bytes, to: path)
    try ledger.record([path], key: key)
    result.written.append(path)
  }

  private func write(_ raster: RasterProduct, head: String, _ result: inout Result) throws {
    let path = "\(folder)/\(raster.tag)\(form.ending)"
    let style = "\(folder)/\(raster.tag).qml"
    let presentation = raster.presentation
    let key = try key(
      raster.node,
      "\(presentation.word) \(nodata) \(form.identity)"
        + styles.word(of: raster.tag, presentation)
        + (raster.interval.map { " interval \($0)" } ?? ""),
      with: presentation.facts ?? raster.novelty?.cuts)
    result.layers.append(
      Layer(
        product: .raster(raster), folder: folder, path: path, stylePath: style,
        bands: raster.bands, head: head, styles: styles, form: form, key: key))
    // GDAL keeps the names of categories of a GeoTIFF in a file of its own.
    let hasNames = form.keepsNamesBeside && !presentation.entries.isEmpty
    let files = [path, style] + (hasNames ? [path + ".aux.xml"] : [])
    guard !ledger.isCurrent(files, key: key) else { return try removeOtherForms(of: raster.tag) }
    var output = RasterOutput(
      path: path, grid: executor.lattice.grid,
      bands: raster.bands.map {
        OutputBand(
          name: $0.name, unit: $0.unit, categories: presentation.categories,
          palette: presentation.palette,
          metadata: $0.metadata)
      },
      type: presentation.isWhole ? .byte : .float32,
      overviewResampling: presentation.overviews)
    output.nodata = presentation.nodata(nodata)
    form.apply(to: &output, key)
    let missing = UInt8(output.nodata.flatMap { UInt8(exactly: $0) } ?? 0)
    let metadata = try metadata(of: raster)
    var flags: Set<UInt8> = []
    try output.write(
      metadata: { _ in metadata },
      finishing: { statistics in
        try AtomicFile.write(styles.bytes(raster, statistics, flags, form, executor), to: style)
      },
      provider: { window in
        let cube = try executor.cube(raster.node, window)
        guard presentation.isWhole else { return .float32(cube.values) }
        let values = cube.values.map { $0.isFinite ? UInt8(max(0, min(255, $0))) : missing }
        flags.formUnion(values)
        return .byte(values)
      })
    try ledger.record(files, key: key, parts: output.parts)
    try removeOtherForms(of: raster.tag)
    result.written += files.reversed()
  }

  private func write(
    _ segments: SegmentsProduct, head: String, _ result: inout Result
  ) throws {
    let path = "\(folder)/\(segments.tag)\(form.ending)"
    let style = "\(folder)/\(segments.tag).qml"
    let bands = [Band(name: "segment")]
    let own = try styles.own(segments.tag)
    let key = try key(
      segments.node,
      "segments \(form.identity)\(styles.word(of: segments.tag, .continuous))")
    result.layers.append(
      Layer(
        product: .segments(segments), folder: folder, path: path, stylePath: style, bands: bands,
        head: head, styles: styles, form: form, key: key))
    guard !ledger.isCurrent([path, style], key: key) else {
      return try removeOtherForms(of: segments.tag)
    }
    var output = RasterOutput(
      path: path, grid: executor.lattice.grid, bands: [OutputBand(name: "segment")],
      type: .uint32, overviewResampling: .nearest)
    form.apply(to: &output, key)
    var ids = NamedIDs()
    try output.write(
      metadata: { _ in ["METHOD": "superpixels", "CELLS": "\(segments.lattice.size)"] },
      finishing: { _ in
        try AtomicFile.write(own ?? [UInt8](ids.style.xml.utf8), to: style)
      },
      provider: { window in
        let raster = try executor.segments(segments.node, window)
        ids.add(raster)
        return .uint32(raster.ids)
      })
    try ledger.record([path, style], key: key, parts: output.parts)
    try removeOtherForms(of: segments.tag)
    result.written += [style, path]
  }

  /// The key of an output that holds all of a node in some form.
  ///
  /// `value` is a value that is part of the output, too.
  func key(_ node: Node, _ form: String, with value: Node? = nil) throws -> Digest {
    var hash = KeyHash()
    hash.add(Self.revision)
    hash.add(form)
    hash.add(node.name)
    for band in node.bands {
      hash.add(
        "\(band.name) \(band.unit)" + (band.featureGroup.map { " of \($0)" } ?? "")
          + (band.position.map { " at \($0)" } ?? ""))
    }
    hash.add(try executor.digest(node, executor.lattice.grid.window))
    if let value { hash.add(try executor.digest(value, executor.lattice.grid.window)) }
    return hash.digest
  }

  private func metadata(of raster: RasterProduct) throws -> [String: String] {
    switch raster.presentation {
    case .attribution(let attribution):
      let residuals = try executor.residuals(attribution)
      var metadata = [
        "METHOD": attribution.method, "CLASS": attribution.className,
        "OUTPUT": attribution.output, "BASE_VALUE": "\(Float(residuals.meanBase))",
        "RESIDUAL_MEAN": "\(Float(residuals.mean))",
        "RESIDUAL_P99": "\(residuals.percentile99)",
        "RESIDUAL_MAXIMUM": "\(residuals.maximum)", "OUTPUT_RANGE": "\(residuals.range)",
        "RESIDUAL_P99_OF_RANGE": "\(residuals.relative99)",
      ]
      if attribution.areGroups { metadata["FEATURES"] = "groups" }
      if attribution.isConditionalOnSegments { metadata["CONDITIONAL_ON"] = "segments" }
      if attribution.step > 1 { metadata["STEP"] = "\(attribution.step)" }
      return metadata
    case .probability: return ["METHOD": "probability"]
    case .deviation(let models):
      return ["METHOD": "standard deviation over models", "MODELS": "\(models)"]
    case .flags:
      let bits = PixelFlags.meanings.map { ("BIT_\($0.flag)", $0.label) }
      return Dictionary(uniqueKeysWithValues: [("METHOD", "flags")] + bits)
    case .named(let named):
      let facts = try named.facts.map { try ClassifyCuts.stored(try executor.value($0)).facts }
      return (facts ?? [:]).merging(["METHOD": named.method]) { fact, _ in fact }
    case .entropy(let classes):
      return [
        "METHOD": "normalized entropy", "CLASSES": "\(classes)",
        "MAXIMUM": "ln \(classes) = \(Float(log(Double(classes)))) nats",
      ]
    case .continuous:
      if let novelty = raster.novelty {
        let facts = try ClassifyCuts.stored(try executor.value(novelty.cuts)).facts
        return facts.merging(["METHOD": "distance to the nearest class"]) { fact, _ in fact }
      }
      guard let level = raster.interval else { return [:] }
      return ["METHOD": "values with prediction intervals", "INTERVAL": "\(level)"]
    }
  }
}

extension Scores {
  /// The measures as a table: scope (all folds pooled, or one), output, measure, value.
  var csv: String {
    var lines = ["scope,output,measure,value"]
    func add(_ scope: String, fold: Int?) {
      for (index, name) in metrics.outputNames(classes) {
        for (measure, value) in measures(output: index, fold: fold) {
          lines.append("\(scope),\(name.csvField),\(measure),\(value.map { "\($0)" } ?? "")")
        }
      }
    }
    add("pooled", fold: nil)
    for (fold, name) in foldNames.enumerated() { add("fold \(name)", fold: fold) }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension FoldMetrics {
  /// What is scored apart, with their names: classes are scored as one, without a name; several
  /// labels also together, as an output after the last.
  func outputNames(_ classes: [String]) -> [(index: Int, name: String)] {
    if case .classes = pooled { return [(0, "")] }
    return classes.enumerated().map { ($0.offset, $0.element) }
      + (probabilities?.labels == nil ? [] : [(classes.count, Self.allLabels)])
  }

  /// What the scores of all labels together are called.
  static let allLabels = "all labels"
}

/// The ids of segments for their style: each, or only the first and the last where they are many.
private struct NamedIDs {
  /// More have no colour of their own.
  private static let limit = 4096
  private var known: Set<UInt32> = []
  private var range: ClosedRange<UInt32>?

  mutating func add(_ raster: SegmentRaster) {
    for id in raster.ids where id != SegmentRaster.none {
      let last = range ?? id...id
      range = min(last.lowerBound, id)...max(last.upperBound, id)
      if known.count <= Self.limit { known.insert(id) }
    }
  }

  var style: QMLStyle {
    known.count <= Self.limit
      ? .segments(ids: known.sorted())
      : .segments(from: range?.lowerBound ?? 1, to: range?.upperBound ?? 1)
  }
}
