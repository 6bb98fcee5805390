/// How far a run is: what is planned, done and in work, and how fast it goes.
///
/// Times are readings of a clock in seconds that the caller takes, whatever its origin.
struct ProgressState: Sendable {
  /// What is counted of one stage: chunks and values of all its nodes.
  private struct Stage: Sendable {
    /// What is planned; 0 where nothing is known.
    var total = 0
    var made = 0
    var found = 0
    /// The nodes that are being made, each as often as workers are at it.
    var inWork: [String: Int] = [:]
    /// When the first of what is in work, or was made without a pause, was begun.
    var begun: Double?
    /// What was made since `begun`.
    var madeSince = 0
    var epochs: Epochs?

    var done: Int { made + found }
  }

  /// A training inside a stage.
  private struct Epochs: Sendable {
    var node: String
    var done: Int
    var limit: Int
    /// When the first epoch ended, and which it was: the clock does not see the start.
    var firstTime: Double
    var first: Int
  }

  /// One stage as it is shown.
  struct View: Sendable, Hashable {
    var stage: String
    var done: Int
    /// What is planned of the stage; 0 where it is not known.
    var total: Int
    /// What is counted a second, where there is enough to judge.
    var rate: Double?
    /// The seconds until the stage is done, where there is enough to judge.
    var left: Double?
    /// The epoch of the training that is in work, if one is, and the most there can be.
    var epoch: Int?
    var epochLimit = 0
    /// The share of the whole plan that is done; nil before there is a plan.
    var fraction: Double?
  }

  private var stages: [String: Stage] = [:]
  /// The stage that is shown: the one that has been in work longest.
  private(set) var current: String?
  private var begunOrder: [String] = []

  /// The tag of a node's stage: node names go on with a fold (`@`) or a step (`/`).
  static func stage(of node: String) -> String {
    String(node.prefix { $0 != "@" && $0 != "/" })
  }

  /// The seconds of work below which nothing is said about a rate.
  private static let leastTime = 1.0
}

// Events.
extension ProgressState {
  /// Takes in what a run will make or look at, and forgets the run before.
  mutating func plan(_ counts: [(stage: String, total: Int)]) {
    self = ProgressState()
    for (stage, total) in counts { stages[stage, default: Stage()].total += total }
  }

  /// What is planned of each stage, in no order.
  var plannedTotal: Int { stages.values.reduce(0) { $0 + $1.total } }

  /// A node's chunk or value is begun; true when it is the first of its stage.
  mutating func begin(_ node: String, at now: Double) -> Bool {
    let name = Self.stage(of: node)
    var stage = stages[name, default: Stage()]
    if stage.inWork.isEmpty, stage.begun == nil || current != name {
      stage.begun = now
      stage.madeSince = 0
    }
    stage.inWork[node, default: 0] += 1
    stages[name] = stage
    let isFirst = !begunOrder.contains(name)
    begunOrder.removeAll { $0 == name }
    begunOrder.append(name)
    choose()
    return isFirst
  }

  /// A node's chunk or value was made, or found in the store.
  mutating func advance(_ node: String, made: Bool) {
    let name = Self.stage(of: node)
    var stage = stages[name, default: Stage()]
    if made {
      stage.made += 1
      stage.madeSince += 1
      let others = (stage.inWork[node] ?? 1) - 1
      stage.inWork[node] = others > 0 ? others : nil
      if stage.epochs?.node == node { stage.epochs = nil }
    } else {
      stage.found += 1
      if current == nil { current = name }
    }
    stages[name] = stage
    if made { choose() }
  }

  /// An epoch of a training has ended.
  mutating func epoch(_ node: String, done: Int, limit: Int, at now: Double) {
    let name = Self.stage(of: node)
    var stage = stages[name, default: Stage()]
    if stage.epochs == nil || stage.epochs?.node == node && done <= stage.epochs?.done ?? 0 {
      stage.epochs = Epochs(node: node, done: done, limit: limit, firstTime: now, first: done)
    } else if stage.epochs?.node == node {
      stage.epochs?.done = done
    }
    stages[name] = stage
  }

  /// Stays with the stage that is shown as long as it is in work; then takes the next begun one.
  private mutating func choose() {
    if let current, let stage = stages[current], !stage.inWork.isEmpty { return }
    if let next = begunOrder.first(where: { !(stages[$0]?.inWork.isEmpty ?? true) }) {
      current = next
    }
  }
}

// Views.
extension ProgressState {
  /// What is counted of the stage of a node.
  func counts(of node: String) -> (stage: String, done: Int, total: Int) {
    let name = Self.stage(of: node)
    let stage = stages[name] ?? Stage()
    return (name, stage.done, stage.total == 0 ? 0 : max(stage.total, stage.done))
  }

  /// The stage that is shown, or nil before anything happened.
  func view(at now: Double) -> View? {
    guard let current, let stage = stages[current] else { return nil }
    let counts = counts(of: current)
    var view = View(stage: current, done: counts.done, total: counts.total, fraction: fraction)
    if let epochs = stage.epochs {
      (view.epoch, view.epochLimit) = (epochs.done, epochs.limit)
      view.rate = Self.rate(epochs.done - epochs.first, since: epochs.firstTime, now)
      view.left = view.rate.map { Double(epochs.limit - epochs.done) / $0 }
    } else if let begun = stage.begun {
      view.rate = Self.rate(stage.madeSince, since: begun, now)
      if counts.total > counts.done {
        view.left = view.rate.map { Double(counts.total - counts.done) / $0 }
      }
    }
    return view
  }

  private static func rate(_ count: Int, since begun: Double, _ now: Double) -> Double? {
    let time = now - begun
    return count > 0 && time >= leastTime ? Double(count) / time : nil
  }

  private var fraction: Double? {
    let total = plannedTotal
    guard total > 0 else { return nil }
    let done = stages.values.reduce(0) { $0 + min($1.done, $1.total) }
    return Double(done) / Double(total)
  }
}
