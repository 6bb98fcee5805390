import Foundation
import Rasters
import Testing

struct EllipsoidTests {
  private static func radians(_ degrees: Double, _ minutes: Double, _ seconds: Double) -> Double {
    (degrees.sign == .minus ? -1 : 1) * (abs(degrees) + minutes / 60 + seconds / 3600) * .pi / 180
  }

  /// Flinders Peak to Buninyong, the example of Geoscience Australia's GDA manual (GRS 80).
  @Test func surveyedLineHasItsLength() {
    let grs80 = Ellipsoid(semiMajorAxis: 6_378_137, flattening: 1 / 298.257_222_101)
    let peak = SIMD2(Self.radians(144, 25, 29.52440), Self.radians(-37, 57, 3.72030))
    let buninyong = SIMD2(Self.radians(143, 55, 35.38390), Self.radians(-37, 39, 10.15610))
    #expect(abs(grs80.distance(from: peak, to: buninyong) - 54_972.271) < 1e-3)
    #expect(abs(grs80.distance(from: buninyong, to: peak) - 54_972.271) < 1e-3)
    #expect(grs80.distance(from: peak, to: peak) == 0)
  }

  @Test func quarterOfAMeridianAndOfTheEquator() {
    let pole = Ellipsoid.wgs84.distance(from: SIMD2(0.3, 0), to: SIMD2(0.3, .pi / 2))
    #expect(abs(pole - 10_001_965.729) < 1e-2)
    let east = Ellipsoid.wgs84.distance(from: SIMD2(0, 0), to: SIMD2(.pi / 2, 0))
    #expect(abs(east - 6_378_137 * .pi / 2) < 1e-3)
    // Nearly opposite places: the sphere's arc stands in.
    let far = Ellipsoid.wgs84.distance(from: SIMD2(0, 0), to: SIMD2(.pi - 1e-4, 1e-4))
    #expect(abs(far - 20_000_000) < 100_000)
    // Over the antimeridian.
    let near = Ellipsoid.wgs84.distance(from: SIMD2(.pi - 1e-3, 0), to: SIMD2(-.pi + 1e-3, 0))
    #expect(abs(near - 6_378_137 * 2e-3) < 1e-3)
  }

  @Test func placesInSpaceAndScalesAgreeWithDistances() {
    let ellipsoid = Ellipsoid.wgs84
    #expect(ellipsoid.position(longitude: 0, latitude: 0) == SIMD3(6_378_137, 0, 0))
    #expect(abs(ellipsoid.position(longitude: 1, latitude: .pi / 2).z - 6_356_752.314245) < 1e-5)
    let step = 1e-5
    for latitude in [-1.4, -0.3, 0, 0.8, 1.2] {
      let place = SIMD2(0.7, latitude)
      let scales = ellipsoid.scales(at: latitude)
      for (way, scale) in [
        (SIMD2(step, 0), scales.longitude), (SIMD2(0, step), scales.latitude),
      ] {
        let (a, b) = (place - 0.5 * way, place + 0.5 * way)
        let ground = ellipsoid.distance(from: a, to: b)
        #expect(abs(scale * step / ground - 1) < 1e-6)
        let chord =
          ellipsoid.position(longitude: a.x, latitude: a.y)
          - ellipsoid.position(longitude: b.x, latitude: b.y)
        #expect(abs((chord * chord).sum().squareRoot() / ground - 1) < 1e-6)
      }
    }
  }

  @Test func areasAddUpToTheWholeAndToDensities() {
    let whole = Ellipsoid.wgs84.area(from: -.pi / 2, to: .pi / 2, width: 2 * .pi)
    #expect(abs(whole / 510_065_621_724_089 - 1) < 1e-12)
    let sphere = Ellipsoid(semiMajorAxis: 2, flattening: 0)
    #expect(abs(sphere.area(from: -.pi / 2, to: .pi / 2, width: 2 * .pi) - 16 * .pi) < 1e-12)
    let (south, north) = (0.8, 0.8001)
    let band = Ellipsoid.wgs84.area(from: south, to: north, width: 1)
    let density = Ellipsoid.wgs84.density(at: (south + north) / 2)
    #expect(abs(band / (density * (north - south)) - 1) < 1e-8)
  }
}
