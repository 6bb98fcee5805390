import Pipelines
import Testing

@Suite struct ProblemTests {
  @Test func saysEverythingInOneLine() {
    let place = Place(line: 12, column: 7)
    #expect(
      Problem(
        file: "pipeline.json5", place: place, stage: "segments", key: "sise",
        "unknown option; did you mean 'size'?"
      ).description
        == "pipeline.json5:12:7: stage 'segments', option 'sise': unknown option; did you mean 'size'?"
    )
    #expect(Problem(place: place, key: "seed", "no").description == "line 12:7: key 'seed': no")
    #expect(Problem("no").description == "no")
    let given = Place(line: 0, column: 0, origin: "--set a=1")
    #expect(Problem(file: "p.json5", place: given, "no").description == "p.json5 (--set a=1): no")
  }

  @Test func ordersByPlaceAndDropsRepetitions() {
    let late = Problem(place: Place(line: 2, column: 1), "b")
    let early = Problem(place: Place(line: 1, column: 9), "a")
    #expect([late, early, late].inOrder == [early, late])
  }

  @Test func errorsListTheirProblems() {
    let error = PipelineError.invalid([Problem("a"), Problem("b")])
    #expect(error.description == "a\nb")
    #expect(error.problems.count == 2)
    let failure = PipelineError.failed(stage: "cube", cause: Problem("the band is missing"))
    #expect(failure.description == "stage 'cube': the band is missing")
    #expect(failure.problems.isEmpty)
  }
}
