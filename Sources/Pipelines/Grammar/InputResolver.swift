/// Finds the products that fill the inputs of each stage, and reports those that do not fit.
struct InputResolver {
  /// What is known of a stage before its inputs are resolved.
  struct Node {
    var tag: String
    var place: Place
    var inputs: StageEntry.InputSpec
    var inputsPlace: Place
    /// Nil for an unknown type: then nothing is said about its inputs or its product.
    var definition: StageDefinition?
  }

  let nodes: [Node]
  let file: String?
  var problems: [Problem] = []
  private var indices: [String: Int] = [:]

  init(_ nodes: [Node], file: String?) {
    self.nodes = nodes
    self.file = file
    for (index, node) in nodes.enumerated() where indices[node.tag] == nil {
      indices[node.tag] = index
    }
  }

  /// The sources of every stage, in the order of the stages.
  mutating func resolve() -> [[StageEntry.Source]] {
    let sources = nodes.indices.map { resolve($0) }
    reportCircles(sources)
    return sources
  }

  private mutating func report(_ node: Int, _ message: String, at place: Place, key: String) {
    problems.append(
      Problem(file: file, place: place, stage: nodes[node].tag, key: key, message))
  }

  private mutating func resolve(_ node: Int) -> [StageEntry.Source] {
    guard let definition = nodes[node].definition else { return [] }
    var sources: [StageEntry.Source] = []
    switch nodes[node].inputs {
    case .previous: return implicit(node, definition)
    case .tags(let references):
      for reference in references {
        place(reference, node, definition, into: &sources)
      }
    case .named(let entries):
      for entry in entries { name(entry, node, definition, into: &sources) }
    }
    reportMissing(node, definition, sources, at: nodes[node].inputsPlace)
    return sources
  }

  // MARK: No inputs are given

  private mutating func implicit(_ node: Int, _ definition: StageDefinition)
    -> [StageEntry.Source]
  {
    var sources: [StageEntry.Source] = []
    var isPreviousFree = node > 0
    for input in definition.inputs {
      switch input.source {
      case .named: continue
      case .everything:
        let tags = nodes.indices.filter { index in
          index != node && (index < node || definition.output == nil)
            && nodes[index].definition?.output.map(input.kinds.contains) ?? false
        }.map { nodes[$0].tag }
        if !tags.isEmpty { sources.append(StageEntry.Source(input: input.name, tags: tags)) }
      case .previous:
        guard isPreviousFree else { continue }
        // An unknown stage may make anything.
        let previous = nodes[node - 1]
        if let known = previous.definition {
          guard let kind = known.output, input.kinds.contains(kind) else { continue }
        }
        sources.append(StageEntry.Source(input: input.name, tags: [previous.tag]))
        isPreviousFree = false
      }
    }
    reportMissing(node, definition, sources, at: nodes[node].place)
    return sources
  }

  private mutating func reportMissing(
    _ node: Int, _ definition: StageDefinition, _ sources: [StageEntry.Source], at place: Place
  ) {
    for input in definition.inputs where input.isRequired && input.name != "*" {
      if sources.contains(where: { $0.input == input.name }) { continue }
      if problems.contains(where: { $0.stage == nodes[node].tag }) { return }
      var message = "is missing: expected the tag of a stage that makes \(input.phrase)"
      if case .previous = nodes[node].inputs, node > 0 {
        let made = nodes[node - 1].definition?.output?.rawValue ?? "no product"
        message += "; the stage before ('\(nodes[node - 1].tag)') makes \(made)"
      }
      report(node, message, at: place, key: "inputs.\(input.name)")
    }
  }

  // MARK: Inputs are given

  private mutating func place(
    _ reference: StageEntry.Reference, _ node: Int, _ definition: StageDefinition,
    into sources: inout [StageEntry.Source]
  ) {
    guard let index = find(reference, node, key: "inputs") else { return }
    let kind = nodes[index].definition?.output
    let fitting = definition.inputs.filter { input in
      input.name != "*" && kind.map(input.kinds.contains) ?? true
    }
    let free = fitting.first { input in
      input.isMany || !sources.contains { $0.input == input.name }
    }
    if let free {
      Self.add(reference.tag, to: free.name, in: &sources)
    } else if let kind {
      let taken = definition.inputs.map(\.phrase).joined(separator: "; ")
      let message =
        if definition.inputs.isEmpty { "the stage takes no inputs" } else if fitting.isEmpty {
          "'\(reference.tag)' makes \(kind.rawValue); expected \(taken)"
        } else { "there is no further input for \(kind.rawValue)" }
      report(node, message, at: reference.place, key: "inputs")
    }
  }

