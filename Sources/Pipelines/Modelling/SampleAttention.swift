import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Reports

/// Where a network looks at its samples.
struct SampleAttention {
  private let classes: [String]
  /// The shares of the samples, samples x tokens.
  private let shares: [Float]
  private let tokenCount: Int
  private let samples: [Sample]
  /// The probability of the class that a sample has.
  private let certainty: [Float]

  /// Asks a model about the samples that it can be given.
  init(_ gathered: GatheredSamples, _ package: ModelPackage, _ reading: AttentionReading) throws {
    guard let network = package.predictor.network else {
      throw ExecutionError.data("only a network has attention")
    }
    let positions = gathered.usable
    let batch = gathered.batch(positions, fill: package.notes.backgroundMean)
    classes = package.notes.classes
    tokenCount = reading.reach.count
    shares = reading.shares(of: network.attention(batch))
    samples = positions.map { gathered.set.samples[$0] }
    let probabilities = network.probabilities(batch)
    let count = classes.count
    certainty = samples.enumerated().map { index, sample in
      let own = Array(probabilities[index * count..<(index + 1) * count])
      return Self.members(sample).map { own[$0] }.max() ?? 0
    }
  }

  /// The classes or labels that hold at a sample.
  private static func members(_ sample: Sample) -> [Int] {
    switch sample.target {
    case .category(let index): [index]
    case .values(let values): values.indices.filter { values[$0] == 1 }
    }
  }

  /// The samples of each class, those that have some.
  private var groups: [(name: String, members: [Int])] {
    classes.enumerated().compactMap { index, name in
      let members = samples.indices.filter { Self.members(samples[$0]).contains(index) }
      return members.isEmpty ? nil : (name, members)
    }
  }

  /// The mean share of each token over some samples.
  private func means(_ members: [Int]) -> [Double] {
    (0..<tokenCount).map { token in
      members.reduce(0.0) { $0 + Double(shares[$1 * tokenCount + token]) } / Double(members.count)
    }
  }

  // MARK: Bands

  /// How much more than evenly each band is attended to, by class; none of windows of cells.
  func byBand(_ reading: AttentionReading) -> [Figure] {
    guard let bands = reading.readBands else { return [] }
    let axis = reading.inputs[bands].spectralAxis
    var lines = groups.enumerated().map { index, group in
      let own = reading.bandPreferences(means(group.members).map { Float($0) }, 0)
      return Figure.Line(group.name, x: axis.places, y: own.map(\.preference), group: index)
    }
    let top = max(1, lines.flatMap(\.y).max() ?? 1)
    // Numbers of bands say nothing of where a window lies.
    let windows = axis.unit == nil ? [] : reading.windows
    lines += windows.map { Figure.Line.span($0.name, $0.range, height: top) }
    return [
      Figure(
        name: "attention", title: "Attention by band",
        description: "How much more than evenly bands are attended to, by class.",
        caption:
          "The mean share of attention of samples of a class over what an even one would give: 1 "
          + "is no preference. Samples are those the model was trained on."
          + Self.caption(of: windows),
        content: .lines(
          x: axis.title, y: "share / even share", lines))
    ]
  }

  private static func caption(of windows: [(name: String, range: ClosedRange<Double>)]) -> String {
    guard !windows.isEmpty else { return "" }
    let told = windows.sorted { $0.range.lowerBound < $1.range.lowerBound }.map { window in
      "\(window.name) (\(NumberText.short(window.range.lowerBound)) to "
        + "\(NumberText.short(window.range.upperBound)))"
    }
    return " Shaded are the declared windows, from left to right: "
      + told.joined(separator: ", ") + "."
  }

  /// The share of attention in each declared window by class, beside an even one.
  func byWindow(_ reading: AttentionReading) -> [Figure] {
    guard !reading.windows.isEmpty else { return [] }
    func mass(_ tokens: [Double]) -> [Double] {
      let own = reading.weights.map { parts in
        parts.reduce(0.0) { $0 + Double($1.part) * tokens[$1.token] }
      }
      return own + [own.reduce(0, +)]
    }
    let even = mass([Double](repeating: 1 / Double(tokenCount), count: tokenCount))
    return [
      Figure(
        name: "windows", title: "Attention in the declared windows",
        description: "Shares of attention in windows by class.",
        caption:
          "The mean share of attention within each window, of samples of each class, and what an "
          + "even share would be. 'all' is their sum: windows that overlap count twice.",
        content: .bars(
          axis: "share of attention", labels: reading.windows.map(\.name) + ["all"],
          groups.map { Figure.Column($0.name, mass(means($0.members))) }
            + [Figure.Column("even", even)]))
    ]
  }

