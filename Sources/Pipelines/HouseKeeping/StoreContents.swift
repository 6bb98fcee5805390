import Foundation
import Glibc
import Tensors

/// What lies in a store: records, lists of uses and kept fits.
struct StoreContents {
  /// A chunk or value.
  struct Record {
    let key: Digest
    let path: String
    let bytes: Int
    /// When it was made, or last used by a run that uses it no more.
    let date: Date
  }

  /// A kept fit, and the file that names it.
  struct Fit {
    let path: String
    let fit: KeptFits.Fit
  }

  let directory: String
  private(set) var records: [Digest: Record] = [:]
  /// Remembered digests of parts of contents: path, bytes, and the content they are of.
  private(set) var parts: [(path: String, bytes: Int, content: Digest)] = []
  let uses: [StoreUses.List]
  /// Lists of uses and notes of fits that cannot be read.
  private(set) var damagedLists: [String]
  private(set) var fits: [Fit] = []

  /// Looks through a store; reads names, sizes and times, and no content.
  init(_ directory: String) throws {
    try ChunkStore.requireStore(directory)
    self.directory = directory
    (uses, damagedLists) = StoreUses.lists(in: directory)
    for folder in ChunkStore.entries(of: directory + "/objects").sorted() {
      for name in ChunkStore.entries(of: "\(directory)/objects/\(folder)").sorted() {
        add(folder, name)
      }
    }
    for name in ChunkStore.entries(of: directory + "/fits").sorted() where name.hasSuffix(".json") {
      let path = "\(directory)/fits/\(name)"
      if let data = FileManager.default.contents(atPath: path),
        let fit = try? JSONDecoder().decode(KeptFits.Fit.self, from: data)
      {
        fits.append(Fit(path: path, fit: fit))
      } else if !name.hasPrefix(".") {
        damagedLists.append(path)
      }
    }
  }

  private mutating func add(_ folder: String, _ name: String) {
    let path = "\(directory)/objects/\(folder)/\(name)"
    var status = stat()
    guard stat(path, &status) == 0, let key = Digest(hex: folder + name.prefix(62)) else { return }
    let bytes = Int(status.st_size)
    if name.utf8.count == 62 {
      records[key] = Record(key: key, path: path, bytes: bytes, date: status.modified)
    } else {
      parts.append((path, bytes, key))
    }
  }

  /// The bytes of all records and parts.
  var bytes: Int {
    records.values.reduce(0) { $0 + $1.bytes } + parts.reduce(0) { $0 + $1.bytes }
  }

  /// When each record was last used.
  var lastUses: [Digest: Date] {
    var result = records.mapValues(\.date)
    for list in uses {
      for key in list.keys {
        guard let date = result[key], date < list.date else { continue }
        result[key] = list.date
      }
    }
    return result
  }

  /// The keys of kept fits.
  var fitKeys: Set<Digest> { Set(fits.compactMap { Digest(hex: $0.fit.key) }) }
}

extension StoreContents {
  /// Whether a name in the store is that of a pipeline, of a tile of it, or of its comparison.
  static func isName(_ name: String, of pipeline: String) -> Bool {
    name == pipeline || name.hasPrefix(pipeline + "/")
  }
}
