import Rasters
import Testing

struct WindowTests {
  private let window = Window(x: 2, y: 3, width: 4, height: 5)

  @Test func intersectionAndUnion() {
    let other = Window(x: 5, y: 0, width: 10, height: 4)
    #expect(window.intersection(other) == Window(x: 5, y: 3, width: 1, height: 1))
    #expect(window.union(other) == Window(x: 2, y: 0, width: 13, height: 8))
    #expect(window.intersection(Window(x: 6, y: 3, width: 2, height: 2)).isEmpty)
    #expect(window.union(Window(x: 90, y: 90, width: 0, height: 3)) == window)
  }

  @Test func halosAndMoves() {
    #expect(window.expanded(by: 2) == Window(x: 0, y: 1, width: 8, height: 9))
    #expect(window.expanded(by: -3).isEmpty)
    #expect(window.offset(dx: -2, dy: 1) == Window(x: 0, y: 4, width: 4, height: 5))
    #expect(window.contains(column: 5, row: 7) && !window.contains(column: 6, row: 7))
    #expect(window.contains(Window(x: 3, y: 3, width: 3, height: 5)))
    #expect(!window.contains(Window(x: 3, y: 3, width: 4, height: 5)))
  }

  @Test func cellsAreNumberedByRows() {
    #expect(window.index(column: 2, row: 3) == 0 && window.index(column: 3, row: 4) == 5)
    #expect(window.cellCount == 20 && window.maxX == 6 && window.maxY == 8)
  }
}
