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
    /// How fast it went since `begun`.
    var pace = Pace(from: 0)
    var training: Training?

    var done: Int { made + found }
  }

  /// A training inside a stage.
  private struct Training: Sendable {
    var node: String
    var step: TrainingStep
    /// When the first step ended: the clock does not see the start.
    var firstTime: Double
    /// How fast it went since then.
    var pace: Pace

    init(_ node: String, _ step: TrainingStep, at now: Double) {
      (self.node, self.step, firstTime) = (node, step, now)
      pace = Pace(from: now)
    }

    /// Whether a step goes on with this training rather than with the next of its node.
    func goesOn(with next: TrainingStep) -> Bool {
      next.kind == step.kind && next.limit == step.limit && next.done > step.done
    }
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
    /// How far the training is that is in work, if one is.
    var step: TrainingStep?
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
      stage.pace = Pace(from: now)
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
  mutating func advance(_ node: String, made: Bool, at now: Double) {
    let name = Self.stage(of: node)
    var stage = stages[name, default: Stage()]
    if made {
      stage.made += 1
      stage.pace.add(1, at: now)
      let others = (stage.inWork[node] ?? 1) - 1
      stage.inWork[node] = others > 0 ? others : nil
      if stage.training?.node == node { stage.training = nil }
    } else {
      stage.found += 1
      if current == nil { current = name }
    }
    stages[name] = stage
    if made { choose() }
  }

  /// A training has come a step further; of several of a stage the first is followed.
  mutating func step(_ node: String, _ step: TrainingStep, at now: Double) {
    let name = Self.stage(of: node)
    var stage = stages[name, default: Stage()]
    if let training = stage.training, training.node == node, training.goesOn(with: step) {
      stage.training?.pace.add(step.done - training.step.done, at: now)
      stage.training?.step = step
    } else if stage.training == nil || stage.training?.node == node {
      stage.training = Training(node, step, at: now)
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
    if let training = stage.training {
      let step = training.step
      view.step = step
      view.rate = Self.rate(training.pace, since: training.firstTime, now)
      view.left = view.rate.map { Double(step.limit - step.done) / $0 }
    } else if let begun = stage.begun {
      view.rate = Self.rate(stage.pace, since: begun, now)
      if counts.total > counts.done {
        view.left = view.rate.map { Double(counts.total - counts.done) / $0 }
      }
    }
    return view
  }

  private static func rate(_ pace: Pace, since begun: Double, _ now: Double) -> Double? {
    now - begun >= leastTime ? pace.rate(at: now) : nil
  }

  private var fraction: Double? {
    let total = plannedTotal
    guard total > 0 else { return nil }
    let done = stages.values.reduce(0) { $0 + min($1.done, $1.total) }
    return Double(done) / Double(total)
  }
}
