internal import Glibc

/// An ellipsoid of revolution: true areas and distances between longitudes and latitudes.
///
/// Angles are radians, lengths metres.
public struct Ellipsoid: Sendable, Hashable {
  /// The equatorial radius.
  public let semiMajorAxis: Double
  /// The flattening; 0 for a sphere.
  public let flattening: Double

  /// Makes an ellipsoid.
  public init(semiMajorAxis: Double, flattening: Double) {
    self.semiMajorAxis = semiMajorAxis
    self.flattening = flattening
  }

  /// That of WGS 84.
  public static let wgs84 = Ellipsoid(semiMajorAxis: 6_378_137, flattening: 1 / 298.257_223_563)

  /// The square of the first eccentricity.
  private var squaredEccentricity: Double { flattening * (2 - flattening) }
  private var semiMinorAxis: Double { semiMajorAxis * (1 - flattening) }

  /// The area between two parallels over a width in longitude, in square metres.
  public func area(from south: Double, to north: Double, width: Double) -> Double {
    width * (zone(north) - zone(south))
  }

  /// The area from the equator to a latitude over one radian of longitude.
  private func zone(_ latitude: Double) -> Double {
    let sine = sin(latitude)
    guard flattening > 0 else { return semiMajorAxis * semiMajorAxis * sine }
    let e = squaredEccentricity.squareRoot()
    return semiMinorAxis * semiMinorAxis / 2
      * (sine / (1 - e * e * sine * sine) + atanh(e * sine) / e)
  }

  /// The place of a longitude and latitude in space: from the centre of the ellipsoid towards
  /// longitude 0 on the equator, longitude 90 degrees there, and the north pole.
  public func position(longitude: Double, latitude: Double) -> SIMD3<Double> {
    let normal = primeVerticalRadius(at: latitude)
    let across = normal * cos(latitude)
    return SIMD3(
      across * cos(longitude), across * sin(longitude),
      normal * (1 - squaredEccentricity) * sin(latitude))
  }

  /// The metres in a radian of longitude, and of latitude, at a latitude.
  public func scales(at latitude: Double) -> (longitude: Double, latitude: Double) {
    let sine = sin(latitude)
    let root = 1 - squaredEccentricity * sine * sine
    return (
      primeVerticalRadius(at: latitude) * cos(latitude),
      semiMajorAxis * (1 - squaredEccentricity) / (root * root.squareRoot())
    )
  }

  private func primeVerticalRadius(at latitude: Double) -> Double {
    let sine = sin(latitude)
    return semiMajorAxis / (1 - squaredEccentricity * sine * sine).squareRoot()
  }

  /// The area of a small piece at a latitude for each squared radian of longitude and latitude.
  public func density(at latitude: Double) -> Double {
    let sine = sin(latitude)
    let root = 1 - squaredEccentricity * sine * sine
    return semiMajorAxis * semiMajorAxis * (1 - squaredEccentricity) * cos(latitude)
      / (root * root)
  }

  /// The length of the shortest way between two places (longitude, latitude), in metres.
  ///
  /// Vincenty's (1975) inverse formula, good to a millimetre; for places that are nearly opposite,
  /// where it does not converge, the arc on the sphere of the mean radius.
  public func distance(from a: SIMD2<Double>, to b: SIMD2<Double>) -> Double {
    let difference = b.x - a.x
    let reduced = (
      atan((1 - flattening) * tan(a.y)), atan((1 - flattening) * tan(b.y))
    )
    let (sinA, cosA) = (sin(reduced.0), cos(reduced.0))
    let (sinB, cosB) = (sin(reduced.1), cos(reduced.1))
    var lambda = difference
    for _ in 0..<200 {
      let (x, y) = (cosB * sin(lambda), cosA * sinB - sinA * cosB * cos(lambda))
      let sigmaSine = hypot(x, y)
      guard sigmaSine > 0 else { return 0 }
      let sigmaCosine = sinA * sinB + cosA * cosB * cos(lambda)
      let sigma = atan2(sigmaSine, sigmaCosine)
      let alphaSine = cosA * cosB * sin(lambda) / sigmaSine
      let alphaCosine2 = 1 - alphaSine * alphaSine
      let middle = alphaCosine2 > 0 ? sigmaCosine - 2 * sinA * sinB / alphaCosine2 : 0
      let c = flattening / 16 * alphaCosine2 * (4 + flattening * (4 - 3 * alphaCosine2))
      let series =
        middle + c * sigmaCosine * (2 * middle * middle - 1)
      let next =
        difference + (1 - c) * flattening * alphaSine * (sigma + c * sigmaSine * series)
      if abs(next - lambda) < 1e-12 {
        return length(sigma, sigmaSine, sigmaCosine, alphaCosine2, middle)
      }
      lambda = next
    }
    return sphericalDistance(from: a, to: b)
  }

  private func length(
    _ sigma: Double, _ sigmaSine: Double, _ sigmaCosine: Double, _ alphaCosine2: Double,
    _ middle: Double
  ) -> Double {
    let (a, b) = (semiMajorAxis, semiMinorAxis)
    let u2 = alphaCosine2 * (a * a - b * b) / (b * b)
    let scale = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    let k = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    let middle2 = middle * middle
    let inner =
      sigmaCosine * (2 * middle2 - 1)
      - k / 6 * middle * (4 * sigmaSine * sigmaSine - 3) * (4 * middle2 - 3)
    return b * scale * (sigma - k * sigmaSine * (middle + k / 4 * inner))
  }

  private func sphericalDistance(from a: SIMD2<Double>, to b: SIMD2<Double>) -> Double {
    let (dx, dy) = (sin((b.x - a.x) / 2), sin((b.y - a.y) / 2))
    let share = dy * dy + cos(a.y) * cos(b.y) * dx * dx
    return 2 * (2 * semiMajorAxis + semiMinorAxis) / 3 * asin(min(1, share.squareRoot()))
  }
}
