import Foundation
import RasterFiles
import Rasters
import Reports

/// The files that a pipeline reads, as layers of its project.
struct ProjectInputs {
  /// A file and the stage that reads it; nil for that of the grid.
  struct File {
    let path: String
    let stage: StageEntry?
  }

  /// The files, each once, those of samples first.
  let files: [File]
  private let document: PipelineDocument
  private let folder: String
  private let grid: Grid

  /// The stages whose points are samples.
  private static let sampleStages: Set<String> = ["labels", "background"]

  init(_ document: PipelineDocument, folder: String, grid: Grid) {
    self.document = document
    self.folder = folder
    self.grid = grid
    let (first, others) = (
      document.stages.filter { Self.sampleStages.contains($0.type) },
      document.stages.filter { !Self.sampleStages.contains($0.type) }
    )
    let read = (first + others).flatMap { stage in
      stage.inputFiles.map { File(path: $0, stage: stage) }
    }
    let like = document.grid?.options.optionalFilePath("like")
    var seen: Set<String> = []
    files = (read + (like.map { [File(path: $0, stage: nil)] } ?? [])).filter { file in
      // Only what lies in the file system can be followed when a project is moved.
      !PipelinePath.isOpaque(file.path)
        && seen.insert("\(file.path)|\(file.stage?.layerName ?? "")").inserted
        && !(file.stage == nil && read.contains { $0.path == file.path })
    }
  }

  /// The path of a file as seen from the project.
  func relative(_ path: String) -> String { RelativePath.from(folder, to: path) }

