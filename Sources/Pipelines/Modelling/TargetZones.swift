import Rasters
import Segmentation
import Tensors

/// What lies under each region of a mask: exact sums, so that nothing depends on chunks.
struct TargetZones {
  /// The sums of one region.
  struct Zone {
    private(set) var sum = ExactSum()
    private(set) var count = 0
    private(set) var maximum = -Float.infinity
    /// The first cell with the maximum, by rows.
    private(set) var cell = Cell(column: 0, row: 0)
    private(set) var features: [ExactSum]
    /// The cells that are explained.
    private(set) var explainedCount = 0

    init(featureCount: Int) {
      features = [ExactSum](repeating: ExactSum(), count: featureCount)
    }

    var mean: Double { sum.value / Double(count) }

    /// The mean attribution of each feature; none where no cell is explained.
    var meanFeatures: [Double] {
      explainedCount == 0 ? [] : features.map { $0.value / Double(explainedCount) }
    }

    mutating func add(_ value: Float, at place: Cell) {
      sum.add(value)
      count += 1
      let isEarlier = (place.row, place.column) < (cell.row, cell.column)
      if value > maximum || value == maximum && isEarlier { (maximum, cell) = (value, place) }
    }

    mutating func explain(_ values: ArraySlice<Float>) {
      guard values.allSatisfy(\.isFinite) else { return }
      for (index, value) in values.enumerated() { features[index].add(value) }
      explainedCount += 1
    }
  }

  private(set) var zones: [Zone]
  private let featureCount: Int
  private let regions: MaskRegions
  /// The place of a region among the zones, -1 for none.
  private let places: [Int]

  /// Makes a zone for each of some regions.
  init(_ regions: MaskRegions, of chosen: [Int], featureCount: Int) {
    self.regions = regions
    self.featureCount = featureCount
    zones = [Zone](repeating: Zone(featureCount: featureCount), count: chosen.count)
    var places = [Int](repeating: -1, count: regions.count)
    for (place, region) in chosen.enumerated() { places[region] = place }
    self.places = places
  }

  /// Whether any cell of a window lies in a zone.
  func touches(_ window: Window) -> Bool {
    regions.runs(rows: window.y..<window.maxY).contains { run in
      places[run.region] >= 0 && run.columns.overlaps(window.x..<window.maxX)
    }
  }

  /// Adds the cells of a window.
  ///
  /// - Parameter explanation: the features and what follows them; nil for none.
  mutating func add(_ values: ArraySlice<Float>, _ window: Window, _ explanation: DataCube?) {
    for run in regions.runs(rows: window.y..<window.maxY) {
      let zone = places[run.region]
      let columns = run.columns.clamped(to: window.x..<window.maxX)
      guard zone >= 0, !columns.isEmpty else { continue }
      for column in columns {
        let index = values.startIndex + window.index(column: column, row: run.row)
        zones[zone].add(values[index], at: Cell(column: column, row: run.row))
        if let explanation {
          let bands = explanation.spectrum(column: column, row: run.row)
          zones[zone].explain(bands.prefix(featureCount))
        }
      }
    }
  }
}
