extension Command {
  /// The help of a command, or of the program.
  public static func helpText(for verb: Verb?) -> String {
    guard let verb else { return overview }
    let options = optionHelp[verb] ?? []
    let lines = options.map { HelpText.entry($0.0, $0.1, indentation: 2) }
    return """
      \(verb.summary)

      Usage
        gossan \(verb.usage)

      Options
      \(lines.joined(separator: "\n"))

      Example
        \(verb.example)

      """
  }

  private static var overview: String {
    let verbs = Verb.allCases.map { HelpText.entry($0.rawValue, $0.summary, indentation: 2) }
    return """
      gossan makes probability and SHAP rasters from stacks of GeoTIFFs.

      Usage
        gossan COMMAND [ARGUMENTS]

      Commands
      \(verbs.joined(separator: "\n"))

      'gossan COMMAND --help' says more; 'gossan --version' says which version it is.

      """
  }

  private static let overrideHelp: [(String, String)] = [
    ("--set NAME=VALUE", "Sets a parameter of the pipeline; may be repeated."),
    (
      "--stage.TAG.OPTION=VALUE",
      "Sets an option of the stage TAG; dots lead into objects and lists: branches.0.width."
    ),
  ]
  private static let verbosityHelp: [(String, String)] = [
    ("-q, --quiet", "Says only what went wrong."),
    ("-v, --verbose", "Also says how things are done."),
  ]

  private static let optionHelp: [Verb: [(String, String)]] = [
    .run: overrideHelp + [
      ("--out DIR", "Puts the outputs into DIR; default out/<pipeline name>."),
      ("--work DIR", "Keeps the chunks in DIR; default .gossan in the folder of the outputs."),
      ("--jobs N", "Works on N chunks at a time; default: the number of cores."),
      (
        "--memory SIZE", "Keeps at most a quarter of SIZE, such as 600M or 2G, of chunks in memory."
      ),
      ("--dry-run", "Shows what a first run would do, and stops."),
      ("--progress STYLE", "Shows progress as auto, bar, plain, json or none; default auto."),
    ] + verbosityHelp,
    .compare: overrideHelp + [
      ("--repeats N", "Divides the samples into folds N times; default 5."),
      ("--seeds N", "Trains with N seeds for each division; default 1."),
      ("--out DIR", "Puts the tables into DIR; default out/<pipeline name>."),
      ("--work DIR", "Keeps the chunks in DIR; default .gossan in the folder of the tables."),
      ("--jobs N", "Works on N chunks at a time; default: the number of cores."),
      (
        "--memory SIZE", "Keeps at most a quarter of SIZE, such as 600M or 2G, of chunks in memory."
      ),
      ("--progress STYLE", "Shows progress as auto, bar, plain, json or none; default auto."),
      ("-q, --quiet", "Says only what went wrong."),
    ],
    .check: overrideHelp + verbosityHelp,
    .stages: [("--schema", "Prints JSON Schema for editors instead of help.")],
    .info: [("--json", "Answers in JSON.")],
    .explain: [
      ("--at X,Y", "The place in map coordinates: x or longitude first."),
      (
        "--crs CRS", "The coordinate system of the place, such as EPSG:4326; default the map's own."
      ),
      ("--json", "Answers in JSON."),
    ],
    .doctor: [("--json", "Answers in JSON.")],
    .synthesize: [("--seed N", "What the random numbers depend on; default 1.")],
  ]
}

extension Command.Verb {
  /// What the command does, in one sentence.
  public var summary: String {
    switch self {
    case .run: "Runs a pipeline; what is stored already is not computed again."
    case .check: "Finds all problems of a pipeline without reading pixels."
    case .compare: "Scores the variants of a pipeline over repeated splits and seeds."
    case .stages: "Lists the stages, or shows the options of one."
    case .info: "Describes a raster, a model or a store."
    case .explain: "Says what a finished map holds at a place, and why."
    case .synthesize: "Makes a scene whose truth is known: belt."
    case .doctor: "Says what of GDAL, PROJ, BLAS, cores and memory is there."
    }
  }

  fileprivate var usage: String {
    switch self {
    case .run: "run PIPELINE [OPTIONS]"
    case .check: "check PIPELINE [OPTIONS]"
    case .compare: "compare PIPELINE [OPTIONS]"
    case .stages: "stages [NAME] [--schema]"
    case .info: "info FILE [--json]"
    case .explain: "explain OUT --at X,Y [--crs CRS] [--json]"
    case .doctor: "doctor [--json]"
    case .synthesize: "synthesize KIND DIR [--seed N]"
    }
  }

  fileprivate var example: String {
    switch self {
    case .run: "gossan run survey.json5 --set data=tiles/north --stage.segments.size=80 --jobs 2"
    case .check: "gossan check survey.json5 --set data=tiles/north"
    case .compare: "gossan compare survey.json5 --repeats 10 --seeds 2"
    case .stages: "gossan stages superpixels"
    case .info: "gossan info out/survey/probability.tif --json"
    case .explain: "gossan explain out/survey --at -120.5,60.2 --crs EPSG:4326"
    case .doctor: "gossan doctor"
    case .synthesize: "gossan synthesize belt scenes/tungsten-belt"
    }
  }
}
