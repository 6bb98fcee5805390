import Rasters
import Testing

@testable import Pipelines

/// The order of work of plans made at random and of the sample's.
struct ScheduleTests {
  private func node(
    _ name: String, _ edges: [Node.Edge], isStored: Bool = true, isSolo: Bool = false
  ) -> Node {
    Node(
      name: name, kind: .raster([Band(name: "a")]), identity: [name], edges: edges,
      isStored: isStored, usesAllWorkers: isSolo
    ) { _ in .bytes([]) }
  }

  /// Every node once, and no node before one that it reads, through unstored ones too.
  private func check(_ schedule: Schedule) {
    let nodes = schedule.nodes
    var place: [ObjectIdentifier: Int] = [:]
    for (index, node) in nodes.enumerated() {
      #expect(place[ObjectIdentifier(node)] == nil, "\(node.name) twice")
      place[ObjectIdentifier(node)] = index
    }
    func stored(below node: Node) -> [Node] {
      node.edges.filter { $0.reach != .lazy }.flatMap { edge in
        edge.node.isStored || edge.node.isValue ? [edge.node] : stored(below: edge.node)
      }
    }
    for (index, node) in nodes.enumerated() {
      for input in stored(below: node) {
        #expect((place[ObjectIdentifier(input)] ?? Int.max) < index, "\(input.name), \(node.name)")
      }
    }
    // A phase holds nodes of one kind.
    for phase in schedule.phases {
      #expect(Set(phase.map(\.usesAllWorkers)).count <= 1)
    }
  }

  @Test(arguments: 0..<12) func inputsComeFirst(seed: Int) {
    var nodes: [Node] = []
    for number in 0..<25 {
      let inputs = nodes.filter { StageRun.noise(seed, number, Int($0.name) ?? 0) < 0.2 }
      nodes.append(
        node(
          "\(number)",
          inputs.map { StageRun.noise(seed, number) < 0.5 ? .all($0) : .halo($0, 2) },
          isStored: StageRun.noise(seed, number, -1) < 0.7,
          isSolo: StageRun.noise(seed, number, -2) < 0.3))
    }
    let schedule = Schedule(targets: nodes.reversed() + nodes)
    check(schedule)
    #expect(schedule.nodes.count == nodes.count(where: \.isStored))
  }

  @Test func whatIsReadLazilyIsLeftOut() {
    let below = node("below", [])
    let lazy = node("lazy", [.cells(below)])
    let target = node("target", [.lazily(lazy)])
    #expect(Schedule(targets: [target]).nodes.map(\.name) == ["below", "target"])
    #expect(
      Schedule(targets: [target, lazy]).nodes.map(\.name).sorted() == ["below", "lazy", "target"])
    #expect(Schedule(targets: []).nodes.isEmpty)
  }

  @Test func theSampleIsInOrder() throws {
    let sample = try SampleRun()
    defer { sample.remove() }
    let plan = try Runner.plan(try sample.pipeline("order"), overrides: Overrides())
    let schedule = Schedule(targets: plan.targets)
    check(schedule)
    let names = schedule.nodes.map(\.name)
    for name in ["metals", "cube/fit", "cube@4/fit", "segments", "model", "model@4", "scores"] {
      #expect(names.contains(name), "\(name)")
    }
  }
}
