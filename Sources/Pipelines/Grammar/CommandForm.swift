/// What a command takes: the one source of its parser, its help and its completions.
///
/// A new command is a case of `Command`, one of `Command.Verb`, and one entry in `forms`.
struct CommandForm: Sendable {
  /// What the command does, in one sentence.
  let summary: String
  /// The words that are no options, in their order.
  var operands: [Operand] = []
  /// The options; `--help` goes without saying.
  var options: [Option] = []
  /// How the process may end.
  var statuses: [Runner.Status] = [.done, .failed, .invalid]
  /// A command line as one would write it in the project's own folder.
  let example: String

  /// A word that is no option.
  struct Operand: Sendable, Hashable {
    /// The name in the usage line.
    let name: String
    let values: Values
    var isRequired = true
  }

  /// An option, `--name`.
  struct Option: Sendable, Hashable {
    /// The option as it is written, the short form first: `["-q", "--quiet"]`.
    let names: [String]
    /// The name of its value in help; nil for a flag.
    var value: String?
    var values = Values.text
    /// Whether it may be given several times.
    var isRepeatable = false
    /// One sentence for people.
    let summary: String

    /// The option and its value in help: `-q, --quiet` or `--jobs N`.
    var phrase: String { names.joined(separator: ", ") + (value.map { " " + $0 } ?? "") }
  }

  /// What stands for a value, for completions.
  enum Values: Sendable, Hashable {
    /// Anything; nothing can be proposed.
    case text
    /// One of a few words.
    case words([String])
    /// The name of a stage.
    case stage
    /// A pipeline file.
    case pipeline
    case file
    case folder
  }

  /// How the command is called, after the program's name.
  func usage(of verb: Command.Verb) -> String {
    ([verb.rawValue] + operands.map { $0.isRequired ? $0.name : "[\($0.name)]" }
      + (options.isEmpty ? [] : ["[OPTIONS]"])).joined(separator: " ")
  }
}

extension Command.Verb {
  /// What the command takes.
  var form: CommandForm { Self.forms[self] ?? CommandForm(summary: "", example: "") }

  /// What the command does, in one sentence.
  public var summary: String { form.summary }

  private static let forms: [Command.Verb: CommandForm] = [
    .run: CommandForm(
      summary: "Runs a pipeline; what is stored already is not computed again.",
      operands: [.pipeline],
      options: [.set, .stage, .forEach, .out("outputs"), .work("outputs"), .jobs, .memory]
        + [.shard, .dryRun]
        + [.progress, .quiet, .verbose],
      statuses: Runner.Status.allCases,
      example: "gossan run pipelines/geochemical-anomaly.json5 --stage.segments.size=80 --jobs 2"),
    .check: CommandForm(
      summary: "Finds all problems of a pipeline without reading pixels.",
      operands: [.pipeline], options: [.set, .stage, .quiet, .verbose],
      statuses: [.done, .invalid],
      example: "gossan check pipelines/geochemical-anomaly.json5 --stage.model.epochs=50"),
    .compare: CommandForm(
      summary: "Scores the variants of a pipeline over repeated splits and seeds.",
      operands: [.pipeline],
      options: [.set, .stage, .repeats, .seeds, .out("tables"), .work("tables"), .jobs, .memory]
        + [.progress, .quiet],
      statuses: Runner.Status.allCases,
      example: "gossan compare pipelines/mineral-prospectivity.json5 --repeats 10 --seeds 2"),
    .stages: CommandForm(
      summary: "Lists the stages, or shows the options of one.",
      operands: [CommandForm.Operand(name: "NAME", values: .stage, isRequired: false)],
      options: [.schema], statuses: [.done, .invalid], example: "gossan stages superpixels"),
    .info: CommandForm(
      summary: "Describes a raster, a model or a store.",
      operands: [CommandForm.Operand(name: "FILE", values: .file)], options: [.json],
      example: "gossan info sample-rasters/jura/landuse_rock.tif --json"),
    .explain: CommandForm(
      summary: "Says what a finished map holds at a place, and why.",
      operands: [CommandForm.Operand(name: "OUT", values: .folder)],
      options: [.at, .crs, .json],
      example: "gossan explain out/geochemical-anomaly --at 6.86,47.14 --crs EPSG:4326"),
    .refit: CommandForm(
      summary: "Renews a fit that a pipeline keeps by fit: \"once\".",
      operands: [.pipeline, CommandForm.Operand(name: "TAG", values: .text)],
      options: [.set, .stage, .out("outputs"), .work("outputs"), .jobs, .memory]
        + [.progress, .quiet],
      statuses: Runner.Status.allCases,
      example: "gossan refit pipelines/geochemical-anomaly.json5 cube --stage.cube.fit=once"),
    .slurm: CommandForm(
      summary: "Prints a script that runs a pipeline on a Slurm cluster.",
      operands: [.pipeline],
      options: [.set, .stage, .shards, .out("outputs"), .work("outputs"), .jobs, .memory],
      example: "gossan slurm pipelines/geochemical-anomaly.json5 --shards 4 --jobs 8"),
    .synthesize: CommandForm(
      summary: "Makes a scene whose truth is known: belt, provinces or filter.",
      operands: [
        CommandForm.Operand(
          name: "KIND", values: .words(Command.Synthesize.Kind.allCases.map(\.rawValue))),
        CommandForm.Operand(name: "DIR", values: .folder),
      ], options: [.seed, .cells],
      example: "gossan synthesize belt scenes/tungsten-belt --seed 2"),
    .store: CommandForm(
      summary: "Keeps house in a store: list, verify or prune.",
      operands: [
        CommandForm.Operand(
          name: "TASK", values: .words(Command.Store.Task.allCases.map(\.rawValue))),
        CommandForm.Operand(name: "STORE", values: .folder),
      ],
      options: [.olderThan, .downTo, .ofPipeline, .dryPrune, .remove, .json, .quiet],
      statuses: [.done, .failed, .invalid, .held],
      example: "gossan store prune out/geochemical-anomaly/.gossan --older-than 30d --dry-run"),
    .doctor: CommandForm(
      summary: "Says what of GDAL, PROJ, BLAS, cores and memory is there.", options: [.json],
      example: "gossan doctor --json"),
    .completions: CommandForm(
      summary: "Prints a script that completes gossan's words in a shell.",
      operands: [
        CommandForm.Operand(
          name: "SHELL", values: .words(Command.Shell.allCases.map(\.rawValue)))
      ], statuses: [.done, .invalid],
      example: "gossan completions bash"),
  ]
}

