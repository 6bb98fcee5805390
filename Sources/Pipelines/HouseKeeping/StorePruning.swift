import Foundation
import Glibc
import Tensors

/// Removes what is not wanted any more from a store that nobody else holds.
struct StorePruning {
  /// What shall be removed.
  struct Wish {
    /// Records that were last used earlier.
    var before: Date?
    /// Records, the last used the last, until no more than so many bytes are left.
    var bytes: Int?
    /// Only records that this pipeline alone uses; all of them unless something else is said.
    var pipeline: String?
  }

  /// What is to go.
  struct Plan {
    fileprivate(set) var records: [StoreContents.Record] = []
    /// Files that make no sense without these records.
    fileprivate(set) var others: [(path: String, bytes: Int)] = []
    /// The bytes of all records before.
    fileprivate(set) var bytesBefore = 0

    /// The bytes that go.
    var bytes: Int {
      records.reduce(0) { $0 + $1.bytes } + others.reduce(0) { $0 + $1.bytes }
    }
  }

  let contents: StoreContents
  let wish: Wish

  /// What is to be removed.
  var plan: Plan {
    let lastUses = contents.lastUses
    func date(_ record: StoreContents.Record) -> Date { lastUses[record.key] ?? record.date }
    // Of the same age, the order is that of the keys.
    let candidates = candidates.sorted { (date($0), $0.key) < (date($1), $1.key) }
    var plan = Plan(bytesBefore: contents.bytes)
    // Digests of parts, which go with the records, are so few that they are not counted here.
    var left = plan.bytesBefore
    for record in candidates {
      let isOld = wish.before.map { date(record) < $0 } ?? false
      let isTooMuch = wish.bytes.map { left > $0 } ?? false
      guard isOld || isTooMuch || (wish.before == nil && wish.bytes == nil) else { continue }
      plan.records.append(record)
      left -= record.bytes
    }
    plan.others = others(without: Set(plan.records.map(\.key)))
    return plan
  }

  /// The records that may go: none of kept fits but those of a pipeline that is named.
  private var candidates: [StoreContents.Record] {
    guard let pipeline = wish.pipeline else {
      let kept = contents.fitKeys
      return contents.records.values.filter { !kept.contains($0.key) }
    }
    var own: Set<Digest> = []
    var others: Set<Digest> = []
    for list in contents.uses {
      if StoreContents.isName(list.pipeline, of: pipeline) {
        own.formUnion(list.keys)
      } else {
        others.formUnion(list.keys)
      }
    }
    for fit in contents.fits {
      guard let key = Digest(hex: fit.fit.key) else { continue }
      if StoreContents.isName(fit.fit.pipeline, of: pipeline) {
        own.insert(key)
      } else {
        others.insert(key)
      }
    }
    return own.subtracting(others).compactMap { contents.records[$0] }
  }

  /// Files that belong to records that go, and to none that stays.
  private func others(without removed: Set<Digest>) -> [(path: String, bytes: Int)] {
    let left = contents.records.values.filter { !removed.contains($0.key) }
    let contentsLeft = Set(left.compactMap { ChunkStore.contentDigest(ofRecord: $0.path) })
    var result = contents.parts.filter { !contentsLeft.contains($0.content) }
      .map { (path: $0.path, bytes: $0.bytes) }
    let isAll = wish.before == nil && wish.bytes == nil
    func isNamed(_ name: String) -> Bool {
      isAll && (wish.pipeline.map { StoreContents.isName(name, of: $0) } ?? false)
    }
    // A fit whose record others keep goes with its pipeline.
    for fit in contents.fits
    where isNamed(fit.fit.pipeline) || Digest(hex: fit.fit.key).map(removed.contains) ?? false {
      result.append((fit.path, 0))
    }
    for list in contents.uses where isNamed(list.pipeline) { result.append((list.path, 0)) }
    return result + indexes(without: removed).map { (path: $0, bytes: 0) }
  }

  /// Indexes of chunks none of which will be left.
  private func indexes(without removed: Set<Digest>) -> [String] {
    let folder = contents.directory + "/indexes"
    return ChunkStore.entries(of: folder).sorted().map { "\(folder)/\($0)" }.filter { path in
      guard let bytes = ChunkStore.readFile(path, limit: nil) else { return false }
      let keys = stride(from: 0, to: bytes.count - 31, by: 32).compactMap {
        Digest(bytes: Array(bytes[$0..<$0 + 32]))
      }
      return keys.allSatisfy { removed.contains($0) || contents.records[$0] == nil }
    }
  }

  /// Removes what is planned; notes of fits go before their records, so that none ever points at
  /// what is gone.
  static func remove(_ plan: Plan) throws {
    for path in plan.others.map(\.path) + plan.records.map(\.path) {
      guard unlink(path) == 0 || errno == ENOENT else {
        throw StoreError.unusable(path: path, reason: String(cString: strerror(errno)))
      }
    }
  }
}
