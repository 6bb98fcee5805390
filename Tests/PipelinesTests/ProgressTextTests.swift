import Testing

@testable import Pipelines

@Suite struct ProgressTextTests {
  private let view = ProgressState.View(
    stage: "superpixels", done: 12, total: 57, rate: 3.44, left: 13.1, fraction: 0.4)

  private func epoch(_ done: Int) -> TrainingStep {
    TrainingStep(kind: .epoch, done: done, limit: 200)
  }

  private func bar(_ columns: Int, _ view: ProgressState.View? = nil) -> String {
    ProgressText.bar(view ?? self.view, columns: columns, isColored: false)
  }

  @Test func leavesOutWhatDoesNotFit() {
    let words = "superpixels 12/57 chunks"
    #expect(bar(200) == "[#########...............]  40% \(words), 3.4/s, 14 s left")
    #expect(bar(75) == "[#########...............]  40% \(words), 3.4/s, 14 s left")
    #expect(bar(74) == "[####........]  40% \(words), 3.4/s, 14 s left")
    #expect(bar(63) == "[####........]  40% \(words), 3.4/s, 14 s left")
    #expect(bar(62) == "[####........]  40% \(words), 14 s left")
    #expect(bar(56) == "[####........]  40% \(words), 14 s left")
    #expect(bar(55) == "[####........]  40% \(words)")
    #expect(bar(45) == "[####........]  40% \(words)")
    #expect(bar(44) == " 40% \(words)")
    #expect(bar(30) == " 40% \(words)")
    #expect(bar(29) == " 40% superpixels")
    #expect(bar(12) == " 40% sup...")
    #expect(bar(3) == "..")
    #expect(bar(1) == "" && bar(0) == "")
  }

  @Test func neverTakesTheLastColumn() {
    var views = [view]
    views.append(
      ProgressState.View(
        stage: "a-tag-that-somebody-made-very-long-indeed", done: 1_234_567, total: 9_999_999,
        rate: 0.0001, left: 1e9, fraction: 1))
    views.append(ProgressState.View(stage: "钨矿区域", done: 0, total: 0, step: epoch(3)))
    for view in views {
      for columns in 0...120 {
        #expect(TextColumns.count(bar(columns, view)) <= max(0, columns - 1), "\(columns)")
      }
    }
  }

  @Test func countsWideNames() {
    let wide = ProgressState.View(stage: "钨矿区域", done: 1, total: 2, fraction: 0.5)
    // Eight columns of four letters: 4 + 1 + 8 + 1 + 10, and 15 of the bar.
    #expect(bar(40, wide) == "[######......]  50% 钨矿区域 1/2 chunks")
    #expect(bar(39, wide) == " 50% 钨矿区域 1/2 chunks")
    #expect(bar(12, wide) == " 50% 钨...")
  }

  @Test func showsTrainingsAndUnknownTotals() {
    let training = ProgressState.View(
      stage: "model", done: 3, total: 9, rate: 11.2, left: 14.9, step: epoch(34), fraction: 0.25)
    #expect(
      bar(120, training)
        == "[######..................]  25% model epoch 34 of at most 200, 11/s, at most 15 s left")
    #expect(
      ProgressText.line(training) == "model: epoch 34 of at most 200, 11/s, at most 15 s left")
    var forest = training
    forest.step = TrainingStep(kind: .tree, done: 128, limit: 500)
    #expect(ProgressText.line(forest) == "model: tree 128 of 500, 11/s, 15 s left")
    forest.step = TrainingStep(kind: .candidate, done: 5, limit: 12)
    #expect(ProgressText.line(forest) == "model: comparison 5 of 12, 11/s, 15 s left")
    let open = ProgressState.View(stage: "shap", done: 7, total: 0)
    #expect(bar(80, open) == "shap 7 chunks")
    #expect(bar(80, ProgressState.View(stage: "shap", done: 0, total: 0)) == "shap")
  }

  @Test func colorsTheDonePartAlone() {
    let text = ProgressText.bar(view, columns: 60, isColored: true)
    #expect(
      text == "[\u{1B}[32m####\u{1B}[0m........]  40% superpixels 12/57 chunks, 14 s left")
  }

  @Test func fillsTheBarFromNothingToAll() {
    var view = ProgressState.View(stage: "a", done: 0, total: 0, fraction: 0)
    #expect(bar(80, view) == "[........................]   0% a")
    view.fraction = 1
    #expect(bar(80, view) == "[########################] 100% a")
  }

  @Test(arguments: [
    (0, "0 s"), (0.2, "1 s"), (88.1, "89 s"), (90, "2 min"), (121, "3 min"), (5340, "89 min"),
    (5400, "1 h 30 min"), (7200, "2 h"), (7201, "2 h 1 min"), (-5, "0 s"), (1e300, "100000 h"),
  ])
  func saysTimes(seconds: Double, text: String) {
    #expect(ProgressText.duration(seconds) == text)
  }

  @Test(arguments: [
    (120, "120/s"), (10, "10/s"), (1, "1.0/s"), (0.5, "30/min"), (0.05, "3.0/min"),
    (0.001, "3.6/h"),
  ])
  func saysRates(rate: Double, text: String) {
    #expect(ProgressText.rate(rate) == text)
  }
}
