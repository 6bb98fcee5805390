import Foundation
import RasterFiles
import Rasters
import Reports

/// The layers that a run wrote, in the groups of its project.
struct ProjectLayers {
  /// Samples, folds and the points of targets.
  private(set) var samples: [QGISProject.Entry] = []
  /// Targets, probabilities, classes and whatever else was made.
  private(set) var results: [QGISProject.Entry] = []
  /// Attributions, by explained class where there are several.
  private(set) var explanations: [QGISProject.Entry] = []

  /// Of more features a list of layers is none that anybody reads.
  static let mostFeatures = 12

  private let executor: Executor
  private let document: PipelineDocument
  /// The stage that made what is written under a tag.
  private let stages: [String: StageEntry]

  init(
    _ products: [(tag: String, product: Product)], _ document: PipelineDocument,
    _ executor: Executor, _ result: OutputWriter.Result
  ) throws {
    self.executor = executor
    self.document = document
    var stages: [String: StageEntry] = [:]
    for (tag, product) in products {
      for name in product.writtenTags { stages[name] = document.stage(tag) }
    }
    self.stages = stages
    let others = try addVectors(result.vectors)
    let order = result.layers.enumerated().sorted {
      (Self.rank($0.element), $0.offset) < (Self.rank($1.element), $1.offset)
    }
    var attributions: [OutputWriter.Layer] = []
    // What lies on top is drawn; what it would hide is not.
    var isFirst = true
    for (_, layer) in order {
      if layer.isAttribution {
        attributions.append(layer)
      } else {
        results.append(try entry(of: layer, isVisible: isFirst))
        isFirst = false
      }
    }
    results += try chips(result.chips) + others
    explanations = try explanations(attributions)
  }

  // MARK: Vectors

  /// Adds samples and targets; returns the layers that come after all rasters.
  private mutating func addVectors(
    _ vectors: [OutputWriter.VectorFile]
  ) throws -> [QGISProject.Entry] {
    var others: [QGISProject.Entry] = []
    var hasSamples = false
    for vector in vectors {
      for layer in try vector.layers() {
        let content = QGISProject.Layer.Content(layer.geometry)
        var made = self.layer(
          vector.product.tag,
          name: layer.name == vector.product.tag
            ? layer.name : "\(vector.product.tag): \(layer.name)",
          source: "./\(PipelinePath.name(of: vector.path))|layername=\(layer.name)", content)
        made.style = try? QMLDocument(layer.style)
        switch vector.product {
        case .samples, .folds:
          made.isVisible = !hasSamples
          hasSamples = true
          samples.append(.layer(made))
        case .targets:
          made.isVisible = true
          if content == .points {
            samples.insert(.layer(made), at: 0)
          } else {
            results.append(.layer(made))
          }
        default: others.append(.layer(made))
        }
      }
    }
    return others
  }

  // MARK: Rasters

  /// What comes first among the results.
  private static func rank(_ layer: OutputWriter.Layer) -> Int {
    guard case .raster(let raster) = layer.product else { return 6 }
    switch raster.presentation {
    case .probability: return 0
    case .continuous: return raster.model == nil ? 4 : 0
    case .named: return 1
    case .deviation: return 2
    case .entropy: return 3
    case .flags: return 7
    case .attribution: return 8
    }
  }

  /// A raster as a layer; probabilities of several classes as a group with a layer each.
  private func entry(
    of layer: OutputWriter.Layer, isVisible: Bool
  ) throws -> QGISProject.Entry {
    let tag = layer.product.tag
    let isOwn = layer.styles.files[tag] != nil
    if !isOwn, let group = try intervals(layer, isVisible: isVisible) { return group }
    guard case .raster(let raster) = layer.product, case .probability = raster.presentation,
      raster.bands.count > 2, !isOwn
    else {
      let shown = layer.showsLastOfTwo ? layer.bands.last : layer.bands.first
      var made = self.layer(
        tag, name: layer.bands.count > 1 && !isOwn ? "\(tag): \(shown?.name ?? "")" : tag,
        source: source(layer, band: layer.showsLastOfTwo ? 1 : 0), .raster)
      made.style = try style(beside: layer)
      made.isVisible = isVisible
      return .layer(made)
    }
    let layers = try raster.bands.enumerated().map { index, band in
      var made = self.layer(
        tag, name: "\(tag): \(band.name)", source: source(layer, band: index), .raster)
      made.style = try QMLDocument(
        layer.styles.probability(band: layer.form.styled(band: index + 1)).xml)
      made.isVisible = index == 0
      return QGISProject.Entry.layer(made)
    }
    return .group(name: tag, isVisible: isVisible, layers)
  }

  /// Values with their limits as a group with a layer each; nil of other rasters.
  private func intervals(
    _ layer: OutputWriter.Layer, isVisible: Bool
  ) throws -> QGISProject.Entry? {
    let styles = layer.bands.indices.compactMap { layer.intervalStyle(band: $0) }
    guard !styles.isEmpty, styles.count == layer.bands.count else { return nil }
    let tag = layer.product.tag
    let layers = try layer.bands.enumerated().map { index, band in
      var made = self.layer(
        tag, name: "\(tag): \(band.name)", source: source(layer, band: index), .raster)
      made.style = try QMLDocument(styles[index].xml)
      made.isVisible = index == 0
      return QGISProject.Entry.layer(made)
    }
    return .group(name: tag, isVisible: isVisible, layers)
  }

