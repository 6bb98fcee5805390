import Foundation
import Rasters
import Testing

@testable import Features

/// Arithmetic of bands.
struct BandExpressionTests {
  private static let names = ["nir", "red", "Cu (ppm)", "e"]
  private static let cube = DataCube(
    window: Window(x: 5, y: 3, width: 3, height: 1), bandCount: 4,
    values: [4, 2, .nan] + [1, -2, 3] + [0.5, 8, 100] + [7, 7, 7])

  private func values(_ text: String) throws -> [Float] {
    try BandExpression(text, bands: Self.names).apply(Self.cube)
  }

  /// The value of an expression without bands.
  private func number(_ text: String) throws -> Float { try values(text)[0] }

  @Test func bandsTakePart() throws {
    let ndvi = try values("(nir - red) / (nir + red)")
    // The second divides by zero, the third misses a band.
    #expect(ndvi[0] == 0.6 && ndvi[1].isNaN && ndvi[2].isNaN)
    #expect(try values("'Cu (ppm)' * 2") == [1, 16, 200])
    #expect(try values("\"Cu (ppm)\" + `e`") == [7.5, 15, 107])
    let parsed = try BandExpression("nir + red * nir", bands: Self.names)
    #expect(parsed.bands == [0, 1])
  }

  @Test(
    arguments: [
      ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("2 ^ 3 ^ 2", 512), ("-2 ^ 2", -4), ("2 ^ -1", 0.5),
      ("10 - 4 - 3", 3), ("24 / 4 / 2", 3), ("2 * -3", -6), ("--3", 3), ("-+-3", 3),
      ("1e3 + .5", 1000.5),
      ("1.5E-1 * 2", 0.3), ("1 < 2", 1), ("2 <= 1", 0), ("1 + 1 == 2", 1), ("3 != 3", 0),
      ("not 1 > 2", 1), ("not not 5", 1), ("1 or 0 and 0", 1), ("(1 or 0) and 0", 0),
      ("min(3, 1, 2)", 1), ("max(3, 1, 2)", 3), ("abs(-4)", 4), ("sqrt(9)", 3), ("log(e)", 1),
      ("log10(1000)", 3), ("exp(0)", 1), ("round(2.5)", 3), ("floor(-0.5)", -1), ("ceil(0.2)", 1),
      ("where(1 > 2, 10, 20)", 20), ("if(1, 10, 20)", 10), ("where(0, 1 / 0, 5)", 5),
      ("ismissing(missing)", 1), ("ismissing(1)", 0), ("sin(pi / 2)", 1), ("cos(0)", 1),
      ("atan2(0, -1) / pi", 1), ("tan(0) + atan(0)", 0),
    ] as [(String, Float)])
  func operatorsBindAsTheyShould(text: String, expected: Float) throws {
    let bands = Array(Self.names.prefix(3))
    let found = try BandExpression(text, bands: bands).apply(Self.cube)[0]
    #expect(abs(found - expected) <= 1e-6 * max(1, abs(expected)), "\(text) is \(found)")
  }

  @Test(arguments: [
    "1 / 0", "0 / 0", "log(0)", "log(-1)", "sqrt(-1)", "1 / (1 / 0)", "exp(1000)", "exp(100)",
    "missing ^ 0", "1 ^ missing", "min(1, missing)", "max(missing, 1)", "missing < 1",
    "where(missing, 1, 2)", "not missing", "missing or 1", "missing and 0", "0 * (1 / 0)",
    "missing == missing", "(0 - 8) ^ 0.5",
  ])
  func whatHasNoResultIsMissing(text: String) throws {
    #expect(try number(text).isNaN, "\(text)")
  }

  @Test func largeWindowsAreComputedInBlocks() throws {
    let window = Window(x: 0, y: 0, width: 71, height: 59)
    let values = (0..<2 * window.cellCount).map { Float($0 % 97) - 40 }
    let cube = DataCube(window: window, bandCount: 2, values: values)
    let found = try BandExpression("where(a > b, sqrt(a - b), a * b + 1)", bands: ["a", "b"])
      .apply(cube)
    for cell in 0..<window.cellCount {
      let (a, b) = (Double(values[cell]), Double(values[window.cellCount + cell]))
      #expect(found[cell] == Float(a > b ? (a - b).squareRoot() : a * b + 1))
    }
  }

  @Test(arguments: [
    ("nir +", 6), ("", 1), ("nir red", 5), ("(nir", 5), ("nir)", 4), ("1 < 2 < 3", 7),
    ("nir = 1", 5),
    ("2 $ 3", 3), ("min(1)", 1), ("where(1, 2)", 1), ("sqrt(1, 2)", 1), ("1.2.3", 1), ("3x", 1),
    ("'nir", 1), ("and 1", 1), ("e + 1", 1), ("nir & red", 5), ("log()", 1), ("1 2", 3),
    ("min(1,)", 7),
  ])
  func mistakesHaveAPlace(text: String, column: Int) {
    let error = #expect(throws: ExpressionError.self) {
      try BandExpression(text, bands: Self.names)
    }
    #expect(error?.column == column, "\(text): \(error as Any)")
    guard case .syntax = error?.kind else {
      Issue.record("\(text): \(error as Any)")
      return
    }
  }

  @Test func unknownNamesAreTold() {
    let band = #expect(throws: ExpressionError.self) {
      try BandExpression("1 + swir", bands: Self.names)
    }
    #expect(band == ExpressionError(kind: .unknownBand("swir"), column: 5))
    let function = #expect(throws: ExpressionError.self) {
      try BandExpression("sqr(nir)", bands: Self.names)
    }
    #expect(function == ExpressionError(kind: .unknownFunction("sqr"), column: 1))
  }

  @Test func textsOfAnySizeEndWell() {
    for text in [
      String(repeating: "(", count: 100_000), String(repeating: "-", count: 100_000) + "1",
      Array(repeating: "1", count: 100_000).joined(separator: "+"),
      Array(repeating: "1", count: 400).joined(separator: "^"),
      String(repeating: "abs(", count: 300) + "1" + String(repeating: ")", count: 300),
    ] {
      #expect(throws: ExpressionError.self) { try BandExpression(text, bands: []) }
    }
    let long = Array(repeating: "nir", count: 450).joined(separator: "+")
    #expect((try? BandExpression(long, bands: Self.names).apply(Self.cube))?[0] == 1800)
  }
}
