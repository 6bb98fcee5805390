import Foundation
import Learning
import Rasters
import Reports
import Segmentation

extension ReportPage {
  /// What a model is and how its training went.
  func modelSection(_ model: ModelProduct) throws -> HTMLReport.Section {
    var blocks: [HTMLReport.Block] = [.table(try card(model))]
    if model.parts.count > 1 {
      blocks.append(
        .text(
          "\(model.parts.count) models, \(model.variation.phrase); "
            + (model.combination == .average
              ? "the map is the mean of theirs." : "the map is the share of them that agree.")))
    }
    if model.variation == .sizes {
      for part in model.parts { blocks += try modelBlocks(part) }
    } else {
      blocks.append(try membersTable(model))
    }
    return HTMLReport.Section("Model: \(model.tag)", blocks)
  }

  /// The trainings of an ensemble, which are too alike for a chart each.
  private func membersTable(_ model: ModelProduct) throws -> HTMLReport.Block {
    let rows = try model.members.enumerated().map { number, member in
      let notes = try ModelPackage(try executor.value(member.node)).notes
      let accuracy = notes.trainingMetrics?.classes()?.accuracy
      return [
        model.variation == .seeds ? "\(notes.seed)" : "\(number + 1)",
        "\(notes.record.trainingCount)", "\(notes.record.bestEpoch)",
        accuracy.map { String(format: "%.3f", $0) } ?? "-",
      ]
    }
    return .table(
      HTMLReport.Table(
        "The models",
        columns: [
          model.variation == .seeds ? "Seed" : "Without fold", "Samples trained on", "Best epoch",
          "Training accuracy",
        ], rows: rows))
  }

  private func modelBlocks(_ model: ModelProduct) throws -> [HTMLReport.Block] {
    let package = try ModelPackage(try executor.value(model.node))
    var blocks: [HTMLReport.Block] = [.text(facts(model, package))]
    if let unlabelled = package.notes.unlabelled { blocks.append(.text(words(unlabelled))) }
    if let tuning = package.notes.tuning { blocks.append(.table(table(tuning))) }
    return blocks + package.figures.map(\.block)
      + (package.notes.calibration?.blocks ?? []) + (package.notes.intervals?.blocks ?? [])
  }

  private func facts(_ model: ModelProduct, _ package: ModelPackage) -> String {
    let record = package.notes.record
    let segments = model.needsSegments ? model.training?.segments : nil
    let size = segments.map {
      " on superpixels of about \(NumberText.short($0.lattice.size)) cells"
    }
    var text =
      "\(package.predictor.phrase)\(size ?? ""); "
      + "\(record.trainingCount) samples trained on"
    if let added = record.addedCount, added > 0 { text += " and \(added) made of them" }
    if !record.epochs.isEmpty {
      text +=
        ", \(record.validationCount) watched for early stopping; the weights are those "
        + (record.bestEpoch == 0
          ? "that the training started from: no epoch made them better"
          : "of epoch \(record.bestEpoch)")
    }
    text += ". \(package.notes.unusableSamples) samples could not be used."
    if model.needsSegments {
      text +=
        " \(package.notes.samplesInSharedSegments) training samples share their segment with "
        + "others; in \(package.notes.conflictingSegments) segments they do not agree."
    }
    return text
  }

  private func words(_ unlabelled: UnlabelledNotes) -> String {
    let count = unlabelled.unlabelledCount
    let share = unlabelled.expectedPositives / Double(max(1, count))
    return "\(count) samples are unlabelled: they weigh as positive as far as models that have not "
      + "seen them say, "
      + "\(NumberText.short(unlabelled.expectedPositives)) of them in all (\(percent(share))); the "
      + "share of positives that are labelled is put at \(percent(unlabelled.labelFrequency))."
  }

  private func percent(_ share: Double) -> String { "\(NumberText.short(100 * share)) %" }

  private func table(_ tuning: NestedTuning.Outcome) -> HTMLReport.Table {
    HTMLReport.Table(
      "Candidates, compared on folds inside the training part",
      columns: ["Candidate", tuning.measure, "Taken"],
      rows: zip(tuning.candidates, tuning.scores).enumerated().map { index, row in
        [
          row.0, row.1.map { NumberText.short($0) } ?? "-", index == tuning.best ? "yes" : "",
        ]
      })
  }
}

extension Variation {
  /// What each model is for.
  fileprivate var phrase: String {
    switch self {
    case .sizes: "one for each size of superpixels"
    case .seeds: "trained on the same samples by different seeds"
    case .folds: "each trained without the test places of a fold"
    }
  }
}
