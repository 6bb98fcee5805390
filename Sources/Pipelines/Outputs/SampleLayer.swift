import Foundation
import Learning
import Networks
import RasterFiles
import Rasters
import Reports

extension OutputWriter {
  /// Writes samples as points, with the folds that test them where these are given: `<tag>.gpkg`.
  func write(
    _ samples: SamplesProduct, folds: FoldsProduct?, _ product: Product, _ result: inout Result
  ) throws {
    let tag = product.tag
    let path = "\(folder)/\(tag).gpkg"
    let grid = executor.lattice.grid
    let form = "sample layer 2 \(tag) \(samples.classes) \(grid.crs)"
    let key = try key(samples.node, form, with: folds?.node)
    let layer = { [executor] in
      SampleLayer(
        name: tag, set: try SampleSet.stored(try executor.value(samples.node)),
        folds: try folds.map { try Folds.stored(try executor.value($0.node)) })
    }
    result.vectors.append(
      VectorFile(product: product, path: path, layers: { [try layer().layer] }, key: key))
    guard !ledger.isCurrent([path], key: key) else { return }
    try layer().write(to: path, crs: grid.crs)
    try ledger.record([path], key: key)
    result.written.append(path)
  }
}

/// Samples as a layer of points: what is to be learnt at each, its weight, its cell and its columns.
struct SampleLayer {
  let name: String
  let set: SampleSet
  /// The division whose folds are named; nil for none.
  let folds: Folds?

  /// Writes the layer, a feature for each sample in the order of the set.
  func write(to path: String, crs: String) throws {
    let attributes = attributes
    let own = columns
    try VectorOutput(path: path, crs: crs, layers: [layer]).write { writer in
      for (position, sample) in set.samples.enumerated() {
        try writer.append(
          to: 0, paths: [[SIMD2(sample.x, sample.y)]],
          values: own.map { $0.value(position) }
            + attributes.map { name in sample.attributes[name].map { .text($0) } ?? .missing })
      }
    }
  }

  /// The layer without its features.
  var layer: VectorOutput.Layer {
    let own = columns
    let names = VectorOutput.Field.distinct(own.map(\.field.name) + attributes)
    let fields = names.enumerated().map { index, name in
      VectorOutput.Field(name, index < own.count ? own[index].field.kind : .text)
    }
    return VectorOutput.Layer(name, .points, fields: fields, style: style)
  }

  /// The names of the columns that the samples were read with.
  private var attributes: [String] {
    Set(set.samples.flatMap(\.attributes.keys)).sorted()
  }

  /// A column and what stands in it at the sample of a position.
  private struct Column {
    let field: VectorOutput.Field
    let value: (Int) -> VectorOutput.Value
  }

  private var columns: [Column] {
    let samples = set.samples
    let id = Column(field: .init("sample", .integer)) { .integer(Int64(samples[$0].id)) }
    let weight = Column(field: .init("weight", .real)) { .real(Double(samples[$0].weight)) }
    let fold = folds.map { folds in
      Column(field: .init("fold", .text)) { position in
        let fold = folds.foldOfSample[position]
        return fold < 0 ? .missing : .text(folds.names[fold])
      }
    }
    return [id] + (fold.map { [$0] } ?? []) + targets + [weight]
  }

  private var targets: [Column] {
    let (samples, categories) = (set.samples, set.categories)
    guard set.kind != .softmax else {
      return [
        Column(field: .init("class", .text)) { position in
          guard case .category(let index) = samples[position].target else { return .missing }
          return .text(categories[index].name)
        }
      ]
    }
    return categories.enumerated().map { index, category in
      Column(field: .init(category.name, .real)) { position in
        guard case .values(let values) = samples[position].target else { return .missing }
        return .real(Double(values[index]))
      }
    }
  }

  /// The colours of the folds, else of the classes; QGIS's own for labels and values.
  private var style: String {
    if let folds { return VectorStyle.points(by: "fold", classes: folds.names).xml }
    guard set.kind == .softmax else { return "" }
    return VectorStyle.points(by: "class", classes: set.categories.map(\.name)).xml
  }
}