  // MARK: Windows of cells

  /// The windows of some samples; none where the branch reads no window.
  func chips(_ reading: AttentionReading, most: Int, places: [SIMD2<Double>]) -> [AttentionChip] {
    guard let form = reading.form else { return [] }
    return chosen(most, places).map { index, away in
      let sample = samples[index]
      return AttentionChip(
        sample: sample.id, x: sample.x, y: sample.y, away: away,
        classes: Self.members(sample).map { classes[$0] }, window: form.window(of: sample.cell),
        refinement: form.subcells,
        values: reading.cellPreferences(shares, index).map { Float($0.preference) })
    }
  }

  /// The samples whose windows are shown, each once, with how far they are from the places that
  /// were named.
  private func chosen(
    _ most: Int, _ places: [SIMD2<Double>]
  ) -> [(index: Int, away: Double?)] {
    let all: [(index: Int, away: Double?)] =
      places.isEmpty
      ? groups.flatMap { group in
        group.members.sorted { (certainty[$1], $0) < (certainty[$0], $1) }.prefix(most)
          .map { ($0, nil) }
      }
      : places.compactMap { place in
        samples.indices.min { distance($0, place) < distance($1, place) }
          .map { ($0, distance($0, place)) }
      }
    var known: Set<Int> = []
    return all.filter { known.insert($0.index).inserted }
  }

  private func distance(_ index: Int, _ place: SIMD2<Double>) -> Double {
    let difference = SIMD2(samples[index].x, samples[index].y) - place
    return (difference * difference).sum().squareRoot()
  }
}

/// How a network attends to the cells of the window of one sample.
struct AttentionChip: Codable, Sendable, Equatable {
  var sample: Int
  /// The sample's place on the map.
  var x: Double
  var y: Double
  /// How far that is from the place that was named, in units of the map; nil where none was.
  var away: Double?
  /// The classes or labels that hold there.
  var classes: [String]
  /// The window on the grid's cells, each divided into `refinement` by `refinement`.
  var window: Window
  var refinement: Int
  /// The share of each cell over an even one, row by row; NaN of cells that are not read.
  var values: [Float]

  /// What its chart and file are called beside the tag.
  var name: String { "chip-\(sample)" }

  /// The window's grid.
  ///
  /// A map that counts cells is written without a transform and drawn with y below 0; so is this.
  func grid(of map: Grid) -> Grid {
    guard map.isOfCells else { return map.divided(by: refinement).part(window) }
    let drawn = GeoTransform(left: 0, top: 0, cellWidth: 1, cellHeight: 1)
    return Grid(width: map.width, height: map.height, transform: drawn, crs: "")
      .divided(by: refinement).part(window)
  }

  var figure: Figure {
    let rows = (0..<window.height).map { row in
      values[row * window.width..<(row + 1) * window.width].map {
        $0.isFinite ? Double($0) - 1 : 0
      }
    }
    return Figure(
      name: name,
      title: "Attention in the window of sample \(sample), \(classes.joined(separator: ", "))",
      description: "Shares of attention of the cells of a window.",
      caption:
        "At \(NumberText.short(x)), \(NumberText.short(y))"
        + (away.map { ", \(NumberText.short($0)) from the place that was named" } ?? "")
        + ": how much more (brown) or less than "
        + "evenly each cell of the window is attended to, as a share of an even one. Where it is "
        + "written it is a raster on the map, too.",
      content: .heat(
        rows: rows.indices.map { "\($0 + 1)" },
        columns: (0..<window.width).map { "\($0 + 1)" }, values: rows))
  }
}

/// What is told of attention at samples.
struct AttentionNotes: Codable, Sendable {
  /// By band and by declared window.
  var figures: [Figure]
  var chips: [AttentionChip]
}
