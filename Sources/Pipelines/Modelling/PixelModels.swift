import Foundation
import Learning
import Networks

/// A model of a pixel's bands alone: all outputs of many pixels at once.
protocol PixelModel: Sendable {
  /// Samples x features, row-major, to samples x outputs.
  func predicted(_ rows: [Float], count: Int) -> [Float]
  /// Features x cells, band-major, to outputs x cells.
  func predicted(planes: [Float], cells: Int) -> [Float]
  /// The number of features and that of outputs.
  var form: (features: Int, outputs: Int) { get }
  /// The numbers of a model file.
  var tensors: [NamedTensor] { get }
  init(tensors: [NamedTensor]) throws(ModelFileError)
  /// The method that trains such models, and what one is called.
  static var method: Predictor.Method { get }
  static var title: String { get }
  /// What a model's size is counted in, and how many of them it has.
  static var sizeUnit: String { get }
  var size: Int { get }
  /// The model with raw outputs divided by a temperature; one without them as it is.
  func tempered(by temperature: Double) -> Self
}

extension RandomForest: PixelModel {
  func predicted(_ rows: [Float], count: Int) -> [Float] { probabilities(rows, count: count) }
  func predicted(planes: [Float], cells: Int) -> [Float] { dense(planes, cells: cells) }
  var form: (features: Int, outputs: Int) { (featureCount, outputCount) }
  static var method: Predictor.Method { .forest }
  static var title: String { "random forest" }
  static var sizeUnit: String { "trees" }
  var size: Int { treeCount }
  func tempered(by temperature: Double) -> RandomForest { self }
}

extension LogisticRegression: PixelModel {
  func predicted(_ rows: [Float], count: Int) -> [Float] { probabilities(rows, count: count) }
  func predicted(planes: [Float], cells: Int) -> [Float] { dense(planes, cells: cells) }
  var form: (features: Int, outputs: Int) { (featureCount, classCount) }
  static var method: Predictor.Method { .logistic }
  static var title: String { "logistic regression" }
  static var sizeUnit: String { "coefficients" }
  var size: Int { coefficients.count + intercepts.count }
}

/// Models that make the outputs of a head together: one of all classes, or one for each label or
/// value, trained on the samples whose label or value is known.
struct PixelModels<Member: PixelModel>: Sendable {
  let kind: ModelArchitecture.Head.Kind
  let members: [Member]

  /// How many members make `outputs` outputs.
  static func memberCount(_ kind: ModelArchitecture.Head.Kind, outputs: Int) -> Int {
    kind == .softmax ? 1 : outputs
  }

  /// The probabilities, or values, of samples: samples x outputs, row-major.
  func probabilities(_ rows: [Float], count: Int) -> [Float] {
    guard kind != .softmax else { return members[0].predicted(rows, count: count) }
    var result = [Float](repeating: 0, count: count * members.count)
    for (output, member) in members.enumerated() {
      let own = member.predicted(rows, count: count)
      // A label's model has two classes, of which the second is that of the label.
      let width = member.form.outputs
      for sample in 0..<count {
        result[sample * members.count + output] = own[sample * width + width - 1]
      }
    }
    return result
  }

  /// The probabilities, or values, of a chunk of pixels: outputs x cells, band-major.
  func dense(_ planes: [Float], cells: Int) -> [Float] {
    guard kind != .softmax else { return members[0].predicted(planes: planes, cells: cells) }
    return members.flatMap { $0.predicted(planes: planes, cells: cells).suffix(cells) }
  }

  // MARK: Model files

  /// The members' arrays; where there are several, the number of each stands before its names.
  var tensors: [NamedTensor] {
    guard members.count > 1 else { return members.flatMap(\.tensors) }
    return members.enumerated().flatMap { index, member in
      member.tensors.map { tensor in
        NamedTensor(
          name: Self.prefix(index) + tensor.name, shape: tensor.shape, values: tensor.values)
      }
    }
  }

  private static func prefix(_ index: Int) -> String { "output\(index + 1)." }

  /// Reads the members of a model of a form.
  init(_ tensors: [NamedTensor], _ architecture: ModelArchitecture) throws {
    kind = architecture.head.kind
    let count = Self.memberCount(kind, outputs: architecture.head.outputs)
    guard count > 1 else {
      members = [try Member(tensors: tensors)]
      return
    }
    var left = tensors
    members = try (0..<count).map { index in
      let prefix = Self.prefix(index)
      let own = left.filter { $0.name.hasPrefix(prefix) }
      left.removeAll { $0.name.hasPrefix(prefix) }
      return try Member(
        tensors: own.map {
          NamedTensor(
            name: String($0.name.dropFirst(prefix.count)), shape: $0.shape, values: $0.values)
        })
    }
    if let unknown = left.map(\.name).min() {
      throw ModelFileError("the file has a tensor \(unknown), which its model does not need")
    }
  }

  /// Whether the members take the bands and make the outputs of a form.
  func fits(_ architecture: ModelArchitecture) -> Bool {
    let outputs =
      switch kind {
      case .softmax: architecture.head.outputs
      case .sigmoid: 2
      case .linear: 1
      }
    return members.allSatisfy { $0.form == (architecture.bandCount, outputs) }
  }

  // MARK: Training

  /// What a member is trained on.
  struct Task {
    /// Samples x features.
    var rows: [Float]
    /// The class of each sample; none for values.
    var classes: [Int] = []
    var classCount = 0
    /// The value of each sample; none for classes.
    var values: [Float] = []
    var weights: [Float]
  }

  /// Trains each member on the samples whose target it knows; `train` is told which one it is.
  init(_ set: TrainingSet, _ train: (Task, Int) throws -> Member) throws {
    kind = set.samples.kind
    members = try (0..<Self.memberCount(kind, outputs: set.samples.categories.count)).map {
      try train(try Self.task(set, $0), $0)
    }
  }

  private static func task(_ set: TrainingSet, _ output: Int) throws -> Task {
    let samples = set.samples.samples
    let targets = samples.map { sample -> Float in
      switch sample.target {
      case .category(let index): Float(index)
      case .values(let values): values[output]
      }
    }
    let known = targets.indices.filter { !targets[$0].isNaN }
    guard !known.isEmpty else {
      throw ExecutionError.data(
        "no sample of the training part says '\(set.samples.categories[output].name)'")
    }
    let count = set.bandCount
    var task = Task(
      rows: known.count == samples.count
        ? set.spectra : known.flatMap { set.spectra[$0 * count..<($0 + 1) * count] },
      weights: known.map { samples[$0].weight })
    if set.samples.kind == .linear {
      task.values = known.map { targets[$0] }
    } else {
      task.classes = known.map { Int(targets[$0]) }
      task.classCount = set.samples.kind == .softmax ? set.samples.categories.count : 2
    }
    return task
  }

  private init(kind: ModelArchitecture.Head.Kind, members: [Member]) {
    self.kind = kind
    self.members = members
  }
}

extension PixelModels: PixelPredictor {
  var method: Predictor.Method { Member.method }

  var phrase: String {
    let number =
      members.count == 1
      ? "A \(Member.title)" : "\(members.count) \(Member.title)s, one for each output,"
    return "\(number) of \(summary)"
  }

  var summary: String { "\(members.reduce(0) { $0 + $1.size }) \(Member.sizeUnit)" }

  func tempered(by temperature: Double) -> PixelModels {
    PixelModels(kind: kind, members: members.map { $0.tempered(by: temperature) })
  }
}
