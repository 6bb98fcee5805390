import Foundation
import RasterFiles
import Testing

@Suite struct AtomicFileTests {
  @Test func aFileAppearsWithItsContent() throws {
    let scratch = try Scratch()
    try AtomicFile.write("first", to: scratch.file("a.txt"))
    try AtomicFile.write([0x73, 0x65, 0x63], to: scratch.file("a.txt"))
    #expect(scratch.names == ["a.txt"])
    #expect(try String(contentsOfFile: scratch.file("a.txt"), encoding: .utf8) == "sec")
    try AtomicFile.write([0x61], [], [0x62, 0x63], to: scratch.file("parts"))
    #expect(try String(contentsOfFile: scratch.file("parts"), encoding: .utf8) == "abc")
    try AtomicFile.write([], to: scratch.file("empty"))
    #expect(FileManager.default.contents(atPath: scratch.file("empty"))?.isEmpty == true)
  }

  @Test func nothingStaysOfAFileThatWasGivenUp() throws {
    let scratch = try Scratch()
    _ = try scratch.write("old", "a.txt")
    do {
      let file = AtomicFile(path: scratch.file("a.txt"))
      try "new".write(toFile: file.temporaryPath, atomically: false, encoding: .utf8)
      try "more".write(
        toFile: file.temporaryPath + ".ovr.tmp", atomically: false, encoding: .utf8)
      #expect(scratch.names.count == 3)
    }
    #expect(scratch.names == ["a.txt"])
    #expect(try String(contentsOfFile: scratch.file("a.txt"), encoding: .utf8) == "old")
  }

  @Test func aDirectoryThatCannotBeWrittenIsNamed() throws {
    let error = #expect(throws: FileError.self) {
      try AtomicFile.write("x", to: "/proc/nothing-here/a.txt")
    }
    #expect(error?.description.contains("/proc/nothing-here/a.txt: No such file") == true)
  }

  @Test func whatCannotBeRenamedLeavesNothing() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(
      atPath: scratch.file("a.txt/inside"), withIntermediateDirectories: true)
    let error = #expect(throws: FileError.self) {
      try AtomicFile.write("x", to: scratch.file("a.txt"))
    }
    #expect(error?.call == "renaming to it")
    #expect(scratch.names == ["a.txt"])
  }

  @Test func onlyTheDeadOfThisMachineAreRemoved() throws {
    let scratch = try Scratch()
    // A process that has ended; its number is not given out again so soon.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let living = AtomicFile(path: scratch.file("b.tif"))
    try "x".write(toFile: living.temporaryPath, atomically: false, encoding: .utf8)
    let name = (living.temporaryPath as NSString).lastPathComponent
    let own = ".\(ProcessInfo.processInfo.processIdentifier)."
    let dead = name.replacingOccurrences(of: own, with: ".\(process.processIdentifier).")
    let parent = name.replacingOccurrences(of: own, with: ".1.")
    let elsewhere = dead.replacingOccurrences(of: ".unfinished", with: "x.unfinished")
    for other in [dead, dead + ".ovr.tmp", parent, elsewhere, ".hidden.unfinished"] {
      _ = try scratch.write("x", other)
    }
    let removed = AtomicFile.removeAbandoned(in: scratch.path)
    #expect(Set(removed) == [dead, dead + ".ovr.tmp"])
    #expect(Set(scratch.names) == [name, parent, elsewhere, ".hidden.unfinished"])
  }

  @Test func longNamesAreShortened() throws {
    let scratch = try Scratch()
    let path = scratch.file(String(repeating: "ü", count: 120))
    try AtomicFile.write("x", to: path)
    #expect(scratch.names == [String(repeating: "ü", count: 120)])
  }
}
