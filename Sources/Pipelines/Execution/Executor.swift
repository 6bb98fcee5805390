import Rasters
import Synchronization
import Tensors

/// Makes what is asked for, and only what the store does not have.
///
/// A chunk's key is the digest of its node's identity, its place and the digests of the windows it
/// reads. Before a chunk is made its inputs are asked for their digests, not for their pixels, so a
/// run with nothing new reads headers only. Results do not depend on the number of workers: every
/// chunk is made alone from its inputs.
final class Executor: Sendable {
  let lattice: ChunkLattice
  let store: ChunkStore
  let events: any RunEvents
  /// The fits that are kept; nil where every value is fitted to what is there.
  let fits: KeptFits?
  /// How many chunks are made at once, at most.
  let workers: Int
  /// Whether chunks and costly values are only looked for, and missing ones are an error.
  private let isLooking: Bool
  private let cellIdentity: String
  private let fingerprints: Fingerprints
  private let cache: PayloadCache
  private let records = Mutex<[Place: Record]>([:])
  private let counts = Mutex<[String: Count]>([:])
  /// The keys of damaged chunks that were made again.
  private let repaired = Mutex<Set<Digest>>([])

  /// How many chunks of a node were made and how many were found in the store.
  struct Count: Sendable, Hashable {
    var made = 0
    var found = 0
  }

  /// One chunk of one node, or a value.
  private struct Place: Hashable {
    let node: Digest
    let chunk: ChunkLattice.Index?
  }

  /// The key and content digest of a chunk, made by whoever takes the lock first.
  private final class Record: Sendable {
    let state = Mutex<(key: Digest, content: Digest)?>(nil)
  }

  /// Runs plans on `lattice`, keeping chunks in `store`.
  init(
    lattice: ChunkLattice, store: ChunkStore, events: any RunEvents, cacheBytes: Int,
    workers: Int = .max, fits: KeptFits? = nil, isLooking: Bool = false
  ) {
    self.lattice = lattice
    self.workers = workers
    self.fits = fits
    self.isLooking = isLooking
    cellIdentity = lattice.cellIdentity
    self.store = store
    self.events = events
    fingerprints = Fingerprints(store: store)
    cache = PayloadCache(limit: cacheBytes)
  }

  /// The chunks made and found, by node name.
  var statistics: [String: Count] { counts.withLock { $0 } }

  /// The keys of all chunks and values that were made or found.
  var usedKeys: Set<Digest> {
    let all = records.withLock { Array($0.values) }
    return Set(all.compactMap { record in record.state.withLock { $0?.key } })
  }

  /// The samples of a raster node over a window inside the grid.
  func cube(_ node: Node, _ window: Window, excluding: Set<Cell> = []) throws -> DataCube {
    if !excluding.isEmpty && node.dependsOnPoints || !node.isStored {
      let excluded = node.dependsOnPoints ? excluding : []
      guard case .cube(let cube) = try compute(node, window, excluding: excluded) else {
        throw ExecutionError.wrongKind(node: node.name, expected: "a raster")
      }
      return cube
    }
    let chunks = lattice.chunks(in: window)
    func stored(_ chunk: ChunkLattice.Index) throws -> DataCube {
      guard case .cube(let cube) = try payload(node, chunk) else {
        throw ExecutionError.wrongKind(node: node.name, expected: "a raster")
      }
      return cube
    }
    if chunks.count == 1, lattice.window(of: chunks[0]) == window { return try stored(chunks[0]) }
    var result = DataCube(window: window, bandCount: node.bands.count)
    for chunk in chunks { result.paste(try stored(chunk)) }
    return result
  }

  /// The segment ids of a node over a window; cells beyond the grid have none.
  func segments(_ node: Node, _ window: Window) throws -> SegmentRaster {
    var result = SegmentRaster(window: window)
    for chunk in lattice.chunks(in: window) {
      guard case .segments(let part) = try payload(node, chunk) else {
        throw ExecutionError.wrongKind(node: node.name, expected: "segments")
      }
      result.paste(part)
    }
    return result
  }

  /// The rows of a table that are at home in the chunks that touch `window`.
  func tables(_ node: Node, _ window: Window) throws -> [[UInt8]] {
    try lattice.chunks(in: window).map { chunk in
      guard case .bytes(let bytes) = try payload(node, chunk) else {
        throw ExecutionError.wrongKind(node: node.name, expected: "a table")
      }
      return bytes
    }
  }

  /// The bytes of a value.
  func value(_ node: Node) throws -> [UInt8] {
    guard case .bytes(let bytes) = try payload(node, nil) else {
      throw ExecutionError.wrongKind(node: node.name, expected: "a value")
    }
    return bytes
  }

  /// The digest of a source file's content.
  func fingerprint(of file: String) throws -> String { try fingerprints.digest(of: file).hex }

  /// The digest of what a node holds over a window, or of a value; makes what is missing.
  func digest(_ node: Node, _ window: Window) throws -> Digest {
    if node.isValue { return try record(node, nil).content }
    guard node.isStored else { return try key(node, window) }
    var hash = KeyHash()
    for chunk in lattice.chunks(in: window) {
      let whole = lattice.window(of: chunk)
      let part = whole.intersection(window)
      hash.add(lattice.absolute(part))
      hash.add(try digest(node, chunk, part: part, of: whole))
    }
    return hash.digest
  }

