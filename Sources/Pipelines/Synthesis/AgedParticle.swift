import Foundation
import Tensors

/// One particle of the synthetic filter: where it lies, what aged it, and what shows of that.
struct AgedParticle: Sendable {
  /// The cells of the spectra's grid between the corners of neighbouring particles' squares.
  static let spacing = 6
  /// The cells of the photograph along a side of one of the spectra's.
  static let refinement = 5
  /// The side of a patch of marks, in cells of the photograph.
  static let markSide = 7

  /// The number, row by row.
  let number: Int
  /// The cell of the spectra's grid at its centre.
  let column: Int
  let row: Int
  /// What aged it: one process, or two of a mixture.
  let processes: [AgeingProcess]
  /// What shows of each process, by its place in `AgeingProcess.evidences`.
  let evidence: [Int]
  /// The radii of the ellipse, in cells of the spectra's grid.
  let radii: SIMD2<Double>
  /// The colour, red, green and blue.
  let color: [Double]
  /// Where the patch of marks of each process begins, in cells of the photograph from the centre.
  let markCorners: [(x: Int, y: Int)]
  /// Where a speck without meaning begins; nil for none.
  let speck: (x: Int, y: Int)?
  private let random: Randomness

  /// The shares of the polymers, the thickness, and the coefficients of the baseline.
  let polymers: [Double]
  let baseline: [Double]

  /// The share of particles that two processes aged.
  static let mixedShare = 0.2

  init(number: Int, perRow: Int, _ all: Randomness) {
    self.number = number
    let random = all.derived(UInt64(number))
    self.random = random
    let place = random.derived(Randomness.word("place"))
    column = number % perRow * Self.spacing + 2 + place.integer(0, below: 2)
    row = number / perRow * Self.spacing + 2 + place.integer(1, below: 2)
    radii = SIMD2(1.9 + 0.5 * place.uniformDouble(2), 1.9 + 0.5 * place.uniformDouble(3))
    let kind = random.derived(Randomness.word("process"))
    let order = kind.permutation(AgeingProcess.allCases.count)
    processes = order.prefix(kind.uniformDouble(100) < Self.mixedShare ? 2 : 1).sorted()
      .compactMap(AgeingProcess.init)
    evidence = Self.evidence(processes, random.derived(Randomness.word("evidence")))
    let looks = random.derived(Randomness.word("looks"))
    color = (0..<3).map { 70 + 90 * looks.uniformDouble(UInt64($0)) }
    let reach = Self.markSide / 2
    markCorners = AgeingProcess.allCases.map { process in
      let first = UInt64(10 + 2 * process.rawValue)
      return (
        x: looks.integer(first, below: 7) - 3 - reach,
        y: looks.integer(first + 1, below: 7) - 3 - reach
      )
    }
    speck =
      looks.uniformDouble(30) < 0.5
      ? (looks.integer(31, below: 12) - 7, looks.integer(32, below: 12) - 7) : nil
    let matter = random.derived(Randomness.word("matter"))
    let shares = (0..<3).map { -log(1 - matter.uniformDouble(UInt64($0))) }
    let thickness = exp(0.25 * Double(matter.normal(10)))
    polymers = shares.map { thickness * $0 / shares.reduce(0, +) }
    baseline = (0..<3).map { 0.05 * Double(matter.normal(UInt64(20 + $0))) }
  }

  private static func evidence(_ processes: [AgeingProcess], _ random: Randomness) -> [Int] {
    AgeingProcess.allCases.map { process in
      let shares =
        processes.contains(process) ? AgeingProcess.ownShares : AgeingProcess.otherShares
      var left = random.uniformDouble(UInt64(process.rawValue))
      return shares.firstIndex { share in
        left -= share
        return left < 0
      } ?? shares.count - 1
    }
  }

  /// Whether a process shows on the surface.
  func shows(_ process: AgeingProcess) -> Bool {
    AgeingProcess.evidences[evidence[process.rawValue]].0
  }

  /// Whether a process shows in the spectrum.
  func absorbs(_ process: AgeingProcess) -> Bool {
    AgeingProcess.evidences[evidence[process.rawValue]].1
  }

  // MARK: Spectrum

  /// Peaks of polyethylene, polypropylene and polystyrene: wavenumber, height and width.
  static let polymerPeaks: [[(Double, Double, Double)]] = [
    [(2915, 1.0, 22), (2848, 0.7, 18), (1465, 0.35, 14)],
    [(2950, 0.8, 24), (2916, 0.7, 20), (1456, 0.4, 14), (1376, 0.45, 12), (1167, 0.2, 14)],
    [(3026, 0.4, 16), (2922, 0.5, 20), (1493, 0.4, 12), (1452, 0.45, 12), (1028, 0.2, 14)],
  ]
  /// Absorptions that say nothing of ageing: each is there in half of the particles.
  static let otherPeaks: [Double] = [900, 1100, 1280, 2100, 2340, 3700]
  /// The height of a peak of ageing, and of those that say nothing.
  static let height = 0.12

  /// The absorbance at a wavenumber, without noise.
  func absorbance(_ wavenumber: Double) -> Double {
    let t = (wavenumber - 2400) / 1600
    var sum = baseline[0] + baseline[1] * t + baseline[2] * t * t
    for (share, peaks) in zip(polymers, Self.polymerPeaks) {
      for (peak, height, width) in peaks {
        sum += share * height * Self.gaussian(wavenumber, peak, width)
      }
    }
    let heights = random.derived(Randomness.word("heights"))
    func strength(_ counter: Int) -> Double {
      Self.height * exp(0.3 * Double(heights.normal(UInt64(counter))))
    }
    for process in AgeingProcess.allCases where absorbs(process) {
      let absorption = process.absorption
      sum +=
        strength(process.rawValue)
        * Self.gaussian(wavenumber, absorption.peak, absorption.width)
    }
    for (index, peak) in Self.otherPeaks.enumerated()
    where heights.uniformDouble(UInt64(100 + index)) < 0.5 {
      sum += strength(10 + index) * Self.gaussian(wavenumber, peak, 15)
    }
    return sum
  }

  static func gaussian(_ x: Double, _ center: Double, _ width: Double) -> Double {
    exp(-(x - center) * (x - center) / (2 * width * width))
  }

  // MARK: Surface

  /// Whether a place, in cells of the spectra's grid from the centre of its cell, lies on it.
  func covers(_ x: Double, _ y: Double) -> Bool {
    (x / radii.x) * (x / radii.x) + (y / radii.y) * (y / radii.y) <= 1
  }

  /// The processes whose marks cover a cell of the photograph, counted from the central one.
  func marks(x: Int, y: Int) -> [AgeingProcess] {
    AgeingProcess.allCases.filter { process in
      let corner = markCorners[process.rawValue]
      let (column, row) = (x - corner.x, y - corner.y)
      return shows(process) && (0..<Self.markSide).contains(column)
        && (0..<Self.markSide).contains(row)
    }
  }

  /// What multiplies the brightness at a cell of the photograph, counted from the central one.
  func brightness(x: Int, y: Int) -> Double {
    var factor = 1.0
    for process in marks(x: x, y: y) {
      let corner = markCorners[process.rawValue]
      if process.covers(row: y - corner.y, column: x - corner.x, side: Self.markSide) {
        factor *= process.brightness
      }
    }
    if let speck, (0..<3).contains(x - speck.x), (0..<3).contains(y - speck.y) { factor *= 0.6 }
    return factor
  }
}
