import Foundation
import Learning
import Rasters
import Testing

@testable import Pipelines

/// What the report says of the places that are known.
struct ReportCurvesTests {
  private func page(_ sample: SampleRun, _ name: String, _ changes: [(String, String)]) throws
    -> String
  {
    let path = try sample.pipeline(
      name,
      replacing: [
        (
          "    { type: \"explain\", tag: \"shap\", method: \"gradshap\",\n      inputs: { model: "
            + "\"model\", cube: \"cube\", segments: \"segments\" } },\n", ""
        ), ("\"shap\", ", ""),
      ] + changes)
    #expect(sample.run(path, out: name) == .done)
    return String(decoding: try #require(sample.bytes(name, "report.html")), as: UTF8.self)
  }

  @Test func placesAreOutOfFoldWhereThereAreScores() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let page = try page(sample, "honest", [])
    for text in [
      "Known places: probability", "which have not seen them",
      "above guide value, approximate prediction rate", "above guide value, success rate",
      "Prediction and area: above guide value, approximate prediction rate", "The curves cross at",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(!page.contains("below guide value, approximate"))
    #expect(!page.contains("Prediction and area: above guide value, success rate"))
    // The area under the curve, counted anew from what was written and predicted.
    let path = "\(sample.folder)/honest.json5"
    let scores = try Scores.stored(try sample.value(path, of: "scores").bytes)
    let set = try SampleSet.stored(try sample.value(path, of: "cadmium").bytes)
    let map = try sample.raster("honest", "probability.tif").cube.band(1).filter(\.isFinite)
    let known = set.samples.indices.filter { set.samples[$0].target == .category(1) }
      .map { scores.predictions[2 * $0 + 1] }
    var sum = 0.0
    for deposit in known {
      for cell in map { sum += cell < deposit ? 1 : cell == deposit ? 0.5 : 0 }
    }
    let rate = sum / Double(known.count * map.count)
    let match = try #require(
      page.firstMatch(
        of:
          /approximate[^<]*<\/td>\s*<td[^>]*>(\d+)<\/td>\s*<td[^>]*>0<\/td>\s*<td[^>]*>([\d.]+)</
      ))
    #expect(Int(match.output.1) == known.count)
    // Bins of a ten-thousandth, and three decimals.
    #expect(abs((Double(match.output.2) ?? 0) - rate) < 1.5e-3)
  }

  @Test func placesThatWereTrainedOnAreCalledSo() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let page = try page(
      sample, "seen",
      [
        (
          "    { type: \"validate\", tag: \"scores\", inputs: { model: \"model\", folds: \"folds\" } },\n",
          ""
        ), (", \"scores\"] }", "] }"),
      ])
    #expect(page.contains("The map was trained with these places"))
    #expect(page.contains("Prediction and area: above guide value, success rate"))
    #expect(!page.contains("above guide value, approximate prediction rate"))
  }
}
