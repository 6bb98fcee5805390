import Testing

@testable import Learning

struct JointLabelTests {
  /// The sum over all sets of labels that hold.
  private func enumerated(atLeast count: Int, of probabilities: [Float]) -> Double {
    (0..<(1 << probabilities.count)).reduce(0) { sum, set in
      guard set.nonzeroBitCount >= count else { return sum }
      return sum
        + probabilities.enumerated().reduce(1) { product, entry in
          let chance = Double(entry.element)
          return product * (set >> entry.offset & 1 == 1 ? chance : 1 - chance)
        }
    }
  }

  @Test func probabilitiesAreThoseOfAllSets() {
    var numbers = TestNumbers(11)
    for size in 1...7 {
      let probabilities = (0..<size).map { _ in Float(numbers.next()) }
      for count in 0...size + 1 {
        let fast = JointLabel.probability(atLeast: count, of: probabilities)
        #expect(abs(fast - enumerated(atLeast: count, of: probabilities)) < 1e-12)
      }
    }
    #expect(JointLabel.probability(atLeast: 2, of: [1, 1, 0]) == 1)
    #expect(JointLabel.probability(atLeast: 2, of: [1, 0, 0]) == 0)
    #expect(JointLabel.probability(atLeast: 1, of: []) == 0)
  }

  /// One that is not known leaves all open, even where the others would decide.
  @Test func labelsAreCountedWhereAllAreKnown() {
    #expect(JointLabel.holds(atLeast: 2, of: [1, 0, 1]) == 1)
    #expect(JointLabel.holds(atLeast: 2, of: [1, 0, 0]) == 0)
    #expect(JointLabel.holds(atLeast: 1, of: [1, .nan]).isNaN)
    #expect(JointLabel.holds(atLeast: 2, of: [0, .nan]).isNaN)
  }

  @Test func theIndexIsThatOfNemerow() {
    // Mean 2, largest 4: the root of (4 + 16) / 2.
    #expect(abs(NemerowIndex.value([0.5, 1.5, 4]) - 10.0.squareRoot()) < 1e-12)
    #expect(NemerowIndex.value([1, 1, 1]) == 1)
    #expect(NemerowIndex.value([1, .nan]).isNaN && NemerowIndex.value([]).isNaN)
  }
}
