import Pipelines

/// A small catalogue of stages and a pipeline that uses them, for the tests of the grammar.
enum GrammarFixture {
  static let catalog: [StageDefinition] = [
    StageDefinition(
      name: "read-cube", summary: "Reads bands.",
      options: [
        OptionSpec("files", .files, "The rasters.", example: #"["a.tif", "b.tif"]"#),
        OptionSpec("categorical", .bands, default: [], "Bands that are categories."),
        OptionSpec("missing", .choice(["any", "all", "impute"]), default: "any", "Missing bands."),
      ], output: .raster),
    StageDefinition(
      name: "labels", summary: "Reads labelled places.",
      options: [
        OptionSpec("file", .file, "The points."),
        OptionSpec("field", .string, "The field.", example: "\"Cd\""),
        OptionSpec("classes", .map(of: .string), default: .optional, "Names of values."),
      ], output: .samples),
    StageDefinition(
      name: "split", summary: "Divides samples into folds.",
      options: [
        OptionSpec("method", .choice(["blocks", "random"]), default: "blocks", "How."),
        OptionSpec("folds", .integer(2...50), default: 5, "How many."),
      ], inputs: [InputDefinition("samples", [.samples])], output: .folds),
    StageDefinition(
      name: "stack", summary: "Joins bands.",
      inputs: [InputDefinition("cubes", [.raster], isMany: true)], output: .raster),
    StageDefinition(
      name: "standardize", summary: "Scales bands.",
      options: [OptionSpec("bands", .bands, default: .optional, "Which bands.")],
      inputs: [InputDefinition("cube", [.raster])], output: .raster),
    StageDefinition(
      name: "superpixels", summary: "Cuts the map into segments.",
      options: [
        OptionSpec("size", .integer(4...100_000), default: 50, unit: "cells", "Nominal size."),
        OptionSpec("compactness", .number(0.001...1000), default: 0.1, "Shape against colour."),
      ], inputs: [InputDefinition("cube", [.raster])], output: .segments),
    train,
    StageDefinition(
      name: "predict", summary: "Applies a model.",
      options: [OptionSpec("model", .file, default: .optional, "A model file.")],
      inputs: [
        InputDefinition("model", [.model], isRequired: false),
        InputDefinition("cube", [.raster]),
        InputDefinition("segments", [.segments], isRequired: false, source: .named),
      ], output: .raster),
    StageDefinition(
      name: "write", summary: "Writes products.",
      inputs: [InputDefinition("products", [.raster, .segments, .model], isMany: true)],
      output: nil),
    StageDefinition(
      name: "report", summary: "Writes a report.",
      inputs: [
        InputDefinition(
          "products", Set(ProductKind.allCases), isRequired: false, isMany: true,
          source: .everything)
      ], output: nil),
  ]

  private static let train = StageDefinition(
    name: "train", summary: "Fits a model.", details: "First paragraph.\n\nSecond paragraph.",
    options: [
      OptionSpec(
        "branches",
        .list(
          of: .typed([
            "graph": [
              OptionSpec("hops", .integer(1...10), default: 3, "Powers."),
              OptionSpec("width", .integer(1...1024), default: 128, "Width."),
            ],
            "spectral-cnn": [
              OptionSpec("filters", .list(of: .integer(1...512)), default: [20], "Filters."),
              OptionSpec("kernel", .integer(1...99), default: 5, "Taps."),
            ],
          ])), "The branches.", example: #"[{ type: "graph" }]"#),
      OptionSpec(
        "head",
        .typed([
          "softmax": [OptionSpec("hidden", .list(of: .integer(1...512)), default: [], "Hidden.")]
        ]), default: ["type": "softmax"], "The head."),
      OptionSpec(
        "rate", .number(Double.leastNonzeroMagnitude...1), default: 0.001, "The learning rate."),
      OptionSpec("early", .bool, default: true, "Whether to stop early."),
      OptionSpec(
        "epochs", .either(.integer(1...10_000), .choice(["auto"])), default: "auto", "Epochs."),
    ],
    inputs: [
      InputDefinition("cube", [.raster]),
      InputDefinition("segments", [.segments], isRequired: false),
      InputDefinition("samples", [.samples]),
      InputDefinition("*", [.raster], isRequired: false, source: .named),
    ], output: .model)

  static let pipeline = """
    // A pipeline with everything in it.
    {
      name: 'survey',
      parameters: { data: "rasters", size: 64, },
      grid: { crs: "EPSG:2056", resolution: 0x10, extent: [0, 0, 160, +320.] },
      seed: 7,
      stages: [
        { type: "read-cube", tag: "ground", files: ["${data}/a.tif", "${data}/b*.tif"] },
        { type: "standardize", tag: "cube" },
        { type: "superpixels", tag: "segments", size: "${size}" }, /* typed */
        { type: "labels", tag: "ore", file: "${data}/points.gpkg", field: "ore\\
    body", classes: { "0": "no", "1": "yes" } },
        { type: "split" },
        { type: "train", tag: "model", inputs: { cube: "cube", segments: "segments", samples: "ore" },
          branches: [{ type: "graph", hops: 2 }, { type: "spectral-cnn" }] },
        { type: "predict", tag: "probability", inputs: { model: "model", cube: "cube" } },
        { type: "write", inputs: ["probability", "segments", "model"] },
        { type: "report" },
      ],
    }
    """

  static func parse(_ text: String, _ overrides: Overrides = Overrides()) -> (
    document: PipelineDocument, problems: [Problem]
  ) {
    PipelineDocument.parse(text, file: "pipeline.json5", catalog: catalog, overrides: overrides)
  }

  /// The problems of a pipeline whose stages are given, as texts.
  static func problems(ofStages stages: String) -> [String] {
    parse("{ stages: [\n\(stages)\n] }").problems.map(\.description)
  }
}

/// Numbers for tests that try many inputs: the same in every run (SplitMix64).
struct TestNumbers {
  var state: UInt64

  mutating func next(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}
