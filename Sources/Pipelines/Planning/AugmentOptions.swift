import Learning
import Networks

/// The option `augment` of `train`.
enum AugmentOptions {
  /// The option, a list of ways that follow one another.
  static let option = OptionSpec(
    "augment", .list(of: .typed(types)), default: [],
    "Makes further samples of those that are trained on, after everything was divided: synthetic "
      + "ones of rarer classes between neighbours ('smote', 'borderline-smote', 'adasyn'), or "
      + "changed copies. Each works on what those before it left.",
    example: "[{ type: \"smote\", neighbors: 5 }]")

  private static let types: [String: [OptionSpec]] = {
    let neighbors = OptionSpec(
      "neighbors", .integer(1...1000), default: 5, unit: "samples",
      "The nearest samples of its own class that a synthetic sample may lie toward.")
    let ratio = OptionSpec(
      "ratio", .number(.leastNonzeroMagnitude...10), default: 1,
      "The size of a rarer class afterwards, as a share of the most frequent one.")
    let copies = OptionSpec(
      "copies", .integer(1...1000), default: 1, unit: "copies", "Copies of every sample.")
    return [
      "smote": [neighbors, ratio],
      "borderline-smote": [
        neighbors,
        OptionSpec(
          "border", .integer(1...1000), default: 10, unit: "samples",
          "The nearest samples of any class that tell whether one is near the border."),
        ratio,
      ],
      "adasyn": [neighbors, ratio],
      "noise": [
        OptionSpec(
          "deviation", .number(0...1e6), default: 0.1, unit: "band units",
          "The standard deviation of the noise; bands should be standardized."), copies,
      ],
      "random-drop": [
        OptionSpec(
          "rate", .number(0...1), default: 0.1,
          "The chance of a band to hold the mean of the training samples instead."), copies,
      ],
      "shift": [
        OptionSpec(
          "distance", .integer(1...20), default: 1, unit: "cells",
          "How many columns and rows a copy is read beside its sample, at most."),
        OptionSpec(
          "copies", .integer(1...40_000), default: 8, unit: "copies",
          "Copies of every sample, as many as there are cells around it that may be seen."),
      ],
      "rotate-flip": [],
    ]
  }()

  /// The ways that a request asks for.
  static func augmentations(
    _ request: PlanRequest, _ options: OptionValues, _ architecture: ModelArchitecture
  ) throws -> [Augmentation] {
    try options.objects("augment").map { type, values in
      switch type {
      case "noise":
        return .noise(deviation: values.float("deviation"), copies: values.int("copies"))
      case "random-drop": return .drop(rate: values.float("rate"), copies: values.int("copies"))
      case "shift":
        return .shift(distance: values.int("distance"), copies: values.int("copies"))
      case "rotate-flip":
        let hasWindow = architecture.branches.contains {
          if case .patch = $0 { true } else { false }
        }
        guard hasWindow else {
          throw request.failure("augment", "'rotate-flip' turns windows; no branch reads any")
        }
        return .rotateFlip
      default: return .oversample(try oversampling(request, type, values, architecture))
      }
    }
  }

  private static func oversampling(
    _ request: PlanRequest, _ type: String, _ values: OptionValues,
    _ architecture: ModelArchitecture
  ) throws -> Oversampling {
    guard architecture.graphBranch == nil else {
      throw request.failure(
        "augment",
        "'\(type)' makes samples that belong to no superpixel, which a graph branch needs")
    }
    guard architecture.head.kind == .softmax else {
      throw request.failure(
        "augment", "'\(type)' evens classes out; the samples have labels or values")
    }
    return Oversampling(
      Oversampling.Method(rawValue: type) ?? .smote, neighbors: values.int("neighbors"),
      borderNeighbors: type == "borderline-smote" ? values.int("border") : nil,
      ratio: values.double("ratio"))
  }
}
