import Rasters
import Testing

@testable import Segmentation

struct CentreTableTests {
  private func table(_ cells: Window, seed: UInt64) -> CentreTable {
    var noise = Noise(seed)
    var table = CentreTable(cells: cells, bandCount: 3)
    for index in table.colors.indices { table.colors[index] = noise.uniform() }
    for index in 0..<cells.cellCount {
      table.columns[index] = noise.uniform()
      table.rows[index] = noise.uniform()
      table.counts[index] = Int32(noise.integer(-1..<50))
    }
    return table
  }

  @Test func bytesComeBack() throws {
    let table = table(Window(x: -5, y: 1 << 40, width: 4, height: 3), seed: 1)
    #expect(try CentreTable(bytes: table.bytes) == table)
    #expect(table.bytes.count == 40 + 12 * 4 * 6)
  }

  @Test func damagedBytesAreRefused() {
    let bytes = table(Window(x: 0, y: 0, width: 4, height: 3), seed: 1).bytes
    for length in [0, 7, 39, 100, bytes.count - 1] {
      #expect(throws: TableDataError.self) { try CentreTable(bytes: Array(bytes.prefix(length))) }
    }
    #expect(throws: TableDataError.self) { try CentreTable(bytes: bytes + [0]) }
    for position in 16..<40 {
      var huge = bytes
      huge[position] = 0x7F
      #expect(throws: TableDataError.self) { try CentreTable(bytes: huge) }
    }
  }

  @Test func neighborsMergeToTheWhole() {
    let whole = table(Window(x: 3, y: -2, width: 6, height: 5), seed: 2)
    let parts = [
      whole.cropped(to: Window(x: 3, y: -2, width: 2, height: 5)),
      whole.cropped(to: Window(x: 5, y: -2, width: 4, height: 3)),
      whole.cropped(to: Window(x: 5, y: 1, width: 4, height: 2)),
    ]
    #expect(CentreTable.merged(parts) == whole)
    #expect(CentreTable.merged([]) == nil)
    let outside = whole.cropped(to: Window(x: 0, y: 0, width: 1, height: 1))
    #expect(outside.counts == [CentreTable.absent])
  }
}
