import Rasters
import Testing

@testable import Learning

struct ValidationPartTests {
  @Test func blocksAreTakenWhereThereAreEnough() throws {
    let set = try scatteredSamples(200, seed: 5) { x, _ in .category(x > 60 ? 1 : 0) }
    let positions = Array(0..<200).filter { $0 % 3 != 0 }
    let part = ValidationPart.choose(from: set, positions: positions, blockSize: 20, seed: 4)
    #expect(part.method == .blocks)
    #expect((part.training + part.validation).sorted() == positions)
    let share = Double(part.validation.count) / Double(positions.count)
    #expect(share >= 0.1 && share <= 0.3)
    func blocks(_ positions: [Int]) -> Set<Cell> {
      Set(
        positions.map {
          Cell(column: Int(set.samples[$0].x / 20), row: Int(set.samples[$0].y / 20))
        })
    }
    #expect(blocks(part.training).isDisjoint(with: blocks(part.validation)))
    #expect(set.counts(of: part.validation).allSatisfy { $0 > 0 })
  }

  @Test func cellsAreTakenWhereBlocksWouldLoseAClass() throws {
    // All of the second class lies in one block.
    let set = try scatteredSamples(300, seed: 5) { x, y in .category(x < 20 && y < 20 ? 1 : 0) }
    let part = ValidationPart.choose(
      from: set, positions: Array(0..<300), blockSize: 20, seed: 4)
    #expect(part.method == .random)
    #expect(set.counts(of: part.validation).allSatisfy { $0 > 0 })
    #expect(set.counts(of: part.training).allSatisfy { $0 > 0 })
    #expect(abs(part.validation.count - 60) <= 6)
    let few = ValidationPart.choose(
      from: set, positions: Array(0..<300), blockSize: 60, seed: 4)
    #expect(few.method == .random)
  }

  @Test func nothingIsWatchedWhereNothingCanBe() throws {
    let set = try scatteredSamples(10, seed: 5) { _, _ in .category(0) }
    let none = ValidationPart.choose(
      from: set, positions: [1, 4], share: 0, blockSize: 20, seed: 4)
    #expect(none.validation == [] && none.training == [1, 4])
    let single = ValidationPart.choose(from: set, positions: [3], blockSize: 20, seed: 4)
    #expect(single.validation == [] && single.training == [3])
  }

  @Test(arguments: [20.0, 60]) func samplesOfASegmentStayTogether(blockSize: Double) throws {
    let set = try scatteredSamples(200, seed: 5) { x, _ in .category(x > 60 ? 1 : 0) }
    let segments = set.samples.map { Int32($0.x / 7) * 100 + Int32($0.y / 7) }
    let part = ValidationPart.choose(
      from: set, positions: Array(0..<200), blockSize: blockSize, segments: segments, seed: 4)
    #expect(part.method == (blockSize == 20 ? .blocks : .random))
    #expect(part.validation.count > 20 && part.validation.count < 60)
    let watched = Set(part.validation.map { segments[$0] })
    #expect(watched.isDisjoint(with: part.training.map { segments[$0] }))
    let alone = ValidationPart.choose(
      from: set, positions: Array(0..<200), blockSize: blockSize, seed: 4)
    #expect(
      !Set(alone.validation.map { segments[$0] }).isDisjoint(
        with: alone.training.map { segments[$0] }))
  }
}
