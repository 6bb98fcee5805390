/// Finds for the layers of a new model those of a trained one.
struct LayerMatcher {
  let source: Model
  let sourceNames: ModelTransfer.Names
  let target: Model
  let names: ModelTransfer.Names
  private(set) var layers: [ModelTransfer.Layer] = []
  private(set) var matches: [String: TensorMatch] = [:]
  private var refusedParts: Set<String> = []

  private let trained: [String: NamedTensor]
  /// The new model's tensors by layer, in order.
  private let own: [(layer: String, tensors: [NamedTensor])]

  init(
    source: Model, sourceNames: ModelTransfer.Names, target: Model, names: ModelTransfer.Names
  ) {
    self.source = source
    self.sourceNames = sourceNames
    self.target = target
    self.names = names
    trained = Dictionary(source.tensors.map { ($0.name, $0) }) { first, _ in first }
    var order: [String] = []
    var groups: [String: [NamedTensor]] = [:]
    // Parameters before buffers: a norm's running statistics join its weights.
    for tensor in target.tensors {
      let layer = Self.layer(of: tensor.name)
      if groups[layer] == nil { order.append(layer) }
      groups[layer, default: []].append(tensor)
    }
    own = order.map { ($0, groups[$0] ?? []) }
  }

  private static func layer(of tensor: String) -> String {
    tensor.lastIndex(of: ".").map { String(tensor[..<$0]) } ?? tensor
  }

  /// The rows or columns of a layer that differ from those of the trained one.
  private struct Difference {
    var rows: [Int?]?
    var columns: [Int?]?
  }

  // MARK: Branches

  /// Matches the layers of all branches.
  mutating func matchBranches() {
    for (index, name) in target.parameters.branchNames.enumerated() {
      guard let other = source.parameters.branchNames.firstIndex(of: name) else {
        refuse(name, "the model has no such branch")
        continue
      }
      switch (target.parameters.branches[index], source.parameters.branches[other]) {
      case (.spectral(let new), .spectral(let old)): matchSpectral(name, new, old)
      case (.patch(let new), .patch(let old)): matchPatch(name, new, old)
      case (.graph, .graph): chain(name, ["\(name).internal": Difference(columns: bandPlaces)])
      default: refuse(name, "the model has another branch of this name")
      }
    }
  }

  /// The place of each band in the trained model.
  private var bandPlaces: [Int?] { names.bands.map { sourceNames.bands.firstIndex(of: $0) } }

  /// Channels are bands: those of the first convolution, or of the dense layer where there is none.
  private mutating func matchPatch(_ name: String, _ new: PatchNetwork, _ old: PatchNetwork) {
    let known = old.channelNames(of: sourceNames.bands)
    let places = new.channelNames(of: names.bands).map { known.firstIndex(of: $0) }
    if new.stack.hasConvolution {
      chain(name, ["\(name).conv1": Difference(columns: places)])
      return
    }
    guard let dense = new.stack.dense, let trained = old.stack.dense else {
      chain(name, [:])
      return
    }
    let cells = dense.inputs / max(1, new.channels)
    guard cells * old.channels == trained.inputs else {
      refuse(name, "its window has \(cells) cells here and another number in the model")
      return
    }
    let columns = places.flatMap { place -> [Int?] in
      (0..<cells).map { cell in place.map { $0 * cells + cell } }
    }
    chain(name, ["\(name).dense": Difference(columns: columns)])
  }

  /// A filter sees neighbouring bands: what it says at a place is the same where it sees the same
  /// bands in the same order, and there alone the dense layer knows what to do with it.
  private mutating func matchSpectral(
    _ name: String, _ new: SpectralNetwork, _ old: SpectralNetwork
  ) {
    let fields = new.stack.fields(of: Array(names.bands[new.bands]))
    let known = old.stack.fields(of: Array(sourceNames.bands[old.bands]))
    let places = fields.map { known.firstIndex(of: $0) }
    guard places.contains(where: { $0 != nil }) else {
      refuse(
        name,
        "it sees \(fields.first?.count ?? 0) neighbouring bands at once, and no such run of bands "
          + "is in the model's input")
      return
    }
    guard let dense = new.stack.dense else {
      chain(name, [:])
      return
    }
    let channels = dense.inputs / max(1, fields.count)
    let columns = (0..<channels).flatMap { channel -> [Int?] in
      places.map { place in place.map { channel * known.count + $0 } }
    }
    chain(name, ["\(name).dense": Difference(columns: columns)])
  }

