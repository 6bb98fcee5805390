import Foundation
import Learning
import Testing

@testable import Pipelines

/// How values are learnt, as 'labels' says it by column, and what transforms cannot take.
struct ValueOptionsTests {
  private func problem(_ options: String) throws -> String {
    let scene = try ValueScene.make()
    let problem = try scene.problem(
      """
      { type: "read-cube", tag: "raw", files: "a.tif" },
      { type: "labels", tag: "amounts", file: "points.csv", \(options) },
      """)
    return "\(problem?.key ?? ""): \(problem?.message ?? "")"
  }

  private func set(_ options: String) throws -> SampleSet {
    let scene = try ValueScene.make()
    let path = try scene.pipeline(
      """
      { type: "read-cube", tag: "raw", files: "a.tif" },
      { type: "labels", tag: "amounts", file: "points.csv", target: "values", \(options) },
      """)
    return try SampleSet.stored(try scene.files.value(path, of: "amounts").bytes)
  }

  @Test func columnsHaveTheirOwnForms() throws {
    let same = try set("fields: [\"cd\", \"pb\"], transform: \"log\", unit: \"mg/kg\"")
    #expect(
      same.forms == [ValueForm](repeating: ValueForm(transform: .log, unit: "mg/kg"), count: 2))
    let own = try set(
      "fields: [\"cd\", \"none\"], transform: { none: \"box-cox\" }, offset: { none: 0.5 }, "
        + "unit: { cd: \"ppm\" }")
    #expect(
      own.forms == [ValueForm(unit: "ppm"), ValueForm(transform: .boxCox, offset: 0.5)])
    // Values stay as they were measured; without the options nothing is noted of them.
    let plain = try set("fields: [\"cd\", \"none\"]")
    #expect(plain.samples.map(\.target) == own.samples.map(\.target))
    #expect(plain.categories.allSatisfy { $0.form == nil })
  }

  @Test func amountsWithoutALogarithmHaveAPlace() throws {
    let found = try problem(
      "target: \"values\", fields: [\"cd\", \"none\"], transform: \"log\"")
    #expect(found.hasPrefix("transform: "))
    #expect(found.contains("points.csv, row 3, column 'none': found 0; expected a number above 0 "))
    #expect(found.contains("'log'") && found.contains("or give an 'offset'"))
    let power = try problem(
      "target: \"values\", fields: [\"none\"], transform: { none: \"box-cox\" }")
    #expect(power.contains("row 3, column 'none': found 0") && power.contains("'box-cox'"))
    _ = try set("fields: [\"cd\", \"none\"], transform: \"log\", offset: 0.01")
    _ = try set("fields: [\"cd\", \"none\"], transform: { cd: \"log\" }")
  }

  @Test func optionsGoWithValuesAndColumns() throws {
    #expect(
      try problem("field: \"fold\", transform: \"log\"")
        == "transform: goes with target: \"values\" only")
    #expect(
      try problem("target: \"labels\", fields: [\"cd\"], unit: \"mg/kg\"").hasPrefix(
        "unit: goes with"))
    #expect(
      try problem("target: \"values\", fields: [\"cd\"], transform: { cb: \"log\" }")
        .contains("there is no column 'cb' among 'fields'; did you mean 'cd'"))
    #expect(
      try problem("target: \"values\", fields: [\"cd\"], offset: 1")
        == "offset: goes with a 'transform' only")
    #expect(
      try problem(
        "target: \"values\", fields: [\"cd\", \"pb\"], transform: { cd: \"log\" }, offset: { pb: 1 }"
      )
        == "offset: of 'pb' goes with a 'transform' of it only")
    #expect(
      try problem("target: \"values\", fields: [\"cd\"], transform: \"sqrt\"").contains("'box-cox'")
    )
  }
}
