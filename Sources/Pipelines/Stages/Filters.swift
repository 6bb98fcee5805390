import Explanation
import Foundation
import Learning
import Networks
import Reports

/// Shows the kernels of a network's first layers and which features excite them.
enum Filters: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "filters",
    summary: "Shows the kernels of a network's first convolutions and what excites them.",
    details: """
      For every branch with a convolution: the kernels, and how much more each filter is excited at \
      the training samples of a class than at the others, feature by feature. Of a 'spectral-cnn' that \
      is the activation with the kernel's middle at a band, of a 'patch-cnn' what a band adds over the \
      window. Bands are the model's own, such as log-ratios.
      """,
    options: [
      OptionSpec(
        "class", .string, default: .optional,
        "The class or label whose samples are compared with the others; by default the last.",
        example: "\"deposit\""),
      OptionSpec(
        "samples", .integer(1...100_000), default: 1000, unit: "samples",
        "The most samples that are taken, drawn by the seed."),
    ],
    inputs: [InputDefinition("model", [.model], "The model to look into.")],
    output: .figures,
    example: #"""
      { type: "filters", class: "deposit", inputs: ["model"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let inspection = try ModelInspection(request, scale: .logOdds)
    let model = inspection.model
    let hasConvolution = model.architecture.branches.contains {
      switch $0 {
      case .spectral(let branch): !branch.filters.isEmpty
      case .patch: true
      case .graph: false
      }
    }
    guard model.method == .network, hasConvolution, model.architecture.head.kind != .linear else {
      throw request.failure(
        "inputs", "needs a network of classes or labels with a 'spectral-cnn' or a 'patch-cnn'")
    }
    let name = model.classes[inspection.output]
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value, identity: request.identity() + ["\(request.seed)"],
        edges: inspection.edges
      ) { context in
        let figures = try figures(try inspection.subject(context), name)
        return .bytes([UInt8](try JSONEncoder.stable.encode(figures)))
      })
    return .figures(
      FiguresProduct(tag: request.tag, title: "First filters: \(model.tag)", node: node))
  }

  private static func figures(
    _ subject: ModelInspection.Subject, _ name: String
  ) throws -> [Figure] {
    guard let network = subject.predictor.network else {
      throw ExecutionError.data("only a network has filters")
    }
    return network.parameters.branchNames.indices.flatMap { branch -> [Figure] in
      guard
        let found = FilterExcitation(
          network, branch: branch, subject.response.batch,
          isOfInterest: subject.isPositive.map { $0 ?? false })
      else { return [] }
      let bands = found.bands.map { subject.bandNames[$0.lowerBound] }
      return figures(network, branch, found, bands, name)
    }
  }

  private static func figures(
    _ network: Model, _ branch: Int, _ found: FilterExcitation, _ bands: [String], _ name: String
  ) -> [Figure] {
    let word = network.parameters.branchNames[branch]
    let rows = found.kernels.indices.map { "filter \($0 + 1)" }
    var isSpectral = false
    if case .spectral = network.architecture.branches[branch] { isSpectral = true }
    let taps = isSpectral ? (found.kernels.first ?? []).indices.map { "tap \($0 + 1)" } : bands
    let strength = bands.indices.map { band in
      let values = found.excitation.map { $0[band] }.filter(\.isFinite)
      return values.isEmpty ? Double.nan : values.reduce(0) { $0 + abs($1) } / Double(values.count)
    }
    let order = bands.indices.filter { strength[$0].isFinite }
      .sorted { (strength[$1], $0) < (strength[$0], $1) }
    return [
      Figure(
        name: "\(word)-kernels", title: "Kernels of the branch '\(word)'",
        description: "Weights of the first convolution.",
        caption: isSpectral
          ? "Weights by tap." : "Weights by band, summed over the cells of the kernel.",
        content: .heat(rows: rows, columns: taps, values: found.kernels)),
      Figure(
        name: "\(word)-excitation", title: "Excitation of the branch '\(word)' by '\(name)'",
        description: "How much more filters are excited at samples of the class than at others.",
        caption: "Brown where samples of '\(name)' excite a filter more than others do.",
        content: .heat(rows: rows, columns: bands, values: found.excitation)),
      Figure(
        name: "\(word)-features", title: "Features that excite the branch '\(word)'",
        description: "Mean absolute excitation over the filters, by feature.",
        caption: "The mean absolute excitation over all filters (the first 30 features).",
        content: .bars(
          axis: "mean |excitation|", labels: order.prefix(30).map { bands[$0] },
          [Figure.Column("excitation", order.prefix(30).map { strength[$0] })])),
    ]
  }
}
