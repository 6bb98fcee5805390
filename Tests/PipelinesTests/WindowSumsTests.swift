import Testing

@testable import Pipelines

struct WindowSumsTests {
  @Test func everyRectangleIsSummed() {
    let (width, height) = (7, 5)
    let counts = (0..<width * height).map { Int32(9 * StageRun.noise($0)) }
    let sums = WindowSums(counts, width: width)
    for y in 0..<height {
      for x in 0..<width {
        for tall in 0...height - y {
          for wide in 0...width - x {
            var expected: Int32 = 0
            for row in y..<y + tall {
              for column in x..<x + wide { expected += counts[row * width + column] }
            }
            #expect(sums.sum(x: x, y: y, width: wide, height: tall) == expected)
          }
        }
      }
    }
  }

  @Test func nothingSumsToNothing() {
    #expect(WindowSums([], width: 0).sum(x: 0, y: 0, width: 0, height: 0) == 0)
    #expect(WindowSums([5], width: 1).sum(x: 0, y: 0, width: 1, height: 1) == 5)
  }
}
