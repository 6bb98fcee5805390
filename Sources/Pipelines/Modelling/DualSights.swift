import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Reports

/// The ways in which a model can be right about two causes.
struct DualSights: Sendable {
  private let classes: [String]
  /// The model's output of each label.
  private let outputs: [Int]
  /// How the spectral branch is read, with the windows of classes by output; nil where none is.
  private let spectral: (reading: AttentionReading, bands: [Set<Int>])?
  /// How the branch of windows is read, with its form; nil where none is.
  private let image: (reading: AttentionReading, form: ModelArchitecture.PatchBranch)?
  private let regions: Regions?

  /// A raster of regions, on the cells of the windows.
  private struct Regions: Sendable {
    let source: RasterPool
    /// The band of each output, if it has one.
    let bandOfOutput: [Int?]
  }

  init(
    _ request: PlanRequest, _ model: ModelProduct, _ training: ModelProduct.Training,
    _ samples: SamplesProduct
  ) throws {
    classes = model.classes
    let classes = model.classes
    outputs = samples.classes.compactMap(classes.firstIndex)
    let isAttention = model.architecture.fusion == .attention
    for key in ["windows", "regions"] where request.options.has(key) && !isAttention {
      throw request.failure(key, "needs a model with a fusion by \"attention\"")
    }
    spectral = try Self.spectral(request, model, training.cube.bands)
    guard let path = request.options.optionalFilePath("regions") else {
      (image, regions) = (nil, nil)
      return
    }
    let branches = model.architecture.branches
    guard let branch = branches.firstIndex(where: { if case .patch = $0 { true } else { false } }),
      case .patch(let form) = branches[branch]
    else { throw request.failure("regions", "the model has no branch of windows") }
    image = (
      try AttentionReading(request, model.architecture, training.cube.bands, branch: branch), form
    )
    regions = try Self.regions(request, path, classes, form)
  }

  /// How the branch of spectra is read, where windows are declared.
  private static func spectral(
    _ request: PlanRequest, _ model: ModelProduct, _ inputs: [Band]
  ) throws -> (reading: AttentionReading, bands: [Set<Int>])? {
    guard request.options.has("windows") else { return nil }
    let branch = model.architecture.branches.firstIndex {
      if case .spectral = $0 { true } else { false }
    }
    guard let branch else {
      throw request.failure("windows", "the model has no branch of spectra")
    }
    let reading = try AttentionReading(request, model.architecture, inputs, branch: branch)
    return (reading, try bands(request, model.classes, inputs, read: Set(reading.middles)))
  }

  private static func regions(
    _ request: PlanRequest, _ path: String, _ classes: [String],
    _ form: ModelArchitecture.PatchBranch
  ) throws -> Regions {
    do {
      let names = try RasterInfo(path: path).bands.map(\.name)
      let own = classes.map(names.firstIndex)
      guard own.contains(where: { $0 != nil }) else {
        throw request.failure("regions", "has no band named as a class: " + classes.abridged)
      }
      return Regions(
        source: try RasterPool(
          path: path, grid: request.grid.divided(by: form.subcells), resampling: .nearest),
        bandOfOutput: own)
    } catch let error as GDALError {
      throw request.failure("regions", "\(error)")
    }
  }

  /// The bands of the window of each output; `read` are those in the middle of what tokens read.
  private static func bands(
    _ request: PlanRequest, _ classes: [String], _ inputs: [Band], read: Set<Int>
  ) throws -> [Set<Int>] {
    let given = try request.spectralRanges("windows")
    for (name, range) in given {
      guard classes.contains(name) else {
        throw request.failure(
          "windows", "there is no class '\(name)'" + Suggestion.phrase(name, among: classes))
      }
      // Who can never be right would be told to be wrong.
      guard read.contains(where: { inputs[$0].position.map { range.contains($0.value) } ?? false })
      else {
        throw request.failure(
          "windows", "no band in the middle of what a token reads lies in '\(name)'")
      }
    }
    return classes.map { name in
      guard let range = given.first(where: { $0.name == name })?.range else { return [] }
      return Set(
        inputs.indices.filter { index in
          inputs[index].position.map { range.contains($0.value) } ?? false
        })
    }
  }

  // MARK: Reading

  /// A share of samples, and what chance would give.
  private struct Share {
    let name: String
    /// Whole numbers, but where several places count in part.
    let hits: Double
    let count: Int
    let chance: Double

    var value: Double { hits / Double(max(1, count)) }

    /// Wilson's interval of 95 %.
    var interval: ClosedRange<Double> {
      let (n, z) = (Double(max(1, count)), 1.959964)
      let scale = 1 + z * z / n
      let center = (value + z * z / (2 * n)) / scale
      let half = z / scale * (value * (1 - value) / n + z * z / (4 * n * n)).squareRoot()
      return max(0, center - half)...min(1, center + half)
    }
  }

