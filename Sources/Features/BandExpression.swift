import Foundation
public import Rasters

/// Arithmetic of bands, cell by cell, such as `(nir - red) / (nir + red)`.
///
/// Computed in Double. Where a value that takes part is missing there is no result, nor where an
/// operation has none: a division by zero, the logarithm of a negative number, an overflow.
public struct BandExpression: Sendable {
  /// The term that the text stands for.
  let term: Term

  /// A part of an expression.
  indirect enum Term: Sendable, Equatable {
    case number(Double)
    /// A band by its position.
    case band(Int)
    case unary(Unary, Term)
    case binary(Binary, Term, Term)
    /// The second term where the first is not 0, else the third.
    case choice(Term, Term, Term)
  }

  /// An operation on one value.
  enum Unary: String, Sendable, CaseIterable {
    case minus, not, abs, sqrt, log, log10, exp, sin, cos, tan, atan, floor, ceil, round
    case isMissing = "ismissing"
  }

  /// An operation on two values.
  enum Binary: String, Sendable, CaseIterable {
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divided = "/"
    case power = "^"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case equal = "=="
    case unequal = "!="
    case and, or, min, max, atan2
  }

  /// The positions of the bands that take part, each once.
  public var bands: Set<Int> { Self.bands(of: term) }

  private static func bands(of term: Term) -> Set<Int> {
    switch term {
    case .number: []
    case .band(let band): [band]
    case .unary(_, let a): bands(of: a)
    case .binary(_, let a, let b): bands(of: a).union(bands(of: b))
    case .choice(let a, let b, let c): bands(of: a).union(bands(of: b)).union(bands(of: c))
    }
  }

  /// Cells that are computed at once; intermediate results stay in the cache.
  private static let blockSize = 2048

  /// The value at every cell of a cube; NaN where there is none.
  public func apply(_ cube: DataCube) -> [Float] {
    var result: [Float] = []
    let cells = cube.window.cellCount
    result.reserveCapacity(cells)
    for start in stride(from: 0, to: cells, by: Self.blockSize) {
      let block = start..<min(cells, start + Self.blockSize)
      for value in Self.values(term, cube, block) {
        let single = Float(value)
        result.append(single.isFinite ? single : .nan)
      }
    }
    return result
  }

  private static func values(_ term: Term, _ cube: DataCube, _ block: Range<Int>) -> [Double] {
    switch term {
    case .number(let number): return [Double](repeating: number, count: block.count)
    case .band(let band):
      let first = band * cube.window.cellCount
      return cube.values[first + block.lowerBound..<first + block.upperBound].map { Double($0) }
    case .unary(let operation, let a):
      return unary(operation, values(a, cube, block))
    case .binary(let operation, let a, let b):
      return binary(operation, values(a, cube, block), values(b, cube, block))
    case .choice(let condition, let a, let b):
      let (conditions, yes, no) = (
        values(condition, cube, block), values(a, cube, block), values(b, cube, block)
      )
      return conditions.indices.map { index in
        conditions[index].isNaN ? .nan : conditions[index] != 0 ? yes[index] : no[index]
      }
    }
  }

  private static func unary(_ operation: Unary, _ a: [Double]) -> [Double] {
    switch operation {
    case .minus: each(a) { -$0 }
    case .not: each(a) { $0 == 0 ? 1 : 0 }
    case .abs: each(a) { Swift.abs($0) }
    case .sqrt: each(a) { $0.squareRoot() }
    case .log: each(a) { Foundation.log($0) }
    case .log10: each(a) { Foundation.log10($0) }
    case .exp: each(a) { Foundation.exp($0) }
    case .sin: each(a) { Foundation.sin($0) }
    case .cos: each(a) { Foundation.cos($0) }
    case .tan: each(a) { Foundation.tan($0) }
    case .atan: each(a) { Foundation.atan($0) }
    case .floor: each(a) { $0.rounded(.down) }
    case .ceil: each(a) { $0.rounded(.up) }
    case .round: each(a) { $0.rounded(.toNearestOrAwayFromZero) }
    case .isMissing: a.map { $0.isNaN ? 1 : 0 }
    }
  }

  private static func binary(_ operation: Binary, _ a: [Double], _ b: [Double]) -> [Double] {
    switch operation {
    case .plus: each(a, b) { $0 + $1 }
    case .minus: each(a, b) { $0 - $1 }
    case .times: each(a, b) { $0 * $1 }
    case .divided: each(a, b) { $0 / $1 }
    case .power: each(a, b) { Foundation.pow($0, $1) }
    case .less: each(a, b) { $0 < $1 ? 1 : 0 }
    case .lessOrEqual: each(a, b) { $0 <= $1 ? 1 : 0 }
    case .greater: each(a, b) { $0 > $1 ? 1 : 0 }
    case .greaterOrEqual: each(a, b) { $0 >= $1 ? 1 : 0 }
    case .equal: each(a, b) { $0 == $1 ? 1 : 0 }
    case .unequal: each(a, b) { $0 != $1 ? 1 : 0 }
    case .and: each(a, b) { $0 != 0 && $1 != 0 ? 1 : 0 }
    case .or: each(a, b) { $0 != 0 || $1 != 0 ? 1 : 0 }
    case .min: each(a, b) { Swift.min($0, $1) }
    case .max: each(a, b) { Swift.max($0, $1) }
    case .atan2: each(a, b) { Foundation.atan2($0, $1) }
    }
  }

  /// Results of one operation; none where the value is missing or the result is not finite.
  @inline(__always) private static func each(
    _ a: [Double], _ operation: (Double) -> Double
  ) -> [Double] {
    a.map { value in
      let result = operation(value)
      return value.isNaN || !result.isFinite ? .nan : result
    }
  }

  @inline(__always) private static func each(
    _ a: [Double], _ b: [Double], _ operation: (Double, Double) -> Double
  ) -> [Double] {
    a.indices.map { index in
      let result = operation(a[index], b[index])
      return a[index].isNaN || b[index].isNaN || !result.isFinite ? .nan : result
    }
  }
}

/// Why a text is no expression, and where.
public struct ExpressionError: Error, Equatable {
  /// What is wrong.
  public enum Kind: Sendable, Equatable {
    /// There is no band of this name.
    case unknownBand(String)
    /// There is no function of this name.
    case unknownFunction(String)
    /// Anything else, in words.
    case syntax(String)
  }

  /// What is wrong.
  public var kind: Kind
  /// Where it begins, in characters from 1.
  public var column: Int
}
