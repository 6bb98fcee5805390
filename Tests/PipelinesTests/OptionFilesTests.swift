import Foundation
import Testing

@testable import Pipelines

@Suite struct OptionFilesTests {
  @Test(arguments: [
    ("a.tif", "dir/p.json5", "dir/a.tif"), ("../a.tif", "/x/y/p.json5", "/x/y/../a.tif"),
    ("/a.tif", "dir/p.json5", "/a.tif"), ("a.tif", "p.json5", "a.tif"),
    ("/vsimem/a.tif", "d/p.json5", "/vsimem/a.tif"),
    ("NETCDF:a.nc:b", "d/p.json5", "NETCDF:a.nc:b"),
    ("https://x/a.tif", "d/p.json5", "https://x/a.tif"),
  ])
  func pathsAreRelativeToThePipeline(path: String, file: String, resolved: String) {
    #expect(PipelinePath.resolve(path, relativeTo: file) == resolved)
  }

  @Test func findsFilesAndReportsMissingOnes() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "gossan-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["b10.tif", "b2.tif", "points.gpkg"] {
      try Data([0]).write(to: folder.appending(path: name))
    }
    let specs = [
      OptionSpec("files", .files, "Files."), OptionSpec("file", .file, "File."),
      OptionSpec("parts", .list(of: .object([OptionSpec("file", .file, "File.")])), "Parts."),
      OptionSpec("either", .either(.number(0...1), .file), "Either."),
    ]
    let text = """
      { files: ["b*.tif", "c*.tif"], file: "point.gpkg", parts: [{ file: "none/x.tif" }],
        either: "points.gpkg" }
      """
    var problems: [Problem] = []
    let pipeline = folder.appending(path: "p.json5").path
    let values = OptionSpec.validate(
      JSON5Reader.read(text).value, specs, file: pipeline, into: &problems)
    #expect(problems.isEmpty)
    let names = values.filePaths("files").map { $0.split(separator: "/").last ?? "" }
    #expect(names == ["b10.tif", "b2.tif"])
    let complaints = values.fileProblems()
    #expect(complaints.map(\.key) == ["files", "file", "parts[0].file"])
    #expect(complaints[0].place == Place(line: 1, column: 21))
    #expect(complaints[1].message.hasSuffix("point.gpkg'; did you mean 'points.gpkg'?"))
    #expect(complaints[2].message.contains("there is no folder"))
  }
}
