/// Writes products into the output folder.
enum Write: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "write",
    summary: "Writes products as files that open styled and named in QGIS.",
    details: """
      Rasters and segments become Cloud Optimized GeoTIFFs '<tag>.tif', or what 'format' says, with a \
      style '<tag>.qml'; \
      segments also a GeoPackage '<tag>.gpkg' of points and lines with their shape, mean bands and \
      neighbours; samples and folds a GeoPackage '<tag>.gpkg' of points with their class or values, \
      weight and fold; targets a GeoPackage '<tag>.gpkg' of \
      polygons and ranked points, and the points as '<tag>.geojson' and '<tag>.csv'; models '<tag>.safetensors', scores '<tag>.csv', the numbers of figures \
      '<tag>-<figure>.csv'. Every file is written under a private name, checked, synced and renamed, the style before its raster: a reader never sees a \
      part, and a failure leaves the files of an earlier run as they were.
      """,
    options: [
      OptionSpec(
        "nodata", .either(.number(-.infinity ... .infinity), .choice(["nan"])), default: -9999,
        "What stands for missing cells of real values; \"nan\" for not-a-number.",
        example: "\"nan\"")
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
    return .outputs(
      OutputTask(
        kind: .write, tag: request.tag, products: products,
        nodata: request.options.optionalDouble("nodata") ?? .nan, form: form))
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
    case .raster(let raster): raster.family.map { $0.tag + form.ending }
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
