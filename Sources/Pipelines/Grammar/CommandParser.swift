extension Command {
  /// Understands the arguments after the program's name.
  public static func parse(_ arguments: [String]) throws(UsageError) -> Command {
    guard let first = arguments.first else { return .missing }
    let rest = Array(arguments.dropFirst())
    switch first {
    case "--version", "-V": return .version
    case "--help", "-h": return .help(nil)
    case "help":
      guard let name = rest.first, !["--help", "-h"].contains(name) else { return .help(nil) }
      if rest.count > 1 {
        throw UsageError(description: "'gossan help' does not expect '\(rest[1])'")
      }
      return .help(try verb(name))
    default: break
    }
    let verb = try verb(first)
    var parser = CommandParser(verb: verb, arguments: rest)
    if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
      return .help(verb)
    }
    return try parser.command()
  }

  private static func verb(_ name: String) throws(UsageError) -> Verb {
    if let verb = Verb(rawValue: name) { return verb }
    if name.hasPrefix("-") {
      let hint = Suggestion.phrase(name, among: ["--help", "--version"])
      throw UsageError(description: "there is no option '\(name)'\(hint)")
    }
    let known = Verb.allCases.map(\.rawValue) + ["help"]
    let hint =
      Suggestion.nearest(name, among: known).map { "; did you mean '\($0)'?" }
      ?? "; 'gossan --help' lists the commands"
    throw UsageError(description: "there is no command '\(name)'\(hint)")
  }
}

/// Walks the arguments of one command.
struct CommandParser {
  let verb: Command.Verb
  private var arguments: ArraySlice<String>
  private var operands: [String] = []
  private var run = Command.Run(pipeline: "")
  private var isJSON = false
  private var isSchema = false
  private var repeats: Int?
  private var seeds: Int?
  private var shards: Int?
  private var seed: Int?
  private var cells: Int?
  private var place: (x: Double, y: Double)?
  private var crs: String?
  private var store = Command.Store(.list, folder: "")
  /// The options that were given, for commands whose tasks do not take all of them.
  private var given: [String] = []

  init(verb: Command.Verb, arguments: [String]) {
    self.verb = verb
    self.arguments = arguments[...]
  }

  mutating func command() throws(UsageError) -> Command {
    while let argument = arguments.popFirst() {
      if argument == "--" {
        operands += arguments
        break
      }
      if argument.hasPrefix("-"), argument != "-" {
        try option(argument)
      } else {
        operands.append(argument)
      }
    }
    return try finished()
  }

  private func finished() throws(UsageError) -> Command {
    switch verb {
    case .run:
      var run = run
      run.pipeline = try operand("a pipeline file")
      if run.shard != nil, run.tiles != nil {
        throw UsageError(
          description: "'--shard' and '--for-each' do not go together; give each task tiles of its "
            + "own")
      }
      return .run(run)
    case .check:
      var check = Command.Check(pipeline: try operand("a pipeline file"))
      check.overrides = run.overrides
      check.verbosity = run.verbosity
      return .check(check)
    case .compare:
      var compare = Command.Compare(pipeline: try operand("a pipeline file"))
      let pipeline = compare.run.pipeline
      compare.run = run
      compare.run.pipeline = pipeline
      compare.repeats = repeats ?? compare.repeats
      compare.seeds = seeds ?? compare.seeds
      return .compare(compare)
    case .stages:
      if operands.count > 1 { throw surplus(operands[1]) }
      var stages = Command.Stages(name: operands.first)
      stages.isSchema = isSchema
      return .stages(stages)
    case .info:
      var info = Command.Info(file: try operand("a file"))
      info.isJSON = isJSON
      return .info(info)
    case .doctor:
      if let first = operands.first { throw surplus(first) }
      var doctor = Command.Doctor()
      doctor.isJSON = isJSON
      return .doctor(doctor)
    case .explain: return .explain(try explain())
    case .refit: return .refit(try refit())
    case .slurm: return .slurm(try slurm())
    case .store: return .store(try storeTask())
    case .synthesize: return .synthesize(try synthesize())
    case .completions: return .completions(try shell())
    }
  }

  private func explain() throws(UsageError) -> Command.Explain {
    let folder = try operand("a folder of outputs")
    guard let place else {
      throw UsageError(
        description: "'gossan explain' needs a place: --at X,Y; see 'gossan explain --help'")
    }
    var result = Command.Explain(folder: folder, x: place.x, y: place.y)
    result.crs = crs
    result.isJSON = isJSON
    return result
  }

