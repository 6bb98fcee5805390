import Testing

@testable import Networks

@Suite struct ActivationShapeTests {
  private let shape = ActivationShape(rows: 2, channels: 3, columns: 4, batch: 5)
  private let samples = (0..<7 * 24).map { Float($0) }

  @Test func samplesLieTogether() {
    let values = shape.arranged(samples, from: 1)
    for row in 0..<2 {
      for channel in 0..<3 {
        for column in 0..<4 {
          for sample in 0..<5 {
            let place = ((row * 3 + channel) * 4 + column) * 5 + sample
            let source = (sample + 1) * 24 + (channel * 2 + row) * 4 + column
            #expect(values[place] == samples[source])
          }
        }
      }
    }
  }

  @Test func addingPutsThemBack() {
    var result = [Float](repeating: 1, count: samples.count)
    shape.add(shape.arranged(samples, from: 1), to: &result, from: 1)
    for place in samples.indices {
      let isInside = place >= 24 && place < 6 * 24
      #expect(result[place] == (isInside ? samples[place] + 1 : 1))
    }
  }

  @Test func flatValuesHaveChannelsFirst() {
    let values = shape.arranged(samples, from: 0)
    let flat = shape.flattened(values)
    let first = stride(from: 0, to: flat.count, by: 5).map { flat[$0] }
    #expect(first == (0..<24).map { Float($0) })
    #expect(shape.unflattened(flat) == values)
  }
}
