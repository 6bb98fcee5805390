/// One strip of columns on its way through a model, a row of cells at a time from the top.
final class DensePass {
  private let plan: DensePlan
  private let input: DenseInput
  private let tangent: TangentField?
  private let features: Range<Int>
  private let directionCount: Int
  /// For each branch the directions that move its bands, and the streams that they are.
  private let moves: [[(stream: Int, direction: FeatureDirection)]]
  private let segments: [SegmentFeatures]
  private let first: Int
  private let columns: Int
  private let stride: Int
  private let patches: [PatchRows?]
  private let spectra: [SpectralPixels?]
  private var nextRows: [Int]
  private let head: HeadRows
  private let joined: UnsafeMutableBufferPointer<Float>
  private let outputs: UnsafeMutableBufferPointer<Float>
  private let pixels: UnsafeMutableBufferPointer<Float>

  init(
    _ plan: DensePlan, _ input: DenseInput, _ tangent: TangentField?,
    features: Range<Int>, _ directions: [FeatureDirection], _ segments: [SegmentFeatures],
    first: Int, columns: Int
  ) {
    self.plan = plan
    self.input = input
    self.tangent = tangent
    self.features = features
    directionCount = directions.count
    let moves = plan.bands.map { bands in
      directions.enumerated().compactMap { index, direction in
        direction.within(bands).map { (stream: index + 1, direction: $0) }
      }
    }
    self.moves = moves
    self.segments = segments
    self.first = first
    self.columns = columns
    stride = rowStride(columns)
    let streams = directions.count + 1
    patches = zip(plan.branches, moves).map { branch, moves in
      guard case .patch(let patch) = branch else { return nil }
      return PatchRows(patch, columns: columns, tangents: moves.map(\.direction))
    }
    spectra = zip(plan.branches, moves).map { branch, moves in
      guard case .spectral(let spectral) = branch else { return nil }
      return SpectralPixels(spectral, columns: columns, tangents: moves.map(\.direction))
    }
    nextRows = plan.branches.map { branch in
      guard case .patch(let patch) = branch else { return 0 }
      return -patch.before
    }
    head = HeadRows(plan.head, streams: streams, columns: columns)
    joined = .zeros(streams * plan.featureCount * stride)
    outputs = .zeros(streams * plan.head.outputCount * columns)
    let bands = directions.reduce(plan.bandCount) { $0 + $1.sources.count }
    pixels = .zeros(spectra.contains { $0 != nil } ? bands * stride : 0)
  }

  deinit {
    joined.deallocate()
    outputs.deallocate()
    pixels.deallocate()
  }

  /// Evaluates row `y`; rows come in order.
  func row(_ y: Int, _ receive: (DenseBlock) -> Void) {
    var offset = 0
    for (i, branch) in plan.branches.enumerated() {
      let targets = targets(offset, branch.width)
      // Other streams stay zero: their features do not move the branch.
      let moved = [targets[0]] + moves[i].map { targets[$0.stream] }
      switch branch {
      case .patch(let patch): roll(i, patch, y, into: moved)
      case .spectral: spectral(i, y, into: moved)
      case .graph(let width): graph(segments[i], width, y, into: targets)
      }
      offset += branch.width
    }
    head.run(joined, featureStride: stride, into: outputs, columns: columns)
    let count = plan.head.outputCount * columns
    let cell = y * input.width + first
    receive(
      DenseBlock(
        cells: cell..<cell + columns, features: features,
        outputs: UnsafeBufferPointer(rebasing: outputs[..<count]),
        tangents: UnsafeBufferPointer(rebasing: outputs[count...])))
  }

  /// Each stream's place for a branch's features.
  private func targets(_ offset: Int, _ width: Int) -> [UnsafeMutableBufferPointer<Float>] {
    (0...directionCount).map { stream in
      let start = (stream * plan.featureCount + offset) * stride
      return UnsafeMutableBufferPointer(rebasing: joined[start..<start + width * stride])
    }
  }