  /// Makes one chunk of a node, or a value, unless the store has it.
  func complete(_ node: Node, _ chunk: ChunkLattice.Index?) throws {
    _ = try record(node, chunk)
  }

  /// The key of a chunk of a stored node; makes it if it is missing.
  func key(of node: Node, _ chunk: ChunkLattice.Index) throws -> Digest {
    try record(node, chunk).key
  }

  private func digest(
    _ node: Node, _ chunk: ChunkLattice.Index, part: Window, of whole: Window
  ) throws -> Digest {
    let record = try record(node, chunk)
    if part == whole { return record.content }
    if case .table = node.kind { return record.content }
    let name = ".\(part.x - whole.x),\(part.y - whole.y),\(part.width),\(part.height)"
    if let known = store.partDigest(content: record.content, part: name) { return known }
    let digest = SHA256.digest(try payload(node, chunk).encoded(part: part))
    try store.remember(part: name, of: record.content, digest: digest)
    return digest
  }

  private func payload(_ node: Node, _ chunk: ChunkLattice.Index?) throws -> Payload {
    let record = try record(node, chunk)
    if let cached = cache[record.key] { return cached }
    let window = chunk.map(lattice.window(of:)) ?? lattice.grid.window
    if let bytes = store.read(record.key),
      let payload = Payload(bytes: bytes, kind: node.kind, window: window)
    {
      cache[record.key] = payload
      return payload
    }
    events.warn("\(node.name): a stored chunk is damaged and is made again")
    let payload = try compute(node, window, excluding: [])
    // What others were made with must not be replaced by anything else.
    guard SHA256.digest(payload.encoded) == record.content else {
      throw keptContent(of: node) != nil
        ? ExecutionError.lostFit(node: node.name) : ExecutionError.changed(node: node.name)
    }
    _ = try store.write(payload.encoded, for: record.key)
    cache[record.key] = payload
    // Beside what it was counted as before; others may have met the damage at the same time.
    if repaired.withLock({ $0.insert(record.key).inserted }) {
      counts.withLock { $0[node.name, default: Count()].made += 1 }
    }
    return payload
  }

  private func record(
    _ node: Node, _ chunk: ChunkLattice.Index?
  ) throws -> (key: Digest, content: Digest) {
    let place = Place(node: node.structure, chunk: chunk)
    let record = records.withLock { records in
      if let known = records[place] { return known }
      let new = Record()
      records[place] = new
      return new
    }
    return try record.state.withLock { state in
      if let state { return state }
      let made = try make(node, chunk)
      state = made
      return made
    }
  }

  private func make(
    _ node: Node, _ chunk: ChunkLattice.Index?
  ) throws -> (key: Digest, content: Digest) {
    try Parallel.checkCancellation()
    if let kept = keptContent(of: node) {
      counts.withLock { $0[node.name, default: Count()].found += 1 }
      events.advanced(node.name, made: false)
      return kept
    }
    let window = chunk.map(lattice.window(of:)) ?? lattice.grid.window
    let files = try FileStates(node.files(window))
    let key = try key(node, window)
    if let content = store.digest(for: key) {
      try fits?.keep(node, key: key, content: content)
      counts.withLock { $0[node.name, default: Count()].found += 1 }
      events.advanced(node.name, made: false)
      return (key, content)
    }
    if isLooking, !node.isValue || node.isCostly { throw ExecutionError.notStored }
    if fits?.fit(of: node) != nil {
      events.warn("\(node.name): its kept fit is no longer in the store and is fitted anew")
    }
    events.began(node.name)
    let payload = try compute(node, window, excluding: [])
    try files.requireUnchanged()
    let content = try store.write(payload.encoded, for: key)
    try fits?.keep(node, key: key, content: content)
    cache[key] = payload
    counts.withLock { $0[node.name, default: Count()].made += 1 }
    events.advanced(node.name, made: true)
    return (key, content)
  }

  /// The key and the content of a kept fit that the store has.
  func keptContent(of node: Node) -> (key: Digest, content: Digest)? {
    guard let kept = fits?.fit(of: node), store.digest(for: kept.key) == kept.content else {
      return nil
    }
    return kept
  }

  private func compute(
    _ node: Node, _ window: Window, excluding: Set<Cell>
  ) throws -> Payload {
    do {
      return try node.compute(
        NodeContext(executor: self, node: node, window: window, excluding: excluding))
    } catch let error as ExecutionError where error.namesStage {
      throw error
    } catch ExecutionError.notStored {
      throw ExecutionError.notStored
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw ExecutionError.inStage(node.name, window: node.isValue ? nil : window, error)
    }
  }

  private func key(_ node: Node, _ window: Window) throws -> Digest {
    var hash = KeyHash()
    hash.add(node.identity)
    hash.add(cellIdentity)
    hash.add(lattice.absolute(window))
    for edge in node.edges {
      switch edge.reach {
      case .lazy:
        // What is read is decided by values that are in the key; what it holds, by its own keys.
        let read = node.isValue ? lattice.grid.window : window
        for chunk in lattice.chunks(in: read) {
          hash.add(try key(edge.node, lattice.window(of: chunk)))
        }
      case .all:
        hash.add(try digest(edge.node, lattice.grid.window))
      case .halo(let cells):
        let read = window.expanded(by: cells).intersection(lattice.grid.window)
        hash.add(lattice.absolute(read))
        hash.add(try digest(edge.node, read))
      }
    }
    for file in try node.files(window) { hash.add(try fingerprints.digest(of: file)) }
    return hash.digest
  }
}
