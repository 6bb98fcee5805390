import Features
import Foundation
import Rasters
import Synchronization
import Tensors

/// What stages need that fit to the cells of a raster.
extension PlanRequest {
  /// Partial results of every chunk, made from the cells that may be fitted to.
  ///
  /// Cells in the fold's test places are missing in the cube that `make` gets; `value` is read
  /// before, if there is one.
  func trainingTable(
    _ suffix: String, _ input: Node, after value: Node? = nil,
    _ make: @escaping @Sendable (DataCube, [UInt8]) throws -> [UInt8]
  ) -> Node {
    let fold = fold
    let hidden = fold.map { [Node.Edge.all($0.folds.node)] } ?? []
    return planner.node(
      Node(
        name: name + suffix, kind: .table,
        identity: identity() + [suffix, fold.map { "fold \($0.index)" } ?? "all"],
        edges: [.cells(input)] + hidden + (value.map { [.all($0)] } ?? [])
      ) { context in
        var cube = try context.cube(0, context.window)
        if let fold {
          let places = try TestPlaces(try context.value(1), fold: fold.index)
          cube.hide(where: places.trainingMask(context.window, of: context.grid))
        }
        let before = value == nil ? [] : try context.value(1 + hidden.count)
        return .bytes(try make(cube, before))
      })
  }

  /// What is fitted, as JSON, to the moments of some bands over the cells of the training part in
  /// which none of them is missing.
  func momentFit(
    _ input: RasterProduct, of bands: [Int], need: String,
    _ fit: @escaping @Sendable (ExactCovariance) -> some Encodable & SendableMetatype
  ) -> Node {
    let moments = trainingTable("/moments", input.node) { cube, _ in
      var moments = ExactCovariance(variableCount: bands.count)
      moments.add(PrincipalComponents.completeValues(cube, bands: bands).span)
      return [UInt8](try JSONEncoder.stable.encode(moments))
    }
    return planner.node(
      Node(
        name: name + "/fit", kind: .value, identity: identity(), edges: [.all(moments)],
        policy: policy
      ) { context in
        var total = ExactCovariance(variableCount: bands.count)
        try context.forEachTable(0) { total.merge(try .stored($0)) }
        guard total.count >= 2 else {
          throw ExecutionError.data(
            "all bands have a value in \(total.count) cells of the training part; \(need) needs two "
              + "or more")
        }
        return .bytes([UInt8](try JSONEncoder.stable.encode(fit(total))))
      })
  }

  /// The quantiles of some bands over the training part, as JSON: `[ExactQuantiles]`, finished.
  func quantiles(_ input: RasterProduct, of bands: [Int], _ wanted: ExactQuantiles) -> Node {
    quantiles(input.node, [ExactQuantiles](repeating: wanted, count: bands.count)) {
      $0.band(bands[$1])
    }
  }

  /// What `fit` makes of the quantiles of each band over the training part; a band without values
  /// is an error.
  ///
  /// Smaller cells of one band have the quantiles of all of them.
  func quantileFit(
    _ input: RasterProduct, of bands: [Int], _ wanted: ExactQuantiles,
    _ fit: @escaping @Sendable ([[Double]]) throws -> Data
  ) -> Node {
    let pools = BandPools(input.bands, chosen: bands)
    let quantiles = quantiles(
      input.node, [ExactQuantiles](repeating: wanted, count: pools.ranges.count)
    ) { $0.bands(pools.ranges[$1]) }
    return planner.node(
      Node(
        name: name + "/fit", kind: .value, identity: identity(), edges: [.all(quantiles)],
        policy: policy
      ) { context in
        let ofPools = try [ExactQuantiles].stored(try context.value(0)).map(\.values)
        let values = pools.poolOfBand.map { ofPools[$0] }
        if let band = values.firstIndex(where: \.isEmpty) {
          throw ExecutionError.withoutValues(input.bands[bands[band]])
        }
        return .bytes([UInt8](try fit(values)))
      })
  }

