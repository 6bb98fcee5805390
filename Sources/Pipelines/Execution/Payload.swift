import Rasters

/// What a node makes for one chunk, or once.
enum Payload: Sendable {
  case cube(DataCube)
  case segments(SegmentRaster)
  /// The bytes of a value, or of a table's rows that are at home in a chunk.
  case bytes([UInt8])

  /// The size in memory, for the cache.
  var byteCount: Int {
    switch self {
    case .cube(let cube): cube.values.count * 4
    case .segments(let raster): raster.ids.count * 4
    case .bytes(let bytes): bytes.count
    }
  }

  /// The bytes that are stored and digested.
  var encoded: [UInt8] {
    switch self {
    case .cube(let cube): littleEndianBytes(of: cube.values)
    case .segments(let raster): littleEndianBytes(of: raster.ids)
    case .bytes(let bytes): bytes
    }
  }

  /// Reads what `encoded` wrote, or nil if the size does not fit.
  init?(bytes: [UInt8], kind: Node.Kind, window: Window) {
    switch kind {
    case .raster(let bands):
      guard bytes.count == bands.count * window.cellCount * 4 else { return nil }
      let values = [Float](littleEndianBytes: bytes)
      self = .cube(DataCube(window: window, bandCount: bands.count, values: values))
    case .segments:
      guard bytes.count == window.cellCount * 4 else { return nil }
      self = .segments(SegmentRaster(window: window, ids: [UInt32](littleEndianBytes: bytes)))
    case .table, .value:
      self = .bytes(bytes)
    }
  }

  /// The bytes of a part of a raster, in the order in which `encoded` would write it.
  func encoded(part: Window) -> [UInt8] {
    switch self {
    case .cube(let cube): Payload.cube(cube.cropped(to: part)).encoded
    case .segments(let raster):
      {
        var cropped = SegmentRaster(window: part)
        cropped.paste(raster)
        return littleEndianBytes(of: cropped.ids)
      }()
    case .bytes(let bytes): bytes
    }
  }
}

/// The bytes of plain numbers in memory order, which is little-endian on every supported machine.
func littleEndianBytes<T: BitwiseCopyable>(of values: [T]) -> [UInt8] {
  values.withUnsafeBytes { [UInt8]($0) }
}

extension Array where Element: BitwiseCopyable {
  /// Reads plain numbers; bytes that do not fill a whole element are dropped.
  init(littleEndianBytes bytes: [UInt8]) {
    let count = bytes.count / MemoryLayout<Element>.stride
    self = Array(unsafeUninitializedCapacity: count) { buffer, written in
      UnsafeMutableRawBufferPointer(buffer).copyBytes(
        from: bytes[0..<count * MemoryLayout<Element>.stride])
      written = count
    }
  }
}
