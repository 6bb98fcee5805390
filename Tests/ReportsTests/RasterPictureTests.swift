import Rasters
import Reports
import Testing

@Suite struct RasterPictureTests {
  private let ramp = ColorRamp([Color(0x000000), Color(0xFFFFFF)])

  private func cube(_ width: Int, _ values: [Float]) -> DataCube {
    let window = Window(x: 3, y: 5, width: width, height: values.count / width)
    return DataCube(window: window, bandCount: 2, values: values.map { _ in 7 } + values)
  }

  private func pixel(_ picture: RasterPicture, _ x: Int, _ y: Int) -> [UInt8] {
    let start = (y * picture.width + x) * 4
    return Array(picture.rgba[start..<start + 4])
  }

  @Test func paintsABandWithTransparentGaps() {
    let picture = RasterPicture.render(
      cube(2, [0, 1, .nan, 9]), band: 1, ramp: ramp, range: 0...2, edge: 2)
    #expect(picture.width == 2 && picture.height == 2)
    #expect(
      picture.rgba == [0, 0, 0, 255, 128, 128, 128, 255, 0, 0, 0, 0, 255, 255, 255, 255])
  }

  @Test func reducesByMeansOfValidCells() {
    let picture = RasterPicture.render(
      cube(3, [0, 2, 2, .nan, 1, .nan, 0, 0, .nan]), band: 1, ramp: ramp, range: 0...2, edge: 2)
    #expect(picture.width == 2 && picture.height == 2)
    #expect(pixel(picture, 0, 0) == [128, 128, 128, 255])
    #expect(pixel(picture, 1, 0) == [255, 255, 255, 255])
    #expect(pixel(picture, 0, 1) == [0, 0, 0, 255])
    #expect(pixel(picture, 1, 1) == [0, 0, 0, 0])
  }

  @Test func enlargesByAWholeFactor() {
    let picture = RasterPicture.render(
      cube(2, [0, 2]), band: 1, ramp: ramp, range: 0...2, edge: 7)
    #expect(picture.width == 6 && picture.height == 3)
    #expect(pixel(picture, 2, 2) == [0, 0, 0, 255])
    #expect(pixel(picture, 3, 0) == [255, 255, 255, 255])
  }

  @Test func survivesFlatRangesAndEmptyWindows() {
    let flat = RasterPicture.render(cube(1, [5]), band: 1, ramp: ramp, range: 5...5, edge: 1)
    #expect(flat.rgba == [0, 0, 0, 255])
    let empty = DataCube(window: Window(x: 0, y: 0, width: 0, height: 0), bandCount: 1)
    #expect(RasterPicture.render(empty, band: 0, ramp: ramp, range: 0...1).rgba.isEmpty)
  }

  @Test func paintsSegmentsAndClasses() {
    let window = Window(x: 0, y: 0, width: 2, height: 2)
    let segments = RasterPicture.render(
      SegmentRaster(window: window, ids: [0, 5, 5, 6]), edge: 2)
    #expect(pixel(segments, 0, 0) == [0, 0, 0, 0])
    #expect(pixel(segments, 1, 0) == pixel(segments, 0, 1))
    #expect(pixel(segments, 1, 1) != pixel(segments, 0, 1))
    let classes = RasterPicture.render(
      cube(3, [1, 2, 2, 2, 1, .nan, 3, 3, 3]), band: 1,
      classes: [1: Color(0x010101), 2: Color(0x020202)], edge: 2)
    // Two against two: the lower class wins.
    #expect(pixel(classes, 0, 0) == [1, 1, 1, 255])
    #expect(pixel(classes, 1, 0) == [2, 2, 2, 255])
    #expect(pixel(classes, 0, 1) == [0, 0, 0, 0])
  }
}
