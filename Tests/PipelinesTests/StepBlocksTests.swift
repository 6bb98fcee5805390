import Foundation
import Rasters
import Testing

@testable import Pipelines

/// One cell that stands for a block of cells.
struct StepBlocksTests {
  @Test(arguments: [1, 2, 3, 4, 8], [(-9, 5), (0, 0), (16, -24)])
  func theNearestWantedCellStandsForItsBlock(step: Int, origin: (Int, Int)) {
    let window = Window(x: origin.0, y: origin.1, width: 17, height: 13)
    let wanted = (0..<window.cellCount).map { StageRun.noise(step, $0) < 0.4 }
    let blocks = StepBlocks(wanted, window: window, step: step)
    func place(_ cell: Int) -> (x: Int, y: Int) {
      (window.x + cell % window.width, window.y + cell / window.width)
    }
    func block(_ cell: Int) -> [Int] {
      [place(cell).x, place(cell).y].map { Int((Double($0) / Double(step)).rounded(.down)) }
    }
    func distance(_ cell: Int) -> Double {
      let middle = block(cell).map { (Double($0) + 0.5) * Double(step) }
      return hypot(Double(place(cell).x) + 0.5 - middle[0], Double(place(cell).y) + 0.5 - middle[1])
    }
    for cell in wanted.indices {
      guard wanted[cell] else {
        #expect(blocks.positions[cell] == -1)
        continue
      }
      let chosen = blocks.cells[blocks.positions[cell]]
      #expect(wanted[chosen] && block(chosen) == block(cell))
      #expect(distance(chosen) <= distance(cell) + 1e-9)
    }
    #expect(Set(blocks.cells).count == blocks.cells.count)
    #expect(Set(blocks.cells.map(block)).count == blocks.cells.count)
    if step == 1 { #expect(blocks.cells.count == wanted.count(where: \.self)) }
  }
}
