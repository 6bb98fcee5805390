import Foundation

@testable import Networks

/// A fusion by attention in loops and double precision.
struct AttentionTwin {
  typealias Rows = [[Double]]

  var parameters: [String: [Double]]
  let width: Int
  let heads: Int

  init(_ parameters: [(String, [Float])], width: Int, heads: Int) {
    self.parameters = Dictionary(
      parameters.map { ($0.0, $0.1.map(Double.init)) }
    ) { first, _ in first }
    self.width = width
    self.heads = heads
  }

  static func rows(_ values: [Float], _ width: Int) -> Rows {
    stride(from: 0, to: values.count, by: width).map { start in
      values[start..<start + width].map(Double.init)
    }
  }

  private func parameter(_ name: String) -> [Double] { parameters[name] ?? [] }

  private static func name(_ prefix: String, _ layer: String) -> String { "\(prefix).\(layer)" }

  private func dense(_ rows: Rows, _ name: String) -> Rows {
    let (weight, bias) = (parameter("\(name).weight"), parameter("\(name).bias"))
    return rows.map { row in
      bias.indices.map { output in
        row.indices.reduce(bias[output]) { $0 + weight[output * row.count + $1] * row[$1] }
      }
    }
  }

  static func softmax(_ values: [Double]) -> [Double] {
    let powers = values.map { exp($0 - (values.max() ?? 0)) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// The shares of keys for a head's queries.
  func shares(_ x: Rows, _ y: Rows, _ name: String, head: Int) -> Rows {
    let (queries, keys) = (dense(x, Self.name(name, "query")), dense(y, Self.name(name, "key")))
    let own = head * (width / heads)..<(head + 1) * (width / heads)
    return queries.map { query in
      Self.softmax(
        keys.map { key in
          own.reduce(0) { $0 + query[$1] * key[$1] } / Double(width / heads).squareRoot()
        })
    }
  }

  func attend(_ x: Rows, _ y: Rows, _ name: String) -> Rows {
    let values = dense(y, Self.name(name, "value"))
    var context = Rows(repeating: [], count: x.count)
    for head in 0..<heads {
      for (query, shares) in shares(x, y, name, head: head).enumerated() {
        for feature in head * (width / heads)..<(head + 1) * (width / heads) {
          context[query].append(
            shares.indices.reduce(0) { $0 + shares[$1] * values[$1][feature] })
        }
      }
    }
    return dense(context, Self.name(name, "output"))
  }

  private func sum(_ a: Rows, _ b: Rows) -> Rows {
    zip(a, b).map { one, other in zip(one, other).map { $0 + $1 } }
  }

  /// The joined features of one sample's tokens, by branch.
  func features(_ parts: [Rows], _ names: [String]) -> [Double] {
    let tokens = zip(parts, names).map { rows, name -> Rows in
      let places = parameter("fusion.\(name).position.weight")
      var own = dense(rows, "fusion.\(name).embedding")
      for token in own.indices {
        for feature in 0..<width { own[token][feature] += places[token * width + feature] }
      }
      return own.count == 1 ? own : sum(own, attend(own, own, "fusion.\(name).self"))
    }
    return names.indices.flatMap { index -> [Double] in
      let name = "fusion.\(names[index])"
      let others = tokens.indices.filter { $0 != index }.flatMap { tokens[$0] }
      let own =
        others.isEmpty
        ? tokens[index] : sum(tokens[index], attend(tokens[index], others, "\(name).cross"))
      guard own.count > 1 else { return own[0] }
      let score = parameter("\(name).pooling.score.weight")
      let shares = Self.softmax(
        dense(own, "\(name).pooling.hidden").map { row in
          row.indices.reduce(0) { $0 + score[$1] * tanh(row[$1]) }
        })
      return (0..<width).map { feature in
        own.indices.reduce(0) { $0 + shares[$1] * own[$1][feature] }
      }
    }
  }
}
