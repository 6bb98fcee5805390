import Testing

@testable import Networks

@Suite struct ArchitectureProblemsTests {
  private func model(
    bands: Int = 5, _ branch: ModelArchitecture.Branch, outputs: Int = 2, hidden: [Int] = [],
    dropout: Float = 0, kind: ModelArchitecture.Head.Kind = .softmax
  ) -> ModelArchitecture {
    ModelArchitecture(
      bandCount: bands, branches: [branch],
      head: .init(kind: kind, hidden: hidden, outputs: outputs, dropout: dropout))
  }

  private let spectral = ModelArchitecture.Branch.spectral(
    .init(filters: [4], kernel: 3, pool: 2, width: 5))

  @Test func sizesMustBeSensible() {
    #expect(model(spectral).problem == nil)
    #expect(model(bands: 0, spectral).problem?.contains("bands is 0") == true)
    #expect(model(spectral, outputs: 1).problem?.contains("at least 2 classes") == true)
    #expect(model(spectral, outputs: 1, kind: .sigmoid).problem == nil)
    #expect(model(spectral, dropout: 1).problem?.contains("dropout is 1") == true)
    #expect(model(spectral, dropout: .nan).problem?.contains("dropout") == true)
    #expect(model(spectral, hidden: [1 << 17]).problem?.contains("hidden") == true)
    let negative = ModelArchitecture.Branch.spectral(
      .init(filters: [4, -1], kernel: 3, pool: 2, width: 5))
    #expect(model(negative).problem?.contains("branch spectral: the number of filters") == true)
    #expect(
      ModelArchitecture(
        bandCount: 1, branches: [], head: .init(kind: .linear, hidden: [], outputs: 1)
      )
      .problem?.contains("no branches") == true)
  }

  @Test func windowsMustSuffice() throws {
    let branch = ModelArchitecture.PatchBranch(
      window: 6,
      layers: [
        .convolution(filters: 2, kernel: 3), .maxPool(size: 2),
        .convolution(filters: 2, kernel: 3),
      ], width: 3)
    let sentence = try #require(model(.patch(branch)).problem)
    #expect(sentence.contains("window of 6 leaves 2 x 2 cells before layer 3"))
    #expect(throws: ModelProblem.self) { try Model(architecture: model(.patch(branch)), seed: 1) }
    var larger = branch
    larger.window = 8
    #expect(model(.patch(larger)).problem == nil)
    larger.layers = [.averagePool(size: 300)]
    #expect(model(.patch(larger)).problem?.contains("exceeds 256") == true)
  }

  @Test func bandsMustBeThere() {
    func spectral(_ bands: Range<Int>) -> String? {
      model(.spectral(.init(filters: [4], kernel: 3, pool: 2, width: 5, bands: bands))).problem
    }
    #expect(spectral(1..<5) == nil && spectral(0..<5) == nil)
    #expect(spectral(3..<6) == "branch spectral: it reads the bands 3..<6 of 5")
    #expect(spectral(-1..<2)?.contains("-1..<2 of 5") == true)
    #expect(spectral(2..<2)?.contains("2..<2 of 5") == true)
    func patch(_ bands: Range<Int>?, _ refinement: Int?, window: Int = 3) -> String? {
      model(
        bands: 12,
        .patch(
          .init(window: window, layers: [], width: 2, bands: bands, refinement: refinement))
      ).problem
    }
    #expect(patch(nil, nil) == nil && patch(nil, 1) == nil && patch(3..<12, 3) == nil)
    #expect(patch(nil, 2) == nil && patch(2..<6, 2, window: 1) == nil)
    #expect(patch(nil, 3)?.contains("12 bands; a refinement of 3 needs a multiple of 9") == true)
    #expect(patch(0..<6, 2)?.contains("6 bands; a refinement of 2") == true)
    #expect(patch(nil, 0)?.contains("the refinement is 0") == true)
    #expect(patch(nil, 65)?.contains("the refinement is 65") == true)
  }

  @Test func attentionsNeedSizes() {
    func problem(
      _ settings: ModelArchitecture.AttentionSettings?, window: Int = 3,
      fusion: ModelArchitecture.Fusion = .attention
    ) -> String? {
      ModelArchitecture(
        bandCount: 5, branches: [.patch(.init(window: window, layers: [], width: 2)), spectral],
        fusion: fusion, attention: settings, head: .init(kind: .softmax, hidden: [], outputs: 2)
      ).problem
    }
    #expect(problem(.init()) == nil && problem(.init(width: 6, heads: 3)) == nil)
    #expect(problem(nil)?.contains("no width and heads") == true)
    #expect(problem(.init(width: 6, heads: 4))?.contains("4 heads, which do not divide") == true)
    #expect(problem(.init(width: 6, heads: 0))?.contains("0 heads") == true)
    #expect(problem(.init(width: 0, heads: 1))?.contains("width is 0") == true)
    #expect(problem(.init(), fusion: .concat)?.contains("which it is not") == true)
    #expect(problem(.init(), window: 32) == nil)
    #expect(problem(.init(), window: 33)?.contains("branch patch: it leaves 1089 tokens") == true)
  }

  @Test func hugeModelsAreRefused() {
    let huge = ModelArchitecture.PatchBranch(
      window: 60000, layers: [.convolution(filters: 60000, kernel: 60000)], width: 60000)
    #expect(model(bands: 60000, .patch(huge)).problem?.contains("2^31") == true)
  }

  @Test func branchesOfAKindAreNumbered() {
    let names = ModelTests.architectures[2].branchNames
    #expect(names == ["patch", "spectral", "patch2", "spectral2"])
  }

  @Test(arguments: ModelTests.architectures)
  func weightsAreCounted(_ architecture: ModelArchitecture) throws {
    let model = try Model(architecture: architecture, seed: 1)
    let weights = model.tensors.filter { $0.name.hasSuffix("weight") }
    #expect(architecture.weightCount == weights.reduce(0) { $0 + $1.values.count })
  }
}
