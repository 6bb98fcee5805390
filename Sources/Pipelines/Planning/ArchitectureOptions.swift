import Networks
import Rasters

/// The options that describe a network: branches and head.
enum ArchitectureOptions {
  private static let input = OptionSpec(
    "input", .string, default: .optional,
    "Which of the cubes that 'train' is given the branch reads, by its tag; by default all.",
    example: "\"image\"")

  /// The options of each kind of branch.
  static let branches: [String: [OptionSpec]] = [
    "spectral-cnn": [
      OptionSpec(
        "filters", .list(of: .integer(1...4096)), default: [20], unit: "filters",
        "The filters of each convolution."),
      OptionSpec("kernel", .integer(1...1024), default: 5, unit: "bands", "The taps of a filter."),
      OptionSpec("pool", .integer(1...64), default: 1, unit: "bands", "Max pooling after each."),
      OptionSpec(
        "width", .integer(1...4096), default: 64, unit: "features",
        "The features that the branch makes."),
      input,
    ],
    "patch-cnn": [
      OptionSpec(
        "window", .integer(1...255), default: 9, unit: "cells",
        "The window's edge, in the smaller cells of a cube that was read with 'cells'."),
      OptionSpec(
        "layers", .list(of: .typed(layers)), default: .optional,
        "Valid convolutions (each with a ReLU) and poolings; by default 3 x 3 convolutions of 32 "
          + "filters until little is left, one max pooling among them.",
        example:
          "[{ type: \"convolution\", filters: 32, kernel: 3 }, { type: \"max-pool\", size: 2 }]"),
      OptionSpec(
        "width", .integer(1...4096), default: 64, unit: "features",
        "The features that the branch makes."),
      input,
    ],
    "graph": [
      OptionSpec(
        "hops", .integer(0...32), default: 3, unit: "cells",
        "How far values spread inside a segment."),
      OptionSpec(
        "width", .integer(1...4096), default: 128, unit: "features",
        "The width of the convolutions."),
      OptionSpec(
        "output", .integer(1...4096), default: 64, unit: "features",
        "The features that the branch makes."),
      OptionSpec("dropout", .number(0...0.95), default: 0.5, "The share dropped in training."),
      OptionSpec(
        "weights", .choice(["none", "similarity", "directional"]), default: "none",
        "Whether neighbouring segments count by the likeness of their mean bands, or also by how far "
          + "they lie along the strike of elongated segments."),
      OptionSpec(
        "sigma", .number(.leastNonzeroMagnitude...1e6), default: 1, unit: "band units",
        "The root mean square difference of the mean bands at which a weight is 1/e; bands should "
          + "be standardized."),
      OptionSpec(
        "tau", .number(.leastNonzeroMagnitude...1e6), default: 0.5,
        "For 'directional': smaller values ask for edges closer to the strike."),
    ],
  ]

  /// The ways to join branches.
  static let fusions = [ModelArchitecture.Fusion.concat, .gate, .attention].map(\.rawValue)

  private static let layers: [String: [OptionSpec]] = [
    "convolution": [
      OptionSpec("filters", .integer(1...4096), default: 32, unit: "filters", "The filters."),
      OptionSpec("kernel", .integer(1...63), default: 3, unit: "cells", "The kernel's edge."),
    ],
    "max-pool": [OptionSpec("size", .integer(1...64), default: 2, unit: "cells", "Its edge.")],
    "average-pool": [OptionSpec("size", .integer(1...64), default: 2, unit: "cells", "Its edge.")],
  ]

  /// The options of each kind of head.
  static let heads: [String: [OptionSpec]] = {
    let options = [
      OptionSpec(
        "hidden", .list(of: .integer(1...4096)), default: [64], unit: "features",
        "The widths of the layers before the outputs."),
      OptionSpec("dropout", .number(0...0.95), default: 0, "The share dropped in training."),
    ]
    return ["softmax": options, "sigmoid": options, "linear": options]
  }()

