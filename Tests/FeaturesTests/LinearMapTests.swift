import Testing

@testable import Features

struct LinearMapTests {
  @Test func compositionIsOneAfterTheOther() {
    let first = LinearMap(inputCount: 2, matrix: [1, 2, 3, 4, 5, 6], offset: [1, -1, 2])
    let second = LinearMap(inputCount: 3, matrix: [1, 0, -1, 2, 1, 1], offset: [10, 20])
    let input: [Float] = [0.5, -2]
    #expect(first.apply(input) == [-2.5, -7.5, -7.5])
    #expect(first.then(second).apply(input) == second.apply(first.apply(input)))
    #expect(LinearMap.identity(2).then(first) == first)
    #expect(first.then(.identity(3)) == first)
  }
}
