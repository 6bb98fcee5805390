import Foundation
import Glibc
import RasterFiles
import Rasters
import Synchronization
import Tensors

/// The fitted values of a pipeline that are kept although what they were fitted to has changed.
///
/// A kept fit is known by the pipeline's name, the node's name and shape (stage, options and the
/// plan below, whatever files are read) and the cells of the grid. With other options there is
/// another fit; going back to the old ones finds the old one.
final class KeptFits: Sendable {
  /// What is stored of a fit: under which key it is, and with which content.
  struct Fit: Codable, Sendable {
    var pipeline: String
    var stage: String
    var node: String
    var key: String
    var content: String
  }

  private let folder: String
  private let pipeline: String
  private let cells: String
  /// The tags of stages whose fits are renewed.
  private let renewing: Set<String>
  private let renewed = Mutex<Set<String>>([])

  /// The fits of a pipeline in a store; those of the stages `renewing` are not looked for.
  init(store: ChunkStore, pipeline: String, cells: String, renewing: Set<String> = []) {
    folder = store.directory + "/fits"
    self.pipeline = pipeline
    self.cells = cells
    self.renewing = renewing
  }

  /// The key and the content of a node's kept fit, unless it is to be renewed or fits always.
  func fit(of node: Node) -> (key: Digest, content: Digest)? {
    guard case .once(let tag) = node.policy else { return nil }
    let path = path(of: node)
    if renewing.contains(tag), !renewed.withLock({ $0.contains(path) }) { return nil }
    guard let data = FileManager.default.contents(atPath: path),
      let fit = try? JSONDecoder().decode(Fit.self, from: data),
      let key = Digest(hex: fit.key), let content = Digest(hex: fit.content)
    else { return nil }
    return (key, content)
  }

  /// Keeps what was fitted, where the node's policy asks for it.
  func keep(_ node: Node, key: Digest, content: Digest) throws {
    guard case .once(let tag) = node.policy else { return }
    let path = path(of: node)
    try FileManager.default.makeFolder(folder)
    let fit = Fit(
      pipeline: pipeline, stage: tag, node: node.name, key: key.hex, content: content.hex)
    try AtomicFile.write([UInt8](try JSONEncoder.stable.encode(fit)), to: path)
    renewed.withLock { _ = $0.insert(path) }
  }

  /// When a node's kept fit was made.
  func date(of node: Node) -> Date? {
    var status = stat()
    guard stat(path(of: node), &status) == 0 else { return nil }
    return Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec))
  }

  private func path(of node: Node) -> String {
    var hash = KeyHash()
    hash.add(pipeline)
    hash.add(node.name)
    hash.add(node.shape)
    hash.add(cells)
    return "\(folder)/\(hash.digest.hex).json"
  }
}