  // MARK: Fusion

  /// Matches the layers of an attention, branch by branch; other fusions have none of their own.
  mutating func matchFusion() {
    guard let fusion = target.parameters.fusion else { return }
    let (new, old) = (target.architecture, source.architecture)
    guard new.fusion == old.fusion, new.attention == old.attention,
      fusion.names == source.parameters.fusion?.names
    else {
      refuse("fusion", "the model joins its branches in another way")
      return
    }
    guard fusion.names.allSatisfy(isTaken) else {
      refuse("fusion", "an attention needs the tokens of the same branches")
      return
    }
    for (index, name) in fusion.names.enumerated() {
      let part = "fusion.\(name)"
      switch (target.parameters.branches[index], source.parameters.branches[index]) {
      case (.spectral(let new), .spectral(let old)):
        let known = old.stack.fields(of: Array(sourceNames.bands[old.bands]))
        let places = new.stack.fields(of: Array(names.bands[new.bands]))
          .map { known.firstIndex(of: $0) }
        chain(part, ["\(part).position": Difference(rows: places)])
      case (.patch(let new), .patch(let old)) where !new.stack.hasConvolution:
        let known = old.channelNames(of: sourceNames.bands)
        let places = new.channelNames(of: names.bands).map { known.firstIndex(of: $0) }
        chain(part, ["\(part).embedding": Difference(columns: places)])
      default: chain(part, [:])
      }
    }
  }

  /// Whether no layer of a part begins anew.
  private func isTaken(_ part: String) -> Bool {
    !refusedParts.contains(part)
      && !layers.contains { $0.name.hasPrefix(part + ".") && !$0.isTaken }
  }

  // MARK: Head

  /// Matches the layers after the fusion, whose first one reads the branches' features.
  mutating func matchHead() {
    let (new, old) = (target.architecture, source.architecture)
    let hasAttention = target.parameters.fusion != nil
    let isKnown = target.parameters.branchNames.map { name in
      hasAttention
        ? !refusedParts.contains("fusion") && isTaken("fusion.\(name)") : isTaken(name)
    }
    guard isKnown.contains(true) else {
      refuse("head", "the branches before it begin anew")
      return
    }
    guard new.fusion == old.fusion else {
      refuse("head", "the model joins its branches in another way")
      return
    }
    let isSame = target.parameters.branchNames == source.parameters.branchNames
    guard new.fusion != .gate || isSame && !isKnown.contains(false) else {
      refuse("head", "a gate needs the features of the same branches")
      return
    }
    let first = new.head.hidden.isEmpty ? "head.output" : "head.hidden1"
    var differences: [String: Difference] = [:]
    if new.fusion != .gate { differences[first] = Difference(columns: features(isKnown)) }
    let outputs = names.outputs.map { sourceNames.outputs.firstIndex(of: $0) }
    differences["head.output", default: Difference()].rows = outputs
    let isUseless =
      new.head.kind != old.head.kind || !outputs.contains { $0 != nil }
      // Values have a mean and a spread of their own; drawn rows beside taken ones have none.
      || new.head.kind == .linear && outputs.contains { $0 == nil }
    chain(
      "head", differences,
      refusing: isUseless ? ["head.output": "the model's outputs are others"] : [:])
  }

  /// The place of each joined feature in the trained model; none for branches that begin anew.
  private func features(_ isKnown: [Bool]) -> [Int?] {
    var starts: [String: (start: Int, width: Int)] = [:]
    var start = 0
    for (name, width) in zip(source.parameters.branchNames, source.parameters.partWidths) {
      starts[name] = (start, width)
      start += width
    }
    return zip(target.parameters.branchNames, target.parameters.partWidths).enumerated().flatMap {
      index, own -> [Int?] in
      guard isKnown[index], let known = starts[own.0], known.width == own.1 else {
        return [Int?](repeating: nil, count: own.1)
      }
      return (0..<own.1).map { known.start + $0 }
    }
  }

