import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Reports
import Tensors

extension ReportPage {
  /// What one must know of a model before using it.
  ///
  /// After Mitchell et al. (2019), "Model cards for model reporting".
  func card(_ model: ModelProduct) throws -> HTMLReport.Table {
    let package = try ModelPackage(try executor.value(model.parts[0].node))
    var rows = [
      ["What it tells", tells(model, package.notes)],
      ["Meant for", meant(package)],
      ["How it decides", decides(model, package)],
      ["Input", input(package)],
    ]
    if let transfer = package.notes.transfer {
      rows.append(["Started from", transfer.sentences.joined(separator: "; ") + "."])
    }
    if let training = model.training { rows.append(["Samples", try samples(training)]) }
    let scores = try plan.products.compactMap { _, product -> Scores? in
      guard case .scores(let scores) = product, scores.model?.tag == model.tag else { return nil }
      return try Scores.stored(try executor.value(scores.node))
    }
    rows.append(["How good it is", package.notes.intervals?.quality ?? quality(scores)])
    rows.append(["Limits", try limits(model, package, scores).joined(separator: " ")])
    if !model.members.isEmpty || model.training != nil {
      let digest = SHA256.digest(try executor.value(model.node)).hex
      rows.append(["File", "\(model.tag).safetensors, SHA-256 begins \(digest.prefix(16))"])
    }
    return HTMLReport.Table("Model card", columns: ["Question", "Answer"], rows: rows)
  }

  private func tells(_ model: ModelProduct, _ notes: ModelNotes) -> String {
    let names = model.classes.map { "'\($0)'" }.joined(separator: ", ")
    return switch model.architecture.head.kind {
    case .softmax: "Probabilities of the classes \(names), which add up to 1."
    case .sigmoid: "A probability for each of \(names), apart from the others."
    case .linear: "Values of \(names)." + learnt(notes)
    }
  }

  /// What was learnt of values, where it is not the values as they are.
  private func learnt(_ notes: ModelNotes) -> String {
    guard let transforms = notes.transforms else { return "" }
    let words = zip(notes.classes, transforms).map { "\($0): \(ValueIntervals.words($1))" }
    return " It has learnt, of \(words.joined(separator: "; of ")); taken back, what it tells is a "
      + "median rather than a mean."
  }

  private func meant(_ package: ModelPackage) -> String {
    let names = package.notes.sources.map(\.feature)
    var seen: Set<String> = []
    let features = names.filter { seen.insert($0).inserted }
    return
      "Maps from rasters with the same \(features.count) features, found by name and in the same "
      + "units: \(features.abridged)."
  }

  private func decides(_ model: ModelProduct, _ package: ModelPackage) -> String {
    var text = package.predictor.phrase
    let branches = model.architecture.branches.map { branch in
      switch branch {
      case .spectral: "spectral-cnn"
      case .patch: "patch-cnn"
      case .graph: "graph"
      }
    }
    if !branches.isEmpty { text += "; branches: \(branches.joined(separator: ", "))" }
    if let words = model.architecture.fusionWords { text += "; joined by \(words)" }
    if model.members.count > 1 { text += "; \(model.members.count) of them together" }
    if let window = model.architecture.largestWindow {
      text += ". It sees \(window) x \(window) cells around a place"
    }
    return text + "."
  }

  private func input(_ package: ModelPackage) -> String {
    let inner = [Recipe.raw, Recipe.modelInputs]
    let steps = package.notes.preparation.map(\.type).filter { !inner.contains($0) }
    return "\(package.notes.bands.count) bands, made by "
      + (steps.isEmpty ? "reading alone" : steps.joined(separator: ", "))
      + "; the file holds these steps and what they fitted."
  }

  private func samples(_ training: ModelProduct.Training) throws -> String {
    let set = try SampleSet.stored(try executor.value(training.samples.node))
    let counts = zip(training.samples.classes, set.counts).map { "\($1) '\($0)'" }
    let files = (plan.planner.sources[training.samples.tag] ?? []).map(\.path)
    return "\(set.count) from '\(training.samples.tag)'"
      + (files.isEmpty ? "" : " (\(files.joined(separator: ", ")))")
      + (set.kind == .linear ? "." : ": \(counts.joined(separator: ", ")).")
  }

  /// The leading measures of the first validation.
  private func quality(_ scores: [Scores]) -> String {
    guard let scores = scores.first else {
      return "Unknown: it was not validated in this pipeline."
    }
    let wanted = ["ROC AUC", "balanced accuracy", "F1", "R2", "RMSE"]
    let parts = scores.metrics.outputNames(scores.classes).map { output, name in
      let measures = scores.measures(output: output).filter { wanted.contains($0.name) }
        .compactMap { measure in
          measure.value.map { "\(measure.name) \(String(format: "%.3f", $0))" }
        }
      return (name.isEmpty ? "" : "\(name): ") + measures.joined(separator: ", ")
    }
    return "On places that it has not seen, \(scores.foldNames.count) folds by "
      + "\(scores.method.rawValue): \(parts.joined(separator: "; "))."
  }

  /// What speaks against trusting it.
  private func limits(
    _ model: ModelProduct, _ package: ModelPackage, _ scores: [Scores]
  ) throws -> [String] {
    var limits = ["It knows the area and the range of values of its samples."]
    let maps = layers.filter { layer in
      guard case .raster(let raster) = layer.product else { return false }
      return raster.model?.tag == model.tag
    }.map(\.product.tag)
    for layer in layers where maps.contains(layer.head) {
      guard let share = try pictures.share(of: PixelFlags.outsideRange, in: layer) else { continue }
      limits.append(
        "On about \(NumberText.short(100 * share, significant: 2)) % of the map a feature is outside "
          + "that range (see '\(layer.product.tag)').")
    }
    if scores.contains(where: { $0.method == .random }) {
      limits.append("Its scores are from random cells and flatter it.")
    }
    if model.needsSegments {
      limits.append("Its superpixels are those of this map: it is transductive.")
    }
    limits += package.notes.intervals?.limits ?? []
    if !model.isCalibrated, package.notes.calibration == nil,
      model.architecture.head.kind != .linear
    {
      limits.append("Its probabilities are not calibrated.")
    }
    return limits
  }
}