  private func roll(
    _ i: Int, _ patch: PatchPlan, _ y: Int, into targets: [UnsafeMutableBufferPointer<Float>]
  ) {
    guard let rows = patches[i] else { return }
    var isComplete = false
    while nextRows[i] <= y + patch.after {
      rows.advance()
      let width = columns + patch.reach
      for stream in rows.inputChannels.indices {
        load(
          i, stream, asBands: rows.takesBands, row: nextRows[i], column: first - patch.before,
          width, rows.input(stream), rows.inputStride)
      }
      isComplete = rows.roll(into: targets, stride: stride)
      nextRows[i] += 1
    }
    precondition(isComplete, "row \(y) of a patch network has not come out")
  }

  private func spectral(
    _ i: Int, _ y: Int, into targets: [UnsafeMutableBufferPointer<Float>]
  ) {
    guard let network = spectra[i] else { return }
    var start = 0
    var inputs: [UnsafeBufferPointer<Float>] = []
    for stream in targets.indices {
      let channels =
        stream == 0 ? plan.bands[i].count : moves[i][stream - 1].direction.sources.count
      let rows = UnsafeMutableBufferPointer(
        rebasing: pixels[start..<start + channels * stride])
      load(i, stream, asBands: false, row: y, column: first, columns, rows, stride)
      inputs.append(UnsafeBufferPointer(rows))
      start += channels * stride
    }
    network.run(inputs, inputStride: stride, into: targets, stride: stride, columns: columns)
  }

  private func graph(
    _ segments: SegmentFeatures, _ width: Int, _ y: Int,
    into targets: [UnsafeMutableBufferPointer<Float>]
  ) {
    let cell = y * input.width + first
    for (stream, target) in targets.enumerated() {
      let source = stream == 0 ? segments.values : segments.tangents
      let start =
        stream == 0 ? 0 : (features.lowerBound + stream - 1) * segments.values.count
      source.withUnsafeBufferPointer { values in
        for x in 0..<columns {
          let segment = Int(input.segmentOfCell[cell + x])
          for i in 0..<width {
            target[i * stride + x] = segment < 0 ? 0 : values[start + segment * width + i]
          }
        }
      }
    }
  }

  /// Copies a row of a stream's input: bands, or the sources of a feature, or those as bands.
  ///
  /// - Parameters:
  ///   - stream: 0 for values, or one more than the place among the branch's directions.
  ///   - row: The row in the chunk's own count; the halo's are negative.
  ///   - column: The column in the chunk's own count.
  private func load(
    _ i: Int, _ stream: Int, asBands: Bool, row: Int, column: Int, _ width: Int,
    _ target: UnsafeMutableBufferPointer<Float>, _ targetStride: Int
  ) {
    let place = (row + input.margin) * input.paddedWidth + column + input.margin
    let plane = input.paddedWidth * input.paddedHeight
    func copy(_ values: [Float], _ from: Int, _ to: Int) {
      let start = from * plane + place
      values.withUnsafeBufferPointer { values in
        let source = UnsafeBufferPointer(rebasing: values[start..<start + width])
        _ = UnsafeMutableBufferPointer(
          rebasing: target[to * targetStride..<to * targetStride + width]
        ).update(from: source)
      }
    }
    guard stream > 0, let tangent else {
      for (place, band) in plan.bands[i].enumerated() { copy(input.values, band, place) }
      return
    }
    let direction = moves[i][stream - 1].direction
    guard asBands else {
      for (i, source) in direction.sources.enumerated() { copy(tangent.values, source, i) }
      return
    }
    for (band, slopes) in direction.mixing.enumerated() {
      for x in 0..<width {
        var sum: Float = 0
        for (slope, source) in zip(slopes, direction.sources) {
          sum += slope * tangent.values[source * plane + place + x]
        }
        target[band * targetStride + x] = sum
      }
    }
  }
}

extension UnsafeMutableBufferPointer where Element == Float {
  /// A new buffer of zeros, to be deallocated by the caller.
  static func zeros(_ count: Int) -> Self {
    let buffer = Self.allocate(capacity: count)
    buffer.initialize(repeating: 0)
    return buffer
  }
}