  /// The windows of samples, a group for each raster that they belong to.
  private func chips(_ files: [ChipFile]) throws -> [QGISProject.Entry] {
    var tags: [String] = []
    for file in files where !tags.contains(file.tag) { tags.append(file.tag) }
    return try tags.map { tag in
      let layers = try files.filter { $0.tag == tag }.map { file in
        var made = layer(
          tag, name: file.title, source: source(file.path, [file.band], file.form), .raster)
        made.style = try QMLDocument(file.style.xml)
        made.isVisible = true
        return QGISProject.Entry.layer(made)
      }
      return .group(name: "\(tag): windows of samples", isVisible: false, layers)
    }
  }

  // MARK: Attributions

  private func explanations(_ layers: [OutputWriter.Layer]) throws -> [QGISProject.Entry] {
    let parts = try layers.map { ($0, try features(of: $0)) }
    guard parts.count > 1 else { return parts.first?.1 ?? [] }
    let classes = parts.map { Self.className($0.0) }
    return parts.enumerated().map { index, part in
      let isAlone = classes.count { $0 == classes[index] } == 1
      return .group(
        name: isAlone ? classes[index] : "\(part.0.product.tag): \(classes[index])",
        isVisible: index == 0, part.1)
    }
  }

  private static func className(_ layer: OutputWriter.Layer) -> String {
    guard case .raster(let raster) = layer.product,
      case .attribution(let attribution) = raster.presentation
    else { return layer.product.tag }
    return attribution.className
  }

  /// A layer for each of the features that move the map most, the strongest first and drawn.
  private func features(of layer: OutputWriter.Layer) throws -> [QGISProject.Entry] {
    guard case .raster(let raster) = layer.product,
      case .attribution(let attribution) = raster.presentation
    else { return [] }
    let tag = raster.tag
    guard layer.styles.files[tag] == nil else {
      var made = self.layer(tag, name: tag, source: source(layer), .raster)
      made.style = try style(beside: layer)
      made.isVisible = true
      return [.layer(made)]
    }
    let strengths = try executor.strengths(attribution)
    return try strengths.order.prefix(Self.mostFeatures).enumerated().map { place, band in
      var made = self.layer(
        tag, name: "SHAP of \(raster.bands[band].name)", source: source(layer, band: band),
        .raster)
      made.style = try QMLDocument(
        QMLStyle.attribution(
          limit: strengths.limit, isClipped: strengths.isClipped,
          band: layer.form.styled(band: band + 1)
        ).xml)
      made.isVisible = place == 0
      let mean = NumberText.short(strengths.means[band], significant: 3)
      made.notes.insert(
        "What '\(raster.bands[band].name)' adds to the \(attribution.output) of "
          + "'\(attribution.className)': feature \(place + 1) of \(strengths.means.count) by mean "
          + "|SHAP|, \(mean). All features of a file have one scale.", at: 0)
      return .layer(made)
    }
  }

  // MARK: Parts

  /// A layer with what is known of the stage that made it.
  private func layer(
    _ tag: String, name: String, source: String, _ content: QGISProject.Layer.Content
  ) -> QGISProject.Layer {
    var layer = QGISProject.Layer(name: name, source: source, content: content)
    guard let stage = stages[tag] else { return layer }
    layer.abstract = stage.definition.summary
    layer.notes = stage.notes(of: document)
    return layer
  }

  /// The style file that lies beside a raster.
  private func style(beside layer: OutputWriter.Layer) throws -> QMLDocument? {
    let path = layer.stylePath
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    do { return try QMLDocument(bytes: [UInt8](data)) } catch {
      throw ExecutionError.data("\(path): \(error)")
    }
  }

  /// What QGIS opens to show a band, counted from 0: the file, or of netCDF the variable.
  private func source(_ layer: OutputWriter.Layer, band: Int = 0) -> String {
    source(layer.path, layer.bands.map(\.name), layer.form, band: band)
  }

  private func source(
    _ path: String, _ bands: [String], _ form: RasterForm, band: Int = 0
  ) -> String {
    let file = "./\(PipelinePath.name(of: path))"
    guard form.word == .netcdf else { return file }
    return "NETCDF:\"\(file)\":\(RasterOutput.variableNames(of: bands)[band])"
  }
}

extension StageEntry {
  /// What a reader of its product must know, a paragraph each.
  func notes(of document: PipelineDocument) -> [String] {
    ["\(definition.summary)"]
      + definition.details.split(separator: "\n\n").map {
        $0.split(separator: "\n").joined(separator: " ")
      } + [
        "Stage '\(tag)' (\(type)) of the pipeline '\(document.name)', options "
          + "\(options.canonicalJSON)"
      ]
  }
}

extension OutputWriter.Layer {
  /// Whether the style shows the second of two bands, the class that is looked for.
  fileprivate var showsLastOfTwo: Bool {
    guard bands.count == 2, case .raster(let raster) = product else { return false }
    switch raster.presentation {
    case .probability, .deviation: return true
    default: return false
    }
  }

  fileprivate var isAttribution: Bool {
    guard case .raster(let raster) = product, case .attribution = raster.presentation else {
      return false
    }
    return true
  }
}

extension Product {
  /// The tags under which `write` writes the product.
  fileprivate var writtenTags: [String] {
    switch self {
    case .raster(let raster): raster.family.map(\.tag)
    case .segments(let segments): segments.family.map(\.tag)
    default: [tag]
    }
  }
}

extension QGISProject.Layer.Content {
  init(_ geometry: VectorInfo.Geometry) {
    self =
      switch geometry {
      case .points: .points
      case .lines: .lines
      case .polygons: .polygons
      case .mixed, .none: .table
      }
  }
}
