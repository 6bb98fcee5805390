internal import CGDAL
internal import Rasters

extension RasterOutput {
  /// Writes and checks a netCDF file under a temporary name.
  ///
  /// GDAL 3.6 loses the georeference of projections that CF has no words for when it copies a
  /// raster to netCDF; here the axes, the system (as WKT, too) and the variables are written one by
  /// one.
  func writeNetCDF(
    _ temporaryPath: String, _ metadata: Metadata, _ provider: Provider
  ) throws -> [BandStatistics] {
    let transform = grid.transform
    guard transform.rowX == 0, transform.columnY == 0, transform.columnX > 0, transform.rowY < 0
    else {
      throw GDALError(
        call: "writing netCDF", path: path,
        message:
          "the grid is not north-up (transform \(transform.coefficients)), which the axes of "
          + "a netCDF file cannot say")
    }
    var statistics = [BandStatistics](repeating: BandStatistics(), count: bands.count)
    do {
      let file = try NetCDFFile(self, temporaryPath)
      for block in blocks(of: grid.window) {
        let values = try prepared(provider(block), block)
        gather(values, into: &statistics)
        try file.write(values, at: block)
      }
      try file.close(statistics, metadata(statistics))
    }
    try verifyNetCDF(temporaryPath)
    return statistics
  }

  /// The names of the variables of bands: letters, digits and `_`, each once.
  public static func variableNames(of bands: [String]) -> [String] {
    var seen: Set<String> = ["x", "y", "crs"]
    return bands.map { band in
      var name = String(
        band.unicodeScalars.map { scalar in
          scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            ? Character(scalar) : "_"
        })
      if name.first?.isLetter != true { name = "band_" + name }
      let wanted = name
      var number = 2
      while !seen.insert(name).inserted {
        name = "\(wanted)_\(number)"
        number += 1
      }
      return name
    }
  }

  /// The names of the variables.
  var variableNames: [String] { Self.variableNames(of: bands.map(\.name)) }

  private func verifyNetCDF(_ written: String) throws(GDALError) {
    for name in variableNames {
      let info = try RasterInfo(path: "NETCDF:\"\(written)\":\(name)")
      let found = info.gridOfCells.transform
      let slack = 1e-6 * min(grid.transform.cellWidth, grid.transform.cellHeight)
      let corners = [(0.0, 0.0), (Double(grid.width), Double(grid.height))]
      let isInPlace = corners.allSatisfy { column, row in
        let (a, b) = (
          found.map(column: column, row: row), grid.transform.map(column: column, row: row)
        )
        return abs(a.x - b.x) <= slack && abs(a.y - b.y) <= slack
      }
      let isRight =
        info.width == grid.width && info.height == grid.height && isInPlace
        && CRS.isSame(info.grid?.crs ?? "", grid.crs)
      guard isRight else {
        throw GDALError(
          call: "checking what was written", path: path, place: "variable \(name)",
          message: "GDAL reads \(info.width) x \(info.height) cells, transform "
            + "\(found.coefficients) in \(CRS.name(info.grid?.crs ?? "")) instead of \(grid.width) "
            + "x \(grid.height) cells, transform \(grid.transform.coefficients) in "
            + "\(CRS.name(grid.crs))")
      }
    }
  }
}

/// A netCDF file in the making, a variable a band.
private final class NetCDFFile {
  private let output: RasterOutput
  private let path: String
  private var dataset: GDALDatasetH?
  private var root: GDALGroupH?
  private var dimensions: [GDALDimensionH?] = []
  private var variables: [GDALMDArrayH] = []

  init(_ output: RasterOutput, _ path: String) throws(GDALError) {
    self.output = output
    self.path = path
    let grid = output.grid
    dataset = try made("GDALCreateMultiDimensional") {
      withStringList(["FORMAT=NC4", "CONVENTIONS=CF-1.8"]) { options in
        GDALCreateMultiDimensional(
          GDALGetDriverByName("netCDF"), path, nil, options)
      }
    }
    root = try made("GDALDatasetGetRootGroup") { GDALDatasetGetRootGroup(dataset) }
    dimensions = [
      try made("GDALGroupCreateDimension") {
        GDALGroupCreateDimension(root, "y", "HORIZONTAL_Y", "NORTH", UInt64(grid.height), nil)
      },
      try made("GDALGroupCreateDimension") {
        GDALGroupCreateDimension(root, "x", "HORIZONTAL_X", "EAST", UInt64(grid.width), nil)
      },
    ]
    try writeAxis(
      "y", dimensions[0], (0..<grid.height).map { grid.center(of: Cell(column: 0, row: $0)).y })
    try writeAxis(
      "x", dimensions[1], (0..<grid.width).map { grid.center(of: Cell(column: $0, row: 0)).x })
    if !grid.crs.isEmpty { try writeSystem() }
    for (band, name) in zip(output.bands, output.variableNames) {
      variables.append(try makeVariable(name, band))
    }
  }

