import Networks
import Testing

@testable import Learning

struct ForestTensorsTests {
  private func forest(_ target: (ForestTable) -> RandomForest.Target) throws -> RandomForest {
    let table = try ForestTable.load()
    var options = RandomForest.Options()
    options.trees = 9
    return try RandomForest(rows: table.trainingRows, target: target(table), options: options)
  }

  @Test func filesKeepForests() throws {
    let forests = try [
      forest { .classes(Array($0.three[..<$0.trained]), count: 3) },
      forest { .values(Array($0.values[..<$0.trained])) },
      RandomForest(rows: [1, 2], target: .classes([1, 1], count: 2)),
    ]
    for forest in forests {
      let file = try Safetensors(Safetensors(tensors: forest.tensors).encoded())
      #expect(try RandomForest(tensors: file.tensors) == forest)
    }
  }

  @Test func whatIsNoForestIsRefused() throws {
    let forest = try forest { .classes(Array($0.three[..<$0.trained]), count: 3) }
    func refused(_ name: String, _ change: (inout NamedTensor) -> Void) {
      var tensors = forest.tensors
      for index in tensors.indices where tensors[index].name == "forest.\(name)" {
        change(&tensors[index])
      }
      #expect(throws: ModelFileError.self, "\(name)") { try RandomForest(tensors: tensors) }
    }
    // The root's child must come after it and within the tree.
    refused("child") { $0.values[0] = 0 }
    refused("child") { $0.values[0] = Float(forest.roots[1]) }
    refused("child") { $0.values[0] += 0.5 }
    refused("feature") { $0.values[0] = Float(forest.featureCount) }
    refused("feature") { $0.values[0] = -1 }
    refused("feature") { $0.values[forest.nodes.count - 1] = 0 }
    refused("threshold") { $0.values[0] = .nan }
    refused("threshold") { $0.shape = [1, $0.values.count] }
    refused("size") { $0.values[0] += 1 }
    refused("size") { $0.values[0] = 0 }
    refused("kind") { $0.values = [0] }
    refused("leaf") { $0.name = "forest.lief" }
    #expect(throws: ModelFileError.self) {
      try RandomForest(
        tensors: forest.tensors + [NamedTensor(name: "other", shape: [1], values: [1])])
    }
    #expect(throws: ModelFileError.self) { try RandomForest(tensors: []) }
  }
}