extension CommandForm.Operand {
  static let pipeline = Self(name: "PIPELINE", values: .pipeline)
}

extension CommandForm.Option {
  /// The one option whose name is the user's: it begins with this.
  static let stagePrefix = "--stage."

  static let set = Self(
    names: ["--set"], value: "NAME=VALUE", isRepeatable: true,
    summary: "Sets a parameter of the pipeline; may be repeated.")
  static let stage = Self(
    names: ["--stage.TAG.OPTION=VALUE"], isRepeatable: true,
    summary: "Sets an option of the stage TAG; dots lead into objects and lists: "
      + "branches.0.width.")
  static let forEach = Self(
    names: ["--for-each"], value: "PATTERN", values: .file,
    summary:
      "Runs once for each file that the pattern finds, as the parameter 'tile', into a folder "
      + "of its name.")
  static func out(_ what: String) -> Self {
    Self(
      names: ["--out"], value: "DIR", values: .folder,
      summary: "Puts the \(what) into DIR; default out/<pipeline name>.")
  }
  static func work(_ what: String) -> Self {
    Self(
      names: ["--work"], value: "DIR", values: .folder,
      summary: "Keeps the chunks in DIR; default .gossan in the folder of the \(what).")
  }
  static let jobs = Self(
    names: ["--jobs"], value: "N",
    summary: "Works on N chunks at a time, 1 to 1024; default: the number of cores.")
  static let memory = Self(
    names: ["--memory"], value: "SIZE",
    summary: "Takes at most SIZE of memory, such as 600M or 2G: with fewer workers, and in smaller "
      + "chunks where the pipeline does not say how large they are.")
  static let dryRun = Self(
    names: ["--dry-run"], summary: "Shows what a first run would do, and stops.")
  static let progress = Self(
    names: ["--progress"], value: "STYLE",
    values: .words(Command.ProgressStyle.allCases.map(\.rawValue)),
    summary: "Shows progress as auto, bar, plain, json or none; default auto: a bar on a "
      + "terminal, plain lines elsewhere.")
  static let olderThan = Self(
    names: ["--older-than"], value: "TIME",
    summary: "prune: removes what no run used for TIME, such as 12h, 30d or 8w.")
  static let downTo = Self(
    names: ["--down-to"], value: "SIZE",
    summary: "prune: removes what was used the longest ago until SIZE, such as 20G, is left.")
  static let ofPipeline = Self(
    names: ["--pipeline"], value: "NAME",
    summary: "prune: removes only what the pipeline NAME alone uses, its kept fits too.")
  static let dryPrune = Self(
    names: ["--dry-run"], summary: "prune: tells what would be removed, and stops.")
  static let remove = Self(
    names: ["--remove"], summary: "verify: removes what is damaged; the next run makes it again.")
  static let repeats = Self(
    names: ["--repeats"], value: "N",
    summary: "Divides the samples into folds N times, 1 to 1000; default 5.")
  static let seeds = Self(
    names: ["--seeds"], value: "N",
    summary: "Trains with N seeds for each division, 1 to 1000; default 1.")
  static let shard = Self(
    names: ["--shard"], value: "K/N",
    summary: "Makes the share K of N of what can be made now, for the store only; see Running.")
  static let shards = Self(
    names: ["--shards"], value: "N", summary: "How many tasks share the work, 1 to 1000.")
  static let cells = Self(
    names: ["--cells"], value: "N",
    summary:
      "How many cells a side of 'provinces' (by default 160) or 'filter' (192) has, 1 to 1000.")
  static let seed = Self(
    names: ["--seed"], value: "N",
    summary: "What the random numbers depend on, from 0 on; default 1.")
  static let schema = Self(
    names: ["--schema"],
    summary: "Prints JSON Schema instead of help: of a pipeline file, or of the stage NAME.")
  static let at = Self(
    names: ["--at"], value: "X,Y",
    summary: "The place in map coordinates: x or longitude first.")
  static let crs = Self(
    names: ["--crs"], value: "CRS",
    summary: "The coordinate system of the place, such as EPSG:4326; default the map's own.")
  static let json = Self(names: ["--json"], summary: "Answers in JSON.")
  static let quiet = Self(names: ["-q", "--quiet"], summary: "Says only what went wrong.")
  static let verbose = Self(
    names: ["-v", "--verbose"], summary: "Also says how things are done.")
  static let help = Self(names: ["-h", "--help"], summary: "Shows this help.")
}
