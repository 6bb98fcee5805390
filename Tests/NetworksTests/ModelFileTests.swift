import Foundation
import Tensors
import Testing

@testable import Networks

@Suite struct ModelFileTests {
  private let architecture = ModelTests.architectures[2]

  @Test(arguments: ModelTests.architectures)
  func survivesARoundTrip(_ architecture: ModelArchitecture) throws {
    let model = try Model(architecture: architecture, seed: 9)
    let bytes = try ModelFile(model: model, extra: "{\"classes\":[\"no\",\"yes\"]}").encoded()
    let read = try ModelFile(bytes)
    #expect(read.network?.architecture == architecture)
    #expect(read.network?.tensors == model.tensors)
    #expect(read.extra == "{\"classes\":[\"no\",\"yes\"]}")
    #expect(try read.encoded() == bytes)
  }

  /// A file of a model with its tensors changed.
  private func changed(_ change: (inout [NamedTensor]) -> Void) throws -> [UInt8] {
    let bytes = try ModelFile(model: Model(architecture: architecture, seed: 9)).encoded()
    var file = try Safetensors(bytes)
    change(&file.tensors)
    return Safetensors(tensors: file.tensors, metadata: file.metadata).encoded()
  }

  private func refusal(_ bytes: [UInt8]) -> String {
    do {
      _ = try ModelFile(bytes)
      return "accepted"
    } catch {
      return error.description
    }
  }

  @Test func tensorsMustFit() throws {
    #expect(try refusal(changed { $0[1].shape = [$0[1].values.count] }).contains("expected"))
    #expect(try refusal(changed { $0[0].name += "x" }).contains("has no tensor"))
    #expect(try refusal(changed { $0.remove(at: 0) }).contains("has no tensor"))
    #expect(try refusal(changed { $0[1].values[0] = .nan }).contains("nan"))
    let extra = NamedTensor(name: "zzz", shape: [1], values: [0])
    #expect(try refusal(changed { $0.append(extra) }).contains("zzz"))
  }

  @Test func metadataMustFit() throws {
    let tensors = try Model(architecture: architecture, seed: 9).tensors
    func refusal(_ gossan: String) -> String {
      self.refusal(Safetensors(tensors: tensors, metadata: ["gossan": gossan]).encoded())
    }
    #expect(self.refusal(Safetensors(tensors: tensors).encoded()).contains("not written by gossan"))
    #expect(refusal("{}").contains("incomplete"))
    #expect(refusal("nonsense").contains("malformed"))
    let head = "\"head\":{\"kind\":\"softmax\",\"hidden\":[],\"outputs\":2,\"dropout\":0}"
    func form(_ filters: Int, version: Int = 1) -> String {
      let branch =
        "{\"spectral\":{\"_0\":{\"filters\":[\(filters)],\"kernel\":3,\"pool\":2,\"width\":60000}}}"
      return "{\"version\":\(version),\"extra\":\"{}\",\"architecture\":{\"bandCount\":9,"
        + "\"branches\":[\(branch)],\"fusion\":\"concat\",\(head)}}"
    }
    #expect(refusal(form(-5)).contains("cannot be built"))
    #expect(refusal(form(9000)).contains("more weights than the file has"))
    #expect(refusal(form(1, version: 2)).contains("version 2"))
  }

  /// Files of graph branches from before there were weights have none.
  @Test func weightsOfEdgesMayBeAbsent() throws {
    let plain = ModelArchitecture.GraphBranch(hops: 2, width: 3, output: 4, dropout: 0.5)
    let old = Data("{\"hops\":2,\"width\":3,\"output\":4,\"dropout\":0.5}".utf8)
    #expect(try JSONDecoder().decode(ModelArchitecture.GraphBranch.self, from: old) == plain)
    for weights in [ModelArchitecture.EdgeWeights(sigma: 2), .init(sigma: 0.5, tau: 0.25)] {
      var branch = plain
      branch.weights = weights
      let bytes = try JSONEncoder().encode(branch)
      #expect(
        try JSONDecoder().decode(ModelArchitecture.GraphBranch.self, from: bytes) == branch)
      #expect(branch.problem == nil)
    }
    var wrong = plain
    wrong.weights = .init(sigma: 1, tau: 0)
    #expect(wrong.problem == "tau is 0.0; it must be above 0 and finite")
  }

  /// Files of branches from before there were parts of the bands have neither bands nor refinement.
  @Test func bandsAndRefinementMayBeAbsent() throws {
    typealias Branch = ModelArchitecture.Branch
    let old: [(String, Branch)] = [
      (
        "{\"spectral\":{\"_0\":{\"filters\":[4],\"kernel\":3,\"pool\":2,\"width\":6}}}",
        .spectral(.init(filters: [4], kernel: 3, pool: 2, width: 6))
      ),
      (
        "{\"patch\":{\"_0\":{\"layers\":[{\"maxPool\":{\"size\":2}}],\"width\":6,\"window\":5}}}",
        .patch(.init(window: 5, layers: [.maxPool(size: 2)], width: 6))
      ),
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    for (text, branch) in old {
      #expect(try JSONDecoder().decode(Branch.self, from: Data(text.utf8)) == branch)
      #expect(String(decoding: try encoder.encode(branch), as: UTF8.self) == text)
    }
  }

  /// Files from before there was an attention say nothing of it, and others still do not.
  @Test func attentionMayBeAbsent() throws {
    let old = """
      {"bandCount":4,"branches":[{"spectral":{"_0":{"filters":[],"kernel":1,"pool":1,"width":3}}}],\
      "fusion":"concat","head":{"dropout":0,"hidden":[],"kind":"softmax","outputs":2}}
      """
    let form = try JSONDecoder().decode(ModelArchitecture.self, from: Data(old.utf8))
    #expect(form.attention == nil && form.problem == nil)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(form), as: UTF8.self) == old)
  }

  @Test func unusableModelsAreNotWritten() throws {
    var model = try Model(architecture: architecture, seed: 9)
    model.parameters.head.output.bias[0] = .infinity
    #expect(throws: ModelFileError.self) { try ModelFile(model: model).encoded() }
  }
}
