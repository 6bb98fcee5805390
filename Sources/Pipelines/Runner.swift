import Foundation
import RasterFiles
import Rasters
import Tensors

/// Checks and runs pipelines for the command line.
public struct Runner {
  /// How a run ended, as an exit status that scripts can rely on.
  public enum Status: Int32, Sendable, CaseIterable {
    /// Done, also when nothing was new.
    case done = 0
    /// A stage failed.
    case failed = 1
    /// The pipeline or the command is not valid.
    case invalid = 2
    /// Some tiles of several failed.
    case partial = 3
    /// Another run holds the store.
    case held = 75
    /// The run was interrupted; what is stored stays.
    case interrupted = 130

    /// What the status says, in words for help.
    var summary: String {
      switch self {
      case .done: "Done, also when nothing was new."
      case .failed: "Something failed while it was done; earlier outputs are as they were."
      case .invalid: "The command line or the pipeline is not valid; nothing was done."
      case .partial: "Some tiles failed; the outputs of the others were written."
      case .held: "Another run holds the store."
      case .interrupted: "Interrupted; what was made is stored, and the next run goes on from it."
      }
    }
  }

  /// A plan that has no problems that can be known before pixels are read.
  struct Plan {
    let document: PipelineDocument
    /// The pipeline file's text, as it was planned.
    let text: String
    /// What the command line changed of it.
    let overrides: Overrides
    let planner: Planner
    let products: [(tag: String, product: Product)]

    /// What the pipeline writes, in order; every product where it writes nothing.
    var tasks: [OutputTask] {
      products.compactMap { if case .outputs(let task) = $0.product { task } else { nil } }
    }

    /// The nodes that must be made.
    var targets: [Node] {
      let made =
        tasks.isEmpty
        ? products.flatMap(\.product.nodes) : tasks.flatMap { Product.outputs($0).nodes }
      return made + planner.watches.flatMap { [$0.before, $0.now] }
    }
  }

  /// Everything that is wrong with a pipeline and can be known without reading pixels.
  public static func problems(_ path: String, overrides: Overrides) -> [Problem] {
    do {
      for variant in try plan(path, overrides: overrides).document.variants {
        do {
          _ = try plan(
            path, overrides: overrides.followed(by: variant.overrides), scoresOnly: true)
        } catch let error as PipelineError {
          throw error.inVariant(variant.name)
        }
      }
      return []
    } catch {
      return (error as? PipelineError)?.problems ?? [Problem(file: path, "\(error)")]
    }
  }

  /// What a valid pipeline would do that nobody might expect of it: of leaks, of models that it
  /// starts from, and when a tile arrives.
  public static func remarks(_ path: String, overrides: Overrides) -> [String] {
    guard let plan = try? plan(path, overrides: overrides) else { return [] }
    let readsTiles = plan.document.stages.contains {
      $0.options.declares("mosaic") && $0.options.has("mosaic")
    }
    return plan.leakRemarks + plan.transferRemarks + plan.transferNotes
      + (readsTiles ? plan.movingFits.map { plan.remark(onMovingFit: $0) } : [])
  }

  /// The plan of a run, in chunks that its memory allows.
  static func plan(_ command: Command.Run, scoresOnly: Bool = false) throws -> Plan {
    func plan(inChunks size: Int?) throws -> Plan {
      try Self.plan(
        command.pipeline, overrides: command.overrides, scoresOnly: scoresOnly, inChunks: size)
    }
    let whole = try plan(inChunks: nil)
    guard let limit = command.memory else { return whole }
    return try MemoryPlan.fitting(limit: limit, whole) { try plan(inChunks: $0) }
  }

  /// Reads and plans a pipeline, or what its scores need alone; throws all problems at once.
  ///
  /// `size` is that of chunks, where it shall not be the file's.
  static func plan(
    _ path: String, overrides: Overrides, scoresOnly: Bool = false, inChunks size: Int? = nil
  ) throws -> Plan {
    GDAL.initialize()
    var (document, problems, text) = try parse(path, overrides)
    if let size { document.chunk = size }
    if scoresOnly {
      document.keep(neededBy: document.stages.filter { $0.definition.output == .scores })
    }
    for entry in document.stages { problems += entry.options.fileProblems() }
    problems += document.grid?.options.fileProblems() ?? []
    guard let grid = grid(of: document, &problems) else {
      throw PipelineError.invalid(problems.inOrder)
    }
    // A stage with problems of its own is not planned; the others still show theirs.
    let broken = Set(problems.compactMap(\.stage))
    let planner = Planner(document: document, grid: grid, broken: broken)
    let products = planner.products()
    problems += planner.problems
    if !problems.isEmpty { throw PipelineError.invalid(problems.inOrder) }
    return Plan(
      document: document, text: text, overrides: overrides, planner: planner, products: products)
  }

  private static func parse(
    _ path: String, _ overrides: Overrides
  ) throws -> (PipelineDocument, [Problem], text: String) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw PipelineError.invalid([Problem(file: path, "the pipeline file cannot be read")])
    }
    let (document, problems) = PipelineDocument.parse(
      bytes: [UInt8](data), file: path, catalog: StageCatalog.definitions, overrides: overrides)
    return (document, problems, String(decoding: data, as: UTF8.self))
  }

  /// The grid of a raster, or the one that holds all tiles of one.
  private static func gridOfAll(_ paths: [String]) throws -> Grid? {
    guard paths.count != 1 else { return try RasterInfo(path: paths[0]).gridOfCells }
    // No tile of a pattern that matches nothing: that has been said.
    guard !paths.isEmpty else { return nil }
    return try RasterMosaic(paths, order: .listed, named: paths.joined(separator: ", ")).grid
  }

  /// The grid of the table that the first stage reads; what is wrong with it is that stage's.
  private static func table(
    _ entry: StageEntry, _ document: PipelineDocument, _ problems: inout [Problem]
  ) -> Grid? {
    guard !problems.contains(where: { $0.stage == entry.tag }) else { return nil }
    do {
      return try SampleTable(entry.options).grid
    } catch let failure as PlanFailure {
      problems.append(entry.problem(failure, file: document.file))
    } catch {
      problems.append(
        Problem(file: document.file, place: entry.place, stage: entry.tag, "\(error)"))
    }
    return nil
  }

  private static func grid(
    of document: PipelineDocument, _ problems: inout [Problem]
  ) -> Grid? {
    let spec = document.grid
    do {
      if case .explicit(let crs, _, _, _, _, _, _) = spec?.form {
        return spec?.grid(wkt: crs.isEmpty ? "" : try CRS.wkt(from: crs))
      }
      if case .like(let paths) = spec?.form { return try gridOfAll(paths) }
      let first = document.stages.first { ["read-cube", "read-table"].contains($0.type) }
      if let first, first.type == "read-table" { return table(first, document, &problems) }
      if let tiles = first?.options.tiles { return try tiles.mosaic().grid }
      if let path = first?.options.filePaths("files").first {
        return try RasterInfo(path: path).gridOfCells
      }
      problems.append(
        Problem(
          file: document.file, key: "grid",
          "is missing, and no 'read-cube' or 'read-table' gives one"))
    } catch {
      let isKnown = problems.contains { $0.key?.hasPrefix("grid") ?? false }
      if !isKnown {
        problems.append(
          Problem(
            file: document.file, place: spec?.options.value.place ?? .none, key: "grid", "\(error)")
        )
      }
    }
    return nil
  }
}
