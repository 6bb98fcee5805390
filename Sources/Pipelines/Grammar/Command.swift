/// What the command line asks for.
public enum Command: Sendable, Hashable {
  /// Runs a pipeline.
  case run(Run)
  /// Finds all problems of a pipeline without reading pixels.
  case check(Check)
  /// Runs the variants of a pipeline and compares their scores.
  case compare(Compare)
  /// Shows the stages and their options.
  case stages(Stages)
  /// Describes a file.
  case info(Info)
  /// Asks a finished map for a place.
  case explain(Explain)
  /// Renews a fit that is kept.
  case refit(Refit)
  /// Prints a script that runs a pipeline on a cluster.
  case slurm(Slurm)
  /// Keeps house in a store.
  case store(Store)
  /// Says what of the system is there and what is missing.
  case doctor(Doctor)
  /// Makes a scene whose truth is known.
  case synthesize(Synthesize)
  /// Prints a script that completes words in a shell.
  case completions(Shell)
  /// Shows the help of a command, or of the program.
  case help(Verb?)
  /// Names no command: the help is shown as what was expected.
  case missing
  /// Shows the version.
  case version

  /// The words for commands.
  public enum Verb: String, Sendable, Hashable, CaseIterable {
    /// Runs a pipeline.
    case run
    /// Checks a pipeline.
    case check
    /// Compares variants of a pipeline.
    case compare
    /// Lists stages.
    case stages
    /// Describes a file.
    case info
    /// Asks a finished map for a place.
    case explain
    /// Renews a kept fit.
    case refit
    /// Prints a script for a cluster.
    case slurm
    /// Keeps house in a store.
    case store
    /// Looks at the system.
    case doctor
    /// Makes a scene whose truth is known.
    case synthesize
    /// Prints a script for a shell.
    case completions
  }

  /// The shells whose words can be completed.
  public enum Shell: String, Sendable, Hashable, CaseIterable {
    /// The Bourne-again shell.
    case bash
    /// The Z shell.
    case zsh
    /// The friendly interactive shell.
    case fish
  }

  /// The arguments of `gossan run`.
  public struct Run: Sendable, Hashable {
    /// The pipeline file.
    public var pipeline: String
    /// Changes of parameters and options.
    public var overrides = Overrides()
    /// The folder of the outputs, or nil for `out/<pipeline name>`.
    public var output: String?
    /// The folder of the store, or nil for the one inside the outputs.
    public var work: String?
    /// The number of workers, or nil for one per core.
    public var jobs: Int?
    /// The bytes of memory that a run may take, or nil for no limit.
    public var memory: Int?
    /// A pattern of tiles, each of which is given outputs of its own as the parameter `tile`.
    public var tiles: String?
    /// The share of the work that is done, where several processes fill one store.
    public var shard: Shard?
    /// Whether only the plan is shown.
    public var isDryRun = false
    /// How progress is shown.
    public var progress = ProgressStyle.auto
    /// How much is said.
    public var verbosity = Verbosity.normal

    /// Runs a pipeline file with everything else by default.
    public init(pipeline: String) { self.pipeline = pipeline }
  }

  /// The arguments of `gossan compare`.
  public struct Compare: Sendable, Hashable {
    /// The arguments that it shares with `gossan run`.
    public var run: Run
    /// How often samples are divided into folds.
    public var repeats = 5
    /// How many seeds models are trained with, for each division.
    public var seeds = 1

    /// Compares the variants of a pipeline file with everything else by default.
    public init(pipeline: String) { run = Run(pipeline: pipeline) }
  }

  /// The arguments of `gossan check`.
  public struct Check: Sendable, Hashable {
    /// The pipeline file.
    public var pipeline: String
    /// Changes of parameters and options.
    public var overrides = Overrides()
    /// How much is said.
    public var verbosity = Verbosity.normal

    /// Checks a pipeline file.
    public init(pipeline: String) { self.pipeline = pipeline }
  }

  /// The arguments of `gossan stages`.
  public struct Stages: Sendable, Hashable {
    /// The stage to describe, or nil for all.
    public var name: String?
    /// Whether JSON Schema is wanted instead of help.
    public var isSchema = false

    /// Shows one stage, or all.
    public init(name: String? = nil) { self.name = name }
  }