  private func refit() throws(UsageError) -> Command.Refit {
    guard operands.count >= 2 else {
      throw UsageError(
        description:
          "'gossan refit' needs a pipeline file and the tag of a stage; see 'gossan refit "
          + "--help'")
    }
    if operands.count > 2 { throw surplus(operands[2]) }
    var run = run
    run.pipeline = operands[0]
    return Command.Refit(run, tag: operands[1])
  }

  private func slurm() throws(UsageError) -> Command.Slurm {
    var run = run
    run.pipeline = try operand("a pipeline file")
    guard let shards else {
      throw UsageError(
        description:
          "'gossan slurm' needs the number of tasks: --shards N; see 'gossan slurm --help'"
      )
    }
    return Command.Slurm(run, shards: shards)
  }

  private func storeTask() throws(UsageError) -> Command.Store {
    var options = store
    options.isJSON = isJSON
    options.isQuiet = run.verbosity == .quiet
    options.isDryRun = run.isDryRun
    return try Command.Store(operands: operands, given: given, options: options)
  }

  private func synthesize() throws(UsageError) -> Command.Synthesize {
    guard operands.count >= 2 else {
      throw UsageError(
        description: "'gossan synthesize' needs a kind and a folder; see 'gossan synthesize --help'"
      )
    }
    if operands.count > 2 { throw surplus(operands[2]) }
    let kinds = Command.Synthesize.Kind.allCases.map(\.rawValue)
    guard let kind = Command.Synthesize.Kind(rawValue: operands[0]) else {
      throw UsageError(
        description: "there is no scene '\(operands[0])'"
          + Suggestion.phrase(operands[0], among: kinds))
    }
    var result = Command.Synthesize(kind: kind, folder: operands[1])
    result.seed = seed ?? result.seed
    if cells != nil, kind == .belt {
      throw UsageError(description: "'--cells' does not go with '\(kind)'")
    }
    result.cells = cells
    try result.requireCells()
    return result
  }

  private func shell() throws(UsageError) -> Command.Shell {
    let words = Command.Shell.allCases.map(\.rawValue)
    let name = try operand("a shell: " + Suggestion.alternatives(words))
    guard let shell = Command.Shell(rawValue: name) else {
      throw UsageError(
        description: "there are no completions for '\(name)'"
          + Suggestion.phrase(name, among: words))
    }
    return shell
  }

  private func operand(_ what: String) throws(UsageError) -> String {
    guard let first = operands.first else {
      throw UsageError(
        description: "'gossan \(verb.rawValue)' needs \(what); see 'gossan \(verb.rawValue) --help'"
      )
    }
    if operands.count > 1 { throw surplus(operands[1]) }
    return first
  }

  private func surplus(_ argument: String) -> UsageError {
    UsageError(description: "'gossan \(verb.rawValue)' does not expect '\(argument)'")
  }
}

// Options.
extension CommandParser {
  private mutating func option(_ argument: String) throws(UsageError) {
    let equals = argument.firstIndex(of: "=")
    let name = equals.map { String(argument[..<$0]) } ?? argument
    let attached = equals.map { String(argument[argument.index(after: $0)...]) }
    let known = verb.form.options
    if name.hasPrefix(CommandForm.Option.stagePrefix), known.contains(.stage) {
      return try stageOption(name, attached)
    }
    guard let option = known.first(where: { $0.names.contains(name) && $0 != .stage }) else {
      throw unknown(name)
    }
    given += option.names.suffix(1)
    if option.value != nil {
      if let attached {
        try valued(name, attached)
      } else {
        try valued(name, try nextValue(name))
      }
    } else if attached != nil {
      throw UsageError(description: "option '\(name)' takes no value")
    } else {
      flag(name)
    }
  }

  private func unknown(_ name: String) -> UsageError {
    let names = (verb.form.options + [.help]).filter { $0 != .stage }.flatMap(\.names)
    let hint = Suggestion.nearest(name, among: names).map { "; did you mean '\($0)'?" }
    return UsageError(
      description: "'gossan \(verb.rawValue)' has no option '\(name)'"
        + (hint ?? "; see 'gossan \(verb.rawValue) --help'"))
  }

  private mutating func nextValue(_ name: String) throws(UsageError) -> String {
    guard var value = arguments.popFirst(), !value.hasPrefix("--") else {
      throw UsageError(description: "option '\(name)' needs a value")
    }
    // A blank after the comma makes two arguments of a place.
    if name == "--at" {
      while value.hasSuffix(",") || arguments.first?.hasPrefix(",") == true,
        let next = arguments.popFirst()
      {
        value += next
      }
    }
    return value
  }

  private mutating func flag(_ name: String) {
    switch name {
    case "--dry-run": run.isDryRun = true
    case "--remove": store.removesDamaged = true
    case "-q", "--quiet": run.verbosity = .quiet
    case "-v", "--verbose": run.verbosity = .verbose
    case "--json": isJSON = true
    case "--schema": isSchema = true
    default: break
    }
  }

