import Features
import Foundation
import Networks
import Rasters
import Reports

/// Turns probabilities into maps to act on: classes, doubt, anomaly levels, places above a threshold.
enum Classify: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "classify",
    summary: "Turns probabilities into classes, entropy, anomaly levels or places to look at.",
    details: """
      'class' is the number of the most probable class, which is that of its band, the first on \
      ties. 'entropy' says how undecided the classes are: -sum p log p, divided by the logarithm of \
      their number, 0 for certain and 1 for all equal. 'level' counts the quantiles that a cell \
      exceeds among all cells of the map that have a value; quantiles are exact and interpolated \
      (type 7 of Hyndman & Fan 1996). 'above' is 1 where the probability exceeds a threshold; \
      "youden" takes the one with the largest true positive rate minus false positive rate among \
      the pooled out-of-fold predictions of 'scores'. Cells without a value have none and are never \
      counted.

      One output is written as '<tag>.tif', several as '<tag>-<output>.tif' each; a stage that \
      takes the product gets the first. The last two also take rasters that are not probabilities.
      """,
    options: [
      OptionSpec(
        "outputs", .list(of: .choice(Output.allCases.map(\.rawValue))),
        default: ["class", "entropy"], "What is made."),
      OptionSpec(
        "class", .string, default: .optional,
        "The band that 'level' and 'above' are of; by default the last of at most two.",
        example: "\"deposit\""),
      OptionSpec(
        "quantiles", .list(of: .number(0...1)), default: [0.5, 0.75, 0.9, 0.95, 0.99],
        "Where anomaly levels begin, ascending."),
      OptionSpec(
        "threshold", .either(.number(-.infinity ... .infinity), .choice(["youden"])), default: 0.5,
        "What 'above' means; \"youden\" needs 'scores'.", example: "\"youden\""),
      FitPolicy.keeping,
    ],
    inputs: [
      InputDefinition("probability", [.raster], "The probabilities, a band a class."),
      InputDefinition(
        "scores", [.scores], isRequired: false, source: .named,
        "The scores of the model that made them, for the threshold \"youden\"."),
    ],
    output: .raster,
    example: #"""
      { type: "classify", tag: "levels", outputs: ["class", "above"],
        class: "deposit", threshold: "youden",
        inputs: { probability: "probability", scores: "scores" } }
      """#)

  /// What the stage can make.
  enum Output: String, CaseIterable {
    case `class`, entropy, level, above
  }

  static func plan(_ request: PlanRequest) throws -> Product {
    let input = try request.raster("probability")
    let names = request.options.strings("outputs")
    var outputs: [Output] = []
    for output in names.compactMap(Output.init) where !outputs.contains(output) {
      outputs.append(output)
    }
    var rasters = try outputs.map { output -> RasterProduct in
      var raster = try product(request, input, output)
      if outputs.count > 1 { raster.tag = "\(request.tag)-\(output.rawValue)" }
      return raster
    }
    guard !rasters.isEmpty else { throw request.failure("outputs", "names nothing to make") }
    var first = rasters.removeFirst()
    first.siblings = rasters
    return .raster(first)
  }

  private static func product(
    _ request: PlanRequest, _ input: RasterProduct, _ output: Output
  ) throws -> RasterProduct {
    let node: Node
    let presentation: Presentation
    switch output {
    case .class:
      try requireClasses(request, input, output)
      node = cellwise(request, input, output.rawValue) { Float(mostProbable($0) + 1) }
      presentation = .named(
        NamedValues(
          method: "most probable class",
          entries: input.bands.enumerated().map { index, band in
            QMLStyle.Entry(value: index + 1, label: band.name, color: Palette.category(index))
          }))
    case .entropy:
      try requireClasses(request, input, output)
      node = cellwise(request, input, output.rawValue, normalizedEntropy)
      presentation = .entropy(classes: input.bands.count)
    case .level:
      let band = try chosenBand(request, input)
      let shares = try quantiles(request)
      let cuts = levelCuts(request, input, band, shares)
      node = exceeding(request, input, band, cuts, output.rawValue)
      presentation = .named(levelNames(input.bands[band].name, shares, cuts))
    case .above:
      let band = try chosenBand(request, input)
      let cuts = try ClassifyThreshold(request, input, band).node()
      node = exceeding(request, input, band, cuts, output.rawValue)
      let name = input.bands[band].name
      presentation = .named(
        NamedValues(
          method: "threshold of \(name)",
          entries: [
            QMLStyle.Entry(value: 0, label: "\(name) not above", color: Color(0xF0F0F0)),
            QMLStyle.Entry(value: 1, label: "\(name) above", color: Color(0xB22A2C)),
          ], facts: cuts))
    }
    return RasterProduct(
      tag: request.tag, node: node, view: .identity(node), recipe: .raw(node.bands),
      presentation: presentation)
  }

  // MARK: Cell by cell

  /// One band made of all bands of a cell, where every one has a value.
  private static func cellwise(
    _ request: PlanRequest, _ input: RasterProduct, _ name: String,
    _ value: @escaping @Sendable ([Float]) -> Float
  ) -> Node {
    request.planner.node(
      Node(
        name: "\(request.name)/\(name)", kind: .raster([Band(name: name)]),
        identity: ["classify \(revision)", name], edges: [.cells(input.node)], isStored: false
      ) { context in
        let cube = try context.cube(0, context.window)
        let cells = cube.window.cellCount
        var result = DataCube(window: cube.window, bandCount: 1)
        var spectrum = [Float](repeating: 0, count: cube.bandCount)
        for cell in 0..<cells {
          for band in 0..<cube.bandCount { spectrum[band] = cube.values[band * cells + cell] }
          if spectrum.allSatisfy(\.isFinite) { result.values[cell] = value(spectrum) }
        }
        return .cube(result)
      })
  }

  static func mostProbable(_ spectrum: [Float]) -> Int {
    var best = 0
    for index in 1..<spectrum.count where spectrum[index] > spectrum[best] { best = index }
    return best
  }

  static func normalizedEntropy(_ spectrum: [Float]) -> Float {
    var sum = 0.0
    for probability in spectrum where probability > 0 {
      sum -= Double(probability) * log(Double(probability))
    }
    // Probabilities are rounded: certain ones may add up to a little more than 1.
    return Float(min(max(sum / log(Double(spectrum.count)), 0), 1))
  }

  /// How many cuts one band exceeds.
  private static func exceeding(
    _ request: PlanRequest, _ input: RasterProduct, _ band: Int, _ cuts: Node, _ name: String
  ) -> Node {
    let decoded = DecodedFit<ClassifyCuts>()
    return request.planner.node(
      Node(
        name: "\(request.name)/\(name)", kind: .raster([Band(name: name)]),
        identity: ["classify \(revision)", "band \(band)"],
        edges: [.cells(input.node), .all(cuts)], isStored: false
      ) { context in
        let values = try decoded(try context.value(1)).values
        let cube = try context.cube(0, context.window)
        return .cube(
          DataCube(
            window: context.window, bandCount: 1,
            values: cube.band(band).map { value in
              value.isFinite ? Float(values.count { Double(value) > $0 }) : .nan
            }))
      })
  }

  // MARK: Levels

  private static func quantiles(_ request: PlanRequest) throws -> [Double] {
    let shares = request.options.doubles("quantiles")
    let isAscending = zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 }
    guard !shares.isEmpty, isAscending, shares.count <= 200 else {
      throw request.failure("quantiles", "must be 1 to 200 different numbers, ascending")
    }
    return shares
  }

  /// The quantiles of a band over the whole map, as `ClassifyCuts`.
  static func levelCuts(
    _ request: PlanRequest, _ input: RasterProduct, _ band: Int, _ shares: [Double]
  ) -> Node {
    let quantiles = request.quantiles(input, of: [band], ExactQuantiles(at: shares))
    let name = input.bands[band].name
    return request.planner.node(
      Node(
        name: request.name + "/levels", kind: .value, identity: ["levels 1", name, "\(shares)"],
        edges: [.all(quantiles)], policy: request.policy
      ) { context in
        let values = try [ExactQuantiles].stored(try context.value(0)).first?.values ?? []
        guard values.count == shares.count else {
          throw ExecutionError.data("band '\(name)' has no value in any cell")
        }
        let facts = zip(shares, values).map { ("QUANTILE_\($0)", "\(Float($1))") }
        return .bytes(
          try ClassifyCuts(values: values, facts: Dictionary(uniqueKeysWithValues: facts)).bytes)
      })
  }

  private static func levelNames(
    _ name: String, _ shares: [Double], _ cuts: Node
  ) -> NamedValues {
    let texts = shares.map { "\(NumberText.short($0 * 100)) %" }
    let entries = (0...shares.count).map { level in
      QMLStyle.Entry(
        value: level,
        label: level == 0
          ? "up to the \(texts[0]) quantile" : "above the \(texts[level - 1]) quantile",
        color: ColorRamp.probability.color(at: Double(level) / Double(shares.count)))
    }
    return NamedValues(method: "quantiles of \(name)", entries: entries, facts: cuts)
  }

  // MARK: Checks

  private static func requireClasses(
    _ request: PlanRequest, _ input: RasterProduct, _ output: Output
  ) throws {
    let kind = input.model?.kind ?? .softmax
    guard kind == .softmax else {
      throw request.failure(
        "outputs",
        "'\(output.rawValue)' needs classes that exclude one another; '\(input.tag)' has "
          + (kind == .sigmoid ? "labels" : "values"))
    }
    guard (2...254).contains(input.bands.count) else {
      throw request.failure(
        "outputs",
        "'\(output.rawValue)' needs 2 to 254 classes; '\(input.tag)' has "
          + "\(input.bands.count) bands")
    }
  }

  /// The band that is looked for: that of the option `class`, by default the last of at most two.
  static func chosenBand(_ request: PlanRequest, _ input: RasterProduct) throws -> Int {
    let names = input.bands.map(\.name)
    guard let name = request.options.optionalString("class") else {
      guard names.count <= 2 else {
        throw request.failure(
          "class", "is missing: '\(input.tag)' has \(names.count) bands; which one is looked for?")
      }
      return names.count - 1
    }
    guard let index = names.firstIndex(of: name) else {
      throw request.failure(
        "class", "there is no band '\(name)'" + Suggestion.phrase(name, among: names))
    }
    return index
  }
}
