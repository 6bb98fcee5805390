import Foundation
import Testing

@testable import Pipelines

@Suite struct CompletionsTests {
  private static let stages = ["read-cube", "train"]

  @Test(arguments: Command.Shell.allCases)
  func namesEveryWord(shell: Command.Shell) {
    let script = shell.completions(stages: Self.stages)
    #expect(script.hasSuffix("\n"))
    #expect(script.contains("gossan completions \(shell.rawValue)"))
    for verb in Command.Verb.allCases {
      #expect(script.contains(verb.rawValue))
      for option in verb.form.options where option != .stage {
        for name in option.names {
          let word =
            shell != .fish
            ? name : name.hasPrefix("--") ? "-l \(name.dropFirst(2))" : "-s \(name.dropFirst())"
          #expect(script.contains(word), "\(word)")
        }
      }
    }
    #expect(script.contains("auto bar plain json none"))
    #expect(script.contains("read-cube train") && script.contains("bash zsh fish"))
    #expect(script.contains("belt") && script.contains(".json5"))
    // The one option whose name is the user's cannot be proposed as it is.
    #expect(!script.contains("--stage.TAG"))
  }

  /// The function itself, called by bash as it calls it when Tab is pressed.
  @Test(
    arguments: [
      (["gossan", "ru"], ["run"]), (["gossan", "--v"], ["--version"]),
      (["gossan", "run", "--pr"], ["--progress"]),
      (["gossan", "run", "--progress", "j"], ["json"]),
      (["gossan", "run", "--progress", "=", "p"], ["plain"]),
      (["gossan", "run", "--progress", "="], ["auto", "bar", "plain", "json", "none"]),
      (["gossan", "compare", "--jobs", "2", "--se"], ["--set", "--seeds"]),
      (["gossan", "stages", "tr"], ["train"]), (["gossan", "stages", "--s"], ["--schema"]),
      (["gossan", "completions", ""], ["bash", "zsh", "fish"]),
      (["gossan", "synthesize", "b"], ["belt"]), (["gossan", "help", "che"], ["check"]),
      (["gossan", "run", "pipe"], ["pipes", "pipeline.json5"]),
      (["gossan", "run", "--jobs", "3", "pipeline"], ["pipeline.json5"]),
      (["gossan", "run", "--out", "pi"], ["pipes"]),
      (["gossan", "run", "--out", "=", "pi"], ["pipes"]),
      (["gossan", "info", "pipeline"], ["pipeline.json5", "pipeline.tif"]),
      (["gossan", "synthesize", "belt", "pi"], ["pipes"]),
      (["gossan", "run", "a.json5", "pipe"], []), (["gossan", "frobnicate", ""], []),
      (["gossan", "run", "--jobs", ""], []),
    ])
  func bashCompletes(words: [String], expected: [String]) throws {
    let place = NSTemporaryDirectory() + "gossan-test-\(UUID().uuidString)"
    let files = FileManager.default
    try files.createDirectory(atPath: place + "/pipes", withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: place) }
    for name in ["pipeline.json5", "pipeline.tif"] {
      #expect(files.createFile(atPath: "\(place)/\(name)", contents: nil))
    }
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let script =
      Command.Shell.bash.completions(stages: Self.stages)
      + "COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1); _gossan; "
      + "printf '%s\\n' \"${COMPREPLY[@]}\""
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = URL(fileURLWithPath: place)
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let found = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(found.sorted() == expected.sorted())
    #expect(process.terminationStatus == 0)
  }
}
