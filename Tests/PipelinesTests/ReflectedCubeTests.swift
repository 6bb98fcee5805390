import Foundation
import Rasters
import Synchronization
import Testing

@testable import Pipelines

/// Windows beyond the border, against mirroring written out cell by cell.
struct ReflectedCubeTests {
  /// Walks from the first place to the one asked for, turning round at the ends.
  private func walk(_ position: Int, _ count: Int) -> Int {
    guard count > 1 else { return 0 }
    var place = 0
    var step = position < 0 ? -1 : 1
    for _ in 0..<abs(position) {
      if place + step < 0 || place + step >= count { step = -step }
      place += step
    }
    return place
  }

  @Test func positionsTurnRoundAtTheEnds() {
    for count in 1..<7 {
      for position in -20...20 {
        #expect(reflected(position, count) == walk(position, count), "\(position) of \(count)")
      }
    }
    #expect([-2, -1, 0, 4, 5, 6].map { reflected($0, 5) } == [2, 1, 0, 4, 3, 2])
  }

  @Test(arguments: [
    Window(x: 3, y: 2, width: 5, height: 4), Window(x: -4, y: -3, width: 9, height: 7),
    Window(x: 30, y: 22, width: 12, height: 11), Window(x: -6, y: -5, width: 50, height: 40),
    Window(x: 34, y: -9, width: 3, height: 3),
  ])
  func cubesEqualTheMirrorImage(window: Window) throws {
    let run = try StageRun()
    try run.raster("a.tif", ["a", "b"]) { band, column, row in
      column == 2 ? .nan : StageRun.noise(band, column, row)
    }
    let plan = try run.planned("{ type: \"read-cube\", files: \"a.tif\" }", chunk: 16)
    let node = Node(
      name: "window", kind: .value, identity: [],
      edges: [.all(try plan.rasterProduct("read-cube").node)]
    ) { _ in .bytes([]) }
    let context = NodeContext(
      executor: plan.executor, node: node, window: plan.grid.window, excluding: [])
    let cube = try context.reflectedCube(0, window)
    #expect(cube.window == window && cube.bandCount == 2)
    let expected = (0..<2).flatMap { band in
      StageRun.cells(window).map { cell -> Float in
        let column = walk(cell.column, plan.grid.width)
        let row = walk(cell.row, plan.grid.height)
        return column == 2 ? .nan : StageRun.noise(band, column, row)
      }
    }
    #expect(isSame(cube.values, expected))
  }

  @Test func cellsAreCompleteWhereEveryBandHasAValue() {
    let cube = DataCube(
      window: Window(x: 0, y: 0, width: 3, height: 1), bandCount: 2,
      values: [1, .nan, 3, .nan, 5, 6])
    #expect(cube.completeCells == [false, false, true])
    var filled = cube
    filled.fill(invalid: cube.completeCells, with: [7, 8])
    #expect(filled.values == [7, 7, 3, 8, 8, 6])
  }
}
