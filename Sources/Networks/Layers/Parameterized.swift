/// A named array of parameters in PyTorch's memory layout.
public struct NamedTensor: Sendable, Equatable {
  /// The name, such as `spectral.conv1.weight`.
  public var name: String
  /// The sizes of its dimensions, the slowest first.
  public var shape: [Int]
  /// The values.
  public var values: [Float]

  /// Names an array.
  public init(name: String, shape: [Int], values: [Float]) {
    self.name = name
    self.shape = shape
    self.values = values
  }
}

/// Something with parameters; its gradient is a value of the same type.
public protocol Parameterized {
  /// What is done with a parameter: its name, its dimensions and its values.
  typealias Visitor = (_ name: String, _ shape: [Int], _ values: inout [Float]) -> Void

  /// Calls `body` with every trained parameter, in a fixed order; names begin with `prefix` and a
  /// dot.
  mutating func visitParameters(_ prefix: String, _ body: Visitor)

  /// Calls `body` with every number that is kept but not trained, such as running means.
  mutating func visitBuffers(_ prefix: String, _ body: Visitor)
}

extension Parameterized {
  /// Nothing but parameters.
  public mutating func visitBuffers(_ prefix: String, _ body: Visitor) {}

  /// The trained parameters, in the order of the visit.
  public func parameters(_ prefix: String) -> [NamedTensor] {
    var copy = self
    var result: [NamedTensor] = []
    copy.visitParameters(prefix) { name, shape, values in
      result.append(NamedTensor(name: name, shape: shape, values: values))
    }
    return result
  }

  /// The numbers that are kept but not trained, in the order of the visit.
  public func buffers(_ prefix: String) -> [NamedTensor] {
    var copy = self
    var result: [NamedTensor] = []
    copy.visitBuffers(prefix) { name, shape, values in
      result.append(NamedTensor(name: name, shape: shape, values: values))
    }
    return result
  }

  /// The same parameters, all zero: where gradients are added up.
  public func zeroed() -> Self {
    var copy = self
    copy.visitParameters("") { _, _, values in
      values = [Float](repeating: 0, count: values.count)
    }
    return copy
  }

  /// Adds the parameters of `other`, times `scale`.
  public mutating func add(_ other: Self, scale: Float = 1) {
    let addends = other.parameters("")
    var index = 0
    visitParameters("") { _, _, values in
      let addend = addends[index].values
      precondition(addend.count == values.count, "\(addend.count) added to \(values.count)")
      for place in values.indices { values[place] += scale * addend[place] }
      index += 1
    }
  }
}
