import Learning
import Rasters
import Testing

@testable import Pipelines

/// Folds as `split` plans and makes them.
struct SplitTests {
  private static let labels =
    "{ type: \"labels\", tag: \"points\", file: \"points.csv\", field: \"kind\" }"

  private func run() throws -> StageRun {
    let run = try StageRun()
    let rows = (0..<60).map { point in
      "\(1_030 + 360 * StageRun.noise(1, point)),\(1_790 + 280 * StageRun.noise(2, point)),"
        + "\(point % 2),\(point < 6 ? "" : ["north", "south", "10", "9"][point % 4]),same"
    }
    try run.text("x,y,kind,fold,constant\n" + rows.joined(separator: "\n"), "points.csv")
    return run
  }

  private func folds(
    _ run: StageRun, _ options: String, seed: Int = 1, out: String = "out"
  ) throws -> (folds: Folds, count: Int) {
    let plan = try run.planned(
      Self.labels + ", { type: \"split\", tag: \"folds\", inputs: \"points\", \(options) }",
      grid: StageRun.gridText, seed: seed, out: out)
    guard case .folds(let product) = try plan.product("folds") else {
      throw SampleRun.SampleError.missing("folds")
    }
    return (try plan.places(0).folds, product.count)
  }

  @Test(arguments: ["random", "blocks"]) func foldsShareTheSamplesOut(method: String) throws {
    let run = try run()
    let options = "method: \"\(method)\", folds: 4" + (method == "blocks" ? ", size: 40" : "")
    let (folds, count) = try folds(run, options)
    #expect(count == 4 && folds.count == 4 && folds.blockSize == (method == "blocks" ? 40 : 0))
    let sizes = (0..<4).map { folds.testSamples($0).count }
    #expect(sizes.reduce(0, +) == 60)
    #expect(sizes.allSatisfy { (8...22).contains($0) }, "\(sizes)")
    for fold in 0..<4 {
      let test = Set(folds.testSamples(fold))
      #expect(test.isDisjoint(with: folds.trainingSamples(fold)))
      #expect(test.count + folds.trainingSamples(fold).count == 60)
    }
    // The same seed divides alike in another store, another seed otherwise.
    let again = try self.folds(run, options, out: "again").folds
    #expect(again.foldOfSample == folds.foldOfSample)
    let other = try self.folds(run, options, seed: 2, out: "other").folds
    #expect(other.foldOfSample != folds.foldOfSample)
  }

  @Test func blocksAreSquaresOfTheMap() throws {
    let run = try run()
    let (folds, _) = try folds(run, "method: \"blocks\", size: 50, folds: 3")
    var foldOfBlock: [Cell: Int] = [:]
    for point in 0..<60 {
      let x = 1_030 + 360 * StageRun.noise(1, point)
      let y = 1_790 + 280 * StageRun.noise(2, point)
      let block = Cell(column: Int(x / 50), row: Int(y / 50))
      let fold = folds.foldOfSample[point]
      #expect(foldOfBlock[block, default: fold] == fold)
      foldOfBlock[block] = fold
    }
    #expect(Set(foldOfBlock.values) == [0, 1, 2])
  }

  @Test func theDefaultBlockIsAFifthOfTheLongerSide() throws {
    let (folds, count) = try folds(try run(), "folds: 3")
    #expect(folds.blockSize == 72 && count == 3)
  }

  @Test func columnsGiveTheFolds() throws {
    let (folds, count) = try folds(try run(), "method: \"field\", field: \"fold\"")
    // Numbers by size, then names; samples without a value are always trained on.
    #expect(count == 4 && folds.names == ["9", "10", "north", "south"])
    for point in 0..<60 {
      let expected = point < 6 ? -1 : [2, 3, 1, 0][point % 4]
      #expect(folds.foldOfSample[point] == expected)
    }
  }

  @Test(arguments: [
    ("method: \"field\"", "needs the column"),
    ("method: \"field\", field: \"flod\"", "did you mean 'fold'"),
    ("method: \"field\", field: \"constant\"", "has 1 values"),
  ])
  func mistakesAreNamed(options: String, says: String) throws {
    let problem = try run().problem(
      Self.labels + ", { type: \"split\", inputs: \"points\", \(options) }",
      grid: StageRun.gridText)
    #expect(problem?.stage == "split" && problem?.key == "field")
    #expect(problem?.message.contains(says) == true, "\(problem?.description ?? "")")
  }

  @Test func columnsMayShareAName() throws {
    let run = try StageRun()
    try run.text("x,y,kind,kind\n1100,2000,0,1\n1200,1900,1,0\n1300,1900,1,0\n", "points.csv")
    let folds = try folds(run, "method: \"random\", folds: 3").folds
    #expect(Set(folds.foldOfSample) == [0, 1, 2])
  }

  /// A fold of points whose class is not known would test nothing.
  @Test func pointsWithoutAClassMakeNoFold() throws {
    let run = try StageRun()
    let rows = (0..<30).map { point in
      "\(1_040 + 10 * point),\(1_800 + 5 * point),\(point % 3 == 2 ? 7 : point % 2),\(point % 3)"
    }
    try run.text("x,y,kind,fold\n" + rows.joined(separator: "\n"), "points.csv")
    let plan = try run.planned(
      """
      { type: "labels", tag: "points", file: "points.csv", field: "kind",
        classes: { "0": "barren", "1": "ore" } },
      { type: "split", tag: "folds", inputs: "points", method: "field", field: "fold" }
      """, grid: StageRun.gridText)
    guard case .folds(let product) = try plan.product("folds") else {
      throw SampleRun.SampleError.missing("folds")
    }
    #expect(product.count == 2)
    #expect(try plan.places(0).folds.count == 2)
  }

  @Test func tooFewBlocksAreSaid() throws {
    let run = try run()
    let error = #expect(throws: ExecutionError.self) {
      try folds(run, "method: \"blocks\", size: 5000, folds: 3")
    }
    #expect(error?.description.contains("expected at least 3") == true)
  }
}
