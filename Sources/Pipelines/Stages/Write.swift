import Reports

/// Writes products into the output folder.
enum Write: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "write",
    summary: "Writes products as files that open styled and named in QGIS.",
    details: """
      Rasters and segments become Cloud Optimized GeoTIFFs '<tag>.tif', or what 'format' says, with a \
      style '<tag>.qml', those of named classes also '<tag>.tif.aux.xml' with the names; \
      segments also a GeoPackage '<tag>.gpkg' of points and lines with their shape, mean bands and \
      neighbours; samples and folds a GeoPackage '<tag>.gpkg' of points with their class or values, \
      weight and fold; targets a GeoPackage '<tag>.gpkg' of \
      polygons and ranked points, and the points as '<tag>.geojson' and '<tag>.csv'; models '<tag>.safetensors', scores '<tag>.csv', the numbers of figures \
      '<tag>-<figure>.csv', what 'novelty' found at samples '<tag>-fit.json'. Every file is written under a private name, checked, synced and renamed, the style before its raster: a reader never sees a \
      part, and a failure leaves the files of an earlier run as they were.

      '<pipeline name>.qgz' is a project of QGIS with all layers that are written and the files that \
      were read, in groups, with styles and notes. Once it has been saved by somebody it is theirs and \
      stays as it is.
      """,
    options: [
      OptionSpec(
        "nodata", .either(.number(-.infinity ... .infinity), .choice(["nan"])), default: -9999,
        "What stands for missing cells of real values; \"nan\" for not-a-number.",
        example: "\"nan\""),
      OptionSpec(
        "classes", .list(of: .number(0...1)), default: .optional,
        "Where classes of probability begin, ascending; by default probabilities have a ramp.",
        example: "[0.25, 0.5, 0.75]"),
      OptionSpec(
        "style", .map(of: .file), default: .optional,
        "Style files of your own (QML) by the names of rasters, instead of those that are made.",
        example: "{ probability: \"house-style.qml\" }"),
    ] + RasterForm.options,
    inputs: [
      InputDefinition(
        "products", [.raster, .segments, .samples, .folds, .model, .scores, .figures, .targets],
        isMany: true,
        "What to write.")
    ],
    output: nil,
    example: #"""
      { type: "write", inputs: ["probability", "shap", "model", "scores"] }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let products = OutputTask.named(request, "products")
    let form = try RasterForm(request)
    var taken: Set<String> = []
    for name in products.flatMap({ $0.product.fileNames(form) }) where !taken.insert(name).inserted
    {
      throw request.failure("inputs", "two outputs would have the name '\(name)'; change a tag")
    }
    // Which samples have a window of their own is known when they are made.
    for case .raster(let raster) in products.map(\.product) where raster.chips != nil {
      if let name = taken.sorted().first(where: { $0.hasPrefix("\(raster.tag)-chip-") }) {
        throw request.failure(
          "inputs", "'\(name)' has a name as windows of '\(raster.tag)' have; change a tag")
      }
    }
    return .outputs(
      OutputTask(
        kind: .write, tag: request.tag, products: products,
        nodata: request.options.optionalDouble("nodata") ?? .nan, form: form,
        styles: try styles(request, products.map(\.product))))
  }

  /// How the user wants rasters drawn.
  private static func styles(
    _ request: PlanRequest, _ products: [Product]
  ) throws -> RasterStyles {
    let thresholds = request.options.doubles("classes")
    let inner = thresholds.allSatisfy { $0 > 0 && $0 < 1 }
    guard inner, zip(thresholds, thresholds.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw request.failure("classes", "must be different numbers between 0 and 1, ascending")
    }
    let rasters = products.flatMap(\.rasterTags)
    var styles = RasterStyles(thresholds: thresholds)
    for (tag, value) in request.options.map("style") {
      guard rasters.contains(tag) else {
        throw PlanFailure(
          key: "style",
          message: "no raster '\(tag)' is written"
            + Suggestion.phrase(tag, among: rasters), place: value.place)
      }
      let path = PipelinePath.resolve(value.string ?? "", relativeTo: request.options.file)
      styles.files[tag] = path
      do {
        // A file that is not there is a problem of its own.
        if let bytes = try? styles.own(tag) { _ = try QMLDocument(bytes: bytes) }
      } catch {
        throw PlanFailure(
          key: "style.\(tag)", message: "'\(path)' is no style of QGIS: \(error)",
          place: value.place)
      }
    }
    return styles
  }
}

/// Writes a page that tells what was made, how good it is and what it looks like.
enum Report: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "report",
    summary: "Writes a page with the run's facts, its scores and a picture of each layer.",
    details: """
      'report.html' holds everything it shows and loads nothing from elsewhere. Pictures are those \
      of the layers that the pipeline writes.
      """,
    inputs: [
      InputDefinition(
        "products", [.raster, .segments, .samples, .folds, .model, .scores, .figures, .targets],
        isMany: true,
        source: .everything, "What to report; by default every product.")
    ],
    output: nil,
    example: #"""
      { type: "report" }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    .outputs(
      OutputTask(
        kind: .report, tag: request.tag, products: OutputTask.named(request, "products"),
        nodata: .nan))
  }
}

extension OutputTask {
  /// The products of an input with the names of their outputs.
  static func named(_ request: PlanRequest, _ role: String) -> [(tag: String, product: Product)] {
    (request.inputs[role] ?? []).map { ($0.tag, $0) }
  }
}

extension Product {
  /// The names of the files that `write` makes of the product, without styles.
  func fileNames(_ form: RasterForm) -> [String] {
    switch self {
    case .raster(let raster):
      raster.family.map { $0.tag + form.ending }
        + (raster.novelty?.fit == nil ? [] : ["\(raster.tag)-fit.json"])
    case .segments(let segments):
      segments.family.flatMap { [$0.tag + form.ending, $0.tag + ".gpkg"] }
    case .model(let model): [model.tag + ".safetensors"]
    case .scores(let scores):
      [scores.tag + ".csv"] + (scores.rates == nil ? [] : [scores.tag + "-places.csv"])
    case .samples(let samples): [samples.tag + ".gpkg"]
    case .folds(let folds): [folds.tag + ".gpkg"]
    case .targets(let targets): [".gpkg", ".geojson", ".csv"].map { targets.tag + $0 }
    case .figures, .outputs: []
    }
  }

  /// The names of the rasters that `write` makes of the product.
  fileprivate var rasterTags: [String] {
    switch self {
    case .raster(let raster): raster.family.map(\.tag)
    case .segments(let segments): segments.family.map(\.tag)
    case .model, .scores, .samples, .folds, .targets, .figures, .outputs: []
    }
  }

  /// The tag that the product's files are named after.
  var tag: String {
    switch self {
    case .raster(let raster): raster.tag
    case .segments(let segments): segments.tag
    case .samples(let samples): samples.tag
    case .folds(let folds): folds.tag
    case .model(let model): model.tag
    case .scores(let scores): scores.tag
    case .figures(let figures): figures.tag
    case .targets(let targets): targets.tag
    case .outputs(let task): task.tag
    }
  }
}
