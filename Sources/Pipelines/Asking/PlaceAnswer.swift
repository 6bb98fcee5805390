import Foundation
import Learning
import RasterFiles
import Rasters

/// Gathers what outputs and store hold in one cell.
struct PlaceAnswer {
  let question: PlaceQuestion
  let cell: Cell

  private typealias Layer = RecordedOutputs.Layer

  /// Adds all that is known of the cell, and what is not.
  func fill(_ report: inout PlaceReport) {
    var values: [String: [Double?]] = [:]
    let outputs = question.outputs
    for layer in outputs.layers where layer.kind != .targets {
      do {
        values[layer.tag] = try read(layer)
      } catch {
        report.notes.append("\(error)")
      }
    }
    for layer in outputs.layers {
      if layer.kind == .targets {
        addTarget(layer, &report)
      } else if let own = values[layer.tag] {
        add(layer, own, values, &report)
      }
    }
    report.notes += absences(report)
  }

  /// The values of all bands of a layer.
  private func read(_ layer: Layer) throws -> [Double?] {
    let path = question.folder + "/" + layer.file
    guard FileManager.default.fileExists(atPath: path) else {
      throw PlaceQuestion.Failure.unanswered(
        "\(layer.file) is not there any more; run the pipeline again, which writes it")
    }
    let values = try PlaceReader.values(path: path, cell: cell)
    guard values.count == layer.bands.count else {
      throw PlaceQuestion.Failure.unanswered(
        "\(layer.file) has \(values.count) bands instead of the \(layer.bands.count) that the run "
          + "wrote; run the pipeline again, which writes it")
    }
    return values
  }

  private func add(
    _ layer: Layer, _ own: [Double?], _ all: [String: [Double?]], _ report: inout PlaceReport
  ) {
    switch layer.kind {
    case .probability: report.maps.append(map(layer, own, all))
    case .continuous where layer.model != nil: report.maps.append(map(layer, own, all))
    case .continuous:
      report.layers.append(PlaceReport.Layer(tag: layer.tag, values: Self.values(layer, own)))
    case .flags: report.flags.append(flags(layer, own, &report.notes))
    case .attribution: report.explanations.append(explanation(layer, own, all, &report.notes))
    case .named:
      let value = own.first.flatMap(\.self).map { Int($0) }
      report.classes.append(
        PlaceReport.Named(
          tag: layer.tag, value: value, name: value.flatMap { layer.names?["\($0)"] }))
    case .segments: report.segments.append(segment(layer, own, &report.notes))
    case .deviation where !question.outputs.layers.contains { $0.tag == layer.of }:
      report.layers.append(PlaceReport.Layer(tag: layer.tag, values: Self.values(layer, own)))
    case .deviation, .targets: break
    }
  }

  private static func values(_ layer: Layer, _ own: [Double?]) -> [PlaceReport.Value] {
    zip(layer.bands, own).map { band, value in
      PlaceReport.Value(name: band.name, value: value, unit: band.unit.isEmpty ? nil : band.unit)
    }
  }

  /// Probabilities with their deviations.
  private func map(
    _ layer: Layer, _ own: [Double?], _ all: [String: [Double?]]
  ) -> PlaceReport.Map {
    var map = PlaceReport.Map(
      tag: layer.tag, isProbability: layer.kind == .probability,
      values: Self.values(layer, own))
    let deviation = question.outputs.layers.first { $0.kind == .deviation && $0.of == layer.tag }
    if let deviation, let spread = all[deviation.tag], spread.count == map.values.count {
      map.models = deviation.models
      for index in spread.indices { map.values[index].deviation = spread[index] }
    }
    return map
  }

  // MARK: Explanations

