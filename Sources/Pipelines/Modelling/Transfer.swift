import Foundation
import Networks
import Rasters
import Tensors

/// How a network starts from the model of another pipeline, and what of it is trained further.
struct Transfer: Sendable {
  /// What a training does with the model that it starts from.
  enum Mode: String, CaseIterable, Sendable {
    /// Nothing: it is the training without it, to compare with.
    case scratch
    /// What is taken of the branches stays; the head is new.
    case frozen
    /// Everything is taken and trained, the branches at a tenth of the rate.
    case fineTuned = "fine-tuned"
  }

  /// The options of `train`; absent ones leave what a training is as it was without them.
  static let options = [
    OptionSpec(
      "from", .file, default: .optional,
      "A model file that a network starts from: layers are matched by name, the bands and outputs "
        + "they read and make by theirs.", example: "\"source.safetensors\""),
    OptionSpec(
      "mode", .choice(Mode.allCases.map(\.rawValue)), default: .optional,
      "What becomes of 'from': 'fine-tuned' (by default) trains everything, what is taken of "
        + "branches at a tenth of the rate; 'frozen' keeps that and trains a new head; 'scratch' "
        + "ignores 'from', 'freeze' and 'rates'."),
    OptionSpec(
      "freeze", .list(of: .string), default: .optional,
      "Parts that are taken and not trained: types of branches, 'branches', 'head', or layers as "
        + "model files name them.", example: "[\"patch-cnn\", \"head.hidden1\"]"),
    OptionSpec(
      "rates", .map(of: .number(0...1000)), default: .optional,
      "Factors of the learning rate, by part; the narrowest part that names a layer counts.",
      example: "{ \"patch-cnn\": 0.1, head: 1 }"),
  ]

  /// The model file.
  let path: String
  /// The factor of the learning rate of every parameter.
  let rates: [String: Double]
  /// What was found, for people.
  let notes: TransferNotes
  /// The SHA-256 of the files that the source's samples are from.
  let sampleFiles: [String]
  private let plan: ModelTransfer

  /// Reads the options of a training; nil where all its parameters are drawn.
  init?(_ request: PlanRequest, _ architecture: ModelArchitecture) throws {
    let options = request.options
    let mode = options.optionalString("mode").flatMap(Mode.init(rawValue:))
    guard mode != .scratch else { return nil }
    guard let path = options.optionalFilePath("from") else {
      if let key = ["mode", "freeze", "rates"].first(where: options.has) {
        throw request.failure(key, "needs 'from', the model file to start from")
      }
      return nil
    }
    guard request.options.string("method") == Predictor.Method.network.rawValue else {
      throw request.failure(
        "from", "only a network starts from another; mode: 'scratch' ignores the file")
    }
    let (bytes, package, source) = try Self.source(request, path)
    let own = ModelTransfer.Names(
      bands: try Stack.cube(request, "cube").bands.map(\.name),
      outputs: try request.samples("samples").classes)
    let theirs = ModelTransfer.Names(
      bands: package.notes.bands.map(\.name), outputs: package.notes.classes)
    self.path = path
    sampleFiles = package.notes.sampleFiles ?? []
    let plan = try ModelTransfer(
      from: source, theirs, to: architecture, own, takesHead: mode != .frozen)
    guard plan.layers.contains(where: \.isTaken) else {
      let reasons = plan.layers.compactMap(\.reason)
      throw request.failure(
        "from", "nothing of \(path) can be taken: \(reasons.first ?? "it has no layers")")
    }
    let parts = try TransferParts(request, architecture, plan)
    let tensors = try Model(architecture: architecture, seed: 0).parameters.parameters("")
      .map(\.name)
    let rates = Dictionary(
      uniqueKeysWithValues: tensors.map { name in
        (name, parts.rate(of: name) ?? Self.rate(of: name, mode ?? .fineTuned, plan))
      })
    self.plan = plan
    self.rates = rates
    notes = TransferNotes(
      source: SHA256.digest(bytes).hex, mode: (mode ?? .fineTuned).rawValue, plan, own, theirs,
      rates: rates)
  }

