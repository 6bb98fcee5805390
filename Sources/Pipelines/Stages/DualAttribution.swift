import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Reports

/// Tests whether two causes at once are found: by what a model says, and by where it looks.
enum DualAttribution: Stage {
  static let revision = 3
  static let definition = StageDefinition(
    name: "dual-attribution",
    summary: "Tests whether both causes of samples with two are found.",
    details: """
      Samples with two true classes or labels, which no training needs to have seen, are read in two \
      ways. By answers: the two most probable outputs are the two true ones. By places, for a \
      fusion by attention: the middle of the bands of the token that is attended to most lies in \
      the declared window of a true class, and that of the cells of the window in its region. Beside \
      each share stands what chance would give: any two outputs, and any token. Intervals are \
      Wilson's, of 95 %.
      """,
    options: [
      OptionSpec(
        "windows", .map(of: .list(of: .number(-.infinity ... .infinity))), default: .optional,
        unit: "nm or cm-1", "The range of wavelengths or wavenumbers of each class.",
        example: "{ chemical: [1700, 1760], UV: [3320, 3420] }"),
      OptionSpec(
        "regions", .file, default: .optional,
        "A raster with a band for each class, by its name, that is not 0 where the class shows.",
        example: "\"marks.tif\""),
    ],
    inputs: [
      InputDefinition("model", [.model], "The model, from 'train'."),
      InputDefinition(
        "samples", [.samples], source: .named,
        "The samples as 'labels', named as the model's classes are; those that two hold for count."),
    ],
    output: .figures,
    example: #"""
      { type: "dual-attribution", tag: "both", inputs: { model: "model", samples: "mixtures" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let (model, training) = try request.inspectedModel()
    let samples = try request.samples("samples")
    guard samples.kind == .sigmoid, Set(samples.classes).isSubset(of: model.classes) else {
      throw request.failure(
        "inputs",
        "the samples of '\(samples.tag)' must be labels with names of '\(model.tag)': "
          + model.classes.joined(separator: ", "))
    }
    guard training.segments == nil else {
      throw request.failure(
        "inputs", "'\(model.tag)' reads superpixels, which samples are not given")
    }
    let sights = try DualSights(request, model, training, samples)
    let rows = SampleGatherer(
      cube: training.cube, segments: nil, samples: samples, architecture: model.architecture,
      shift: 0
    ).node(request)
    let bands = training.cube.bands
    let regions = request.options.optionalFilePath("regions").map { [$0] } ?? []
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value,
        identity: request.identity(without: ["regions"]) + model.classes + samples.classes,
        edges: [.all(rows), .all(samples.node), .all(model.node)], usesAllWorkers: true,
        files: { _ in regions }
      ) { context in
        let gathered = try GatheredSamples(
          try SampleSet.stored(try context.value(1)),
          tables: try context.tables(0, context.window), bands: bands,
          windowForms: model.architecture.windows, needsSegments: false)
        let package = try ModelPackage(try context.value(2))
        let figure = try sights.figure(gathered, package, context.grid)
        return .bytes([UInt8](try JSONEncoder.stable.encode([figure])))
      })
    return .figures(
      FiguresProduct(tag: request.tag, title: "Two causes at once: \(model.tag)", node: node))
  }
}
