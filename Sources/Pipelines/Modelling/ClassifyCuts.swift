import Foundation
import Learning
import Networks
import Rasters

/// The numbers that a map is cut at, and what to say of them in its metadata.
struct ClassifyCuts: Codable, Sendable {
  var values: [Double]
  var facts: [String: String]

  var bytes: [UInt8] { get throws { [UInt8](try JSONEncoder.stable.encode(self)) } }
}

/// The threshold of `above`, given or found.
struct ClassifyThreshold {
  let request: PlanRequest
  let input: RasterProduct
  let band: Int

  init(_ request: PlanRequest, _ input: RasterProduct, _ band: Int) {
    (self.request, self.input, self.band) = (request, input, band)
  }

  /// The cut, as `ClassifyCuts`.
  func node() throws -> Node {
    if let given = request.options.optionalDouble("threshold") {
      return request.constant(
        try ClassifyCuts(values: [given], facts: ["THRESHOLD": "\(given)"]).bytes)
    }
    guard case .scores(let scores) = request.inputs["scores"]?.first,
      let model = scores.model, let samples = model.samples
    else {
      throw request.failure(
        "threshold", "\"youden\" needs the scores of 'validate' as 'scores' among the inputs")
    }
    if let own = input.model, own.node !== model.node {
      throw request.failure(
        "inputs", "'\(scores.tag)' are scores of '\(model.tag)', not of '\(own.tag)'")
    }
    let name = input.bands[band].name
    guard let output = model.classes.firstIndex(of: name), samples.kind != .linear else {
      throw request.failure(
        "threshold", "'\(scores.tag)' have no predictions of a class '\(name)'")
    }
    return request.planner.node(
      Node(
        name: request.name + "/threshold", kind: .value, identity: ["youden 1", "\(output)"],
        edges: [.all(scores.node), .all(samples.node)], policy: request.policy
      ) { context in
        let found = try Scores.stored(try context.value(0)).outOfFold(
          output, try SampleSet.stored(try context.value(1)))
        guard let best = YoudenThreshold(scores: found.scores, isPositive: found.isPositive) else {
          throw ExecutionError.data(
            "no threshold of '\(name)': the tested samples do not have both with and without it")
        }
        return .bytes(
          try ClassifyCuts(
            values: [best.value],
            facts: ["THRESHOLD": "\(Float(best.value))", "YOUDEN_J": "\(Float(best.index))"]
          ).bytes)
      })
  }
}
