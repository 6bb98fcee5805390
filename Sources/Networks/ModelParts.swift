extension ModelArchitecture {
  /// What the names of parts stand for: the beginnings of the names of their tensors.
  ///
  /// A part is `branches`, all branches of a type (`patch-cnn`), one branch by its name in model
  /// files (`patch2`), `fusion` of an attention, `head`, or a layer or tensor by its name there (`patch.conv1`). Nil where
  /// there is no such part.
  public func prefixes(ofPart part: String) -> [String]? {
    let names = branchNames
    if part == "branches" { return names }
    let ofType = zip(names, branches).filter { $1.type == part }.map(\.0)
    if !ofType.isEmpty { return ofType }
    guard let model = try? Model(architecture: self, seed: 0) else { return nil }
    let isKnown = model.parameters.parameters("").contains { Self.isPart(part, of: $0.name) }
    return isKnown ? [part] : nil
  }

  /// Whether a tensor is or belongs to what a name begins with.
  public static func isPart(_ prefix: String, of tensor: String) -> Bool {
    tensor == prefix || tensor.hasPrefix(prefix + ".")
  }

  /// The parts that people name: types, branches, the head.
  public var partNames: [String] {
    var seen: Set<String> = []
    let fusions = fusion == .attention ? ["fusion"] : []
    return (branches.map(\.type) + branchNames + fusions + ["head", "branches"])
      .filter { seen.insert($0).inserted }
  }
}

extension ModelArchitecture.Branch {
  /// The type in pipeline files.
  public var type: String {
    switch self {
    case .spectral: "spectral-cnn"
    case .patch: "patch-cnn"
    case .graph: "graph"
    }
  }
}
