import Foundation
import RasterFiles
import Testing

struct ZIPArchiveTests {
  @Test func theSameContentGivesTheSameBytes() throws {
    let content = Array(String(repeating: "<qgis>ä</qgis>\n", count: 400).utf8)
    let archive = try ZIPArchive.encode(content, named: "map.qgs")
    #expect(archive.prefix(4) == [0x50, 0x4B, 3, 4] && archive.count < content.count / 4)
    #expect(try ZIPArchive.encode(content, named: "map.qgs") == archive)
    #expect(try ZIPArchive.encode(content + [32], named: "map.qgs") != archive)
    #expect(ZIPArchive.isUnchanged(archive))
    // The time of saving, as other programs write it.
    var saved = archive
    saved.replaceSubrange(10..<14, with: [0x20, 0x61, 0x75, 0x5D])
    #expect(!ZIPArchive.isUnchanged(saved) && !ZIPArchive.isUnchanged([]))
  }

  @Test func othersReadIt() throws {
    let scratch = try Scratch()
    let table = "x,y,name\n1,2,a\n3,4,b\n"
    let archive = try ZIPArchive.encode(Array(table.utf8), named: "points.csv")
    try AtomicFile.write(archive, to: scratch.file("a.zip"))
    #expect(try ZIPArchive.decode(archive, named: "points.csv") == Array(table.utf8))
    #expect(throws: GDALError.self) { try ZIPArchive.decode(archive, named: "other.csv") }
    let read = try PointTable.read(
      path: "/vsizip/\(scratch.file("a.zip"))/points.csv", fields: ["name"], crs: "")
    #expect(read.x == [1, 3] && read.columns["name"]?.texts == ["a", "b"])
  }

  @Test func manyAtATime() async throws {
    let contents = (0..<16).map { Array(String(repeating: "\($0) ", count: 1000).utf8) }
    let archives = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
      for (index, content) in contents.enumerated() {
        group.addTask { (index, try ZIPArchive.encode(content, named: "a.txt")) }
      }
      return try await group.reduce(into: [Int: [UInt8]]()) { $0[$1.0] = $1.1 }
    }
    for (index, content) in contents.enumerated() {
      #expect(try archives[index] == ZIPArchive.encode(content, named: "a.txt"))
    }
  }
}
