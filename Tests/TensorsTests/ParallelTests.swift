import Synchronization
import Tensors
import Testing

@Suite struct ParallelTests {
  private struct Failed: Error, Equatable {
    let index: Int
  }

  @Test(arguments: [1, 2, 7])
  func visitsEveryIndexOnce(jobs: Int) {
    let seen = Mutex([Int](repeating: 0, count: 1000))
    Parallel.forEach(1000, jobs: jobs) { index in seen.withLock { $0[index] += 1 } }
    #expect(seen.withLock { $0 } == [Int](repeating: 1, count: 1000))
  }

  @Test(arguments: [1, 3])
  func mapsInOrder(jobs: Int) {
    #expect(Parallel.map(500, jobs: jobs) { "\($0)" } == (0..<500).map { "\($0)" })
    #expect(Parallel.map(0, jobs: jobs) { $0 }.isEmpty)
  }

  @Test(arguments: [1, 3])
  func foldsInOrder(jobs: Int) {
    Parallel.with(jobs: jobs) {
      var seen: [Int] = []
      Parallel.fold(100) {
        $0 * $0
      } into: {
        seen.append($0)
      }
      #expect(seen == (0..<100).map { $0 * $0 })
      Parallel.fold(0) {
        $0
      } into: {
        seen.append($0)
      }
      #expect(seen.count == 100)
    }
  }

  @Test func aSerialFoldHoldsOneResult() {
    var made: [Int] = []
    let calls = Mutex(0)
    Parallel.with(jobs: 1) {
      Parallel.fold(10) { _ in
        calls.withLock { $0 += 1 }
      } into: { _ in
        made.append(calls.withLock { $0 })
      }
    }
    // Each result was received before the next one was made.
    #expect(made == Array(1...10))
  }

  @Test(arguments: [1, 2, 4])
  func lowestFailureWins(jobs: Int) {
    for _ in 0..<50 {
      #expect(throws: Failed(index: 13)) {
        try Parallel.forEach(200, jobs: jobs) { index in
          if index >= 13 { throw Failed(index: index) }
        }
      }
    }
  }

  @Test func loopsInsideAreSerial() {
    #expect(!Parallel.isInsideLoop)
    let nested = Parallel.map(4, jobs: 2) { _ in
      let order = Mutex([Int]())
      Parallel.forEach(20, jobs: 2) { index in order.withLock { $0.append(index) } }
      return Parallel.isInsideLoop && order.withLock { $0 } == Array(0..<20)
    }
    #expect(nested == [true, true, true, true])
    #expect(!Parallel.isInsideLoop)
  }

  @Test func chunksAreDisjoint() {
    var values = [Float](repeating: 1, count: 103)
    Parallel.forEachChunk(of: &values, length: 10, jobs: 2) { index, chunk in
      for place in chunk.indices { chunk[place] += Float(index) }
    }
    let expected: [Float] = (0..<103).map { (index: Int) -> Float in Float(1 + index / 10) }
    #expect(values == expected)
    #expect(throws: Failed(index: 2)) {
      try Parallel.forEachChunk(of: &values, length: 10, jobs: 2) { index, _ in
        if index > 1 { throw Failed(index: index) }
      }
    }
  }

  @Test func cancellationIsAsked() throws {
    try Parallel.checkCancellation()
    let cancelled: @Sendable () throws -> Void = { throw Failed(index: -1) }
    try Parallel.with(cancellationCheck: cancelled) {
      #expect(throws: Failed(index: -1)) { try Parallel.checkCancellation() }
      #expect(throws: Failed(index: -1)) {
        try Parallel.forEach(8, jobs: 2) { _ in try Parallel.checkCancellation() }
      }
    }
    try Parallel.checkCancellation()
  }

  /// What holds for one caller holds for its loops, and for no other caller.
  @Test func settingsAreTheCallersOwn() {
    let before = Parallel.jobs
    let inside = Parallel.with(jobs: before + 3) {
      [Parallel.jobs] + Parallel.map(4, jobs: 2) { _ in Parallel.jobs }
    }
    #expect(inside == [Int](repeating: before + 3, count: 5) && Parallel.jobs == before)
    #expect(Parallel.with(jobs: 0) { Parallel.jobs } == 1)
  }
}
