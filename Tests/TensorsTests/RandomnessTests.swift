import Testing

@testable import Tensors

// The vectors of Random123's known-answer tests.
@Suite struct RandomnessTests {
  @Test func philoxKnownAnswers() {
    #expect(
      Randomness(key: 0, stream: 0).block(0)
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      Randomness(key: .max, stream: .max).block(.max)
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Randomness(key: 0x299f_31d0_a409_3822, stream: 0x0370_7344_1319_8a2e)
        .block(0x85a3_08d3_243f_6a88)
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func goldenValues() {
    let random = Randomness(seed: 42, 1, 2)
    #expect(random.bits64(0) == 15_693_780_018_297_487_160)
    #expect(random.permutation(8) == [6, 1, 3, 4, 2, 0, 7, 5])
    #expect(Randomness.word("spectral") == 698_010_407_798_947_465)
  }

  @Test func keysAndSeedsMatter() {
    let generators = [
      Randomness(seed: 0), Randomness(seed: 1), Randomness(seed: 0, 0), Randomness(seed: 0, 1),
      Randomness(seed: 0, 0, 1), Randomness(seed: 0, 1, 0), Randomness(seed: 0).derived(7),
      Randomness(seed: 0).derived(8),
    ]
    #expect(Set(generators.map { $0.bits64(0) }).count == generators.count)
    #expect(Randomness(seed: 0, key: [1, 0]) == Randomness(seed: 0, 1, 0))
  }

  @Test func bulkAgreesWithSingle() {
    let random = Randomness(seed: 9)
    #expect(random.uniforms(11, from: 3) == (3..<14).map { random.uniform($0) })
  }

  @Test func uniformsFillTheUnitInterval() {
    let values = Randomness(seed: 2).uniforms(100_000)
    let moments = ExactMoments(values)
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(moments.mean - 0.5) < 0.005)
    #expect(abs(moments.variance - 1.0 / 12) < 0.002)
    let doubles = (0..<1000).map { Randomness(seed: 2).uniformDouble($0) }
    #expect(doubles.allSatisfy { $0 >= 0 && $0 < 1 } && Set(doubles).count == 1000)
  }

  @Test func normalsHaveTheirMoments() {
    let values = (0..<50_000).map { Randomness(seed: 7).normal($0) }
    let moments = ExactMoments(values)
    #expect(abs(moments.mean) < 0.02)
    #expect(abs(moments.standardDeviation - 1) < 0.02)
    let inside = values.filter { abs($0) < 1 }.count
    #expect(abs(Double(inside) / 50_000 - 0.6827) < 0.01)
  }

  @Test func integersAndShufflesAreFair() {
    let random = Randomness(seed: 8)
    var counts = [Int](repeating: 0, count: 5)
    for counter in 0..<10_000 { counts[random.integer(UInt64(counter), below: 5)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 2000) < 200 })
    #expect(random.permutation(100).sorted() == Array(0..<100))
    let firsts = (0..<3000).map { Randomness(seed: $0).permutation(3)[0] }
    #expect((0..<3).allSatisfy { which in abs(firsts.count { $0 == which } - 1000) < 120 })
  }
}
