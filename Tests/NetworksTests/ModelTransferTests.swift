import Tensors
import Testing

@testable import Networks

/// What a new model takes from a trained one, against the trained one itself.
@Suite struct ModelTransferTests {
  private typealias Names = ModelTransfer.Names
  private let classes = ["low", "high"]

  private func form(
    _ bands: Int, _ branches: [ModelArchitecture.Branch], hidden: [Int] = [6], outputs: Int = 2
  ) -> ModelArchitecture {
    ModelArchitecture(
      bandCount: bands, branches: branches,
      head: .init(kind: .softmax, hidden: hidden, outputs: outputs))
  }

  private let patch = ModelArchitecture.Branch.patch(
    .init(
      window: 5,
      layers: [.convolution(filters: 3, kernel: 3), .convolution(filters: 2, kernel: 2)], width: 4))
  private let pooled = ModelArchitecture.Branch.patch(
    .init(window: 4, layers: [.averagePool(size: 2)], width: 3))
  private let dense = ModelArchitecture.Branch.spectral(
    .init(filters: [], kernel: 1, pool: 1, width: 4))
  private let convolved = ModelArchitecture.Branch.spectral(
    .init(filters: [4], kernel: 3, pool: 1, width: 5))
  private let graph = ModelArchitecture.Branch.graph(
    .init(hops: 1, width: 4, output: 3, dropout: 0))

  private func start(
    _ source: Model, _ names: [String], _ form: ModelArchitecture, _ bands: [String],
    outputs: [String] = ["low", "high"], takesHead: Bool = true
  ) throws -> (model: Model, transfer: ModelTransfer) {
    let transfer = try ModelTransfer(
      from: source, Names(bands: names, outputs: classes), to: form,
      Names(bands: bands, outputs: outputs), takesHead: takesHead)
    return (try transfer.start(seed: 77), transfer)
  }

  private func values(_ model: Model, _ name: String) throws -> [Float] {
    try #require(model.tensors.first { $0.name == name }).values
  }

  /// The bands of a batch in another order, those that are not there as zeros.
  private func batch(
    _ batch: ModelBatch, of own: [String], as wanted: [String]
  ) -> ModelBatch {
    func chosen(_ values: [Float]) -> [Float] {
      let cells = values.count / batch.count / own.count
      return (0..<batch.count).flatMap { sample in
        wanted.flatMap { band -> [Float] in
          guard let place = own.firstIndex(of: band) else {
            return [Float](repeating: 0, count: cells)
          }
          let first = (sample * own.count + place) * cells
          return Array(values[first..<first + cells])
        }
      }
    }
    return ModelBatch(
      count: batch.count, spectra: chosen(batch.spectra), windows: batch.windows.map(chosen))
  }

  @Test func theSameFormIsTakenWhole() throws {
    for form in ModelTests.architectures + [self.form(3, [graph, patch])] {
      let source = try Model(architecture: form, seed: 5)
      let bands = (0..<form.bandCount).map { "band \($0)" }
      let outputs = (0..<form.head.outputs).map { "output \($0)" }
      let transfer = try ModelTransfer(
        from: source, Names(bands: bands, outputs: outputs), to: form,
        Names(bands: bands, outputs: outputs))
      #expect(transfer.layers.allSatisfy { $0.outcome == .taken })
      let started = try transfer.start(seed: 6)
      #expect(started.tensors == source.tensors)
    }
  }

