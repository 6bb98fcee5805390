/// Why a model cannot be built or read, as one sentence.
public struct ModelProblem: Error, Hashable, CustomStringConvertible {
  /// What is wrong and what was expected.
  public let description: String

  /// States a problem.
  public init(_ description: String) { self.description = description }
}

/// Sizes above this are taken for mistakes; products of a few of them stay far from overflow.
private let largestSize = 1 << 16

/// A sentence where a size is out of `1...largestSize`.
private func sizeProblem(_ value: Int, _ name: String) -> String? {
  (1...largestSize).contains(value)
    ? nil : "\(name) is \(value); it must be between 1 and \(largestSize)"
}

private func dropoutProblem(_ value: Float, _ name: String) -> String? {
  value >= 0 && value < 1 ? nil : "\(name) is \(value); it must be at least 0 and less than 1"
}

extension ModelArchitecture {
  /// Why no model of this form can be built, or nil where one can.
  public var problem: String? {
    if let sentence = sizeProblem(bandCount, "the number of bands") { return sentence }
    if branches.isEmpty { return "the model has no branches; it needs at least one" }
    for (name, branch) in zip(branchNames, branches) {
      if let sentence = branch.problem ?? branch.bandProblem(of: bandCount) {
        return "branch \(name): \(sentence)"
      }
    }
    if fusion == .gate, branches.count < 2 || Set(branches.map(\.width)).count > 1 {
      return "the fusion 'gate' needs two branches or more that make the same number of features; "
        + "they make \(branches.map { "\($0.width)" }.joined(separator: " and "))"
    }
    if let sentence = attentionProblem ?? head.problem { return sentence }
    guard let count = weightCount, count <= 1 << 31 else {
      return "the model has more than 2^31 parameters; use fewer filters or smaller layers"
    }
    return nil
  }

  /// The most tokens of a branch: what an attention takes grows with their square.
  private static let mostTokens = 1024

  private var attentionProblem: String? {
    guard fusion == .attention else {
      return attention == nil
        ? nil : "the fusion '\(fusion.rawValue)' has the sizes of an attention, which it is not"
    }
    guard let attention else { return "the fusion 'attention' has no width and heads" }
    if let sentence = sizeProblem(attention.width, "the attention's width") { return sentence }
    guard attention.heads > 0, attention.width.isMultiple(of: attention.heads) else {
      return "the attention has \(attention.heads) heads, which do not divide its width of "
        + "\(attention.width)"
    }
    for (name, branch) in zip(branchNames, branches) {
      let count = branch.tokens(of: bandCount).count
      if count > Self.mostTokens {
        return "branch \(name): it leaves \(count) tokens; an attention takes at most "
          + "\(Self.mostTokens): pool more, or use longer kernels"
      }
    }
    return nil
  }

  /// The branches' names in model files: `spectral`, `patch` or `graph`, numbered from the second
  /// of a kind on.
  public var branchNames: [String] {
    var counts: [String: Int] = [:]
    return branches.map { branch in
      let kind = branch.kind
      counts[kind, default: 0] += 1
      let number = counts[kind, default: 1]
      return number == 1 ? kind : "\(kind)\(number)"
    }
  }

  /// The number of weights without biases and buffers, or nil where it overflows.
  var weightCount: Int? {
    var total = Checked(0)
    var features = Checked(0)
    for branch in branches {
      total = total + branch.weightCount(bandCount: bandCount, hasDense: fusion != .attention)
      if let attention {
        total =
          total
          + attention.weightCount(branch.tokens(of: bandCount), hasOthers: branches.count > 1)
      }
      features = features + Checked(attention?.width ?? branch.width)
    }
    if fusion == .gate, let first = branches.first {
      total = total + features * features
      features = Checked(first.width)
    }
    for width in head.hidden + [head.outputs] {
      total = total + Checked(width) * features
      features = Checked(width)
    }
    return total.value
  }
}

extension ModelArchitecture.Branch {
  /// Why the branch cannot be built, or nil where it can.
  public var problem: String? {
    switch self {
    case .spectral(let branch): branch.problem
    case .patch(let branch): branch.problem
    case .graph(let branch): branch.problem
    }
  }

  /// The number of features that the branch makes.
  public var width: Int {
    switch self {
    case .spectral(let branch): branch.width
    case .patch(let branch): branch.width
    case .graph(let branch): branch.output
    }
  }

  fileprivate var kind: String {
    switch self {
    case .spectral: "spectral"
    case .patch: "patch"
    case .graph: "graph"
    }
  }

