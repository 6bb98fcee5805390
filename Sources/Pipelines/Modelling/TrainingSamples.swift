import Learning
import Networks
import Rasters
import Tensors

/// Gathered samples as training sets.
extension GatheredSamples {
  /// How well a model predicts some of the samples.
  func metrics(of trained: PredictorTraining.Result, at positions: [Int]) -> Metrics {
    Metrics(
      predictions: trained.probabilities(batch(positions, fill: trained.backgroundMean)),
      targets: positions.map { set.samples[$0].target }, kind: set.kind)
  }

  /// Some of the samples as a set of their own; of classes, two at least must occur.
  func chosen(_ positions: [Int]) throws -> SampleSet {
    guard !positions.isEmpty else {
      throw ExecutionError.data("no training sample has every band and segment it needs")
    }
    let chosen = try SampleSet(
      kind: set.kind, categories: set.categories, samples: positions.map { set.samples[$0] })
    if chosen.kind == .softmax, chosen.counts.count(where: { $0 > 0 }) < 2 {
      throw ExecutionError.data("the training samples have one class only")
    }
    return chosen
  }

  /// Whether a model can be trained on some of the samples: of classes, two at least must occur.
  func canTrain(_ positions: [Int]) -> Bool {
    let isOfClasses = set.kind == .softmax
    return Set(positions.map { set.samples[$0].target }).count >= (isOfClasses ? 2 : 1)
  }

  /// Some of the samples as a training set, with shifts to cells that may be seen.
  ///
  /// Of the shifts of a sample those are kept that one of `shifting` draws.
  func trainingSet(
    _ positions: [Int], blockSize: Double, shifting: Shifting = Shifting(),
    seeing isSeen: (Cell) -> Bool = { _ in true }
  ) throws -> TrainingSet {
    let occupied = Set(set.samples.map(\.cell))
    let near = positions.map { position in
      shifts(of: position, shifting) { isSeen($0) && !occupied.contains($0) }
    }
    return try TrainingSet(
      samples: chosen(positions), blockSize: blockSize, bandCount: bandCount,
      spectra: spectra(positions),
      windows: windows(positions), windowForms: windowForms, graph: graph,
      segmentOfSample: graph == nil ? [] : positions.map { segmentOfSample[$0] },
      isCategory: isCategory, shifts: near.allSatisfy(\.isEmpty) ? [] : near)
  }

  /// What the branches read at the cells around a sample, as far as its wider window reaches.
  ///
  /// Cells that miss a band, hold a sample of their own or may not be seen are left out.
  private func shifts(
    of position: Int, _ shifting: Shifting, to isAllowed: (Cell) -> Bool
  ) -> [TrainingSet.Shift] {
    guard let row = rows[position], row.windows.count > windowForms.count,
      let wide = row.windows.last
    else { return [] }
    let edge = Int(Double(wide.count / bandCount).squareRoot().rounded())
    let reach = (edge - (windowForms.map(\.side).max() ?? 1)) / 2
    let own = set.samples[position].cell
    let middle = ModelArchitecture.WindowForm(bands: 0..<bandCount, side: 1)
    func crop(_ form: ModelArchitecture.WindowForm, _ x: Int, _ y: Int) -> [Float] {
      let size = form.side
      let first = edge / 2 - size / 2
      return form.bands.flatMap { band in
        (0..<size).flatMap { line in
          let start = (band * edge + first + y + line) * edge + first + x
          return wide[start..<start + size]
        }
      }
    }
    let around = (-reach...reach).flatMap { y in (-reach...reach).map { SIMD2($0, y) } }
    let free = around.filter { place in
      place != .zero && isAllowed(Cell(column: own.column + place.x, row: own.row + place.y))
        && crop(middle, place.x, place.y).allSatisfy(\.isFinite)
    }
    return shifting.drawn(free, sample: set.samples[position].id).map { place in
      TrainingSet.Shift(
        distance: Shifting.distance(place), spectrum: crop(middle, place.x, place.y),
        windows: windowForms.map { crop($0, place.x, place.y) })
    }
  }
}

/// Which shifts of a sample are worth keeping: as many as can be used, not all that there are.
struct Shifting {
  /// How far away, and how many of them; without any all are kept.
  var ways: [(distance: Int, copies: Int)] = []
  var seed: UInt64 = 0

  /// How many columns or rows a place is away.
  static func distance(_ place: SIMD2<Int>) -> Int { max(abs(place.x), abs(place.y)) }

  /// The places that one of the ways draws, in the order in which they are given.
  func drawn(_ places: [SIMD2<Int>], sample: Int) -> [SIMD2<Int>] {
    guard !ways.isEmpty else { return places }
    var kept: Set<SIMD2<Int>> = []
    for (number, way) in ways.enumerated() {
      let random = Randomness(seed: seed, Randomness.word("shifts"), UInt64(number))
        .derived(UInt64(bitPattern: Int64(sample)))
      let near = places.filter { Self.distance($0) <= way.distance }
      kept.formUnion(random.shuffled(near).prefix(way.copies))
    }
    return places.filter(kept.contains)
  }
}
