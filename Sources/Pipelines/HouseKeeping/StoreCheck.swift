import Glibc
import Tensors

/// Reads everything in a store and compares it with its checksums.
struct StoreCheck {
  let contents: StoreContents

  /// How many files were looked at, and those that are damaged, with what they are.
  func run() -> (count: Int, damaged: [(path: String, what: String)]) {
    var damaged: [(path: String, what: String)] = []
    let fits = Dictionary(
      contents.fits.map { ($0.fit.key, $0.fit) }, uniquingKeysWith: { first, _ in first })
    for record in contents.records.values.sorted(by: { $0.path < $1.path })
    where ChunkStore.content(ofRecord: record.path) == nil {
      let fit = fits[record.key.hex].map { ", the kept fit of '\($0.stage)' in '\($0.pipeline)'" }
      damaged.append((record.path, "a damaged record" + (fit ?? "")))
    }
    for part in contents.parts where ChunkStore.digest(ofPart: part.path) == nil {
      damaged.append((part.path, "a damaged digest of a part"))
    }
    damaged += contents.damagedLists.map { ($0, "a damaged list") }
    let count =
      contents.records.count + contents.parts.count + contents.uses.count + contents.fits.count
      + contents.damagedLists.count
    return (count, damaged)
  }
}
