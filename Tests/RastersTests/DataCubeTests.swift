import Rasters
import Testing

struct DataCubeTests {
  private let cube = DataCube(
    window: Window(x: 1, y: 1, width: 2, height: 2), bandCount: 2,
    values: [1, 2, 3, 4, 10, 20, 30, 40])

  @Test func bandsAndSpectra() {
    #expect(Array(cube.band(1)) == [10, 20, 30, 40])
    #expect(cube.spectrum(column: 2, row: 1) == [2, 20])
  }

  @Test func pastingCopiesTheOverlapOnly() {
    var target = DataCube(
      window: Window(x: 2, y: 0, width: 2, height: 3), bandCount: 2, filledWith: 0)
    target.paste(cube)
    #expect(target.values == [0, 0, 2, 0, 4, 0, 0, 0, 20, 0, 40, 0])
  }

  @Test func croppingBeyondGivesMissingCells() {
    let cropped = cube.cropped(to: Window(x: 2, y: 2, width: 2, height: 1))
    #expect(cropped.values[0] == 4 && cropped.values[1].isNaN && cropped.values[2] == 40)
    #expect(cube.cropped(to: cube.window) == cube)
  }
}
