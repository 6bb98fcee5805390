import Rasters
import Tensors
import Testing

@testable import Features

/// The same numbers as scikit-learn, scipy and the published formulas.
struct CompositionalParityTests {
  private typealias Fixture = CompositionalFixture

  /// The 14 cells of the fixture as a cube of five bands.
  private var cube: DataCube {
    let values = (0..<5).flatMap { band in
      (0..<14).map { Float(Fixture.values[$0 * 5 + band]) }
    }
    return DataCube(
      window: Window(x: 0, y: 0, width: 7, height: 2), bandCount: 5, values: values)
  }

  /// Compares a cube with numbers that stand cell by cell.
  private func expect(
    _ result: DataCube, _ wanted: [Double], _ tolerance: Double = 2e-6,
    _ place: SourceLocation = #_sourceLocation
  ) {
    #expect(result.values.count == wanted.count, sourceLocation: place)
    for cell in 0..<14 {
      for band in 0..<result.bandCount {
        let number = wanted[cell * result.bandCount + band]
        let difference = abs(Double(result.values[band * 14 + cell]) - number)
        #expect(difference <= tolerance * max(1, abs(number)), sourceLocation: place)
      }
    }
  }

  @Test func logRatios() {
    let parts = [0, 1, 2, 3, 4]
    expect(LogRatio(method: .clr, parts: parts).apply(cube), Fixture.clr)
    expect(LogRatio(method: .ilr, parts: parts).apply(cube), Fixture.ilr)
    expect(LogRatio(method: .alr, parts: parts, denominator: 2).apply(cube), Fixture.alr)
  }

  private func components(_ usesCorrelation: Bool) -> PrincipalComponents {
    let bands = [0, 1, 2, 3, 4]
    var moments = ExactCovariance(variableCount: 5)
    moments.add(PrincipalComponents.completeValues(cube, bands: bands).span)
    return PrincipalComponents(
      moments, bands: bands, options: .init(count: 5, usesCorrelation: usesCorrelation))
  }

  @Test func componentsOfCovariances() {
    let fitted = components(false)
    for (value, wanted) in zip(fitted.loadings, Fixture.covarianceLoadings) {
      #expect(abs(value - wanted) < 1e-10)
    }
    for (value, wanted) in zip(fitted.variances, Fixture.covarianceVariances) {
      #expect(abs(value - wanted) < 1e-9)
    }
    expect(fitted.mixture.apply(cube), Fixture.covarianceScores)
  }

  @Test func componentsOfCorrelations() {
    let fitted = components(true)
    for (value, wanted) in zip(fitted.loadings, Fixture.correlationLoadings) {
      #expect(abs(value - wanted) < 1e-10)
    }
    for (value, wanted) in zip(fitted.variances, Fixture.correlationVariances) {
      #expect(abs(value - wanted) < 1e-10)
    }
    expect(fitted.mixture.apply(cube), Fixture.correlationScores)
  }

  private func quantiles(_ band: Int, _ intervals: Int) -> [Double] {
    var search = ExactQuantiles(intervals: intervals)
    let values = Array(cube.band(band))
    while !search.isFinished { search.narrow(search.counts(values.span)) }
    return search.values
  }

  @Test func scalings() {
    let all = [0, 1, 2, 3, 4]
    let robust = Scaling(quartiles: all.map { quantiles($0, 4) }, scaled: all, bandCount: 5)
    expect(robust.apply(cube), Fixture.robust)
    var statistics = BandStatistics(bandCount: 5)
    statistics.add(cube)
    expect(Scaling(rangesOf: statistics, scaled: all).apply(cube), Fixture.minMax)
  }

  @Test func ranks() {
    let found = quantiles(0, 7)
    for (value, wanted) in zip(found, Fixture.quantiles) { #expect(abs(value - wanted) < 1e-10) }
    for (distribution, wanted) in [
      (QuantileMap.Distribution.uniform, Fixture.uniformRanks), (.normal, Fixture.normalRanks),
    ] {
      let map = QuantileMap(quantiles: found, distribution: distribution)
      for (value, number) in zip(cube.band(0), wanted) {
        #expect(abs(Double(map.apply(value)) - number) < 2e-6)
      }
    }
    for (rank, wanted) in zip(
      [1e-7, 1e-4, 0.01, 0.07, 0.075, 0.2, 0.5, 0.9, 0.93, 0.9999], Fixture.normalDeviates)
    { #expect(abs(QuantileMap.normal(rank) - wanted) < 1e-10) }
  }
}
