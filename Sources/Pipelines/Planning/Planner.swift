import RasterFiles
import Rasters
import Synchronization
import Tensors

/// Turns a pipeline into products: what each stage promises, before a pixel is read.
///
/// A stage is planned once for the shipped result and once per fold that asks for it; nodes of the
/// same structure are one node, so what a fold does not change is not made again.
final class Planner: Sendable {
  let document: PipelineDocument
  let grid: Grid
  let seed: UInt64
  /// The seed of the division and the draw of samples.
  let splitSeed: UInt64
  private let broken: Set<String>
  private let state = Mutex(State())

  private struct State {
    var products: [Place: Result<Product, Unplannable>] = [:]
    var nodes: [Digest: Node] = [:]
    var problems: [Problem] = []
    var sources: [String: [SourceFacts]] = [:]
    var mosaics: [OptionValues.Tiles: RasterMosaic] = [:]
    var tables: [[String]: SampleTable] = [:]
    var watches: [FitWatch] = []
  }

  private struct Place: Hashable {
    let tag: String
    /// The tag of the folds and the number of the fold.
    let fold: String?
    /// A seed of the stage's own.
    let seed: UInt64?
  }

  /// A stage whose problem has been reported, or that waits for one that has.
  private struct Unplannable: Error {}

  /// Plans `document` on `grid`; stages in `broken` have problems already and are left out.
  init(document: PipelineDocument, grid: Grid, broken: Set<String> = []) {
    self.document = document
    self.grid = grid
    self.broken = broken
    seed = UInt64(document.seed)
    splitSeed = UInt64(document.splitSeed)
  }

  /// The problems found so far.
  var problems: [Problem] { state.withLock { $0.problems } }

  /// Plans every stage; the products by tag in the pipeline's order, without those that failed.
  func products() -> [(tag: String, product: Product)] {
    document.stages.compactMap { entry in
      (try? product(entry.tag, fold: nil)).map { (entry.tag, $0) }
    }
  }

  /// The product of a stage, for a fold or for the shipped result.
  ///
  /// With a `seed` of its own the stage draws differently; its inputs stay the same.
  func product(_ tag: String, fold: FoldContext?, seed: UInt64? = nil) throws -> Product {
    let place = Place(tag: tag, fold: fold.map { "\($0.folds.tag)@\($0.index)" }, seed: seed)
    if let known = state.withLock({ $0.products[place] }) { return try known.get() }
    let result = plan(tag, fold: fold, seed: seed)
    state.withLock { $0.products[place] = result }
    return try result.get()
  }

  /// The one node of this structure: the given one, or an equal one made before.
  func node(_ node: Node) -> Node {
    state.withLock { state in
      if let known = state.nodes[node.structure] { return known }
      state.nodes[node.structure] = node
      return node
    }
  }

  /// Adds a problem with a stage.
  func report(_ problem: Problem) { state.withLock { $0.problems.append(problem) } }

  /// The files that stages read, by tag, as far as they were planned.
  var sources: [String: [SourceFacts]] { state.withLock { $0.sources } }

  /// What watches the inputs of fits that are kept.
  var watches: [FitWatch] { state.withLock { $0.watches } }

  /// Adds a file that a stage reads, once.
  func tell(_ source: SourceFacts, tag: String) {
    state.withLock { state in
      if !state.sources[tag, default: []].contains(source) {
        state.sources[tag, default: []].append(source)
      }
    }
  }

  /// The mosaic of some tiles, each of which is looked at once, however many folds are planned.
  func mosaic(_ tiles: OptionValues.Tiles) throws -> RasterMosaic {
    if let known = state.withLock({ $0.mosaics[tiles] }) { return known }
    let mosaic = try tiles.mosaic()
    state.withLock { $0.mosaics[tiles] = mosaic }
    return mosaic
  }

  /// The table that a stage's options name, which is counted once, however many folds are planned.
  func table(_ options: OptionValues) throws -> SampleTable {
    let key = [options.filePath("file"), options.optionalString("layer") ?? ""]
    if let known = state.withLock({ $0.tables[key] }) { return known }
    let table = try SampleTable(options)
    state.withLock { $0.tables[key] = table }
    return table
  }

  private func plan(
    _ tag: String, fold: FoldContext?, seed: UInt64?
  ) -> Result<Product, Unplannable> {
    guard !broken.contains(tag), let entry = document.stage(tag),
      let stage = StageCatalog.stage(entry.type)
    else {
      return .failure(Unplannable())
    }
    do {
      var inputs: [String: [Product]] = [:]
      for source in entry.sources {
        inputs[source.input] = try source.tags.map { try product($0, fold: fold) }
      }
      let name = fold.map { "\(tag)@\($0.word)" } ?? tag
      var request = PlanRequest(
        name: seed.map { "\(name), seed \($0)" } ?? name, tag: tag, type: entry.type,
        revision: stage.revision, options: entry.options, inputs: inputs, fold: fold, fitted: nil,
        planner: self, ownSeed: seed)
      request.fitted = try request.fitFromFile()
      let planned = try stage.plan(request)
      if let watch = request.watch() { state.withLock { $0.watches.append(watch) } }
      return .success(planned)
    } catch is Unplannable {
      return .failure(Unplannable())
    } catch let failure as PlanFailure {
      report(entry.problem(failure, file: document.file))
    } catch {
      report(Problem(file: document.file, place: entry.place, stage: tag, "\(error)"))
    }
    return .failure(Unplannable())
  }
}

extension StageEntry {
  /// Where a key of the stage stands; the stage itself when the key is not an option.
  func place(of key: String) -> Place {
    definition.options.contains { $0.name == key } ? options.place(key) : place
  }

  /// What is wrong with the stage, at its place in a pipeline file.
  func problem(_ failure: PlanFailure, file: String?) -> Problem {
    Problem(
      file: file, place: failure.place ?? failure.key.map { place(of: $0) } ?? place,
      stage: tag, key: failure.key, failure.message)
  }
}
