import Foundation
import Tensors

/// What a store holds, by pipeline.
struct StoreList: Encodable {
  /// What one pipeline, or one tile of it, uses of the store.
  struct Entry: Encodable {
    var pipeline: String
    /// Chunks and values; those that several pipelines use are counted for each.
    var chunks = 0
    var bytes = 0
    /// UTC, in seconds.
    var lastUsed: String?
    var keptFits = 0
  }

  private(set) var pipelines: [Entry] = []
  /// What no run used that has ended, or none any more.
  private(set) var unused: Entry
  private(set) var total: Entry

  init(_ contents: StoreContents) {
    func entry(_ name: String, _ records: [StoreContents.Record]) -> Entry {
      Entry(
        pipeline: name, chunks: records.count, bytes: records.reduce(0) { $0 + $1.bytes },
        keptFits: contents.fits.count { $0.fit.pipeline == name })
    }
    let lists = Dictionary(
      contents.uses.map { ($0.pipeline, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(lists.keys).union(contents.fits.map(\.fit.pipeline))
    pipelines = names.sorted().map { name in
      var result = entry(name, (lists[name]?.keys ?? []).compactMap { contents.records[$0] })
      result.lastUsed = lists[name]?.date.formatted(.iso8601)
      return result
    }
    let used = Set(contents.uses.flatMap(\.keys)).union(contents.fitKeys)
    unused = entry("", contents.records.values.filter { !used.contains($0.key) })
    total = entry("", Array(contents.records.values))
    total.bytes = contents.bytes
    total.keptFits = contents.fits.count
  }

  private enum CodingKeys: String, CodingKey { case pipelines, unused, total }

  /// The list for people, in columns.
  var text: String {
    let rows =
      [["pipeline", "chunks", "size", "last used", "kept fits"]]
      + pipelines.map { row($0, $0.pipeline) }
      + [row(unused, "(not used)"), row(total, "(all)")]
    let widths = rows[0].indices.map { column in
      rows.map { TextColumns.count($0[column]) }.max() ?? 0
    }
    return rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - TextColumns.count($0)) }
        .joined(separator: "  ").trimmed
    }.joined(separator: "\n")
  }

  private func row(_ entry: Entry, _ name: String) -> [String] {
    [
      name, "\(entry.chunks)", Self.size(entry.bytes), entry.lastUsed ?? "-", "\(entry.keptFits)",
    ]
  }

  /// Bytes for people: "812 B", "3.4 MiB".
  static func size(_ bytes: Int) -> String {
    var (value, unit) = (Double(bytes), 0)
    while value >= 1024, unit < 4 { (value, unit) = (value / 1024, unit + 1) }
    return unit == 0
      ? "\(bytes) B" : String(format: "%.1f ", value) + ["", "KiB", "MiB", "GiB", "TiB"][unit]
  }
}

extension String {
  /// Without blanks at the end.
  fileprivate var trimmed: String {
    var result = self
    while result.last == " " { result.removeLast() }
    return result
  }
}
