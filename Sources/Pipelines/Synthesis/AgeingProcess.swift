import Foundation

/// A process that ages the plastic particles of the synthetic filter, and how it shows.
enum AgeingProcess: Int, CaseIterable, Sendable {
  case chemical
  case ultraviolet
  case physical

  /// The name of the class.
  var name: String {
    switch self {
    case .chemical: "chemical"
    case .ultraviolet: "UV"
    case .physical: "physical"
    }
  }

  /// The group whose absorption shows in the spectrum: its peak, the standard deviation of its
  /// Gaussian, and the wavenumbers within which it lies, in cm-1.
  var absorption: (group: String, peak: Double, width: Double, window: ClosedRange<Double>) {
    switch self {
    case .chemical: ("C=O", 1730, 15, 1700...1760)
    case .ultraviolet: ("O-H", 3370, 25, 3320...3420)
    case .physical: ("C=C", 1660, 10, 1640...1680)
    }
  }

  /// What shows on the surface, for people.
  var marks: String {
    switch self {
    case .chemical: "pits, dark cells two apart"
    case .ultraviolet: "cracks, two dark lines that cross"
    case .physical: "wear, bright stripes"
    }
  }

  /// Whether a mark covers a cell of a patch of `side` x `side` cells.
  func covers(row: Int, column: Int, side: Int) -> Bool {
    switch self {
    case .chemical: row.isMultiple(of: 2) && (column + row / 2).isMultiple(of: 2)
    case .ultraviolet: row == column || row + column == side - 1
    case .physical: column.isMultiple(of: 2)
    }
  }

  /// What a mark multiplies the brightness by.
  var brightness: Double { self == .physical ? 1.5 : 0.4 }

  // MARK: Evidence

  /// The four ways in which a process can show: on the surface or not, in the spectrum or not.
  static let evidences = [(false, false), (false, true), (true, false), (true, true)]

  /// How often it shows in each of these ways on a particle that it aged.
  ///
  /// Surface and spectrum agree more often than either shows: that is their interaction.
  static let ownShares = [0.20, 0.04, 0.06, 0.70]
  /// The same on particles that it did not age.
  static let otherShares = [0.24, 0.33, 0.37, 0.06]

  /// The probability of each process, of some that are equally frequent, for what shows of each.
  static func posterior(_ evidences: [Int]) -> [Double] {
    let weights = allCases.map { process in
      allCases.reduce(1.0) { product, other in
        let shares = other == process ? ownShares : otherShares
        return product * shares[evidences[other.rawValue]]
      }
    }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// What of the evidence a decision may look at.
  enum Sight: String, CaseIterable {
    case surface
    case spectrum
    /// Both, each by itself: what shows on the surface does not change what a spectrum means.
    case sum = "both, added"
    case both = "both, with their interaction"
  }

  /// The share of particles of one process that the best decision gets right, by enumeration.
  static func bestAccuracy(_ sight: Sight) -> Double {
    var byView: [[Int]: [Double]] = [:]
    var right = 0.0
    for code in 0..<64 {
      let evidence = [code / 16, code / 4 % 4, code % 4]
      let joint = allCases.map { process in
        allCases.reduce(1.0 / 3) { product, other in
          product
            * (other == process ? ownShares : otherShares)[evidence[other.rawValue]]
        }
      }
      switch sight {
      case .both: right += joint.max() ?? 0
      case .sum: right += Self.sumRight(evidence, joint)
      case .surface, .spectrum:
        let view = evidence.map { sight == .surface ? $0 / 2 : $0 % 2 }
        byView[view] = zip(byView[view] ?? [0, 0, 0], joint).map { $0 + $1 }
      }
    }
    return right + byView.values.reduce(0) { $0 + ($1.max() ?? 0) }
  }

  /// What a decision by the product of both sights' own likelihoods gets right of one evidence;
  /// ties are shared.
  private static func sumRight(_ evidence: [Int], _ joint: [Double]) -> Double {
    func margin(_ shares: [Double], _ evidence: Int) -> Double {
      let surface = evidence / 2 == 1 ? shares[2] + shares[3] : shares[0] + shares[1]
      let spectrum = evidence % 2 == 1 ? shares[1] + shares[3] : shares[0] + shares[2]
      return surface * spectrum
    }
    let scores = allCases.map { process in
      allCases.reduce(1.0) { product, other in
        product * margin(other == process ? ownShares : otherShares, evidence[other.rawValue])
      }
    }
    let best = scores.max() ?? 0
    let chosen = scores.indices.filter { scores[$0] > best * (1 - 1e-12) }
    return chosen.reduce(0) { $0 + joint[$1] } / Double(chosen.count)
  }
}
