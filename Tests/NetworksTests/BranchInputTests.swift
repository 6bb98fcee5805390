import Testing

@testable import Networks

@Suite struct BranchInputTests {
  private typealias Patch = ModelArchitecture.PatchBranch

  private static let sizes = [1, 2, 3, 4, 5, 7].flatMap { parts in
    (1...17).map { SIMD2(parts, $0) }
  }

  /// The window lies around the middle of its cell, and no smaller odd window of cells holds it.
  @Test(arguments: sizes) func theGivenWindowIsTheSmallest(_ size: SIMD2<Int>) {
    let (parts, window) = (size[0], size[1])
    let branch = Patch(window: window, layers: [], width: 1, refinement: parts)
    let first = Int((Double(parts - window) / 2).rounded(.down))
    let cells = (first..<first + window).map { Int((Double($0) / Double(parts)).rounded(.down)) }
    let reach = cells.map { abs($0) }.max() ?? 0
    #expect(branch.inputWindow == (parts == 1 ? window : 2 * reach + 1))
    let layout = branch.layout(bands: parts * parts)
    // The first sub-cell of the middle cell.
    let middle = branch.inputWindow / 2 * parts
    #expect(layout.start == (parts == 1 ? 0 : middle + first))
    if parts == 1 { #expect(first == -(window / 2)) }
  }

  @Test func subcellsAreBands() {
    let branch = Patch(window: 3, layers: [], width: 1, bands: 2..<10, refinement: 2)
    #expect(branch.inputWindow == 3)
    // Two finer bands of 6 x 6 sub-cells, whose value is their place: band * 100 + row * 10 + column.
    var given = [Float](repeating: 0, count: 8 * 9)
    for band in 0..<2 {
      for y in 0..<6 {
        for x in 0..<6 {
          let plane = (band * 2 + y % 2) * 2 + x % 2
          given[(plane * 3 + y / 2) * 3 + x / 2] = Float(band * 100 + y * 10 + x)
        }
      }
    }
    // The middle cell is 2..<4; a window of three begins one before it.
    #expect(
      branch.window(in: given, bands: 8) == [
        11, 12, 13, 21, 22, 23, 31, 32, 33, 111, 112, 113, 121, 122, 123, 131, 132, 133,
      ])
  }

  @Test func windowsAreThoseOfPatchBranches() {
    let form = ModelTests.architectures[4]
    #expect(
      form.windows == [
        .init(bands: 9..<11, side: 3), .init(bands: 0..<8, side: 3, refinement: 2),
        .init(bands: 3..<12, side: 3, refinement: 3),
      ])
    #expect(form.windows.map(\.valueCount) == [18, 72, 81])
    #expect(ModelTests.architectures[1].windows == [.init(bands: 0..<3, side: 8)])
  }
}
