import Foundation
import RasterFiles

extension ChunkStore {
  /// How this version keeps things in a store; written into the store's file `format`.
  ///
  /// It changes with the layout of folders, records or lists of uses, not with what stages compute.
  static let format = "gossan-store 2"

  /// Throws where another version filled the store in a way that this one does not know.
  ///
  /// A store without the file is new, or from before formats had numbers: its records are not
  /// understood, so they count as absent.
  static func requireKnownFormat(of directory: String) throws {
    guard let data = FileManager.default.contents(atPath: directory + "/format") else { return }
    let found = String(decoding: data.prefix(100), as: UTF8.self)
      .split(whereSeparator: \.isNewline).first.map(String.init)
    guard found == format else {
      throw StoreError.unknownFormat(directory: directory, found: found ?? "")
    }
  }

  /// Writes down the format of a store that is new.
  static func noteFormat(of directory: String) throws {
    let path = directory + "/format"
    if FileManager.default.fileExists(atPath: path) { return }
    try AtomicFile.write(format + "\n", to: path)
  }

  /// Opens a store that is there for house-keeping, alone.
  static func existing(_ directory: String) throws -> ChunkStore {
    try requireStore(directory)
    return try ChunkStore(directory: directory)
  }

  /// Throws where a folder is no store, or one of an unknown format.
  static func requireStore(_ directory: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory + "/objects", isDirectory: &isFolder),
      isFolder.boolValue
    else { throw StoreError.absent(directory: directory) }
    try requireKnownFormat(of: directory)
  }
}
