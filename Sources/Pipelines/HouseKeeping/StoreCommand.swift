import Foundation
import Glibc

extension Tool {
  /// Keeps house in a store.
  static func perform(_ command: Command.Store) -> Runner.Status {
    do {
      switch command.task {
      case .list: return try list(command)
      case .verify: return try verify(command)
      case .prune: return try prune(command, now: Date())
      }
    } catch {
      Runner.say("\(error)")
      if case StoreError.held = error { return .held }
      return .failed
    }
  }

  private static func list(_ command: Command.Store) throws -> Runner.Status {
    let list = StoreList(try StoreContents(command.folder))
    print(
      command.isJSON
        ? String(decoding: try JSONEncoder.stable.encode(list), as: UTF8.self) : list.text)
    return .done
  }

  private static func verify(_ command: Command.Store) throws -> Runner.Status {
    let store = try ChunkStore.existing(command.folder)
    let (count, damaged) = StoreCheck(contents: try StoreContents(store.directory)).run()
    for file in damaged {
      var removal = ""
      if command.removesDamaged {
        removal = unlink(file.path) == 0 ? "; removed" : "; cannot be removed"
      }
      Runner.say("\(file.path): \(file.what)\(removal)")
    }
    if !command.isQuiet {
      print("looked at \(count) files, \(damaged.count) of which are damaged")
    }
    return damaged.isEmpty ? .done : .failed
  }

  private static func prune(_ command: Command.Store, now: Date) throws -> Runner.Status {
    let store = try ChunkStore.existing(command.folder)
    let contents = try StoreContents(store.directory)
    if let name = command.pipeline, !contents.knows(name) {
      Runner.say(
        "the store knows no pipeline '\(name)'" + Suggestion.phrase(name, among: contents.names))
      return .failed
    }
    let wish = StorePruning.Wish(
      before: command.age.map { now.addingTimeInterval(-Double($0)) }, bytes: command.bytes,
      pipeline: command.pipeline)
    let plan = StorePruning(contents: contents, wish: wish).plan
    if !command.isDryRun { try StorePruning.remove(plan) }
    if !command.isQuiet {
      print(
        "\(command.isDryRun ? "would remove" : "removed") \(plan.records.count) of "
          + "\(contents.records.count) chunks and values, \(StoreList.size(plan.bytes)) of "
          + StoreList.size(plan.bytesBefore))
    }
    return .done
  }
}

extension StoreContents {
  /// Whether a run of a pipeline has noted anything here.
  fileprivate func knows(_ pipeline: String) -> Bool {
    (uses.map(\.pipeline) + fits.map(\.fit.pipeline)).contains {
      Self.isName($0, of: pipeline)
    }
  }

  /// What a pipeline can be named: the pipelines themselves, then their tiles and comparisons.
  var names: [String] {
    let all = Set(uses.map(\.pipeline) + fits.map(\.fit.pipeline))
    let pipelines = Set(all.map { String($0.prefix { $0 != "/" }) })
    return pipelines.sorted() + all.subtracting(pipelines).sorted()
  }
}