  /// The weights of the layers and, where there is one, the dense layer over what they leave.
  fileprivate func weightCount(bandCount: Int, hasDense: Bool) -> Checked {
    var total = Checked(0)
    let bands = bands(of: bandCount).count
    switch self {
    case .spectral(let branch):
      var (channels, length) = (1, bands)
      for filters in branch.filters {
        let kernel = min(branch.kernel, length)
        total = total + Checked(filters) * Checked(channels) * Checked(kernel)
        channels = filters
        length = (length - kernel + 1) / max(1, min(branch.pool, length - kernel + 1))
      }
    case .patch(let branch):
      var channels = bands / (branch.subcells * branch.subcells)
      for case .convolution(let filters, let kernel) in branch.layers {
        let taps = Checked(kernel) * Checked(kernel)
        total = total + Checked(filters) * Checked(channels) * taps
        channels = filters
      }
    case .graph(let branch):
      let width = Checked(branch.width)
      return width * (Checked(bandCount) + width * Checked(3) + Checked(branch.output))
    }
    guard hasDense else { return total }
    let left = tokens(of: bandCount)
    return total + Checked(left.count) * Checked(left.channels) * Checked(width)
  }
}

extension ModelArchitecture.AttentionSettings {
  /// The weights of a branch's part of the fusion.
  fileprivate func weightCount(
    _ tokens: (count: Int, channels: Int), hasOthers: Bool
  ) -> Checked {
    let width = Checked(width)
    let attention = Checked(4) * width * width
    var total = width * (Checked(tokens.channels) + Checked(tokens.count))
    if tokens.count > 1 { total = total + attention + width * width + width }
    return hasOthers ? total + attention : total
  }
}

extension ModelArchitecture.SpectralBranch {
  /// Why the branch cannot be built, or nil where it can.
  public var problem: String? {
    for filters in self.filters {
      if let sentence = sizeProblem(filters, "the number of filters") { return sentence }
    }
    return sizeProblem(kernel, "the kernel") ?? sizeProblem(pool, "the pooling size")
      ?? sizeProblem(width, "the width")
  }
}

extension ModelArchitecture.PatchBranch {
  /// Why the branch cannot be built, or nil where it can: layers that need more than is left of
  /// the window are named with what is left.
  public var problem: String? {
    if let sentence = sizeProblem(window, "the window") ?? sizeProblem(width, "the width") {
      return sentence
    }
    if let refinement, !(1...64).contains(refinement) {
      return "the refinement is \(refinement); it must be between 1 and 64"
    }
    var edge = window
    for (index, layer) in layers.enumerated() {
      if let sentence = layer.problem { return "layer \(index + 1): \(sentence)" }
      let next = layer.outputEdge(edge)
      guard next >= 1 else {
        return "a window of \(window) leaves \(edge) x \(edge) cells before layer \(index + 1), "
          + "which needs \(layer.size) x \(layer.size); use a larger window or fewer layers"
      }
      edge = next
    }
    return nil
  }
}

extension ModelArchitecture.PatchBranch.Layer {
  /// The kernel's or the pooling's edge.
  public var size: Int {
    switch self {
    case .convolution(_, let kernel): kernel
    case .maxPool(let size), .averagePool(let size): size
    }
  }

  /// What the layer leaves of an edge; less than 1 where the edge is too short.
  public func outputEdge(_ edge: Int) -> Int {
    switch self {
    case .convolution(_, let kernel): edge - kernel + 1
    case .maxPool(let size), .averagePool(let size): edge / max(1, size)
    }
  }

  fileprivate var problem: String? {
    switch self {
    case .convolution(let filters, let kernel):
      sizeProblem(filters, "the number of filters") ?? sizeProblem(kernel, "the kernel")
    case .maxPool(let size), .averagePool(let size):
      size <= 256 ? sizeProblem(size, "the pooling size") : "pooling by \(size) exceeds 256"
    }
  }
}

extension ModelArchitecture.GraphBranch {
  /// Why the branch cannot be built, or nil where it can.
  public var problem: String? {
    if hops < 0 || hops > 1000 { return "hops is \(hops); it must be between 0 and 1000" }
    if let sentence = weights?.problem { return sentence }
    return sizeProblem(width, "the width") ?? sizeProblem(output, "the number of features")
      ?? dropoutProblem(dropout, "the dropout")
  }
}

extension ModelArchitecture.EdgeWeights {
  /// Why edges cannot be weighted so, or nil where they can.
  public var problem: String? {
    for (name, value) in [("sigma", sigma), ("tau", tau ?? 1)]
    where !(value > 0 && value.isFinite) {
      return "\(name) is \(value); it must be above 0 and finite"
    }
    return nil
  }
}

extension ModelArchitecture.Head {
  /// Why the head cannot be built, or nil where it can.
  public var problem: String? {
    for width in hidden {
      if let sentence = sizeProblem(width, "the width of a hidden layer") { return sentence }
    }
    if kind == .softmax && outputs < 2 {
      return "a softmax head has \(outputs) outputs; it needs at least 2 classes"
    }
    return sizeProblem(outputs, "the number of outputs") ?? dropoutProblem(dropout, "the dropout")
  }
}

/// An integer that becomes nil instead of overflowing.
private struct Checked {
  let value: Int?

  init(_ value: Int?) { self.value = value }

  static func + (left: Checked, right: Checked) -> Checked {
    guard let a = left.value, let b = right.value else { return Checked(nil) }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return Checked(overflow ? nil : sum)
  }

  static func * (left: Checked, right: Checked) -> Checked {
    guard let a = left.value, let b = right.value else { return Checked(nil) }
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return Checked(overflow ? nil : product)
  }
}
