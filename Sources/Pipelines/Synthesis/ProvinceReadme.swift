import Foundation

/// What stands beside the files of the synthetic provinces: how they were made.
///
/// Its numbers are those of the generator, so that it cannot say anything else.
struct ProvinceReadme {
  let seed: UInt64
  let cells: Int
  /// Of each province, the log-odds of each metal without any driver.
  let intercepts: [[Double]]

  var text: String {
    """
    Two synthetic provinces with polluted soil, made by

        gossan synthesize provinces DIR --seed \(seed) --cells \(cells)

    Nothing in them was measured: they exist because their truth is known. Each has \(cells) x \(cells) \
    cells
    over 40 x 40 km, EPSG:32650. `source` has many samples, `target` few.

    image.tif      reflectances red, nir, swir1, swir2, with noise of 0.004 in each cell; missing under
                   clouds; in the target multiplied by 1.08 and raised by 0.01, as by another sensor
    elevation.tif  in m; it has nothing to do with pollution
    emitters.gpkg  works (points), mines (points with their tonnage in kt a year), roads (lines)
    samples.csv    contents of \(metals) in mg/kg at the places x, y; <metal>_exceeds is 1 above the
                   guide value; empty where a metal was not measured, one of eight
    truth.tif      of each metal the probability to exceed and what each group of drivers adds to the
                   log-odds; the effect of each driver

    The log-odds that a metal exceeds its guide value at a place are

        intercept + sum over the drivers of strength x scale x effect

    with the effects of a driver's value v:

    \(SceneTable.lines(["driver", "group", "effect"], drivers))

    The waste index is (swir1 - swir2)/(swir1 + swir2) and NDVI (nir - red)/(nir + red), of the ground
    without noise; distances are in km; the mine density is in kt a year and km2, by a quartic kernel of
    5 km; the geological background is a smooth random field of 6 km, about standard normal, which no
    layer but the samples shows. Waste lies beside every mine, and at eight places without one; it
    covers the vegetation.

    \(SceneTable.lines(["strength"] + SoilMetal.all.map(\.name), strengths))

    The scale is 1 in the source. In the target it is 0.8, and 0.8 x 0.4 of the distance to works.

    \(SceneTable.lines(["province", "metal", "intercept", "expected share that exceeds"], shifts))

    A sample's content is guide value x 10^(\(SoilMetal.spread) (log-odds + e)) with e drawn from the \
    standard logistic
    distribution: it exceeds the guide value with just the probability of its log-odds. Guide values:
    \(SoilMetal.all.map { "\($0.name) \($0.guideValue)" }.joined(separator: ", ")) mg/kg.

    Public domain (CC0 1.0).

    """
  }

  private var metals: String { SoilMetal.all.map(\.name).joined(separator: ", ") }

  private var drivers: [[String]] {
    SoilMetal.drivers.map { [$0.name, $0.group.rawValue, $0.form.phrase] }
  }

  private var strengths: [[String]] {
    SoilMetal.drivers.enumerated().map { index, driver in
      [driver.name] + SoilMetal.all.map { "\($0.strengths[index])" }
    }
  }

  private var shifts: [[String]] {
    zip(Province.Role.allCases, intercepts).flatMap { role, own in
      zip(SoilMetal.all, own).map { metal, intercept in
        [role.rawValue, metal.name, "\(intercept)", "\(metal.shares[role] ?? 0)"]
      }
    }
  }
}
