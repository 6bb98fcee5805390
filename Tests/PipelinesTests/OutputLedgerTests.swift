import Foundation
import Tensors
import Testing

@testable import Pipelines

/// What is known of written files: key, size, time and inode.
struct OutputLedgerTests {
  private let key = SHA256.digest("one")

  @Test func filesAreCurrentUntilTheyChange() throws {
    let run = try StageRun()
    let store = try ChunkStore(directory: run.files.folder + "/store")
    let ledger = OutputLedger(store: store)
    let paths = ["a.txt", "b.txt"].map { "\(run.files.folder)/\($0)" }
    #expect(!ledger.isCurrent(paths, key: key))
    for name in ["a.txt", "b.txt"] { try run.text("first", name) }
    try ledger.record(paths, key: key)
    #expect(ledger.isCurrent(paths, key: key) && ledger.isCurrent([paths[1]], key: key))
    #expect(!ledger.isCurrent(paths, key: SHA256.digest("two")))
    #expect(!ledger.isCurrent(paths + ["\(run.files.folder)/c.txt"], key: key))
    // A file of the same size that took its place is another one.
    try run.text("other", "b.txt")
    #expect(ledger.isCurrent([paths[0]], key: key) && !ledger.isCurrent(paths, key: key))
    try FileManager.default.removeItem(atPath: paths[0])
    #expect(!ledger.isCurrent([paths[0]], key: key))
  }

  @Test func theNextRunKnowsThem() throws {
    let run = try StageRun()
    let store = try ChunkStore(directory: run.files.folder + "/store")
    let path = run.files.folder + "/a.txt"
    try run.text("first", "a.txt")
    try OutputLedger(store: store).record([path], key: key)
    #expect(OutputLedger(store: store).isCurrent([path], key: key))
    // A ledger that cannot be read only means that everything is written again.
    try run.text("{", "store/outputs.json")
    #expect(!OutputLedger(store: store).isCurrent([path], key: key))
  }
}
