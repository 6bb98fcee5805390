import Foundation
import RasterFiles

/// Runs a pipeline once for each of several tiles, which have folders of their own and one store.
struct EachTile {
  /// Why not all tiles have outputs.
  enum Failure: Error, CustomStringConvertible {
    case usage(String)
    case tiles(failed: Int, of: Int)

    /// How the process ends.
    var status: Runner.Status {
      switch self {
      case .usage: .invalid
      case .tiles(let failed, let count): failed == count ? .failed : .partial
      }
    }

    var description: String {
      switch self {
      case .usage(let sentence): sentence
      case .tiles(let failed, let count) where failed == count:
        "\(count == 1 ? "the only tile" : "all \(count) tiles") failed"
      case .tiles(let failed, let count):
        "\(failed) of \(count) tiles failed; the outputs of the others were written"
      }
    }
  }

  private let command: Command.Run
  private let tiles: [(name: String, path: String)]
  private let progress: Progress

  /// Finds the tiles; throws when there are none, or two would have one folder.
  init(_ command: Command.Run, pattern: String, _ progress: Progress) throws {
    self.command = command
    self.progress = progress
    let folder = FileManager.default.currentDirectoryPath
    let paths = PipelinePath.expand(pattern).map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
    guard !paths.isEmpty else {
      throw Failure.usage("option '--for-each': no file matches '\(pattern)'")
    }
    tiles = paths.map { (PipelinePath.title(of: $0), $0) }
    var seen: [String: String] = [:]
    for tile in tiles {
      if let other = seen.updateValue(tile.path, forKey: tile.name) {
        throw Failure.usage(
          "option '--for-each': \(other) and \(tile.path) would both have the folder "
            + "'\(tile.name)'; use a pattern that finds one of them")
      }
    }
  }

  /// Runs all tiles, and tells at the end how many failed.
  func run() throws {
    var workspace: Workspace?
    var failed = 0
    for tile in tiles {
      do {
        var own = command
        own.overrides.parameters.append(.init(name: "tile", text: tile.path))
        let plan = try Runner.plan(own)
        if command.isDryRun {
          print("\(tile.path)\n\(try DryRun(plan, command).text)")
          continue
        }
        let shared = try workspace ?? Workspace(command, name: plan.document.name, progress)
        workspace = shared
        try PipelineRun(plan, shared.forTile(tile.name), progress).run()
        progress.pause()
      } catch let error where Self.concernsAll(error) {
        throw error
      } catch {
        failed += 1
        progress.fail("tile \(tile.path): \(error)", level: .warning)
      }
    }
    if failed > 0 { throw Failure.tiles(failed: failed, of: tiles.count) }
  }

  /// Whether the next tile would fare no better.
  private static func concernsAll(_ error: any Error) -> Bool {
    error is CancellationError || error is StoreError
  }
}
