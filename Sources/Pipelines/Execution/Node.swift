import Rasters
import Tensors

/// One step of a plan: what it makes, from what, and how.
///
/// A node is a map (a raster or table made chunk by chunk from the windows around each chunk) or a
/// value (made once). Its identity and the digests of what it reads are the key of what it makes.
final class Node: Sendable {
  /// What a node makes.
  enum Kind: Sendable {
    case raster([Band])
    case segments
    /// Rows that are kept in the chunk of their home cell.
    case table
    case value

    fileprivate var isValue: Bool { if case .value = self { true } else { false } }
  }

  /// What a node reads of another: how far around its own chunk.
  struct Edge: Sendable {
    let node: Node
    let reach: Reach

    /// Reads `node` over the chunk's own cells only.
    static func cells(_ node: Node) -> Edge { Edge(node: node, reach: .halo(0)) }
    /// Reads `node` over the chunk and a halo of `cells`.
    static func halo(_ node: Node, _ cells: Int) -> Edge { Edge(node: node, reach: .halo(cells)) }
    /// Reads all of `node`: a value, or every chunk.
    static func all(_ node: Node) -> Edge { Edge(node: node, reach: .all) }
    /// May read `node`, and makes only what it reads: its keys stand for its content.
    static func lazily(_ node: Node) -> Edge { Edge(node: node, reach: .lazy) }
  }

  /// Memory that a node takes while it makes a chunk: so many bytes for each cell of the chunk and a
  /// halo around it.
  struct Scratch: Sendable {
    var bytes: Int
    var halo = 0
  }

  /// How far a node reads.
  enum Reach: Sendable, Hashable {
    case halo(Int)
    case all
    case lazy
  }

  /// Who made the node, for people: the tag of its stage, and the fold where there is one.
  let name: String
  let kind: Kind
  let edges: [Edge]
  /// Whether chunks are kept in the store; cheap pixelwise maps are made anew instead.
  let isStored: Bool
  /// Whether making one chunk keeps all workers busy, so that chunks are made one after another
  /// where there are few.
  let usesAllWorkers: Bool
  /// Whether a value takes long to make, so that of several processes one should.
  let isCostly: Bool
  /// What making a chunk takes beside the windows that it reads and the chunk.
  let scratch: [Scratch]
  /// Of a raster that is not stored, of which band of an input each band is; nil or none where
  /// that cannot be said.
  let origins: [BandOrigin?]
  /// Whether anything below reads point measurements, so that leaving one out changes the result.
  let dependsOnPoints: Bool
  /// The digest of the stage, its revision and options, its files' names and the whole plan below.
  let structure: Digest
  /// The digest of the stage, its revision and its options alone.
  let identity: Digest
  /// The digest of the stage, its revision and options and the whole plan below, whatever files
  /// are read.
  let shape: Digest
  /// Whether a value is fitted anew when its inputs change.
  let policy: FitPolicy
  /// The source files that a window touches; their fingerprints are part of the key.
  let files: @Sendable (Window) throws -> [String]
  let compute: @Sendable (NodeContext) throws -> Payload

  /// Makes a node; `identity` lists all that decides its result besides its inputs and files.
  ///
  /// `sources` names the files: nodes that differ in them alone are two nodes of a plan, though
  /// keys know files by their content only.
  init(
    name: String, kind: Kind, identity: [String], edges: [Edge] = [], isStored: Bool = true,
    readsPoints: Bool = false, usesAllWorkers: Bool = false, origins: [BandOrigin?] = [],
    sources: [String] = [], policy: FitPolicy = .always, isCostly: Bool = false,
    scratch: [Scratch] = [],
    files: @escaping @Sendable (Window) throws -> [String] = { _ in [] },
    compute: @escaping @Sendable (NodeContext) throws -> Payload
  ) {
    self.name = name
    self.kind = kind
    self.edges = edges
    self.isStored = isStored
    self.usesAllWorkers = usesAllWorkers
    self.policy = policy
    self.scratch = scratch
    // A value that is made of a raster, or of what is only made for it, goes through all of the map.
    self.isCostly =
      isCostly
      || kind.isValue
        && (usesAllWorkers || edges.contains { $0.reach == .lazy || !$0.node.bands.isEmpty })
    self.origins = origins
    self.files = files
    self.compute = compute
    dependsOnPoints = readsPoints || edges.contains { $0.node.dependsOnPoints }
    var hash = KeyHash()
    hash.add("\(kind)")
    for part in identity { hash.add(part) }
    self.identity = hash.digest
    var (whole, shape) = (KeyHash(), KeyHash())
    whole.add(self.identity)
    shape.add(self.identity)
    for source in sources { whole.add(source) }
    for edge in edges {
      whole.add("\(edge.reach)")
      whole.add(edge.node.structure)
      shape.add("\(edge.reach)")
      shape.add(edge.node.shape)
    }
    if policy != .always { whole.add("\(policy)") }
    structure = whole.digest
    self.shape = shape.digest
  }

  /// The bands of a raster node; empty for others.
  var bands: [Band] { if case .raster(let bands) = kind { bands } else { [] } }

  /// The stored rasters below, or the node itself, that are made of no other raster: what was read
  /// or gridded, each once.
  var sources: [Node] {
    var seen: Set<ObjectIdentifier> = []
    var result: [Node] = []
    func visit(_ node: Node) {
      guard seen.insert(ObjectIdentifier(node)).inserted, !node.bands.isEmpty else { return }
      let below = node.edges.map(\.node).filter { !$0.bands.isEmpty }
      if below.isEmpty, node.isStored { result.append(node) }
      for node in below { visit(node) }
    }
    visit(self)
    return result
  }

  /// Whether the node is made once rather than chunk by chunk.
  var isValue: Bool { kind.isValue }
}

/// Gathers the parts of a key so that no two lists of parts give the same bytes.
struct KeyHash {
  private var hash = SHA256()

  mutating func add(_ text: String) {
    let bytes = [UInt8](text.utf8)
    add(count: bytes.count)
    hash.update(bytes)
  }

  mutating func add(_ digest: Digest) { hash.update(digest.bytes) }

  mutating func add(count: Int) {
    hash.update(withUnsafeBytes(of: UInt64(bitPattern: Int64(count)).littleEndian) { [UInt8]($0) })
  }

  mutating func add(_ window: Window) {
    for number in [window.x, window.y, window.width, window.height] { add(count: number) }
  }

  var digest: Digest { hash.finalized() }
}
