import Foundation
import RasterFiles
import Rasters
import Reports

/// The files that a pipeline reads, as layers of its project.
struct ProjectInputs {
  /// What is read of a file, and the stage that reads it; nil for that of the grid.
  struct File {
    let source: SourceFacts
    let stage: StageEntry?

    var path: String { source.path }

    /// Whether its points are samples.
    var isOfSamples: Bool { stage?.definition.output == .samples }
  }

  /// The files, those of samples first.
  let files: [File]
  private let document: PipelineDocument
  private let folder: String

  /// Takes what stages told of the files they read, by tag.
  init(
    _ document: PipelineDocument, _ sources: [String: [SourceFacts]], folder: String, grid: Grid
  ) {
    self.document = document
    self.folder = folder
    let read = document.stages.flatMap { stage in
      (sources[stage.tag] ?? []).map { File(source: $0, stage: stage) }
    }
    let like = document.grid?.options.optionalFilePath("like").flatMap { path in
      read.contains { $0.path == path } ? nil : Self.first(of: path, grid)
    }
    files =
      (read.filter(\.isOfSamples) + read.filter { !$0.isOfSamples } + [like].compactMap(\.self))
      .filter { file in
        // Only what lies in the file system can be followed when a project is moved.
        !PipelinePath.isOpaque(file.path)
      }
  }

  /// The first band of a file that gives the grid and that no stage reads.
  private static func first(of path: String, _ grid: Grid) -> File? {
    guard let info = try? RasterInfo(path: path), let band = info.bands.first else { return nil }
    return File(
      source: SourceFacts(
        info, bands: [1], names: [band.name], categories: [band.categories], .nearest, grid: grid),
      stage: nil)
  }

  /// The path of a file as seen from the project.
  func relative(_ path: String) -> String { RelativePath.from(folder, to: path) }

  /// The layers, points of samples apart from whatever else was read, each once.
  ///
  /// None is drawn at first, but the samples where a run wrote none.
  func entries(
    hasSamples: Bool
  ) -> (samples: [QGISProject.Entry], inputs: [QGISProject.Entry]) {
    var samples: [QGISProject.Entry] = []
    var inputs: [QGISProject.Entry] = []
    var seen: Set<String> = []
    for file in files {
      switch file.source.reading {
      case .layer(let read):
        guard seen.insert("\(file.path)|\(read.layer.name)").inserted,
          var layer = vector(file, read)
        else { continue }
        if file.isOfSamples {
          layer.isVisible = !hasSamples && samples.isEmpty
          samples.append(.layer(layer))
        } else {
          inputs.append(.layer(layer))
        }
      case .bands(let bands):
        let new = bands.filter { seen.insert("\(file.path)|\($0.number)").inserted }
        inputs += rasters(file, new).map(QGISProject.Entry.layer)
      }
    }
    return (samples, inputs)
  }

  private func layer(
    _ file: File, name: String, source: String, _ content: QGISProject.Layer.Content
  ) -> QGISProject.Layer {
    let stage = file.stage
    let told = stage.map { $0.notes(of: document) } ?? ["The grid of the pipeline."]
    return QGISProject.Layer(
      name: name, source: source, content: content,
      abstract: "Read by the pipeline '\(document.name)'.",
      notes: [
        "\(relative(file.path)), as seen from this project. It is not part of the outputs."
      ] + (stage == nil ? told : ["Read by the stage '\(stage?.tag ?? "")': \(told[0])"]))
  }

  // MARK: Rasters

  /// The first band of values, and every band of categories.
  private func rasters(_ file: File, _ bands: [SourceFacts.ReadBand]) -> [QGISProject.Layer] {
    guard !bands.isEmpty, let info = try? RasterInfo(path: file.path) else { return [] }
    let reference = info.grid.map { QGISProject.Reference(crs: $0.crs) }
    let title = PipelinePath.title(of: file.path)
    let shown =
      bands.filter(\.categories.isEmpty).prefix(1) + bands.filter { !$0.categories.isEmpty }
    return shown.filter { $0.number <= info.bands.count }.map { band in
      let isNamed = info.bands.count > 1 && !band.name.isEmpty
      // A band without a description is named by its file.
      let name = band.name.hasPrefix(title) ? band.name : "\(title): \(band.name)"
      var layer = layer(
        file, name: isNamed ? name : title, source: relative(file.path), .raster)
      layer.reference = reference
      layer.style = try? QMLDocument(style(info, band).xml)
      return layer
    }
  }

  private func style(_ info: RasterInfo, _ band: SourceFacts.ReadBand) -> QMLStyle {
    guard band.categories.isEmpty else {
      let sorted = band.categories.sorted { $0.key < $1.key }
      return .classes(
        sorted.enumerated().map { index, category in
          QMLStyle.Entry(
            value: category.key, label: category.value, color: Palette.category(index))
        }, band: band.number)
    }
    return .input(
      try? info.look(ofBand: band.number), unit: info.bands[band.number - 1].unit,
      band: band.number)
  }

  // MARK: Vectors

  private func vector(_ file: File, _ read: SourceFacts.ReadLayer) -> QGISProject.Layer? {
    // QGIS opens compressed tables by another name.
    guard !file.path.hasSuffix(".gz") else { return nil }
    var source = relative(file.path)
    var content = QGISProject.Layer.Content(read.layer.geometry)
    var crs = read.layer.crs
    if content == .table {
      guard let columns = read.columns else { return nil }
      source += "|option:X_POSSIBLE_NAMES=\(columns.x)|option:Y_POSSIBLE_NAMES=\(columns.y)"
      content = .points
      crs = columns.crs
    } else if read.hasName {
      source += "|layername=\(read.layer.name)"
    }
    let title = PipelinePath.title(of: file.path)
    var layer = layer(
      file, name: read.isOnly ? title : "\(title): \(read.layer.name)", source: source, content)
    layer.reference = crs.isEmpty ? nil : QGISProject.Reference(crs: crs)
    layer.style = try? QMLDocument(style(read, content).xml)
    return layer
  }

  /// Labelled points by the classes that their stage names, everything else in one colour.
  private func style(
    _ read: SourceFacts.ReadLayer, _ content: QGISProject.Layer.Content
  ) -> VectorStyle {
    guard content == .points, let classes = read.classes else { return .plain(content) }
    return .points(by: classes.field, classes: classes.codes, labels: classes.names)
  }
}
