import Foundation
import Glibc
import RasterFiles
import Rasters
import Tensors

/// Where the chunks of a raster node lie in a store, for whoever has the store but not the plan.
///
/// A file of the store lists the keys of all chunks of the grid, by rows. Single cells are read
/// through it without the lock of the store: records are whole or absent.
struct ChunkIndex {
  /// The store's folder.
  let store: String
  /// The name of the file inside the store.
  let file: String

  /// Writes the index of a node whose chunks have been made, unless it is there already.
  static func write(_ node: Node, _ executor: Executor) throws -> ChunkIndex {
    let index = ChunkIndex(
      store: executor.store.directory, file: "indexes/\(node.structure.hex)")
    let keys = try executor.lattice.chunks.flatMap { try executor.key(of: node, $0).bytes }
    if FileManager.default.contents(atPath: index.path).map({ [UInt8]($0) }) != keys {
      try FileManager.default.makeFolder(index.store + "/indexes")
      try AtomicFile.write(keys, to: index.path)
    }
    return index
  }

  private var path: String { store + "/" + file }

  /// The values of all bands in a cell, NaN where missing; nil where the store lacks them.
  func values(at cell: Cell, bandCount: Int, in lattice: ChunkLattice) -> [Float]? {
    let chunk = lattice.chunk(of: cell)
    guard (try? ChunkStore.requireKnownFormat(of: store)) != nil,
      let place = lattice.chunks.firstIndex(of: chunk),
      let keys = FileManager.default.contents(atPath: path), keys.count >= 32 * (place + 1),
      let key = Digest(bytes: [UInt8](keys.dropFirst(32 * place).prefix(32)))
    else { return nil }
    let window = lattice.window(of: chunk)
    let position = window.index(column: cell.column, row: cell.row)
    return ChunkStore.numbers(
      in: store, key: key, at: (0..<bandCount).map { $0 * window.cellCount + position },
      of: bandCount * window.cellCount)
  }
}

extension ChunkStore {
  /// Single numbers of a record of `count`; nil where there is no record of that size.
  ///
  /// The record's checksum is not looked at: that would mean to read all of it.
  static func numbers(
    in directory: String, key: Digest, at positions: [Int], of count: Int
  ) -> [Float]? {
    let descriptor = open(path(of: key, in: directory), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, Int(status.st_size) == headerSize + 4 * count else {
      return nil
    }
    var numbers: [Float] = []
    for position in positions {
      var number: Float = 0
      guard pread(descriptor, &number, 4, off_t(headerSize + 4 * position)) == 4 else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
