import Foundation
import RasterFiles
import Rasters
import Synchronization

@testable import Pipelines

/// Runs of the sample's pipeline, cut short so that each takes seconds, in a folder of their own.
struct SampleRun {
  let folder: String

  /// Makes an empty folder that is removed by `remove`.
  ///
  /// Runs of thousands of small chunks wait for the disk with each; in memory, where the machine
  /// has room, they do not.
  init(inMemory: Bool = false) throws {
    let shared = "/dev/shm/"
    let room = try? FileManager.default.attributesOfFileSystem(forPath: shared)[.systemFreeSize]
    let isRoomy = (room as? NSNumber)?.int64Value ?? 0 > 2 << 30
    folder =
      (inMemory && isRoomy ? shared : NSTemporaryDirectory()) + "gossan-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// The project's own folder.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The sample's pipeline with absolute paths, few epochs, small networks and some texts replaced.
  func pipeline(_ name: String, replacing changes: [(String, String)] = []) throws -> String {
    let path = Self.root + "/pipelines/geochemical-anomaly.json5"
    var text = try String(contentsOfFile: path, encoding: .utf8)
    let usual = [
      ("\"../sample-rasters/jura\"", "\"\(Self.root)/sample-rasters/jura\""),
      ("width: 128 }", "width: 8, output: 4 }"), ("filters: [20]", "filters: [3], width: 4"),
      ("window: 9 }", "window: 5, width: 4, layers: [{ type: \"convolution\", filters: 4 }] }"),
      ("hidden: [64]", "hidden: [8]"),
      ("fusion: \"concat\",", "fusion: \"concat\", epochs: 4, background: 3,"),
      ("name: \"geochemical-anomaly\"", "name: \"\(name)\""),
    ]
    for (old, new) in usual + changes {
      guard text.contains(old) else { throw SampleError.missing(old) }
      text = text.replacingOccurrences(of: old, with: new)
    }
    let copy = "\(folder)/\(name).json5"
    try text.write(toFile: copy, atomically: true, encoding: .utf8)
    return copy
  }

  enum SampleError: Error { case missing(String) }

  /// A pipeline on the sample's grid: its land use and rock as `ground`, scaled as `cube`, between
  /// the stages that are given as text.
  func ground(_ name: String, labels: String, then stages: String) throws -> String {
    let data = Self.root + "/sample-rasters/jura"
    let text = """
      {
        name: "\(name)", grid: { like: "\(data)/landuse_rock.tif" }, seed: 1,
        parameters: { data: "\(data)", here: "\(folder)" },
        stages: [
          \(labels)
          { type: "read-cube", tag: "ground", files: ["${data}/landuse_rock.tif"],
            categorical: {
              landuse: { "1": "Forest", "2": "Pasture", "3": "Meadow", "4": "Tillage" },
              rock: { "1": "Argovian", "2": "Kimmeridgian", "3": "Sequanian", "4": "Portlandian",
                "5": "Quaternary" } } },
          { type: "standardize", tag: "cube", bands: ["landuse"] },
          \(stages)
        ],
      }
      """
    let path = "\(folder)/\(name).json5"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// What a stage makes as a value, with what was said meanwhile.
  func value(
    _ pipeline: String, of tag: String, out: String = "value"
  ) throws -> (bytes: [UInt8], notes: [String]) {
    let plan = try Runner.plan(pipeline, overrides: Overrides())
    let events = Notes()
    let executor = Executor(
      lattice: ChunkLattice(grid: plan.planner.grid, size: plan.document.chunk),
      store: try ChunkStore(directory: "\(folder)/\(out)"), events: events, cacheBytes: 1 << 24)
    guard let product = plan.products.first(where: { $0.tag == tag })?.product,
      let node = product.nodes.first
    else { throw SampleError.missing(tag) }
    try executor.run(Schedule(targets: [node]))
    return (try executor.value(node), events.all.withLock { $0 })
  }

  /// Keeps what a run says.
  final class Notes: RunEvents {
    let all = Mutex<[String]>([])
    let steps = Mutex<[TrainingStep]>([])
    func stepped(_ node: String, _ step: TrainingStep) { steps.withLock { $0.append(step) } }
    func advanced(_ node: String, made: Bool) {}
    func note(_ sentence: String) { all.withLock { $0.append(sentence) } }
  }

  /// Runs a pipeline into `<folder>/<out>`, quietly.
  func run(_ pipeline: String, out: String, jobs: Int = 2) -> Runner.Status {
    var command = Command.Run(pipeline: pipeline)
    command.output = "\(folder)/\(out)"
    command.jobs = jobs
    command.verbosity = .quiet
    return Runner.run(command)
  }

  /// The bytes of an output, nil when there is none.
  func bytes(_ out: String, _ name: String) -> Data? {
    FileManager.default.contents(atPath: "\(folder)/\(out)/\(name)")
  }

  /// All bands of an output.
  func raster(_ out: String, _ name: String) throws -> (info: RasterInfo, cube: DataCube) {
    let path = "\(folder)/\(out)/\(name)"
    let info = try RasterInfo(path: path)
    let grid = info.gridOfCells
    let source = try RasterSource(path: path, grid: grid, resampling: .nearest)
    return (info, try source.read(grid.window))
  }

  /// The names of everything in an output folder but the store.
  func names(_ out: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(out)").sorted()
      .filter { $0 != ".gossan" }
  }
}
