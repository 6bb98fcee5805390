import Foundation
import Rasters

extension Runner {
  /// Fits a stage anew whose fit is kept; maps follow with the next run.
  public static func refit(_ command: Command.Refit) -> Status {
    attempt(command.run) { progress in
      let plan = try plan(command.run)
      let nodes = try keptNodes(command.tag, of: plan)
      let workspace = try Workspace(command.run, name: plan.document.name, progress)
      let executor = workspace.executor(plan, progress, renewing: [command.tag])
      let schedule = Schedule(targets: nodes) { executor.keptContent(of: $0) != nil }
      progress.plan(schedule, chunks: executor.lattice.chunks.count)
      try executor.run(schedule)
      progress.note("fitted '\(command.tag)' anew; the next run makes what follows from it")
    }
  }

  /// The fits of a stage that are kept, and what is remembered of their input.
  private static func keptNodes(_ tag: String, of plan: Plan) throws -> [Node] {
    let file = plan.document.file
    let tags = plan.document.stages.map(\.tag)
    guard let stage = plan.document.stage(tag) else {
      throw PipelineError.invalid([
        Problem(file: file, "there is no stage '\(tag)'" + Suggestion.phrase(tag, among: tags))
      ])
    }
    let kept = Schedule(targets: plan.targets).nodes.filter { $0.policy == .once(tag: tag) }
    guard !kept.isEmpty else {
      throw PipelineError.invalid([
        Problem(
          file: file, place: stage.place, stage: tag,
          "no fit of it is kept: 'gossan refit' renews those of stages with fit: \"once\"")
      ])
    }
    return kept
  }
}

extension Runner.Plan {
  /// What a new tile does to a stage whose fit moves with it, in a sentence.
  func remark(onMovingFit tag: String) -> String {
    let canKeep = document.stage(tag)?.options.declares(FitPolicy.option.name) ?? false
    return "'\(tag)' looks at the whole map: when a tile arrives, it and all that follows are made "
      + "anew everywhere" + (canKeep ? "; fit: \"once\" keeps its fit" : "")
  }

  /// The stages whose fits would move when a tile arrives, so that maps made with them would be
  /// made anew as a whole; without those whose fits are kept.
  var movingFits: [String] {
    var moves: [ObjectIdentifier: Bool] = [:]
    func isMoving(_ value: Node) -> Bool {
      if let known = moves[ObjectIdentifier(value)] { return known }
      moves[ObjectIdentifier(value)] = false
      let result =
        value.policy == .always
        && value.edges.contains { $0.node.isValue ? isMoving($0.node) : true }
      moves[ObjectIdentifier(value)] = result
      return result
    }
    var seen: Set<ObjectIdentifier> = []
    var found: Set<String> = []
    func visit(_ node: Node) {
      guard seen.insert(ObjectIdentifier(node)).inserted else { return }
      if !node.isValue {
        for edge in node.edges where edge.node.isValue && isMoving(edge.node) {
          found.formUnion(fitted(below: edge.node))
        }
      }
      for edge in node.edges { visit(edge.node) }
    }
    /// The stages whose own fit moves, not those that only pass on what another fitted.
    func fitted(below value: Node) -> Set<String> {
      let own = value.edges.contains { !$0.node.isValue }
      let others = value.edges.filter { $0.node.isValue && isMoving($0.node) }
      return Set(others.flatMap { fitted(below: $0.node) })
        .union(own ? [ProgressState.stage(of: value.name)] : [])
    }
    for node in targets { visit(node) }
    return document.stages.map(\.tag).filter(found.contains)
  }
}