  /// Quantiles over the training part, each of what `values` takes of a cube for its position, as
  /// JSON: `[ExactQuantiles]`, finished.
  ///
  /// Every pass is a table of counts and a value that narrows the search.
  func quantiles(
    _ input: Node, _ begin: [ExactQuantiles],
    of values: @escaping @Sendable (DataCube, Int) -> ArraySlice<Float>
  ) -> Node {
    var known: Node?
    for pass in 1...ExactQuantiles.passCount {
      let earlier = known
      let counts = trainingTable("/counts\(pass)", input, after: earlier) { cube, bytes in
        let search = earlier == nil ? begin : try .stored(bytes)
        var writer = ByteWriter()
        for (index, quantiles) in search.enumerated() {
          let counts = quantiles.counts(values(cube, index).span)
          writer.append(counts.keys)
          writer.append(counts.counts)
        }
        return writer.bytes
      }
      known = narrowed("/bins\(pass)", counts, begin, after: earlier)
    }
    return known ?? constant([])
  }

  private func narrowed(
    _ suffix: String, _ counts: Node, _ begin: [ExactQuantiles], after earlier: Node?
  ) -> Node {
    planner.node(
      Node(
        name: name + suffix, kind: .value, identity: identity() + [suffix],
        edges: [.all(counts)] + (earlier.map { [.all($0)] } ?? [])
      ) { context in
        var search = earlier == nil ? begin : try .stored(try context.value(1))
        var totals = [KeyCounts](repeating: KeyCounts(), count: search.count)
        try context.forEachTable(0) { table in
          var reader = ByteReader(table)
          for band in totals.indices {
            totals[band].merge(
              KeyCounts(keys: try reader.array(UInt32.self), counts: try reader.array(Int.self)))
          }
        }
        for band in search.indices { search[band].narrow(totals[band]) }
        return .bytes([UInt8](try JSONEncoder.stable.encode(search)))
      })
  }

  /// The fitted value of a model file, if this stage is replayed from one.
  ///
  /// A value that cannot be read, or that `fits` refuses, is a failure: the file was damaged.
  func replayed<Value: Decodable>(
    _ type: Value.Type, _ fits: (Value) -> Bool
  ) throws -> Node? {
    guard let fitted else { return nil }
    guard let value = try? Value.stored(fitted), fits(value) else {
      throw failure(
        options.fitFile == nil ? "model" : FitPolicy.option.name,
        "the model file's preparation is damaged, of another version or for other bands")
    }
    return constant(fitted)
  }

  /// Checks that no two of a stage's bands have one name.
  func requireDifferentNames(_ bands: [Band], option: String?) throws {
    var seen: Set<String> = []
    for band in bands where !seen.insert(band.name).inserted {
      throw failure(
        option,
        "two bands would be named '\(band.name)'; bands of one cube need different names")
    }
  }

  /// The position of a band that is a key of a map of options, among `bands`.
  func requireBand(_ name: String, among bands: [String], option: String) throws -> Int {
    guard let index = bands.firstIndex(of: name) else {
      throw failure(
        option, "there is no band '\(name)' to apply it to" + Suggestion.phrase(name, among: bands))
    }
    return index
  }
}

extension NodeContext {
  /// Goes through the tables of input `index` chunk by chunk, so that one is in memory at a time.
  func forEachTable(_ index: Int, _ body: ([UInt8]) throws -> Void) throws {
    for chunk in lattice.chunks {
      for table in try tables(index, lattice.window(of: chunk)) { try body(table) }
    }
  }
}

extension Decodable {
  /// Decodes what `JSONEncoder.stable` wrote.
  static func stored(_ bytes: [UInt8]) throws -> Self {
    try JSONDecoder.stable.decode(Self.self, from: Data(bytes))
  }
}

extension DataCube {
  /// Makes every band missing where `mask`, one entry a cell, is false.
  fileprivate mutating func hide(where mask: [Bool]) {
    let cells = window.cellCount
    for cell in 0..<cells where !mask[cell] {
      for band in 0..<bandCount { values[band * cells + cell] = .nan }
    }
  }
}

/// A fitted value that is decoded once and not for every window.
final class DecodedFit<Value: Decodable & Sendable>: Sendable {
  private let known = Mutex<(bytes: [UInt8], value: Value)?>(nil)

  /// The value of these bytes.
  func callAsFunction(_ bytes: [UInt8]) throws -> Value {
    try known.withLock { known in
      if let known, known.bytes == bytes { return known.value }
      let value = try Value.stored(bytes)
      known = (bytes, value)
      return value
    }
  }
}
