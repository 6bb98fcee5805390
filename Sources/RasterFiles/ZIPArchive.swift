internal import CGDAL
internal import Synchronization

/// Archives of one file, as QGIS keeps its projects.
public enum ZIPArchive {
  private static let counter = Atomic<Int>(0)
  /// The time of every file in an archive: 1980-01-01, the first that the format can say.
  ///
  /// Programs that save an archive write the time of saving.
  private static let time: [UInt8] = [0, 0, 0x21, 0]

  /// The bytes of an archive that holds one file; the same content gives the same bytes.
  ///
  /// `name` is a file name in ASCII.
  public static func encode(_ content: [UInt8], named name: String) throws(GDALError) -> [UInt8] {
    GDAL.initialize()
    let number = counter.add(1, ordering: .relaxed).newValue
    let path = "/vsimem/archive-\(number).zip"
    defer { VSIUnlink(path) }
    let log = MessageLog()
    let isWritten = log.record { write(content, to: "/vsizip/\(path)/\(name)") }
    try log.check("writing an archive", name)
    var length: vsi_l_offset = 0
    guard isWritten, let bytes = VSIGetMemFileBuffer(path, &length, 0) else {
      throw GDALError(call: "writing an archive", path: name, message: lastMessage())
    }
    var archive = Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
    setTimes(&archive)
    guard try decode(archive, named: name) == content else {
      throw GDALError(
        call: "checking what was written", path: name,
        message: "GDAL did not write the \(content.count) bytes that it was given")
    }
    return archive
  }

  /// The content of a file in an archive.
  public static func decode(_ archive: [UInt8], named name: String) throws(GDALError) -> [UInt8] {
    GDAL.initialize()
    let number = counter.add(1, ordering: .relaxed).newValue
    let path = "/vsimem/archive-\(number).zip"
    var bytes = archive
    return try bytes.withUnsafeMutableBufferPointer { buffer throws(GDALError) in
      VSIFCloseL(
        VSIFileFromMemBuffer(path, buffer.baseAddress, vsi_l_offset(buffer.count), 0))
      defer { VSIUnlink(path) }
      var content: UnsafeMutablePointer<GByte>?
      var size: vsi_l_offset = 0
      let log = MessageLog()
      let isRead = log.record {
        VSIIngestFile(nil, "/vsizip/\(path)/\(name)", &content, &size, -1)
      }
      defer { VSIFree(content) }
      guard isRead != 0, let content else {
        throw GDALError(
          call: "reading an archive", path: name, message: log.failure ?? lastMessage())
      }
      return Array(UnsafeBufferPointer(start: content, count: Int(size)))
    }
  }

  /// Whether an archive is as `encode` made it, and was not saved by another program.
  public static func isUnchanged(_ archive: some Collection<UInt8>) -> Bool {
    Array(archive.prefix(14).dropFirst(10)) == time
  }

  private static func write(_ content: [UInt8], to path: String) -> Bool {
    guard let file = VSIFOpenL(path, "wb") else { return false }
    let written = VSIFWriteL(content, 1, content.count, file)
    return VSIFCloseL(file) == 0 && written == content.count
  }

  /// Sets the times before the file and in the directory at the end of the archive.
  private static func setTimes(_ archive: inout [UInt8]) {
    // The end record has no comment: 22 bytes, the place of the directory at 16.
    guard archive.count > 22 else { return }
    let end = archive.count - 22
    let directory = (0..<4).reduce(0) { $0 | Int(archive[end + 16 + $1]) << (8 * $1) }
    for place in [10, directory + 12] where place + 4 <= archive.count {
      archive.replaceSubrange(place..<place + 4, with: time)
    }
  }
}
