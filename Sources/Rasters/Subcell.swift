/// One of the cells that a cell of the grid is divided into, where a raster has smaller cells than
/// the grid.
///
/// A raster whose cells are `1 / r` of the grid's along each side is a cube with `r * r` bands for each
/// of its own: the smaller cells of a cell, row by row (space to depth).
public struct Subcell: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The number of smaller cells along each side of a cell.
  public let refinement: Int
  /// The row within the cell, 0 first.
  public let row: Int
  /// The column within the cell, 0 first.
  public let column: Int

  /// Names a smaller cell.
  public init(refinement: Int, row: Int, column: Int) {
    self.refinement = refinement
    self.row = row
    self.column = column
  }

  /// All smaller cells of a cell, row by row.
  public static func all(refinement: Int) -> [Subcell] {
    (0..<refinement).flatMap { row in
      (0..<refinement).map { Subcell(refinement: refinement, row: row, column: $0) }
    }
  }

  /// The row, the column and how many there are of each, counted from 1.
  public var description: String { "\(row + 1).\(column + 1) of \(refinement)" }
}

extension Band {
  /// The bands of the smaller cells of a cell, where this is the band of a raster that has those.
  ///
  /// They are one feature, called as the band is.
  public func divided(by refinement: Int) -> [Band] {
    Subcell.all(refinement: refinement).map { subcell in
      Band(
        name: "\(name) \(subcell.row + 1).\(subcell.column + 1)", unit: unit, group: name,
        featureGroup: featureGroup, subcell: subcell, position: position)
    }
  }
}

/// Which bands are fitted together: the smaller cells of one band of a raster, or a band alone.
public struct BandPools: Sendable, Hashable {
  /// The bands of each pool, by position.
  public let ranges: [Range<Int>]
  /// The pool of each of the chosen bands, in their order.
  public let poolOfBand: [Int]

  /// Pools some of `bands`; smaller cells that stand one after another go together.
  public init(_ bands: [Band], chosen: [Int]) {
    var ranges: [Range<Int>] = []
    var pools: [Range<Int>: Int] = [:]
    let rangeOfBand = Self.ranges(bands)
    poolOfBand = chosen.map { position in
      let range = rangeOfBand[position]
      if let known = pools[range] { return known }
      pools[range] = ranges.count
      ranges.append(range)
      return ranges.count - 1
    }
    self.ranges = ranges
  }

  /// The range of each band: smaller cells of one band as far as they stand side by side.
  private static func ranges(_ bands: [Band]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    while result.count < bands.count {
      let first = result.count
      var end = first + 1
      if bands[first].subcell != nil {
        while end < bands.count, bands[end].subcell != nil, bands[end].group == bands[first].group {
          end += 1
        }
      }
      result += [Range<Int>](repeating: first..<end, count: end - first)
    }
    return result
  }
}

extension Grid {
  /// The grid of the cells of a window, which may reach beyond this one.
  public func part(_ window: Window) -> Grid {
    let corner =
      window.x == 0 && window.y == 0
      ? (x: transform.originX, y: transform.originY)
      : transform.map(column: Double(window.x), row: Double(window.y))
    return Grid(
      width: window.width, height: window.height,
      transform: GeoTransform(
        originX: corner.x, columnX: transform.columnX, rowX: transform.rowX, originY: corner.y,
        columnY: transform.columnY, rowY: transform.rowY), crs: crs)
  }

  /// The grid of the same map area with so many columns and rows.
  public func divided(columns: Int, rows: Int) -> Grid {
    Grid(
      width: columns, height: rows,
      transform: transform.scaled(
        columns: Double(width) / Double(columns), rows: Double(height) / Double(rows)), crs: crs)
  }

  /// The grid of the same map area with cells of `1 / refinement` of the size along each side.
  public func divided(by refinement: Int) -> Grid {
    divided(columns: width * refinement, rows: height * refinement)
  }
}

extension Window {
  /// The same cells, each divided into `refinement` by `refinement`.
  public func divided(by refinement: Int) -> Window {
    Window(
      x: x * refinement, y: y * refinement, width: width * refinement, height: height * refinement)
  }
}

extension DataCube {
  /// The cube over `window` of which this one, over `window` divided, holds the smaller cells: each
  /// band becomes those of its smaller cells, row by row.
  public func gathered(into window: Window, refinement: Int) -> DataCube {
    precondition(self.window == window.divided(by: refinement), "\(self.window) for \(window)")
    var result = DataCube(window: window, bandCount: bandCount * refinement * refinement)
    var target = 0
    for band in 0..<bandCount {
      for row in 0..<refinement {
        for column in 0..<refinement {
          for y in 0..<window.height {
            let start =
              band * self.window.cellCount + (y * refinement + row) * self.window.width + column
            for x in 0..<window.width {
              result.values[target] = values[start + x * refinement]
              target += 1
            }
          }
        }
      }
    }
    return result
  }
}