  // MARK: Layers

  /// Lets all layers of a part begin anew.
  mutating func refuse(_ part: String, _ reason: String) {
    refusedParts.insert(part)
    for (layer, _) in own where layer.hasPrefix(part + ".") {
      layers.append(ModelTransfer.Layer(name: layer, outcome: .anew(reason)))
    }
  }

  /// Matches the layers of a part one after another, up to one that does not fit.
  private mutating func chain(
    _ part: String, _ differences: [String: Difference], refusing refused: [String: String] = [:]
  ) {
    var broken: String?
    for (layer, tensors) in own where layer.hasPrefix(part + ".") {
      var outcome = ModelTransfer.Outcome.taken
      if let broken {
        outcome = .anew("'\(broken)' before it begins anew")
      } else if let reason = refused[layer] {
        outcome = .anew(reason)
      } else {
        outcome = match(tensors, differences[layer] ?? Difference())
      }
      if case .anew = outcome, broken == nil { broken = layer }
      layers.append(ModelTransfer.Layer(name: layer, outcome: outcome))
    }
  }

  /// Matches the tensors of a layer, all of them or none.
  private mutating func match(
    _ tensors: [NamedTensor], _ difference: Difference
  ) -> ModelTransfer.Outcome {
    var found: [String: TensorMatch] = [:]
    for tensor in tensors {
      guard let old = trained[tensor.name] else {
        return .anew("the model has no '\(tensor.name)'")
      }
      guard let match = match(tensor, old, difference) else {
        return .anew(
          "'\(tensor.name)' has the shape \(Self.text(tensor.shape)) here and "
            + "\(Self.text(old.shape)) in the model")
      }
      found[tensor.name] = match
    }
    guard found.values.allSatisfy({ $0.columns.contains { $0 != nil } }) else {
      return .anew("none of its inputs is in the model")
    }
    matches.merge(found) { $1 }
    return found.values.allSatisfy(\.isWhole) ? .taken : .partly
  }

  /// How two tensors correspond; nil where they cannot.
  private func match(
    _ new: NamedTensor, _ old: NamedTensor, _ difference: Difference
  ) -> TensorMatch? {
    guard new.shape.count == old.shape.count, let rowCount = new.shape.first,
      let oldRows = old.shape.first, new.shape.dropFirst(2) == old.shape.dropFirst(2)
    else { return nil }
    guard difference.rows != nil || rowCount == oldRows else { return nil }
    let rows = difference.rows ?? Array(0..<rowCount)
    let isMatrix = new.shape.count > 1
    let (width, oldWidth) = isMatrix ? (new.shape[1], old.shape[1]) : (1, 1)
    // A bias has no columns, so that a difference of them does not concern it.
    let own = isMatrix ? difference.columns : nil
    guard own != nil || width == oldWidth else { return nil }
    let columns = own ?? Array(0..<width)
    guard rows.count == rowCount, columns.count == width,
      rows.allSatisfy({ $0.map { $0 < oldRows } ?? true }),
      columns.allSatisfy({ $0.map { $0 < oldWidth } ?? true })
    else { return nil }
    return TensorMatch(
      rows: rows, columns: columns, width: oldWidth,
      depth: new.shape.dropFirst(2).reduce(1, *))
  }

  private static func text(_ shape: [Int]) -> String {
    shape.map(String.init).joined(separator: " x ")
  }
}

extension PatchNetwork {
  /// The bands that each channel of the first layer is made of: one, or those of its sub-cells.
  func channelNames(of bands: [String]) -> [[String]] {
    let parts = refinement * refinement
    return (0..<channels).map { channel in
      Array(
        bands[
          self.bands.lowerBound + channel * parts..<self.bands.lowerBound + (channel + 1) * parts])
    }
  }
}

extension FeatureStack {
  /// Whether a convolution is among the steps.
  var hasConvolution: Bool {
    steps.contains { if case .convolution = $0 { true } else { false } }
  }

  /// The bands that each place of a 1-D stack's result is made of, before the dense layer.
  func fields(of bands: [String]) -> [[String]] {
    fields(rows: bands.count).map { Array(bands[$0]) }
  }
}