  /// Bands are known by their names, wherever a branch reads them.
  @Test func bandsOfBranchesAreMatchedByName() throws {
    func branches(_ first: Int, from: Int) -> [ModelArchitecture.Branch] {
      let (bands, cells) = (first..<first + 3, from..<from + 4)
      return [
        .spectral(.init(filters: [4], kernel: 2, pool: 1, width: 5, bands: bands)),
        .patch(.init(window: 2, layers: [], width: 3, bands: bands)),
        .patch(
          .init(
            window: 3, layers: [.convolution(filters: 2, kernel: 2)], width: 3, bands: cells,
            refinement: 2)),
      ]
    }
    let old = ["a", "b", "c", "q1", "q2", "q3", "q4"]
    let new = ["x"] + old
    let source = try Model(architecture: form(7, branches(0, from: 3)), seed: 3)
    let (same, whole) = try start(source, old, form(8, branches(1, from: 4)), new)
    #expect(whole.layers.allSatisfy { $0.outcome == .taken })
    #expect(same.tensors == source.tensors)
    // Moved by one band, the sub-cells are others and of the bands two are known.
    let (_, moved) = try start(source, old, form(8, branches(0, from: 3)), new)
    let outcomes = moved.layers.map { ($0.name, $0.outcome) }
    #expect(outcomes.first { $0.0 == "spectral.dense" }?.1 == .partly)
    #expect(outcomes.first { $0.0 == "patch.dense" }?.1 == .partly)
    #expect(
      outcomes.first { $0.0 == "patch2.conv1" }?.1 == .anew("none of its inputs is in the model"))
  }

  /// Tokens of the same bands keep their places; another attention or other branches begin anew.
  @Test func attentionsAreTakenWithTheirBranches() throws {
    func form(
      _ bands: Int, branches: [ModelArchitecture.Branch]? = nil, heads: Int = 2
    ) -> ModelArchitecture {
      ModelArchitecture(
        bandCount: bands, branches: branches ?? [convolved, pooled], fusion: .attention,
        attention: .init(width: 4, heads: heads),
        head: .init(kind: .softmax, hidden: [6], outputs: 2))
    }
    func outcomes(_ form: ModelArchitecture, _ bands: [String]) throws
      -> [String: ModelTransfer.Outcome]
    {
      let (_, transfer) = try start(source, old, form, bands)
      return Dictionary(uniqueKeysWithValues: transfer.layers.map { ($0.name, $0.outcome) })
    }
    let old = ["a", "b", "c", "d", "e"]
    let source = try Model(architecture: form(5), seed: 8)
    // Two runs of three bands of the old ones are left, a third one is new.
    let fewer = try outcomes(form(5), ["x", "a", "b", "c", "d"])
    #expect(fewer["spectral.conv1"] == .taken)
    #expect(fewer["fusion.spectral.position"] == .partly)
    #expect(fewer["fusion.spectral.cross.output"] == .taken)
    #expect(fewer["fusion.patch.embedding"] == .partly)
    #expect(fewer["head.hidden1"] == .taken)
    let (model, _) = try start(source, old, form(5), ["x", "a", "b", "c", "d"])
    let places = try (
      values(model, "fusion.spectral.position.weight"),
      values(source, "fusion.spectral.position.weight")
    )
    #expect(Array(places.0[4..<12]) == Array(places.1[0..<8]))
    let other = try outcomes(form(5, heads: 1), old)
    #expect(
      other["fusion.patch.embedding"] == .anew("the model joins its branches in another way"))
    #expect(other["spectral.conv1"] == .taken && other["head.output"] != .taken)
    let wider = try outcomes(form(5, branches: [convolved, pooled, dense]), old)
    #expect(
      wider["fusion.patch.embedding"] == .anew("the model joins its branches in another way"))
    let unknown = try outcomes(form(5), ["v", "w", "x", "y", "e"])
    #expect(
      unknown["fusion.patch.embedding"]
        == .anew("an attention needs the tokens of the same branches"))
  }

  /// On the bands of both models the start says what the source does where its others are zero.
  @Test func bandsAreMatchedByName() throws {
    let branches = [patch, dense, pooled]
    let (old, new) = (["a", "b", "c", "d"], ["d", "x", "a", "y", "c"])
    let source = try Model(architecture: form(4, branches), seed: 8)
    let (model, transfer) = try start(source, old, form(5, branches), new)
    #expect(
      transfer.layers.filter { $0.outcome == .partly }.map(\.name) == [
        "patch.conv1", "spectral.dense", "patch2.dense",
      ])
    let inputs = ModelTests.batch(model.architecture, 30, seed: 9)
    let expected = source.outputs(batch(inputs, of: new, as: old))
    let found = model.outputs(inputs)
    #expect(difference(found, expected) < 1e-5)
    // It is not indifferent to what it says.
    #expect(Set(expected.map(\.bitPattern)).count > 30)
  }

  /// In which order the source had its bands is nothing to the start.
  @Test func theOrderOfTheSourceDoesNotMatter() throws {
    let branches = [patch, dense, graph]
    let (old, other) = (["a", "b", "c", "d"], ["c", "a", "d", "b"])
    let source = try Model(architecture: form(4, branches), seed: 8)
    var turned = source
    turned.parameters.visitParameters("") { name, shape, values in
      guard ["patch.conv1.weight", "spectral.dense.weight", "graph.internal.weight"].contains(name)
      else { return }
      let cells = shape.dropFirst(2).reduce(1, *)
      let before = values
      for row in 0..<shape[0] {
        for (column, band) in other.enumerated() {
          let place = old.firstIndex(of: band) ?? 0
          for cell in 0..<cells {
            values[(row * 4 + column) * cells + cell] = before[(row * 4 + place) * cells + cell]
          }
        }
      }
    }
    #expect(turned.tensors != source.tensors)
    let new = ["d", "x", "a"]
    let one = try start(source, old, form(3, branches), new).model
    let two = try start(turned, other, form(3, branches), new).model
    let drawn = try Model(architecture: form(3, branches), seed: 77)
    #expect(one.tensors == two.tensors && one.tensors != drawn.tensors)
  }

  /// A filter over bands is taken where it sees the same bands in the same order.
  @Test func runsOfBandsAreMatched() throws {
    let (old, new) = (["a", "b", "c", "d", "e", "f"], ["c", "d", "e", "f", "g"])
    let source = try Model(architecture: form(6, [convolved]), seed: 3)
    let (model, transfer) = try start(source, old, form(5, [convolved]), new)
    #expect(transfer.layers.map(\.outcome).prefix(2) == [.taken, .partly])
    // The source without the places a-b-c and b-c-d, which the new input does not have.
    var expected = source
    expected.parameters.visitParameters("") { name, _, values in
      guard name == "spectral.dense.weight" else { return }
      for place in values.indices where place % 4 < 2 { values[place] = 0 }
    }
    let inputs = ModelTests.batch(model.architecture, 30, seed: 4)
    #expect(
      difference(model.outputs(inputs), expected.outputs(batch(inputs, of: new, as: old))) < 1e-5)
    // The other way round no run is the same.
    let none = try start(source, old, form(6, [convolved]), old.reversed()).transfer
    #expect(none.layers.allSatisfy { !$0.isTaken })
  }

  @Test func outputsAreMatchedByName() throws {
    let source = try Model(architecture: form(3, [dense]), seed: 3)
    let bands = ["a", "b", "c"]
    let (model, transfer) = try start(
      source, bands, form(3, [dense], outputs: 3), bands, outputs: ["high", "other", "low"])
    #expect(transfer.layers.last?.outcome == .partly && transfer.takesOutput)
    let drawn = try Model(architecture: form(3, [dense], outputs: 3), seed: 77)
    for name in ["head.output.weight", "head.output.bias"] {
      let (old, new) = (try values(source, name), try values(model, name))
      let fresh = try values(drawn, name)
      let width = old.count / 2
      #expect(Array(new[..<width]) == Array(old[width...]))
      #expect(Array(new[(2 * width)...]) == Array(old[..<width]))
      #expect(Array(new[width..<2 * width]) == Array(fresh[width..<2 * width]))
    }
    let others = try start(source, bands, form(3, [dense]), bands, outputs: ["x", "y"]).transfer
    #expect(!others.takesOutput && others.takes("head.hidden1.weight"))
  }

  /// The head reads the features of the branches that both have.
  @Test func featuresAreMatchedByBranch() throws {
    let bands = ["a", "b", "c"]
    let source = try Model(architecture: form(3, [patch, dense]), seed: 3)
    let (model, transfer) = try start(source, bands, form(3, [dense, graph]), bands)
    let (old, new) = (
      try values(source, "head.hidden1.weight"), try values(model, "head.hidden1.weight")
    )
    for row in 0..<6 {
      #expect(Array(new[row * 7..<row * 7 + 4]) == Array(old[row * 8 + 4..<row * 8 + 8]))
      #expect(new[row * 7 + 4..<row * 7 + 7].allSatisfy { $0 == 0 })
    }
    let anew = transfer.layers.filter { !$0.isTaken }.map(\.name)
    #expect(!anew.isEmpty && anew.allSatisfy { $0.hasPrefix("graph.") })
  }

  @Test func otherShapesBeginAnewWithAllThatFollows() throws {
    let bands = ["a", "b", "c"]
    let source = try Model(architecture: form(3, [patch, graph]), seed: 3)
    let wide = ModelArchitecture.Branch.patch(
      .init(
        window: 5,
        layers: [.convolution(filters: 3, kernel: 3), .convolution(filters: 5, kernel: 2)], width: 4
      ))
    let transfer = try start(source, bands, form(3, [wide]), bands).transfer
    #expect(transfer.takes("patch.conv1.weight"))
    guard
      case .anew(let reason) = try #require(transfer.layers.first { $0.name == "patch.conv2" })
        .outcome
    else {
      Issue.record("conv2 was taken")
      return
    }
    #expect(reason.contains("5 x 3 x 2 x 2") && reason.contains("2 x 3 x 2 x 2"))
    #expect(transfer.layers.dropFirst(2).allSatisfy { !$0.isTaken })
  }

  /// A head that is not wanted is drawn; running statistics come with their norms.
  @Test func aNewHeadIsDrawn() throws {
    let bands = ["a", "b", "c"]
    var source = try Model(architecture: form(3, [graph]), seed: 3)
    source.parameters.visitBuffers("") { _, _, values in
      for place in values.indices { values[place] = Float(place + 2) }
    }
    let (model, _) = try start(source, bands, form(3, [graph]), bands, takesHead: false)
    let drawn = try Model(architecture: form(3, [graph]), seed: 77)
    #expect(model.parameters.buffers("") == source.parameters.buffers(""))
    for tensor in model.tensors {
      let other = tensor.name.hasPrefix("head.") ? drawn : source
      let expected = try values(other, tensor.name)
      #expect(tensor.values == expected)
    }
  }

  @Test func partsHaveNames() throws {
    let form = form(3, [patch, dense, pooled])
    #expect(form.prefixes(ofPart: "patch-cnn") == ["patch", "patch2"])
    #expect(form.prefixes(ofPart: "branches") == ["patch", "spectral", "patch2"])
    for part in ["head", "patch2", "patch.conv1", "head.output.bias"] {
      #expect(form.prefixes(ofPart: part) == [part])
    }
    for part in ["patch3", "conv1", "graph", ""] { #expect(form.prefixes(ofPart: part) == nil) }
    #expect(!ModelArchitecture.isPart("patch", of: "patch2.conv1.weight"))
  }
}
