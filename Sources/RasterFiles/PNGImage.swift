internal import CGDAL
internal import Synchronization

/// Pictures for reports.
public enum PNGImage {
  private static let counter = Atomic<Int>(0)

  /// The bytes of a PNG file with the given pixels: red, green, blue and alpha, rows from the top.
  public static func encode(width: Int, height: Int, rgba: [UInt8]) throws(GDALError) -> [UInt8] {
    precondition(
      width > 0 && height > 0 && rgba.count == 4 * width * height,
      "\(rgba.count) bytes for \(width) x \(height) pixels of 4")
    let picture = try Dataset(
      creating: "picture", driver: "MEM", width: width, height: height, bandCount: 4,
      type: GDT_Byte)
    var pixels = rgba
    try check(
      GDALDatasetRasterIO(
        picture.handle, GF_Write, 0, 0, Int32(width), Int32(height), &pixels, Int32(width),
        Int32(height), GDT_Byte, 4, nil, 4, Int32(4 * width), 1), "GDALDatasetRasterIO", "picture")
    let meanings = [GCI_RedBand, GCI_GreenBand, GCI_BlueBand, GCI_AlphaBand]
    for (index, meaning) in meanings.enumerated() {
      let band = try picture.band(index + 1)
      try check(
        GDALSetRasterColorInterpretation(band, meaning), "GDALSetRasterColorInterpretation",
        "picture")
    }
    let number = counter.add(1, ordering: .relaxed).newValue
    let path = "/vsimem/picture-\(number).png"
    defer { VSIUnlink(path) }
    try picture.copy(to: path, driver: "PNG", options: [])
    var length: vsi_l_offset = 0
    guard let bytes = VSIGetMemFileBuffer(path, &length, 0) else {
      throw GDALError(call: "VSIGetMemFileBuffer", path: path, message: "no picture was written")
    }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
  }
}