  /// The architecture that a stage's options describe.
  static func architecture(
    _ request: PlanRequest, _ cube: RasterProduct, _ samples: SamplesProduct
  ) throws -> ModelArchitecture {
    let given = request.options.objects("branches")
    guard !given.isEmpty else { throw request.failure("branches", "names no branch") }
    let branches = try given.map {
      branch($0.type, $0.values, try BranchCube(request, $0.type, $0.values))
    }
    let head = request.options.object("head")
    if let head, head.type != samples.kind.rawValue {
      throw request.failure(
        "head",
        "'\(head.type)' does not fit the samples of '\(samples.tag)', which ask for "
          + "'\(samples.kind.rawValue)'")
    }
    let fusion = ModelArchitecture.Fusion(rawValue: request.options.string("fusion")) ?? .concat
    let architecture = ModelArchitecture(
      bandCount: cube.bands.count, branches: branches, fusion: fusion,
      attention: fusion == .attention
        ? .init(
          width: request.options.int("attention-width"),
          heads: request.options.int("attention-heads")) : nil,
      head: ModelArchitecture.Head(
        kind: samples.kind, hidden: head?.values.ints("hidden") ?? [64],
        outputs: samples.classes.count, dropout: head?.values.float("dropout") ?? 0))
    let graphs = architecture.branches.compactMap {
      if case .graph(let graph) = $0 { graph } else { nil }
    }
    if Set(graphs.map(\.hops)).count > 1 || Set(graphs.map(\.weights)).count > 1 {
      throw request.failure(
        "branches", "graph branches must share 'hops', 'weights', 'sigma' and 'tau'")
    }
    if let problem = architecture.problem { throw request.failure("branches", problem) }
    return architecture
  }

  private static func branch(
    _ type: String, _ values: OptionValues, _ cube: BranchCube
  ) -> ModelArchitecture.Branch {
    switch type {
    case "patch-cnn":
      let window = values.int("window")
      let layers =
        values.has("layers") ? values.objects("layers").map(layer) : defaultLayers(window)
      return .patch(
        .init(
          window: window, layers: layers, width: values.int("width"), bands: cube.bands,
          refinement: cube.refinement))
    case "graph":
      return .graph(
        .init(
          hops: values.int("hops"), width: values.int("width"), output: values.int("output"),
          dropout: values.float("dropout"), weights: weights(values)))
    default:
      return .spectral(
        .init(
          filters: values.ints("filters"), kernel: values.int("kernel"), pool: values.int("pool"),
          width: values.int("width"), bands: cube.bands))
    }
  }

  private static func weights(_ values: OptionValues) -> ModelArchitecture.EdgeWeights? {
    switch values.string("weights") {
    case "similarity": .init(sigma: values.float("sigma"))
    case "directional": .init(sigma: values.float("sigma"), tau: values.float("tau"))
    default: nil
    }
  }

  private static func layer(
    _ type: String, _ values: OptionValues
  ) -> ModelArchitecture.PatchBranch.Layer {
    switch type {
    case "max-pool": .maxPool(size: values.int("size"))
    case "average-pool": .averagePool(size: values.int("size"))
    default: .convolution(filters: values.int("filters"), kernel: values.int("kernel"))
    }
  }

  /// Two 3 x 3 convolutions, a pooling and a third one, as far as the window allows.
  static func defaultLayers(_ window: Int) -> [ModelArchitecture.PatchBranch.Layer] {
    var left = window
    var result: [ModelArchitecture.PatchBranch.Layer] = []
    func convolve(_ filters: Int) {
      guard left >= 3 else { return }
      result.append(.convolution(filters: filters, kernel: 3))
      left -= 2
    }
    convolve(32)
    convolve(32)
    if left >= 4 {
      result.append(.maxPool(size: 2))
      left /= 2
    }
    convolve(64)
    return result
  }
}
