import Foundation
import Learning
import Rasters
import Tensors

/// Divides samples into folds before anything is fitted.
enum Split: Stage {
  static let revision = 4
  static let definition = StageDefinition(
    name: "split",
    summary: "Divides samples into folds for honest validation.",
    details: """
      'blocks' divides by squares of the map, so that a test sample has no near neighbour among the \
      training samples; 'random' by cell, which flatters a model wherever neighbours resemble each \
      other; 'deposit' at random by deposit, samples near one another together; 'field' takes a \
      column of the samples. A test place is a block, or a cell for the other methods: no label and \
      no point measurement in it reaches any fit or feature of its fold.

      With 'train-samples' the models of the folds see so many samples of the training part only, as \
      if the survey had no more: the others reach no fit and no feature either. Test samples stay the \
      same. A model of all samples is made of all.
      """,
    options: [
      OptionSpec(
        "method", .choice(["blocks", "random", "deposit", "field"]), default: "blocks",
        "How samples are divided."),
      OptionSpec(
        "folds", .integer(2...100), default: 5, unit: "folds",
        "The number of folds; not for 'field'."),
      OptionSpec(
        "size", .number(.leastNonzeroMagnitude...1e12), default: .optional, unit: "map units",
        "The edge of a block; by default a fifth of the grid's longer side.", example: "2000"),
      OptionSpec(
        "distance", .number(0...1e12), default: 0, unit: "map units",
        "For 'deposit': samples at most so far from one another belong to one deposit."),
      OptionSpec(
        "field", .string, default: .optional,
        "The column that holds the fold, or for 'deposit' the name of the deposit.",
        example: "\"fold\""),
      OptionSpec(
        "train-samples", .integer(1...10_000_000), default: .optional, unit: "samples",
        "The most samples that each fold's models see, drawn by the seeds of division and training, "
          + "each class in proportion; by default all. More samples include fewer.", example: "40"),
    ],
    inputs: [InputDefinition("samples", [.samples], "The samples to divide.")],
    output: .folds,
    example: #"""
      { type: "split", tag: "folds", method: "blocks", folds: 5, size: 8000,
        inputs: { samples: "deposits" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let samples = try request.samples("samples")
    let options = request.options
    let size = options.optionalDouble("size") ?? Folds.defaultBlockSize(for: request.grid)
    let method = options.string("method")
    let count = try foldCount(request, samples)
    let seed = request.splitSeed
    let field = options.optionalString("field")
    let distance = options.double("distance")
    let shift = blockShift(request, size)
    let folds = options.int("folds")
    let drawn = options.optionalInt("train-samples")
    let draw = Randomness(seed: seed, request.planner.seed).bits64(0)
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value,
        identity: request.identity() + ["\(seed)", "\(size)", "\(shift)"]
          + (drawn == nil ? [] : ["draw \(draw)"]),
        edges: [.all(samples.node)]
      ) { context in
        let set = try SampleSet.stored(try context.value(0))
        let result =
          switch method {
          case "random": try Folds.random(set, folds: folds, seed: seed)
          case "deposit":
            try Folds.deposits(
              set, distance: distance,
              names: field.map { name in set.samples.map { $0.attributes[name] ?? "" } } ?? [],
              folds: folds, seed: seed)
          case "field":
            try Folds.field(set, values: set.samples.map { $0.attributes[field ?? ""] ?? "" })
          default: try Folds.blocks(set, size: size, shift: shift, folds: folds, seed: seed)
          }
        let seen = drawn.map { result.drawing($0, from: set, seed: draw) } ?? result
        return .bytes([UInt8](try JSONEncoder.stable.encode(seen)))
      })
    return .folds(FoldsProduct(tag: request.tag, node: node, count: count, samples: samples))
  }

  /// How far blocks are moved: not at all, but at random for repeated divisions.
  private static func blockShift(_ request: PlanRequest, _ size: Double) -> SIMD2<Double> {
    guard request.planner.document.repetition > 0 else { return .zero }
    let random = Randomness(seed: request.splitSeed, Randomness.word("block shift"))
    return SIMD2(random.uniformDouble(0), random.uniformDouble(1)) * size
  }

  private static func foldCount(_ request: PlanRequest, _ samples: SamplesProduct) throws -> Int {
    let method = request.options.string("method")
    guard let field = request.options.optionalString("field"),
      ["field", "deposit"].contains(method)
    else {
      guard method != "field" else {
        throw request.failure("field", "the method 'field' needs the column that holds the fold")
      }
      return request.options.int("folds")
    }
    guard let values = samples.columns[field] else {
      throw request.failure(
        "field",
        "the samples have no column '\(field)'"
          + Suggestion.phrase(field, among: samples.columns.keys.sorted()))
    }
    guard method == "field" else { return request.options.int("folds") }
    let count = Set(values).subtracting([""]).count
    guard count >= 2 else {
      throw request.failure("field", "column '\(field)' has \(count) values; expected two or more")
    }
    return count
  }
}

/// The places that a fold's fits must not see, as nodes read them: those that it tests, and those of
/// samples that were not drawn for it.
struct TestPlaces {
  let folds: Folds
  let fold: Int

  /// The test places of one of the folds.
  init(folds: Folds, fold: Int) {
    self.folds = folds
    self.fold = fold
  }

  /// Reads what `split` stored.
  init(_ bytes: [UInt8], fold: Int) throws {
    folds = try Folds.stored(bytes)
    self.fold = fold
  }

  /// Whether a point must not be seen by what is fitted for the fold.
  func contains(x: Double, y: Double, grid: Grid) -> Bool {
    folds.isHidden(fold, x: x, y: y, cell: grid.cell(x: x, y: y))
  }

  /// Whether the centre of a cell lies in a place that is hidden.
  func contains(_ cell: Cell, of grid: Grid) -> Bool {
    let center = grid.center(of: cell)
    return folds.isHidden(fold, x: center.x, y: center.y, cell: cell)
  }

  /// Which cells of a window the fold may fit to.
  func trainingMask(_ window: Window, of grid: Grid) -> [Bool] {
    var mask = [Bool](repeating: true, count: window.cellCount)
    for row in window.y..<window.maxY {
      for column in window.x..<window.maxX {
        mask[window.index(column: column, row: row)] = !contains(
          Cell(column: column, row: row), of: grid)
      }
    }
    return mask
  }
}

extension Grid {
  /// Whether a cell lies in the grid and in none of some test places.
  func shows(_ cell: Cell, hiding places: [TestPlaces]) -> Bool {
    window.contains(column: cell.column, row: cell.row)
      && !places.contains { $0.contains(cell, of: self) }
  }
}

extension JSONEncoder {
  /// Encodes with sorted keys, so that equal values give equal bytes.
  static var stable: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }
}

extension JSONDecoder {
  /// Decodes what `JSONEncoder.stable` wrote.
  static var stable: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}