  deinit { release() }

  private func release() {
    for variable in variables { GDALMDArrayRelease(variable) }
    for dimension in dimensions { GDALDimensionRelease(dimension) }
    if let root { GDALGroupRelease(root) }
    if let dataset { GDALClose(dataset) }
    (variables, dimensions, root, dataset) = ([], [], nil, nil)
  }

  /// The result of a call that makes something; throws what GDAL says where it makes nothing.
  private func made<Handle>(
    _ call: String, _ body: () -> Handle?
  ) throws(GDALError) -> Handle {
    let log = MessageLog()
    guard let handle = log.record(body) else {
      throw GDALError(call: call, path: path, message: log.failure ?? lastMessage())
    }
    try log.check(call, path)
    return handle
  }

  /// Runs a call that says by a number whether it succeeded.
  private func done(_ call: String, _ body: () -> Int32) throws(GDALError) {
    let log = MessageLog()
    let isDone = log.record(body) != 0
    try log.check(call, path)
    guard isDone else { throw GDALError(call: call, path: path, message: lastMessage()) }
  }

  // MARK: What the cells mean

  /// The coordinates of the cells' centres.
  private func writeAxis(
    _ name: String, _ dimension: GDALDimensionH?, _ centers: [Double]
  ) throws(GDALError) {
    let array = try makeArray(name, [dimension], GDT_Float64, [])
    defer { GDALMDArrayRelease(array) }
    let crs = output.grid.crs
    let isX = name == "x"
    if CRS.isGeographic(crs) {
      try add("standard_name", isX ? "longitude" : "latitude", to: array)
      try add("units", isX ? "degrees_east" : "degrees_north", to: array)
    } else if !crs.isEmpty {
      try add("standard_name", "projection_\(name)_coordinate", to: array)
      try add("units", CRS.unitSize(crs) == 1 ? "m" : CRS.unitName(crs), to: array)
    }
    try add("axis", name.uppercased(), to: array)
    var values = centers
    try write(&values, GDT_Float64, at: [0], count: [centers.count], to: array)
  }

  /// The coordinate system, as readers of WKT take it.
  private func writeSystem() throws(GDALError) {
    let array = try makeArray("crs", [], GDT_Int32, [])
    defer { GDALMDArrayRelease(array) }
    let wkt = output.grid.crs
    try add("long_name", CRS.name(wkt), to: array)
    try add("crs_wkt", wkt, to: array)
    try add("spatial_ref", wkt, to: array)
    let numbers = output.grid.transform.coefficients.map { "\($0)" }
    try add("GeoTransform", numbers.joined(separator: " "), to: array)
  }

  private func makeVariable(
    _ name: String, _ band: OutputBand
  ) throws(GDALError) -> GDALMDArrayH {
    let (width, height) = (output.grid.width, output.grid.height)
    let block = "\(min(height, output.blockSize)),\(min(width, output.blockSize))"
    let array = try makeArray(
      name, dimensions, output.type.type,
      ["BLOCKSIZE=\(block)"]
        + (output.compression == .none ? [] : ["COMPRESS=DEFLATE", "ZLEVEL=6"]))
    try add("long_name", band.name, to: array)
    if !band.unit.isEmpty { try add("units", band.unit, to: array) }
    if !output.grid.crs.isEmpty { try add("grid_mapping", "crs", to: array) }
    if let nodata = output.nodata {
      try done("GDALMDArraySetNoDataValue") {
        GDALMDArraySetNoDataValueAsDouble(array, nodata)
      }
    }
    return array
  }

  private func makeArray(
    _ name: String, _ dimensions: [GDALDimensionH?], _ type: GDALDataType, _ options: [String]
  ) throws(GDALError) -> GDALMDArrayH {
    let extended = GDALExtendedDataTypeCreate(type)
    defer { GDALExtendedDataTypeRelease(extended) }
    var dimensions = dimensions
    return try made("GDALGroupCreateMDArray \(name)") {
      withStringList(options) { list in
        GDALGroupCreateMDArray(
          root, name, dimensions.count, &dimensions, extended, list)
      }
    }
  }

