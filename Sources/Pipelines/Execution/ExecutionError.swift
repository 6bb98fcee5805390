import Foundation
import Rasters

/// What went wrong while a plan was carried out, and where.
enum ExecutionError: Error, CustomStringConvertible {
  case wrongKind(node: String, expected: String)
  case changed(node: String)
  case lostFit(node: String)
  case changedFile(String)
  /// Somebody only looked whether the store has it.
  case notStored
  case unreadable(file: String, reason: String)
  case unwritable(folder: String)
  case inStage(String, window: Window?, any Error)
  case data(String)

  /// There is nothing to fit to.
  static func withoutValues(_ band: Band) -> ExecutionError {
    .data("band '\(band.name)' has no value in any cell of the training part")
  }

  /// Whether the error says in which stage it came up; one of a stage below does.
  var namesStage: Bool {
    switch self {
    case .wrongKind, .changed, .lostFit, .inStage: true
    case .changedFile, .notStored, .unreadable, .unwritable, .data: false
    }
  }

  var description: String {
    switch self {
    case .wrongKind(let node, let expected): "stage '\(node)' did not make \(expected)"
    case .changed(let node):
      "stage '\(node)': an input changed during the run; run again to use its new content"
    case .lostFit(let node):
      "stage '\(node)': its kept fit is damaged in the store, and what it was fitted to has changed "
        + "since; renew it with 'gossan refit'"
    case .changedFile(let file):
      "\(file) changed while it was read; run again to use its new content"
    case .notStored: "the store does not have it yet"
    case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
    case .unwritable(let folder):
      "cannot make the folder \(folder): expected a path that may be written and is no file"
    case .inStage(let stage, let window?, let error):
      "stage '\(stage)', cells \(window.x),\(window.y) to \(window.maxX),\(window.maxY): \(error)"
    case .inStage(let stage, nil, let error): "stage '\(stage)': \(error)"
    case .data(let sentence): sentence
    }
  }
}

extension FileManager {
  /// Makes a folder, and those above it, unless it is there.
  func makeFolder(_ path: String) throws(ExecutionError) {
    do {
      try createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(folder: path)
    }
  }
}

/// Who is told what a run does; progress lines, bars and logs are made of this.
protocol RunEvents: Sendable {
  /// A chunk or value of a node is begun; the store does not have it.
  func began(_ node: String)
  /// A chunk or value of a node was made, or found in the store.
  func advanced(_ node: String, made: Bool)
  /// A training in a node has come a step further.
  func stepped(_ node: String, _ step: TrainingStep)
  /// Something a person should know, in a sentence.
  func note(_ sentence: String)
  /// Something a person must look at, in a sentence.
  func warn(_ sentence: String)
}

extension RunEvents {
  /// By default nobody is told.
  func began(_ node: String) {}
  /// By default nobody is told.
  func stepped(_ node: String, _ step: TrainingStep) {}
  /// By default as good as a note.
  func warn(_ sentence: String) { note(sentence) }
}
