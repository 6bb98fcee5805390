import Explanation
import Foundation
import Learning
import Networks
import Reports

/// Samples in a plane in which those of like features stand together.
struct SampleEmbedding: Codable, Sendable {
  /// Positions in the set.
  var positions: [Int]
  /// Samples x 2.
  var places: [Double]
  /// Whether each sample is one that the model had not seen.
  var isHeldOut: [Bool]
  var divergence: Double
  /// nil of few samples.
  var trustworthiness: Double?
  var perplexity: Double
  var features: Int

  /// How many neighbours trustworthiness looks at.
  static let neighbors = 5

  /// Embeds samples of a model's features; at least 4.
  init(_ samples: SampleFeatures, isHeldOut: [Bool], _ options: TSNE.Options) throws {
    guard samples.positions.count >= 4 else {
      throw ExecutionError.data(
        "\(samples.positions.count) samples have every band and segment they need; a map of "
          + "samples needs 4 or more")
    }
    let map = try TSNE(samples.points, options: options)
    positions = samples.positions
    places = map.places
    self.isHeldOut = isHeldOut
    divergence = map.divergence
    perplexity = map.perplexity
    features = samples.points.dimensions
    trustworthiness = samples.points.trustworthiness(of: map.places, neighbors: Self.neighbors)
  }
}

/// Draws embedded samples and lists them.
struct EmbeddingFigures: Sendable {
  let model: ModelProduct
  /// The output that colours samples.
  let output: Int
  /// The number of each part's fold; nil for the shipped model.
  let folds: [Int?]

  /// What the features are called.
  private var phrase: String { ModelFeatures.phrase(model.method) }

  /// A figure for each embedding, in the order of the folds.
  func figures(_ parts: [SampleEmbedding], _ set: SampleSet) -> [Figure] {
    zip(parts, folds).map { part, fold in
      Figure(
        name: fold.map { "fold-\($0 + 1)" } ?? "samples",
        title: fold.map { "Samples by \(phrase), fold \($0 + 1)" } ?? "Samples by \(phrase)",
        description: "Samples in a plane; those of like features stand together.",
        caption: caption(part, fold), content: content(part, set))
    }
  }

  private func caption(_ part: SampleEmbedding, _ fold: Int?) -> String {
    let kept = part.trustworthiness.map {
      String(format: "trustworthiness of %d neighbours %.3f", SampleEmbedding.neighbors, $0)
    }
    let held = part.isHeldOut.count { $0 }
    return
      "t-SNE of the \(phrase) (\(part.features)) of \(part.positions.count) samples, perplexity "
      + "\(NumberText.short(part.perplexity)): divergence \(String(format: "%.3f", part.divergence)) "
      + "nats" + (kept.map { ", " + $0 } ?? "")
      + ". Who stands together is alike; distances between "
      + "groups and their sizes mean little. "
      + (fold == nil
        ? "The model was trained on these samples: classes stand farther apart than at places that "
          + "it has not seen."
        : "Pale samples were trained on by the model of this fold; \(held) were not.")
  }

  private func content(_ part: SampleEmbedding, _ set: SampleSet) -> Figure.Content {
    let (x, y) = ("first coordinate", "second coordinate")
    func places(_ axis: Int, _ some: [Int]) -> [Double] { some.map { part.places[2 * $0 + axis] } }
    if model.architecture.head.kind == .linear {
      let values = part.positions.map { position -> Double in
        if case .values(let values) = set.samples[position].target {
          Double(values[output])
        } else {
          .nan
        }
      }
      let known = values.filter(\.isFinite)
      let (low, high) = (known.min() ?? 0, known.max() ?? 1)
      return .points(
        x: x, y: y, color: model.classes[output],
        values.indices.map { index in
          Figure.Point(
            x: part.places[2 * index], y: part.places[2 * index + 1],
            share: high > low ? (values[index] - low) / (high - low) : 0.5, number: values[index])
        })
    }
    let groups = set.groups(of: part.positions, output: output, model)
    let hasHeldOut = part.isHeldOut.contains(true)
    return .groups(
      x: x, y: y,
      groups.names.indices.flatMap { number -> [Figure.Group] in
        let own = groups.ofSample.indices.filter { groups.ofSample[$0] == number }
        let seen = own.filter { !part.isHeldOut[$0] }
        let rest = own.filter { part.isHeldOut[$0] }
        let name = groups.names[number]
        let trained = Figure.Group(
          hasHeldOut ? "\(name), trained on" : name, x: places(0, seen), y: places(1, seen),
          color: number, isPale: hasHeldOut)
        guard hasHeldOut else { return [trained] }
        return [
          trained,
          Figure.Group(
            "\(name), held out", x: places(0, rest), y: places(1, rest), color: number),
        ]
      })
  }

  /// One line for each sample and embedding: who it is, where, of which class, and its coordinates.
  func csv(_ parts: [SampleEmbedding], _ set: SampleSet) -> String {
    var lines = ["id,x,y,model,class,held out,first,second"]
    for (part, fold) in zip(parts, folds) {
      let word = fold.map { "fold \($0 + 1)" } ?? "shipped"
      let kind = model.architecture.head.kind
      let groups = set.groups(of: part.positions, output: output, model)
      for (index, position) in part.positions.enumerated() {
        let sample = set.samples[position]
        var value = groups.names[groups.ofSample[index]]
        if kind == .linear, case .values(let values) = sample.target {
          value = values[output].isNaN ? "" : "\(values[output])"
        }
        lines.append(
          "\(sample.id),\(sample.x),\(sample.y),\(word),\(value.csvField),"
            + "\(part.isHeldOut[index] ? 1 : 0),\(part.places[2 * index]),"
            + "\(part.places[2 * index + 1])")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
