internal import CGDAL
internal import Rasters

/// What is written cell by cell, and what is said of it.
extension RasterOutput {
  /// The cells of a block as they are written: missing ones have their value.
  func prepared(_ cells: CellBlock, _ block: Window) -> CellBlock {
    let count: Int
    let result: CellBlock
    switch (cells, type) {
    case (.float32(let values), .float32):
      count = values.count
      result = .float32(replacingMissing(values, by: nodata.map { Float($0) }))
    case (.uint32(let values), .uint32):
      count = values.count
      result = cells
    case (.uint16(let values), .uint16):
      count = values.count
      result = cells
    case (.byte(let values), .byte):
      count = values.count
      result = cells
    default:
      preconditionFailure("a block of other cells than the output's \(type)")
    }
    precondition(
      count == block.cellCount * bands.count,
      "\(count) values for \(bands.count) bands of \(block.cellCount) cells")
    return result
  }

  /// The values with `missing` for those that are NaN or infinite.
  ///
  /// GDAL takes numbers for nodata that differ by up to 4 units in the last place; valid values
  /// that near are moved to 8 units from it, towards zero.
  private func replacingMissing(_ values: [Float], by missing: Float?) -> [Float] {
    guard let missing, !missing.isNaN else { return values.map { $0.isFinite ? $0 : .nan } }
    let slack = 8 * Float.ulpOfOne * abs(missing)
    let beside = missing == 0 ? .leastNormalMagnitude : missing * (1 - 8 * Float.ulpOfOne)
    return values.map { value in
      guard value.isFinite else { return missing }
      return abs(value - missing) <= slack ? beside : value
    }
  }

  /// Adds a prepared block to the statistics of the bands.
  func gather(_ cells: CellBlock, into statistics: inout [BandStatistics]) {
    func add<Value: OutputValue>(_ values: [Value], _ nodata: Value?) {
      let count = values.count / bands.count
      for band in bands.indices {
        statistics[band].add(values[band * count..<(band + 1) * count], nodata: nodata)
      }
    }
    switch cells {
    case .float32(let values): add(values, nodata.map { Float($0) })
    case .uint32(let values): add(values, nodata.flatMap { UInt32(exactly: $0) })
    case .uint16(let values): add(values, nodata.flatMap { UInt16(exactly: $0) })
    case .byte(let values): add(values, nodata.flatMap { UInt8(exactly: $0) })
    }
  }

  /// Writes a prepared block into a file that holds the cells of a window.
  func write(
    _ cells: CellBlock, at block: Window, of window: Window, into file: Dataset
  ) throws(GDALError) {
    let place = block.offset(dx: -window.x, dy: -window.y)
    func put<Value: OutputValue>(_ values: [Value]) throws(GDALError) {
      try check(
        values.withUnsafeBytes { bytes in
          // GDAL does not change what it writes, but does not say so.
          GDALDatasetRasterIOEx(
            file.handle, GF_Write, Int32(place.x), Int32(place.y), Int32(place.width),
            Int32(place.height), UnsafeMutableRawPointer(mutating: bytes.baseAddress),
            Int32(place.width), Int32(place.height), type.type, Int32(bands.count), nil, 0, 0, 0,
            nil)
        }, "GDALDatasetRasterIO", path, "column \(block.x), row \(block.y)")
    }
    switch cells {
    case .float32(let values): try put(values)
    case .uint32(let values): try put(values)
    case .uint16(let values): try put(values)
    case .byte(let values): try put(values)
    }
  }

  /// The metadata of a band: its own, the names of its values and its statistics.
  ///
  /// With statistics GDAL and QGIS need not estimate; GDAL's own function for setting them would
  /// round them to 14 digits.
  func metadata(of band: OutputBand, _ statistics: BandStatistics) -> [String: String] {
    var items = band.metadata
    for (value, name) in band.categories { items["CATEGORY_\(value)"] = name }
    items["STATISTICS_VALID_PERCENT"] = plain((100 * statistics.validPercent).rounded() / 100)
    guard statistics.validCount > 0 else { return items }
    items["STATISTICS_MINIMUM"] = plain(statistics.minimum)
    items["STATISTICS_MAXIMUM"] = plain(statistics.maximum)
    items["STATISTICS_MEAN"] = plain(statistics.mean)
    items["STATISTICS_STDDEV"] = plain(statistics.standardDeviation)
    return items
  }
}

/// All digits of a number, and no decimal point for a whole one.
func plain(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
