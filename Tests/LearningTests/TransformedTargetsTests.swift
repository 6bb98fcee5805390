import Networks
import Rasters
import Testing

@testable import Learning

/// Transforms of samples are fitted to the samples that are named, and set their values alone.
struct TransformedTargetsTests {
  private func set(_ values: [[Float]], _ forms: [ValueForm?]) throws -> SampleSet {
    try SampleSet(
      kind: .linear,
      categories: forms.enumerated().map { .init(code: "\($0)", name: "\($0)", form: $1) },
      samples: values.enumerated().map { index, values in
        Sample(
          id: index, x: Double(index), y: 0, cell: Cell(column: index, row: 0),
          target: .values(values))
      })
  }

  private let values: [[Float]] = [
    [1, 10], [2, .nan], [4, 0], [0.5, -3], [8, 7], [1.5, 2], [900, 1],
  ]

  @Test func fitsSeeThePositionsAlone() throws {
    let forms = [ValueForm(transform: .boxCox), nil]
    let first = try set(values, forms)
    var others = values
    others[6] = [3, -50]
    let second = try set(others, forms)
    let seen = [0, 1, 2, 3, 4, 5]
    #expect(first.transforms(fittedTo: seen) == second.transforms(fittedTo: seen))
    #expect(first.transforms(fittedTo: seen + [6]) != second.transforms(fittedTo: seen + [6]))
    #expect(try set(values, [nil, nil]).transforms(fittedTo: seen) == nil)
    #expect(try set(values, [ValueForm(unit: "mg/kg"), nil]).transforms(fittedTo: seen) == nil)
  }

  @Test func inversesOfTransformedSamplesAreTheSamples() throws {
    let set = try set(values, [ValueForm(transform: .log), nil])
    let transforms = try #require(set.transforms(fittedTo: [0, 1]))
    let transformed = set.transformed(by: transforms)
    #expect(transformed.forms == [ValueForm(), ValueForm()])
    let flat = transformed.samples.flatMap { sample -> [Float] in
      if case .values(let values) = sample.target { values } else { [] }
    }
    #expect(abs(flat[2] - 0.6931472) < 1e-6 && flat[3].isNaN && flat[5] == 0)
    let back = transforms.inverse(flat)
    for (found, expected) in zip(back, values.flatMap(\.self)) {
      #expect(found.isNaN == expected.isNaN)
      if !found.isNaN { #expect(abs(found - expected) < 1e-5 * max(1, abs(expected))) }
    }
  }

  @Test func valuesWithoutALogarithmAreRefused() throws {
    for wrong: Float in [0, -1] {
      let found = #expect(throws: SampleError.self) {
        try set([[1], [wrong]], [ValueForm(transform: .log)])
      }
      #expect(found?.description.contains("expected numbers above") == true)
    }
    #expect(throws: SampleError.self) {
      try set([[0]], [ValueForm(transform: .boxCox)])
    }
    _ = try set([[0], [.nan]], [ValueForm(transform: .log, offset: 0.1)])
    _ = try set([[0], [-1]], [ValueForm(transform: .none)])
  }
}