  private func explanation(
    _ layer: Layer, _ own: [Double?], _ all: [String: [Double?]], _ notes: inout [String]
  ) -> PlaceReport.Explanation {
    let about = layer.explained
    var result = PlaceReport.Explanation(
      tag: layer.tag, className: about?.className ?? "", output: about?.output ?? "",
      method: about?.method ?? "")
    let inputs = inputs(about?.sources ?? [], &notes)
    for (band, value) in zip(layer.bands, own) {
      switch band.name {
      case "base value" where band == layer.bands.last: result.base = value
      case "explained output" where layer.bands.suffix(2).first == band:
        result.explained = value
        result.check = "the raster"
      default:
        guard let value else { continue }
        result.features.append(feature(band.name, value, inputs))
      }
    }
    result.features.sort { (abs($1.attribution), $0.name) < (abs($0.attribution), $1.name) }
    if let base = result.base {
      result.sum = result.features.reduce(base) { $0 + $1.attribution }
    }
    if let step = about?.step {
      notes.append(
        "'\(layer.tag)' explains one cell of each block of \(step) x \(step) cells: what it says here "
          + "may be that of another cell of the block")
    } else if result.explained == nil, result.sum != nil, let found = explained(layer, all) {
      result.explained = found.value
      result.check = found.tag
    }
    result.residual = residual(layer)
    return result
  }

  /// What was read or gridded here.
  private func inputs(
    _ names: [String], _ notes: inout [String]
  ) -> [(band: Band, value: Float)] {
    names.flatMap { name -> [(band: Band, value: Float)] in
      let values = values(of: name, &notes) ?? []
      return zip(question.outputs.sources[name]?.bands ?? [], values).map { ($0, $1) }
    }
  }

  /// The values of the bands of a source; nil, and a note, where the store does not hold them.
  func values(of name: String, _ notes: inout [String]) -> [Float]? {
    let outputs = question.outputs
    guard let source = outputs.sources[name] else { return nil }
    let store =
      outputs.store.hasPrefix("/") ? outputs.store : question.folder + "/" + outputs.store
    let lattice = ChunkLattice(grid: question.grid, size: question.run.chunk)
    let index = ChunkIndex(store: store, file: source.index)
    if let values = index.values(at: cell, bandCount: source.bands.count, in: lattice) {
      return values
    }
    let note =
      "the values of '\(name)' are not known: the store \(store) is gone or does not hold them"
    if !notes.contains(note) { notes.append(note) }
    return nil
  }

  private func feature(
    _ name: String, _ attribution: Double, _ inputs: [(band: Band, value: Float)]
  ) -> PlaceReport.Feature {
    var result = PlaceReport.Feature(name: name, attribution: attribution)
    let own = inputs.filter { $0.band.feature == name }
    if let category = own.first(where: { $0.band.isCategory && $0.value == 1 }) {
      result.category = category.band.category
    } else if let source = own.first, !source.band.isCategory, source.value.isFinite {
      result.value = Double(source.value)
      result.unit = source.band.unit.isEmpty ? nil : source.band.unit
    }
    return result
  }

  /// The output as a map of the same model has it, on the scale of the explanation.
  private func explained(
    _ layer: Layer, _ all: [String: [Double?]]
  ) -> (value: Double, tag: String)? {
    let map = question.outputs.layers.first { other in
      other.model == layer.model && other.model != nil && other.explained == nil
        && [.probability, .continuous].contains(other.kind) && all[other.tag] != nil
    }
    guard let map, let about = layer.explained,
      let band = map.bands.firstIndex(where: { $0.name == about.className }),
      let value = all[map.tag]?[band]
    else { return nil }
    if layer.head == "linear" {
      // Attributions of transformed values are on another scale than the map.
      return ValueForm.isWord(about.output) ? nil : (value, map.tag)
    }
    if about.output == "probability" { return (value, map.tag) }
    // Odds of a certain cell are not finite, and those of several models are no mean of odds.
    guard about.output == "log-odds", value > 0, value < 1 else { return nil }
    return (log(value / (1 - value)), map.tag)
  }

  private func residual(_ layer: Layer) -> Double? {
    let info = try? RasterInfo(path: question.folder + "/" + layer.file)
    let metadata = info?.metadata ?? [:]
    return (metadata["RESIDUAL_P99"] ?? metadata["NC_GLOBAL#RESIDUAL_P99"]).flatMap { Double($0) }
  }

  // MARK: Segments and targets

