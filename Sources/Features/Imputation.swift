public import Rasters

/// Values that stand for missing samples, one per band, with 0/1 bands that say where.
public struct Imputation: Sendable, Hashable, Codable {
  /// The bands that are filled.
  public let bands: [Int]
  /// What stands for a missing sample, one per filled band.
  public let values: [Float]
  /// Whether a band is added for each filled one: 1 where it was missing, else 0.
  public let hasIndicators: Bool
  /// Whether a cell stays missing where all bands of the cube are.
  public let keepsEmptyCells: Bool

  /// Takes the bands to fill and a finite value for each.
  public init(bands: [Int], values: [Float], hasIndicators: Bool, keepsEmptyCells: Bool) {
    precondition(bands.count == values.count, "\(values.count) values for \(bands.count) bands")
    self.bands = bands
    self.values = values
    self.hasIndicators = hasIndicators
    self.keepsEmptyCells = keepsEmptyCells
  }

  /// The bands that come out: those of the cube, then an indicator `<name> missing` of each filled
  /// one.
  public func bands(_ given: [Band]) -> [Band] {
    given
      + (hasIndicators
        ? bands.map {
          Band(name: "\(given[$0].name) missing", featureGroup: given[$0].featureGroup)
        } : [])
  }

  /// The filled cube.
  public func apply(_ cube: DataCube) -> DataCube {
    let cells = cube.window.cellCount
    let stays = keepsEmptyCells ? cube.emptyCells : [Bool](repeating: false, count: cells)
    var values = cube.values
    var indicators: [Float] = []
    for (band, value) in zip(bands, self.values) {
      for cell in 0..<cells where !stays[cell] && values[band * cells + cell].isNaN {
        values[band * cells + cell] = value
      }
    }
    if hasIndicators {
      for band in bands {
        indicators += cube.band(band).enumerated().map { cell, value in
          stays[cell] ? .nan : value.isNaN ? 1 : 0
        }
      }
    }
    return DataCube(
      window: cube.window, bandCount: cube.bandCount + indicators.count / max(1, cells),
      values: values + indicators)
  }
}

extension DataCube {
  /// Whether every band is missing, cell by cell.
  fileprivate var emptyCells: [Bool] {
    let cells = window.cellCount
    var empty = [Bool](repeating: true, count: cells)
    for band in 0..<bandCount {
      for cell in 0..<cells where !values[band * cells + cell].isNaN { empty[cell] = false }
    }
    return empty
  }
}