  /// The layers, points of samples apart from whatever else was read.
  ///
  /// None is drawn at first, but the samples where a run wrote none.
  func entries(
    hasSamples: Bool
  ) -> (samples: [QGISProject.Entry], inputs: [QGISProject.Entry]) {
    var samples: [QGISProject.Entry] = []
    var inputs: [QGISProject.Entry] = []
    for file in files {
      if let vector = vector(file) {
        if file.stage.map({ Self.sampleStages.contains($0.type) }) ?? false {
          var shown = vector
          shown.isVisible = !hasSamples && samples.isEmpty
          samples.append(.layer(shown))
        } else {
          inputs.append(.layer(vector))
        }
      } else {
        inputs += rasters(file).map(QGISProject.Entry.layer)
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
  private func rasters(_ file: File) -> [QGISProject.Layer] {
    guard let info = try? RasterInfo(path: file.path), !info.bands.isEmpty else { return [] }
    let reference = info.grid.map { QGISProject.Reference(crs: $0.crs) }
    let shown = file.stage?.shownBands(of: info) ?? [(1, [:])]
    return shown.map { number, categories in
      let band = info.bands[number - 1]
      let title = file.path.fileTitle
      var layer = layer(
        file, name: info.bands.count > 1 && !band.name.isEmpty ? "\(title): \(band.name)" : title,
        source: relative(file.path), .raster)
      layer.reference = reference
      layer.style = try? QMLDocument(style(info, number, categories).xml)
      return layer
    }
  }

  private func style(
    _ info: RasterInfo, _ number: Int, _ categories: [Int: String]
  ) -> QMLStyle {
    guard categories.isEmpty else {
      let sorted = categories.sorted { $0.key < $1.key }
      return .classes(
        sorted.enumerated().map { index, category in
          QMLStyle.Entry(
            value: category.key, label: category.value, color: Palette.category(index))
        }, band: number)
    }
    return .input(try? info.look(ofBand: number), unit: info.bands[number - 1].unit, band: number)
  }

  // MARK: Vectors

  private func vector(_ file: File) -> QGISProject.Layer? {
    guard let info = try? VectorInfo(path: file.path), !file.path.hasSuffix(".gz") else {
      return nil
    }
    let own = info.layers.filter { $0.name != "layer_styles" }
    guard let found = own.first(where: { $0.name == file.stage?.layerName }) ?? own.first else {
      return nil
    }
    var source = relative(file.path)
    var content = QGISProject.Layer.Content(found.geometry)
    var crs = found.crs
    if content == .table {
      guard let columns = coordinates(file, found) else { return nil }
      source += "|option:X_POSSIBLE_NAMES=\(columns.x)|option:Y_POSSIBLE_NAMES=\(columns.y)"
      content = .points
      crs = columns.crs
    } else if own.count > 1 || info.driver != "CSV" {
      source += "|layername=\(found.name)"
    }
    var layer = layer(
      file, name: own.count > 1 ? "\(file.path.fileTitle): \(found.name)" : file.path.fileTitle,
      source: source, content)
    layer.reference = crs.isEmpty ? nil : QGISProject.Reference(crs: crs)
    layer.style = try? QMLDocument(style(file, content).xml)
    return layer
  }

  /// Labelled points by the classes that their stage names, everything else in one colour.
  private func style(_ file: File, _ content: QGISProject.Layer.Content) -> VectorStyle {
    guard content == .points, let stage = file.stage, stage.type == Labels.definition.name,
      let field = stage.options.optionalString("field")
    else { return .plain(content) }
    let classes = stage.options.stringMap("classes")
    return classes.isEmpty
      ? .plain(content)
      : .points(by: field, classes: classes.map(\.key), labels: classes.map(\.value))
  }

  /// Where a table has coordinates, and in which system; nil where they are none of the map.
  private func coordinates(
    _ file: File, _ layer: VectorInfo.Layer
  ) -> (x: String, y: String, crs: String)? {
    guard let options = file.stage?.options else { return nil }
    func option(_ name: String) -> String? {
      options.specs.contains { $0.name == name } ? options.optionalString(name) : nil
    }
    guard option("coordinates") != "cells" else { return nil }
    let crs = option("crs").flatMap { try? CRS.wkt(from: $0) }
    let names = layer.fields.map(\.name)
    if let x = option("x"), let y = option("y") { return (x, y, crs ?? "") }
    return PointTable.coordinateColumns(among: names).map { columns in
      let degrees = columns.areAngles ? (try? CRS.wkt(from: "EPSG:4326")) : nil
      return (columns.x, columns.y, crs ?? degrees ?? "")
    }
  }
}

extension StageEntry {
  /// The input files of the stage's options.
  fileprivate var inputFiles: [String] {
    definition.options.flatMap { spec -> [String] in
      switch spec.kind {
      case .file, .files: options.filePaths(spec.name)
      default: []
      }
    }
  }

  /// The layer that an option names.
  fileprivate var layerName: String? {
    definition.options.contains { $0.name == "layer" } ? options.optionalString("layer") : nil
  }

  /// The bands of a file that are worth a layer, with the names of categories.
  fileprivate func shownBands(of info: RasterInfo) -> [(Int, [Int: String])] {
    guard type == "read-cube" else { return [(1, info.bands[0].categories)] }
    let names = options.raw("categorical")?.members?.map(\.key) ?? options.strings("categorical")
    let numbers = chosenBands(of: info)
    let categorical = numbers.filter { names.contains(info.bands[$0 - 1].name) }
    let values = numbers.first { !categorical.contains($0) }
    return (values.map { [($0, [:])] } ?? [])
      + categorical.map { ($0, categories(of: info.bands[$0 - 1])) }
  }

  private func chosenBands(of info: RasterInfo) -> [Int] {
    let all = info.bands.indices.filter { info.bands[$0].colorInterpretation != "Alpha" }
      .map { $0 + 1 }
    guard let wanted = options.raw("bands")?.elements else { return all }
    return all.filter { number in
      wanted.contains { $0.integer == number || $0.string == info.bands[number - 1].name }
    }
  }

  private func categories(of band: BandInfo) -> [Int: String] {
    let given = options.raw("categorical")?.members?.first { $0.key == band.name }?.value
    let pairs = (given?.members ?? []).compactMap { member -> (Int, String)? in
      guard let code = Int(member.key), let name = member.value.string else { return nil }
      return (code, name)
    }
    return pairs.isEmpty
      ? band.categories : Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }
}

extension String {
  /// The name of a file without its folder and ending.
  fileprivate var fileTitle: String {
    let name = split(separator: "/").last.map(String.init) ?? self
    return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }
}