  private func segment(
    _ layer: Layer, _ own: [Double?], _ notes: inout [String]
  ) -> PlaceReport.Segment {
    var result = PlaceReport.Segment(
      tag: layer.tag, id: own.first.flatMap(\.self).map { Int($0) })
    guard let id = result.id, let graph = layer.graph else { return result }
    let path = question.folder + "/" + graph
    guard FileManager.default.fileExists(atPath: path) else {
      notes.append("\(graph) is not there any more; run the pipeline again, which writes it")
      return result
    }
    let transform = question.grid.transform
    // Segments reach no further than some of their nominal edges.
    let edge = max(layer.cells ?? 1, 1).squareRoot()
    let reach = 8 * (edge + 1) * max(transform.cellWidth, transform.cellHeight)
    let center = question.grid.center(of: cell)
    let found = try? PlaceReader.features(
      path: path, layer: "nodes", x: center.x, y: center.y, reach: reach, where: "id", is: id)
    guard let node = found?.first else {
      notes.append("\(graph) does not know segment \(id)")
      return result
    }
    result.cells = node["cells"]?.number.map { Int($0) }
    result.elongation = node["elongation"]?.number
    result.strike = node["strike"]?.number
    let nodes = (try? VectorInfo(path: path))?.layers.first { $0.name == "nodes" }
    for name in nodes?.fields.map(\.name) ?? [] where name.hasPrefix("mean_") {
      result.means.append(
        PlaceReport.Value(name: String(name.dropFirst("mean_".count)), value: node[name]?.number))
    }
    return result
  }

  private func addTarget(_ layer: Layer, _ report: inout PlaceReport) {
    let path = question.folder + "/" + layer.file
    guard FileManager.default.fileExists(atPath: path) else {
      return report.notes.append(
        "\(layer.file) is not there any more; run the pipeline again, which writes it")
    }
    do {
      let found = try PlaceReader.polygons(
        path: path, layer: "targets", x: report.place.x, y: report.place.y)
      for columns in found {
        report.targets.append(
          PlaceReport.Target(
            tag: layer.tag, rank: columns["rank"]?.number.map { Int($0) },
            why: columns["why"]?.text))
      }
      if found.isEmpty { report.targets.append(PlaceReport.Target(tag: layer.tag)) }
    } catch {
      report.notes.append("\(error)")
    }
  }

  // MARK: What is not there

  /// What is neither in the outputs nor in the store, and how it would get there.
  private func absences(_ report: PlaceReport) -> [String] {
    var notes: [String] = []
    let layers = question.outputs.layers
    if report.maps.isEmpty, !layers.contains(where: { $0.kind == .probability }) {
      notes.append(absence("no probability raster", of: "predict"))
    }
    if !layers.contains(where: { $0.kind == .attribution }) {
      notes.append(absence("no SHAP raster", of: "explain"))
    }
    for (type, what) in [
      ("classify", "no class"), ("superpixels", "no superpixels"), ("targets", "no target"),
    ] {
      for stage in question.run.stages where stage.type == type && !isWritten(stage.tag) {
        notes.append("\(what) of '\(stage.tag)' was written: add '\(stage.tag)' to 'write'")
      }
    }
    return notes
  }

  private func absence(_ what: String, of type: String) -> String {
    let tags = question.run.stages.filter { $0.type == type }.map { "'\($0.tag)'" }
    return tags.isEmpty
      ? "\(what) was written: add a stage '\(type)' to the pipeline and to 'write'"
      : "\(what) was written: add \(tags.joined(separator: " or ")) to 'write'"
  }

  private func isWritten(_ tag: String) -> Bool {
    question.outputs.layers.contains { $0.tag == tag || $0.tag.hasPrefix(tag + "-") }
  }
}

extension VectorOutput.Value {
  /// The value as a number; nil for a text.
  fileprivate var number: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .real(let number): number.isFinite ? number : nil
    case .text, .missing: nil
    }
  }

  /// The value as a text; nil for a number.
  fileprivate var text: String? {
    if case .text(let text) = self { text } else { nil }
  }
}