  /// The arguments of `gossan info`.
  public struct Info: Sendable, Hashable {
    /// The raster, model or store.
    public var file: String
    /// Whether the answer is JSON.
    public var isJSON = false

    /// Describes a file.
    public init(file: String) { self.file = file }
  }

  /// The arguments of `gossan refit`.
  public struct Refit: Sendable, Hashable {
    /// The arguments that it shares with `gossan run`.
    public var run: Run
    /// The tag of the stage.
    public var tag: String

    /// Renews the fits of a stage.
    public init(_ run: Run, tag: String) {
      self.run = run
      self.tag = tag
    }
  }

  /// The arguments of `gossan slurm`.
  public struct Slurm: Sendable, Hashable {
    /// The arguments of the runs.
    public var run: Run
    /// How many tasks share the work.
    public var shards: Int

    /// Spreads a run over some tasks.
    public init(_ run: Run, shards: Int) {
      self.run = run
      self.shards = shards
    }
  }

  /// The arguments of `gossan explain`.
  public struct Explain: Sendable, Hashable {
    /// The folder of the outputs.
    public var folder: String
    /// The place, x or longitude.
    public var x: Double
    /// The place, y or latitude.
    public var y: Double
    /// The coordinate system of the place, or nil for that of the outputs.
    public var crs: String?
    /// Whether the answer is JSON.
    public var isJSON = false

    /// Asks for a place.
    public init(folder: String, x: Double, y: Double) {
      self.folder = folder
      self.x = x
      self.y = y
    }
  }

  /// The arguments of `gossan store`.
  public struct Store: Sendable, Hashable {
    /// What is done with a store.
    public enum Task: String, Sendable, Hashable, CaseIterable {
      /// Tells what it holds, by pipeline.
      case list
      /// Compares everything with its checksums.
      case verify
      /// Removes what is not wanted any more.
      case prune
    }

    /// What is done.
    public var task: Task
    /// The folder of the store.
    public var folder: String
    /// Whether the answer is JSON.
    public var isJSON = false
    /// Whether damaged files are removed.
    public var removesDamaged = false
    /// The seconds after whose passing without use a record is removed.
    public var age: Int?
    /// The bytes to which the store is brought down.
    public var bytes: Int?
    /// The pipeline whose records are removed.
    public var pipeline: String?
    /// Whether it is only told what would be removed.
    public var isDryRun = false
    /// Whether only what went wrong is said.
    public var isQuiet = false

    /// Keeps house in a folder.
    public init(_ task: Task, folder: String) {
      self.task = task
      self.folder = folder
    }
  }

  /// The arguments of `gossan doctor`.
  public struct Doctor: Sendable, Hashable {
    /// Whether the answer is JSON.
    public var isJSON = false

    /// Looks at the system.
    public init() {}
  }

  /// The arguments of `gossan synthesize`.
  public struct Synthesize: Sendable, Hashable {
    /// What is made.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
      /// A mineral belt: evidential layers, deposits, and what decided where they are.
      case belt
      /// Two provinces with polluted soil, one with many samples and one with few.
      case provinces
      /// A filter with aged plastic particles: a photograph and a coarser map of spectra.
      case filter
    }

    /// What is made.
    public var kind: Kind
    /// The folder of the files.
    public var folder: String
    /// What the random numbers depend on.
    public var seed = 1
    /// The cells of the side of a province or filter; nil for the usual number.
    public var cells: Int?

    /// Makes a scene in a folder.
    public init(kind: Kind, folder: String) {
      self.kind = kind
      self.folder = folder
    }
  }

  /// How progress is shown.
  public enum ProgressStyle: String, Sendable, Hashable, CaseIterable {
    /// A bar on a terminal, plain lines elsewhere.
    case auto
    /// A bar that is drawn over itself.
    case bar
    /// A line now and then.
    case plain
    /// One event a line, as JSON.
    case json
    /// Nothing.
    case none
  }

  /// How much is said.
  public enum Verbosity: Int, Sendable, Hashable {
    /// Only what went wrong.
    case quiet
    /// What was done.
    case normal
    /// Also how it was done.
    case verbose
  }
}

/// A command line that makes no sense: one sentence, exit status 2.
public struct UsageError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The exit status of a process with a wrong command line or an invalid pipeline.
  public static let exitStatus: Int32 = 2

  /// What is wrong and what was expected.
  public var description: String
}