  /// The name of an attribute: those that HDF5 keeps for itself come in lower case.
  private static func attribute(_ key: String) -> String {
    let reserved = ["CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"]
    return reserved.contains(key) ? key.lowercased() : key
  }

  private func add(
    _ key: String, _ value: String, to array: GDALMDArrayH
  ) throws(GDALError) {
    let name = Self.attribute(key)
    let type = GDALExtendedDataTypeCreateString(0)
    defer { GDALExtendedDataTypeRelease(type) }
    let attribute = try made("GDALMDArrayCreateAttribute \(name)") {
      GDALMDArrayCreateAttribute(array, name, 0, nil, type, nil)
    }
    defer { GDALAttributeRelease(attribute) }
    try done("GDALAttributeWriteString \(name)") { GDALAttributeWriteString(attribute, value) }
  }

  /// The values of named whole numbers, as CF lists them.
  private func add(flags: [Int], to array: GDALMDArrayH) throws(GDALError) {
    let type = GDALExtendedDataTypeCreate(output.type.type)
    defer { GDALExtendedDataTypeRelease(type) }
    var count = UInt64(flags.count)
    let attribute = try made("GDALMDArrayCreateAttribute flag_values") {
      GDALMDArrayCreateAttribute(array, "flag_values", 1, &count, type, nil)
    }
    defer { GDALAttributeRelease(attribute) }
    let numbers = flags.map(Double.init)
    try done("GDALAttributeWriteDoubleArray") {
      GDALAttributeWriteDoubleArray(attribute, numbers, numbers.count)
    }
  }

  // MARK: Cells

  /// Writes a prepared block.
  func write(_ cells: CellBlock, at block: Window) throws(GDALError) {
    switch cells {
    case .float32(let values): try write(values, at: block)
    case .uint32(let values): try write(values, at: block)
    case .uint16(let values): try write(values, at: block)
    case .byte(let values): try write(values, at: block)
    }
  }

  private func write<Value: OutputValue>(
    _ values: [Value], at block: Window
  ) throws(GDALError) {
    let count = block.cellCount
    for (band, array) in variables.enumerated() {
      var own = Array(values[band * count..<(band + 1) * count])
      try write(
        &own, output.type.type, at: [block.y, block.x], count: [block.height, block.width],
        to: array)
    }
  }

  private func write<Value: BitwiseCopyable>(
    _ values: inout [Value], _ type: GDALDataType, at start: [Int], count: [Int],
    to array: GDALMDArrayH
  ) throws(GDALError) {
    let extended = GDALExtendedDataTypeCreate(type)
    defer { GDALExtendedDataTypeRelease(extended) }
    let starts = start.map { UInt64($0) }
    let size = values.count * MemoryLayout<Value>.stride
    let log = MessageLog()
    let isDone = log.record {
      values.withUnsafeBytes { bytes in
        GDALMDArrayWrite(
          array, starts, count, nil, nil, extended, bytes.baseAddress, bytes.baseAddress, size)
      }
    }
    try log.check("GDALMDArrayWrite", path)
    guard isDone != 0 else {
      throw GDALError(call: "GDALMDArrayWrite", path: path, message: lastMessage())
    }
  }

  /// Adds what is known in the end, and closes the file.
  func close(
    _ statistics: [BandStatistics], _ metadata: [String: String]
  ) throws(GDALError) {
    for (index, band) in output.bands.enumerated() {
      let items = output.metadata(of: band, statistics[index])
      for (key, value) in items.sorted(by: { $0.key < $1.key }) {
        try add(key, value, to: variables[index])
      }
      guard !band.categories.isEmpty else { continue }
      let values = band.categories.keys.sorted()
      try add(flags: values, to: variables[index])
      let meanings = values.compactMap { band.categories[$0] }.map { name in
        name.split(separator: " ").joined(separator: "_")
      }
      try add("flag_meanings", meanings.joined(separator: " "), to: variables[index])
    }
    let type = GDALExtendedDataTypeCreateString(0)
    defer { GDALExtendedDataTypeRelease(type) }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      let attribute = try made("GDALGroupCreateAttribute \(key)") {
        GDALGroupCreateAttribute(root, Self.attribute(key), 0, nil, type, nil)
      }
      defer { GDALAttributeRelease(attribute) }
      try done("GDALAttributeWriteString \(key)") { GDALAttributeWriteString(attribute, value) }
    }
    let log = MessageLog()
    log.record { release() }
    try log.check("GDALClose", path)
  }
}