  /// A model with what is taken, all else drawn from a seed.
  func start(seed: UInt64) throws -> Model { try plan.start(seed: seed) }

  /// Whether the outputs are those of the source, in its units.
  var takesOutput: Bool { plan.takesOutput }

  /// What decides the training: the content of the file and what the options make of it.
  var identity: [String] {
    ["from \(notes.source)", notes.mode == Mode.frozen.rawValue ? "new head" : "head"]
      + rates.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
  }

  /// What begins anew learns at the full rate, in every mode.
  private static func rate(of tensor: String, _ mode: Mode, _ plan: ModelTransfer) -> Double {
    guard plan.takes(tensor), !ModelArchitecture.isPart("head", of: tensor) else { return 1 }
    return mode == .frozen ? 0 : 0.1
  }

  private static func source(
    _ request: PlanRequest, _ path: String
  ) throws -> ([UInt8], ModelPackage, Model) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw request.failure("from", "\(path) cannot be read")
    }
    let packages: [ModelPackage]
    do {
      packages = try ModelEnsemble([UInt8](data)).packages
    } catch {
      throw request.failure("from", "\(path): \(error)")
    }
    guard packages.count == 1, let package = packages.first else {
      throw request.failure("from", "\(path) holds \(packages.count) models; expected one")
    }
    guard let model = package.predictor.network else {
      throw request.failure(
        "from", "\(path) holds a \(package.predictor.method.rawValue); expected a network")
    }
    return ([UInt8](data), package, model)
  }
}

/// The parts of a model that the user froze or gave a rate.
private struct TransferParts {
  /// Factors by the beginnings of tensors' names.
  private var factors: [String: Double] = [:]

  init(
    _ request: PlanRequest, _ architecture: ModelArchitecture, _ plan: ModelTransfer
  ) throws {
    for (part, value) in request.options.map("rates") {
      for prefix in try Self.prefixes(part, "rates", request, architecture) {
        // A branch by its own name goes before its type.
        if prefix == part || factors[prefix] == nil { factors[prefix] = value.number ?? 1 }
      }
    }
    for part in request.options.strings("freeze") {
      if request.options.map("rates").contains(where: { $0.key == part && $0.value.number != 0 }) {
        throw request.failure("freeze", "'\(part)' is frozen and has a rate; expected one of both")
      }
      for prefix in try Self.prefixes(part, "freeze", request, architecture) {
        factors[prefix] = 0
        try Self.requireTaken(prefix, request, plan)
      }
    }
  }

  private static func prefixes(
    _ part: String, _ key: String, _ request: PlanRequest, _ architecture: ModelArchitecture
  ) throws -> [String] {
    if let found = architecture.prefixes(ofPart: part) { return found }
    throw request.failure(
      key,
      "the network has no part '\(part)'" + Suggestion.phrase(part, among: architecture.partNames))
  }

  /// What somebody wants to keep as it was learnt must be there.
  private static func requireTaken(
    _ prefix: String, _ request: PlanRequest, _ plan: ModelTransfer
  ) throws {
    for layer in plan.layers {
      guard
        ModelArchitecture.isPart(prefix, of: layer.name)
          || ModelArchitecture.isPart(layer.name, of: prefix),
        let reason = layer.reason
      else { continue }
      throw request.failure("freeze", "'\(layer.name)' cannot be taken: \(reason)")
    }
  }

  /// The factor that the narrowest part gives a tensor.
  func rate(of tensor: String) -> Double? {
    factors.filter { ModelArchitecture.isPart($0.key, of: tensor) }
      .max { $0.key.count < $1.key.count }?.value
  }
}

extension ModelTransfer.Layer {
  /// Why the layer begins anew.
  var reason: String? { if case .anew(let reason) = outcome { reason } else { nil } }
}
