import Foundation
import RasterFiles
import Rasters
import Testing

@Suite struct PNGImageTests {
  @Test func pixelsComeBack() throws {
    let pixels = (0..<4 * 7 * 5).map { UInt8(($0 * 37) % 251) }
    let bytes = try PNGImage.encode(width: 7, height: 5, rgba: pixels)
    #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])

    let scratch = try Scratch()
    try AtomicFile.write(bytes, to: scratch.file("picture.png"))
    let info = try RasterInfo(path: scratch.file("picture.png"))
    #expect(info.bands.map(\.colorInterpretation) == ["Red", "Green", "Blue", "Alpha"])
    let opaque = stride(from: 3, to: pixels.count, by: 4).map { pixels[$0] > 0 }
    let cube = try RasterSource(
      path: scratch.file("picture.png"), grid: info.gridOfCells, resampling: .nearest
    ).read(info.gridOfCells.window)
    for band in 0..<3 {
      for cell in 0..<35 {
        let value = cube.values[band * 35 + cell]
        #expect(opaque[cell] ? value == Float(pixels[4 * cell + band]) : value.isNaN)
      }
    }
  }

  @Test func theSamePixelsGiveTheSameBytes() throws {
    let pixels = [UInt8](repeating: 200, count: 4 * 64 * 64)
    let first = try PNGImage.encode(width: 64, height: 64, rgba: pixels)
    #expect(try PNGImage.encode(width: 64, height: 64, rgba: pixels) == first)
  }
}