  /// The shares of samples whose two causes are found, in each way.
  func figure(
    _ gathered: GatheredSamples, _ package: ModelPackage, _ grid: Grid
  ) throws -> Figure {
    let pairs = gathered.usable.compactMap { position -> (position: Int, causes: Set<Int>)? in
      guard case .values(let values) = gathered.set.samples[position].target else { return nil }
      let causes = Set(values.indices.filter { values[$0] == 1 }.map { outputs[$0] })
      return causes.count == 2 ? (position, causes) : nil
    }
    guard !pairs.isEmpty else {
      throw ExecutionError.data("no sample that can be used has two causes")
    }
    let batch = gathered.batch(pairs.map(\.position), fill: package.notes.backgroundMean)
    let shares =
      [answers(package.probabilities(batch), pairs.map(\.causes))]
      + (try places(gathered, package, batch, pairs, grid))
    return Figure(
      name: "shares", title: "Samples of which both causes are found",
      description: "Shares of samples with two causes that are read rightly, beside chance.",
      caption:
        "Of \(pairs.count) samples with two causes. 'two most probable': both are the true ones; "
        + "others: the middle of the bands, or cells, that are attended to most lies where a true "
        + "one shows. Whiskers are Wilson's intervals of 95 %.",
      content: .bars(
        axis: "share of samples", labels: shares.map(\.name),
        [
          Figure.Column("model", shares.map(\.value), intervals: shares.map(\.interval)),
          Figure.Column("chance", shares.map(\.chance)),
        ]))
  }

  private func answers(_ probabilities: [Float], _ causes: [Set<Int>]) -> Share {
    let count = classes.count
    let hits = causes.enumerated().count { row, pair in
      let own = probabilities[row * count..<(row + 1) * count]
      let order = own.indices.sorted { (own[$1], $0) < (own[$0], $1) }
      return Set(order.prefix(2).map { $0 - row * count }) == pair
    }
    return Share(
      name: "two most probable", hits: Double(hits), count: causes.count,
      chance: 2 / Double(count * (count - 1)))
  }

  private func places(
    _ gathered: GatheredSamples, _ package: ModelPackage, _ batch: ModelBatch,
    _ pairs: [(position: Int, causes: Set<Int>)], _ grid: Grid
  ) throws -> [Share] {
    guard let network = package.predictor.network, spectral != nil || image != nil else {
      return []
    }
    let readouts = network.attention(batch)
    var found: [(name: String, hits: [Double], chances: [Double])] = []
    if let (reading, bands) = spectral {
      let (shares, middles) = (reading.shares(of: readouts), reading.middles)
      let hits = pairs.enumerated().map { row, pair in
        Self.hit(
          reading.tokens(of: shares, row),
          wanted: middles.map { index in pair.causes.contains { bands[$0].contains(index) } })
      }
      found.append(("spectrum", hits.map(\.hit), hits.map(\.chance)))
    }
    if let (reading, form) = image, let regions {
      let (shares, middles) = (reading.shares(of: readouts), reading.middles)
      let hits = try pairs.enumerated().map { row, pair in
        let marks = try marks(
          gathered.set.samples[pair.position].cell, pair.causes, form, regions, grid)
        return Self.hit(reading.tokens(of: shares, row), wanted: middles.map { marks[$0] })
      }
      found.append(("image", hits.map(\.hit), hits.map(\.chance)))
    }
    if found.count == 2 {
      found.append(
        (
          "spectrum and image", zip(found[0].hits, found[1].hits).map { $0 * $1 },
          zip(found[0].chances, found[1].chances).map { $0 * $1 }
        ))
    }
    return found.map { name, hits, chances in
      Share(
        name: name, hits: hits.reduce(0, +), count: hits.count,
        chance: chances.reduce(0, +) / Double(chances.count))
    }
  }

  /// Whether the token that is attended to most is wanted, and which share of all is: what the
  /// middle of each reads decides.
  ///
  /// Tokens are compared and not what they read: their reaches overlap, so that the middle of a window
  /// has a part in more of them. Tokens that are attended to alike count in part: an even attention is
  /// as good as chance.
  static func hit(
    _ shares: some Collection<Float>, wanted: [Bool]
  ) -> (hit: Double, chance: Double) {
    let highest = shares.max() ?? 0
    let best = zip(shares, wanted).filter { $0.0 >= highest * (1 - 1e-6) }.map(\.1)
    func share(_ wanted: [Bool]) -> Double {
      Double(wanted.count { $0 }) / Double(max(1, wanted.count))
    }
    return (share(best), share(wanted))
  }

  /// Which cells of a sample's window show one of its causes.
  private func marks(
    _ cell: Cell, _ causes: Set<Int>, _ form: ModelArchitecture.PatchBranch, _ regions: Regions,
    _ grid: Grid
  ) throws -> [Bool] {
    let window = form.window(of: cell)
    let inside = window.intersection(grid.divided(by: form.subcells).window)
    let cube = try regions.source.read(inside).cropped(to: window)
    let bands = causes.compactMap { regions.bandOfOutput[$0] }
    return (0..<window.cellCount).map { index in
      bands.contains { band in
        let value = cube.values[band * window.cellCount + index]
        return value.isFinite && value != 0
      }
    }
  }
}