  private mutating func valued(_ name: String, _ value: String) throws(UsageError) {
    if value.isEmpty, name != "--set" {
      throw UsageError(description: "option '\(name)' needs a value")
    }
    switch name {
    case "--at": place = try Self.place(value)
    case "--crs": crs = value
    case "--pipeline": store.pipeline = value
    case "--older-than":
      guard let age = Self.age(value) else {
        throw Self.unexpected(value, name, "a time such as 12h, 30d or 8w")
      }
      store.age = age
    case "--down-to":
      guard let bytes = value == "0" ? 0 : Self.size(value) else {
        throw Self.unexpected(value, name, "a size such as 600M or 20G")
      }
      store.bytes = bytes
    case "--set": run.overrides.parameters.append(try Self.parameter(value))
    case "--for-each": run.tiles = value
    case "--shard":
      guard let shard = Shard(value) else {
        throw Self.unexpected(value, name, "K/N such as 1/4, K from 1 to N")
      }
      run.shard = shard
    case "--shards": shards = try Self.count(value, name)
    case "--out": run.output = value
    case "--work": run.work = value
    case "--jobs":
      guard let jobs = Int(value), (1...1024).contains(jobs) else {
        throw Self.unexpected(value, name, "a whole number from 1 to 1024")
      }
      run.jobs = jobs
    case "--repeats": repeats = try Self.count(value, name)
    case "--seed":
      guard let number = Int(value), number >= 0 else {
        throw Self.unexpected(value, name, "a whole number from 0 on")
      }
      seed = number
    case "--cells": cells = try Self.count(value, name)
    case "--seeds": seeds = try Self.count(value, name)
    case "--memory":
      guard let memory = Self.size(value) else {
        throw Self.unexpected(value, name, "a size such as 600M or 2G")
      }
      run.memory = memory
    case "--progress":
      guard let style = Command.ProgressStyle(rawValue: value) else {
        let words = Command.ProgressStyle.allCases.map(\.rawValue)
        let nearest = Suggestion.nearest(value, among: words).map { " ('\($0)'?)" } ?? ""
        throw Self.unexpected(value, name, Suggestion.alternatives(words) + nearest)
      }
      run.progress = style
    default: break
    }
  }

  private static func place(_ value: String) throws(UsageError) -> (x: Double, y: Double) {
    let numbers = value.split(separator: ",", omittingEmptySubsequences: false).map { part in
      JSON5Reader.number(part.split(separator: " ").joined(separator: " "))
    }
    guard numbers.count == 2, let x = numbers[0], let y = numbers[1], x.isFinite, y.isFinite else {
      throw unexpected(value, "--at", "X,Y such as -120.5,60.2")
    }
    return (x, y)
  }

  private static func count(_ value: String, _ name: String) throws(UsageError) -> Int {
    guard let count = Int(value), (1...1000).contains(count) else {
      throw unexpected(value, name, "a whole number from 1 to 1000")
    }
    return count
  }

  private static func unexpected(_ value: String, _ name: String, _ expected: String)
    -> UsageError
  {
    UsageError(description: "option '\(name)': expected \(expected), found '\(value)'")
  }

  private static func parameter(_ text: String) throws(UsageError) -> Overrides.Parameter {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw unexpected(text, "--set", "NAME=VALUE")
    }
    return Overrides.Parameter(
      name: String(text[..<equals]), text: String(text[text.index(after: equals)...]))
  }

  private mutating func stageOption(_ name: String, _ value: String?) throws(UsageError) {
    let parts = name.dropFirst("--stage.".count).split(
      separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, let value else {
      throw UsageError(
        description:
          "expected --stage.TAG.OPTION=VALUE, found '\(name)\(value.map { "=\($0)" } ?? "")'"
      )
    }
    run.overrides.options.append(
      Overrides.Option(tag: String(parts[0]), path: String(parts[1]), text: value))
  }

  /// The bytes of a size such as `600M`; K, M, G and T are powers of 1024.
  static func size(_ text: String) -> Int? {
    var digits = text.uppercased()
    for suffix in ["IB", "B"] where digits.hasSuffix(suffix) {
      digits.removeLast(suffix.count)
      break
    }
    var unit = 1.0
    if let last = digits.last, let power = ["K", "M", "G", "T"].firstIndex(of: String(last)) {
      for _ in 0...power { unit *= 1024 }
      digits.removeLast()
    }
    guard let number = JSON5Reader.number(digits), !digits.hasPrefix("0X") else { return nil }
    let bytes = number * unit
    return bytes >= 1 && bytes < 9e15 ? Int(bytes) : nil
  }
}
