import Foundation
import Networks
import Tensors

/// What a training took from another model, as its file, its run and its report say it.
struct TransferNotes: Codable, Sendable, Equatable {
  /// A layer that begins anew.
  struct Anew: Codable, Sendable, Equatable {
    var layer: String
    var reason: String
  }

  /// The SHA-256 of the model file that the training started from.
  var source: String
  var mode: String
  /// The layers whose parameters are all taken.
  var taken: [String]
  /// The layers of which those of shared bands, features or outputs are.
  var partly: [String]
  var anew: [Anew]
  /// The bands of both models, of the new one alone and of the source alone.
  var sharedBands: [String]
  var newBands: [String]
  var droppedBands: [String]
  /// The outputs of both models and of the new one alone.
  var sharedOutputs: [String]
  var newOutputs: [String]
  /// The layers that are not trained, and the factors of those that are not trained at the full rate.
  var frozen: [String]
  var rates: [String: Double]

  init(
    source: String, mode: String, _ plan: ModelTransfer, _ own: ModelTransfer.Names,
    _ theirs: ModelTransfer.Names, rates: [String: Double]
  ) {
    self.source = source
    self.mode = mode
    taken = plan.layers.filter { $0.outcome == .taken }.map(\.name)
    partly = plan.layers.filter { $0.outcome == .partly }.map(\.name)
    anew = plan.layers.compactMap { layer in
      layer.reason.map { Anew(layer: layer.name, reason: $0) }
    }
    sharedBands = own.bands.filter(theirs.bands.contains)
    newBands = own.bands.filter { !theirs.bands.contains($0) }
    droppedBands = theirs.bands.filter { !own.bands.contains($0) }
    sharedOutputs = own.outputs.filter(theirs.outputs.contains)
    newOutputs = own.outputs.filter { !theirs.outputs.contains($0) }
    var factors: [String: Set<Double>] = [:]
    for (tensor, rate) in rates {
      let layer = tensor.lastIndex(of: ".").map { String(tensor[..<$0]) } ?? tensor
      factors[layer, default: []].insert(rate)
    }
    frozen = plan.layers.map(\.name).filter { factors[$0] == [0] }
    self.rates = factors.compactMapValues { $0.count == 1 ? $0.first : nil }
      .filter { $0.value != 1 && $0.value != 0 }
  }
}

extension TransferNotes {
  /// What was taken, in a few sentences.
  var sentences: [String] {
    var result = [
      "\(mode) from the model with SHA-256 \(source.prefix(16)): "
        + "\(taken.count + partly.count) of \(taken.count + partly.count + anew.count) layers taken"
        + (frozen.isEmpty ? "" : ", \(frozen.count) of them not trained")
    ]
    if !newBands.isEmpty {
      result.append("bands that it did not have, with weights from zero: \(newBands.abridged)")
    }
    if !droppedBands.isEmpty {
      result.append("bands that it had and that are dropped: \(droppedBands.abridged)")
    }
    if !anew.isEmpty {
      var seen: Set<String> = []
      let first = anew.filter { seen.insert($0.reason).inserted }
      result.append(
        "begun anew: " + first.map { "'\($0.layer)' (\($0.reason))" }.joined(separator: ", "))
    }
    if !partly.isEmpty { result.append("taken in part: \(partly.joined(separator: ", "))") }
    return result
  }
}

extension Planner {
  /// The files of points, or other features, that a stage and those before it read.
  func pointFiles(below tag: String) -> [String] {
    let known = sources
    var seen: Set<String> = []
    var open = [tag]
    var result: Set<String> = []
    while let next = open.popLast() {
      guard seen.insert(next).inserted else { continue }
      for source in known[next] ?? [] {
        if case .layer = source.reading { result.insert(source.path) }
      }
      open += document.stage(next)?.dependencies ?? []
    }
    return result.sorted()
  }
}

extension Runner.Plan {
  /// The trainings that start from other models, by tag.
  var transfers: [(tag: String, transfer: Transfer)] {
    products.compactMap { tag, product in
      guard case .model(let model) = product, document.stage(tag)?.type == "train",
        let transfer = model.training?.fitting.transfer
      else { return nil }
      return (tag, transfer)
    }
  }

  /// What is taken from other models, in a sentence each.
  var transferNotes: [String] {
    transfers.flatMap { tag, transfer in transfer.notes.sentences.map { "'\(tag)': \($0)" } }
  }

  /// The trainings that start from a model of the very samples that they are scored on.
  var transferRemarks: [String] {
    transfers.compactMap { tag, transfer in
      guard case .model(let model) = products.first(where: { $0.tag == tag })?.product,
        let samples = model.training?.samples.tag
      else { return nil }
      let same = planner.pointFiles(below: samples).first { file in
        guard let data = FileManager.default.contents(atPath: file) else { return false }
        return transfer.sampleFiles.contains(SHA256.digest([UInt8](data)).hex)
      }
      return same.map { file in
        "'\(tag)' starts from a model that was trained on samples of the same file, \(file): if "
          + "its places are among those of the tests, scores are too good"
      }
    }
  }
}
