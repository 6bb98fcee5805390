import Learning
import Rasters
import Reports
import Segmentation

extension ReportPage {
  /// What a model is and how its training went.
  func modelSection(_ model: ModelProduct) throws -> HTMLReport.Section {
    var blocks: [HTMLReport.Block] = []
    if model.parts.count > 1 {
      blocks.append(
        .text(
          "\(model.parts.count) models, one for each size of superpixels; "
            + (model.combination == .average
              ? "the map is the mean of theirs." : "the map is the share of them that agree.")))
    }
    for part in model.parts { blocks += try modelBlocks(part) }
    return HTMLReport.Section("Model: \(model.tag)", blocks)
  }

  private func modelBlocks(_ model: ModelProduct) throws -> [HTMLReport.Block] {
    let package = try ModelPackage(try executor.value(model.node))
    return [.text(facts(model, package))]
      + package.figures.map { .chart($0.chart, caption: $0.caption) }
  }

  private func facts(_ model: ModelProduct, _ package: ModelPackage) -> String {
    let record = package.notes.record
    let word = ["network": "A network", "random-forest": "A random forest"]
    let segments = model.needsSegments ? model.training?.segments : nil
    let size = segments.map {
      " on superpixels of about \(NumberText.short($0.lattice.size)) cells"
    }
    var text =
      "\(word[model.method.rawValue] ?? "A logistic regression") of \(package.predictor.summary)\(size ?? ""); "
      + "\(record.trainingCount) samples trained on"
    if let added = record.addedCount, added > 0 { text += " and \(added) made of them" }
    if !record.epochs.isEmpty {
      text +=
        ", \(record.validationCount) watched for early stopping; the weights are those of epoch "
        + "\(record.bestEpoch)"
    }
    text += ". \(package.notes.unusableSamples) samples could not be used."
    if model.needsSegments {
      text +=
        " \(package.notes.samplesInSharedSegments) training samples share their segment with "
        + "others; in \(package.notes.conflictingSegments) segments they do not agree."
    }
    return text
  }
}
