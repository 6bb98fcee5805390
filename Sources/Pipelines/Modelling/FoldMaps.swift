import Foundation
import Learning
import Rasters

/// The map of every fold's model, and where the fold's test places stand on it.
struct FoldMaps {
  private let request: PlanRequest
  private let folds: FoldsProduct
  private let map: RasterProduct
  /// The outputs whose places are ranked, with the bands of the map that hold them.
  private let sought: [(output: Int, name: String, band: Int)]

  /// What `validate` was asked for; nil where it was given no map.
  init?(_ request: PlanRequest, _ folds: FoldsProduct, _ model: ModelReference) throws {
    guard request.inputs["map"] != nil else {
      guard !request.options.has("positive") else {
        throw request.failure("positive", "needs a 'map' among the inputs")
      }
      return nil
    }
    let map = try request.raster("map")
    guard case .probability = map.presentation, map.model?.node === model.node else {
      throw request.failure(
        "inputs", "'\(map.tag)' does not hold the probabilities of '\(model.tag)', by 'predict'")
    }
    let names =
      request.options.optionalStrings("positive") ?? model.sought.map { model.classes[$0] }
    sought = try names.map { name in
      guard let output = model.classes.firstIndex(of: name),
        let band = map.bands.firstIndex(where: { $0.name == name })
      else {
        throw request.failure(
          "positive", "there is no class '\(name)'" + Suggestion.phrase(name, among: model.classes))
      }
      return (output, name, band)
    }
    (self.request, self.folds, self.map) = (request, folds, map)
  }

  /// The ranks of all folds' test places, `PredictionRates`.
  func node() throws -> Node {
    let parts = try (0..<folds.count).map { fold in
      let own = try request.planner.product(
        map.tag, fold: FoldContext(folds: folds, index: fold))
      guard case .raster(let raster) = own else { throw request.failure("inputs", "needs a map") }
      let places = placesNode(fold, raster)
      return (places: places, cells: cellsNode(fold, raster, places))
    }
    let (count, names, outputs) = (parts.count, sought.map(\.name), sought.map(\.output))
    return request.planner.node(
      Node(
        name: request.name + "/rates", kind: .value,
        identity: ["prediction rates 1", "\(names)", "\(outputs)"],
        edges: [.all(folds.samples.node), .all(folds.node)]
          + parts.flatMap { [.all($0.places), .all($0.cells)] }
      ) { context in
        let rates = try Self.pooled(context, folds: count, names, outputs)
        return .bytes([UInt8](try JSONEncoder.stable.encode(rates)))
      })
  }

  /// The ranks from the tables of all folds, which stand after samples and folds.
  private static func pooled(
    _ context: NodeContext, folds: Int, _ names: [String], _ outputs: [Int]
  ) throws -> PredictionRates {
    let set = try SampleSet.stored(try context.value(0))
    let divided = try Folds.stored(try context.value(1))
    var rates = PredictionRates(
      classes: names.map { PredictionRates.Class(name: $0) }, foldNames: divided.names)
    for fold in 0..<folds {
      let places = try RankedPlaces(context, 2 + 2 * fold, count: outputs.count)
      let counts = try places.counts(context, 3 + 2 * fold)
      for position in divided.testSamples(fold) {
        let sample = set.samples[position]
        for (index, output) in outputs.enumerated()
        where sample.target.isPositive(output) == true {
          rates.classes[index].add(
            sample, fold: fold, places.values[position]?[index], counts[index])
        }
      }
    }
    return rates
  }

  /// The probabilities of the fold's test places, in the chunks that hold them.
  private func placesNode(_ fold: Int, _ raster: RasterProduct) -> Node {
    let sought = sought
    let samples = DecodedFit<SampleSet>()
    let divided = DecodedFit<Folds>()
    return request.planner.node(
      Node(
        name: "\(request.name)@\(fold)/places", kind: .table,
        identity: [
          "tested places 1", "fold \(fold)", "\(sought.map { [$0.output, $0.band] })",
        ],
        edges: [.cells(raster.node), .all(folds.samples.node), .all(folds.node)]
      ) { context in
        let set = try samples(try context.value(1))
        let tested = try divided(try context.value(2)).testSamples(fold).filter {
          let cell = set.samples[$0].cell
          return context.window.contains(column: cell.column, row: cell.row)
        }
        var writer = ByteWriter()
        guard !tested.isEmpty else { return .bytes(writer.bytes) }
        let cube = try context.cube(0, context.window)
        for position in tested {
          let sample = set.samples[position]
          let place = cube.window.index(column: sample.cell.column, row: sample.cell.row)
          writer.append(position)
          writer.append(
            sought.map { entry in
              sample.target.isPositive(entry.output) == true
                ? cube.values[entry.band * cube.window.cellCount + place] : .nan
            })
        }
        return .bytes(writer.bytes)
      })
  }

  /// The cells of a chunk counted beside the probabilities of the fold's test places.
  private func cellsNode(_ fold: Int, _ raster: RasterProduct, _ places: Node) -> Node {
    let bands = sought.map(\.band)
    return request.planner.node(
      Node(
        name: "\(request.name)@\(fold)/cells", kind: .table,
        identity: ["cells beside places 1", "\(bands)"], edges: [.cells(raster.node), .all(places)]
      ) { context in
        let cube = try context.cube(0, context.window)
        var writer = ByteWriter()
        for (band, counts) in zip(
          bands, try RankedPlaces(context, 1, count: bands.count).emptyCounts)
        {
          var counts = counts
          counts.add(cube.band(band))
          writer.append(counts.upTo)
          writer.append(counts.at)
        }
        return .bytes(writer.bytes)
      })
  }
}

/// The probabilities of a fold's test samples on the fold's map.
private struct RankedPlaces {
  /// By position in the set, a probability for each sought class; NaN where the sample is not of
  /// the class, or the map has no value.
  private(set) var values: [Int: [Float]] = [:]
  private let count: Int

  /// Reads the tables of input `index`, which hold `count` probabilities for each sample.
  init(_ context: NodeContext, _ index: Int, count: Int) throws {
    self.count = count
    var values: [Int: [Float]] = [:]
    try context.forEachTable(index) { table in
      var reader = ByteReader(table)
      while !reader.isAtEnd {
        let position = try reader.int()
        values[position] = try reader.array(Float.self)
      }
    }
    self.values = values
  }

  /// For each sought class, counts beside the probabilities, nothing counted yet.
  var emptyCounts: [RankCounts] {
    (0..<count).map { index in RankCounts(beside: values.values.map { $0[index] }) }
  }

  /// The counts of all chunks, the tables of input `index`.
  func counts(_ context: NodeContext, _ index: Int) throws -> [RankCounts] {
    var counts = emptyCounts
    try context.forEachTable(index) { table in
      var reader = ByteReader(table)
      for index in counts.indices {
        let (upTo, at) = (try reader.array(Int.self), try reader.array(Int.self))
        guard counts[index].merge(upTo: upTo, at: at) else {
          throw ExecutionError.data("the counts of a chunk are not those of its places")
        }
      }
    }
    return counts
  }
}