  private mutating func name(
    _ entry: StageEntry.Named, _ node: Int, _ definition: StageDefinition,
    into sources: inout [StageEntry.Source]
  ) {
    let key = "inputs.\(entry.name)"
    let named = definition.inputs.first { $0.name == entry.name && $0.name != "*" }
    guard let input = named ?? definition.inputs.first(where: { $0.name == "*" }) else {
      let names = definition.inputs.map(\.name)
      let hint = Suggestion.phrase(entry.name, among: names)
      report(node, "unknown input\(hint)", at: entry.place, key: key)
      return
    }
    if entry.tags.count > 1, !input.isMany {
      report(node, "expected one tag, found \(entry.tags.count)", at: entry.place, key: key)
    }
    for reference in entry.tags {
      guard let index = find(reference, node, key: key) else { continue }
      if let kind = nodes[index].definition?.output, !input.kinds.contains(kind) {
        let message = "'\(reference.tag)' makes \(kind.rawValue); expected \(input.phrase)"
        report(node, message, at: reference.place, key: key)
      }
      Self.add(reference.tag, to: entry.name, in: &sources)
    }
  }

  private mutating func find(_ reference: StageEntry.Reference, _ node: Int, key: String) -> Int? {
    guard let index = indices[reference.tag] else {
      let hint = Suggestion.phrase(reference.tag, among: nodes.map(\.tag))
      report(node, "no stage has the tag '\(reference.tag)'\(hint)", at: reference.place, key: key)
      return nil
    }
    if let definition = nodes[index].definition, definition.output == nil {
      report(
        node, "'\(reference.tag)' makes no product", at: reference.place, key: key)
      return nil
    }
    return index
  }

  private static func add(_ tag: String, to input: String, in sources: inout [StageEntry.Source]) {
    if let index = sources.firstIndex(where: { $0.input == input }) {
      sources[index].tags.append(tag)
    } else {
      sources.append(StageEntry.Source(input: input, tags: [tag]))
    }
  }
}

// Circles.
extension InputResolver {
  private mutating func reportCircles(_ sources: [[StageEntry.Source]]) {
    let edges = sources.map { $0.flatMap(\.tags).compactMap { indices[$0] } }
    for circle in Self.circles(edges) {
      let path = (circle + [circle[0]]).map { nodes[$0].tag }.joined(separator: " -> ")
      report(
        circle[0], "the stage needs its own product: \(path)", at: nodes[circle[0]].inputsPlace,
        key: "inputs")
    }
  }

  /// One circle for every group of nodes that need one another, each from its lowest node on.
  ///
  /// The walk keeps its own stack: a list of stages may be longer than the program's stack is deep.
  static func circles(_ edges: [[Int]]) -> [[Int]] {
    var circles: [[Int]] = []
    var isDone = [Bool](repeating: false, count: edges.count)
    var depths = [Int?](repeating: nil, count: edges.count)
    for start in edges.indices where !isDone[start] {
      var path = [start]
      var next = [0]
      depths[start] = 0
      while let node = path.last {
        let step = next[next.count - 1]
        guard step < edges[node].count else {
          isDone[node] = true
          depths[node] = nil
          path.removeLast()
          next.removeLast()
          continue
        }
        next[next.count - 1] += 1
        let target = edges[node][step]
        if let depth = depths[target] {
          circles.append(rotated(Array(path[depth...])))
        } else if !isDone[target] {
          depths[target] = path.count
          path.append(target)
          next.append(0)
        }
      }
    }
    return circles
  }

  private static func rotated(_ circle: [Int]) -> [Int] {
    guard let lowest = circle.min(), let start = circle.firstIndex(of: lowest) else {
      return circle
    }
    return Array(circle[start...] + circle[..<start])
  }

  /// The stages so that each follows what it needs, otherwise as in the file; nil with circles.
  static func order(_ edges: [[Int]]) -> [Int]? {
    guard circles(edges).isEmpty else { return nil }
    var order: [Int] = []
    var isPlaced = [Bool](repeating: false, count: edges.count)
    while order.count < edges.count {
      for node in edges.indices where !isPlaced[node] && edges[node].allSatisfy({ isPlaced[$0] }) {
        isPlaced[node] = true
        order.append(node)
      }
    }
    return order
  }
}
