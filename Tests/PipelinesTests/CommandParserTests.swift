import Testing

@testable import Pipelines

@Suite struct CommandParserTests {
  private func parse(_ line: String) throws(UsageError) -> Command {
    try Command.parse(line.split(separator: " ").map(String.init))
  }

  @Test func readsEveryOptionOfRun() throws {
    var run = Command.Run(pipeline: "p.json5")
    run.overrides = Overrides(
      parameters: [.init(name: "a", text: "1"), .init(name: "b", text: "x=y")],
      options: [
        .init(tag: "seg", path: "size", text: "5"), .init(tag: "m", path: "a.0.b", text: ""),
      ])
    run.output = "o"
    run.work = "w"
    run.jobs = 4
    run.memory = 600 << 20
    run.isDryRun = true
    run.progress = .json
    run.verbosity = .verbose
    let line = """
      run --set a=1 p.json5 --set=b=x=y --stage.seg.size=5 --stage.m.a.0.b= --out o --work=w \
      --jobs 4 --memory 600M --dry-run --progress json -v
      """
    #expect(try parse(line) == .run(run))
  }

  @Test func readsTheOtherCommands() throws {
    #expect(try parse("check p.json5") == .check(Command.Check(pipeline: "p.json5")))
    #expect(try parse("check -- -p") == .check(Command.Check(pipeline: "-p")))
    #expect(try parse("stages") == .stages(Command.Stages()))
    var stages = Command.Stages(name: "train")
    stages.isSchema = true
    #expect(try parse("stages train --schema") == .stages(stages))
    var info = Command.Info(file: "a.tif")
    info.isJSON = true
    #expect(try parse("info --json a.tif") == .info(info))
    var refitted = Command.Run(pipeline: "a.json5")
    refitted.output = "out"
    refitted.verbosity = .quiet
    #expect(
      try parse("refit a.json5 model --out out -q")
        == .refit(Command.Refit(refitted, tag: "model")))
    var explain = Command.Explain(folder: "out", x: -120.5, y: 60.2)
    for at in ["--at -120.5,60.2", "--at -120.5, 60.2", "--at -120.5 ,60.2", "--at=-120.5,+60.2"] {
      #expect(try parse("explain out \(at)") == .explain(explain))
      #expect(try parse("explain \(at) out") == .explain(explain))
    }
    #expect(try Command.parse(["explain", "out", "--at", " -120.5, 60.2 "]) == .explain(explain))
    explain.crs = "EPSG:4326"
    explain.isJSON = true
    #expect(
      try parse("explain --json out --crs EPSG:4326 --at -120.5,60.2") == .explain(explain))
    #expect(try parse("doctor") == .doctor(Command.Doctor()))
    var provinces = Command.Synthesize(kind: .provinces, folder: "d")
    #expect(provinces.cells == nil)
    provinces.cells = 400
    provinces.seed = 2
    #expect(
      try parse("synthesize provinces d --cells 400 --seed 2") == .synthesize(provinces))
    var store = Command.Store(.list, folder: "s")
    store.isJSON = true
    #expect(try parse("store list s --json") == .store(store))
    store = Command.Store(.verify, folder: "s")
    store.removesDamaged = true
    #expect(try parse("store verify --remove s") == .store(store))
    store = Command.Store(.prune, folder: "s")
    store.age = 30 * 86_400
    store.bytes = 20 << 30
    store.pipeline = "map"
    store.isDryRun = true
    store.isQuiet = true
    #expect(
      try parse("store prune s --older-than 30d --down-to 20G --pipeline map --dry-run -q")
        == .store(store))
    #expect(try parse("--version") == .version)
    #expect(try parse("") == .missing)
    #expect(try parse("--help") == .help(nil))
    #expect(try parse("completions fish") == .completions(.fish))
    #expect(try parse("help check") == .help(.check))
    #expect(try parse("run --help") == .help(.run))
  }

  @Test(arguments: [
    ("rum p", "there is no command 'rum'; did you mean 'run'?"),
    ("--verzion", "there is no option '--verzion'; did you mean '--version'?"),
    ("--frobnicate", "there is no option '--frobnicate'; expected '--help' or '--version'"),
    ("frobnicate", "there is no command 'frobnicate'; 'gossan --help' lists the commands"),
    ("halp", "there is no command 'halp'; did you mean 'help'?"),
    ("help rnu", "there is no command 'rnu'; did you mean 'run'?"),
    ("help run check", "'gossan help' does not expect 'check'"),
    ("stages --shema", "'gossan stages' has no option '--shema'; did you mean '--schema'?"),
    ("info a --stage.b.c=1", "'gossan info' has no option '--stage.b.c'; see 'gossan info --help'"),
    (
      "completions",
      "'gossan completions' needs a shell: bash, zsh or fish; see 'gossan completions --help'"
    ),
    ("completions fis", "there are no completions for 'fis'; did you mean 'fish'?"),
    ("run", "'gossan run' needs a pipeline file; see 'gossan run --help'"),
    ("run a b", "'gossan run' does not expect 'b'"),
    ("run a --job 2", "'gossan run' has no option '--job'; did you mean '--jobs'?"),
    ("run a --frobnicate", "'gossan run' has no option '--frobnicate'; see 'gossan run --help'"),
    ("run a --jobs", "option '--jobs' needs a value"),
    ("run a --out --dry-run", "option '--out' needs a value"),
    ("run a --jobs 0", "option '--jobs': expected a whole number from 1 to 1024, found '0'"),
    ("run a --memory much", "option '--memory': expected a size such as 600M or 2G, found 'much'"),
    (
      "run a --progress bars",
      "option '--progress': expected auto, bar, plain, json or none ('bar'?), found 'bars'"
    ),
    ("run a --dry-run=1", "option '--dry-run' takes no value"),
    ("run a --set x", "option '--set': expected NAME=VALUE, found 'x'"),
    ("run a --stage.x=5", "expected --stage.TAG.OPTION=VALUE, found '--stage.x=5'"),
    ("run a --stage.x.y", "expected --stage.TAG.OPTION=VALUE, found '--stage.x.y'"),
    ("doctor x", "'gossan doctor' does not expect 'x'"),
    (
      "store list",
      "'gossan store' needs list, verify or prune and the folder of a store; see 'gossan store "
        + "--help'"
    ),
    ("store prone s", "'gossan store' does not know 'prone'; did you mean 'prune'?"),
    ("store list s t", "'gossan store' does not expect 't'"),
    (
      "store list s --remove",
      "'gossan store list' has no option '--remove'; see 'gossan store --help'"
    ),
    (
      "store prune s",
      "'gossan store prune' needs --older-than, --down-to or --pipeline, which say what to remove"
    ),
    (
      "store prune s --older-than 30",
      "option '--older-than': expected a time such as 12h, 30d or 8w, found '30'"
    ),
    (
      "store prune s --down-to much",
      "option '--down-to': expected a size such as 600M or 20G, found 'much'"
    ),
    (
      "refit a.json5",
      "'gossan refit' needs a pipeline file and the tag of a stage; see 'gossan refit --help'"
    ),
    ("refit a.json5 b c", "'gossan refit' does not expect 'c'"),
    ("explain out", "'gossan explain' needs a place: --at X,Y; see 'gossan explain --help'"),
    ("explain --at 1,2", "'gossan explain' needs a folder of outputs; see 'gossan explain --help'"),
    ("explain out --at 1", "option '--at': expected X,Y such as -120.5,60.2, found '1'"),
    ("explain out --at 1,2,3", "option '--at': expected X,Y such as -120.5,60.2, found '1,2,3'"),
    ("explain out --at nan,2", "option '--at': expected X,Y such as -120.5,60.2, found 'nan,2'"),
    ("explain out --at NaN,2", "option '--at': expected X,Y such as -120.5,60.2, found 'NaN,2'"),
    ("explain out --at 1,", "option '--at': expected X,Y such as -120.5,60.2, found '1,'"),
    ("explain out --at", "option '--at' needs a value"),
    (
      "synthesize belt d --cells 40",
      "'--cells' does not go with 'belt'"
    ),
    (
      "synthesize filter d --cells 5",
      "option '--cells': a filter of 5 cells a side has no particle; expected 6 or more"
    ),
  ])
  func saysWhatIsWrong(line: String, message: String) {
    #expect(throws: UsageError(description: message)) { try parse(line) }
  }

  @Test(
    arguments: [
      ("600M", 600 << 20), ("2G", 2 << 30), ("1.5k", 1536), ("100", 100), ("1GiB", 1 << 30),
      ("1kb", 1024), ("0", nil), ("-1G", nil), ("G", nil), ("0x10", nil), ("NaN", nil),
      ("9999999T", nil),
    ] as [(String, Int?)])
  func readsSizes(text: String, bytes: Int?) {
    #expect(CommandParser.size(text) == bytes)
  }
}
