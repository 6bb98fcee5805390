/// A patch network rolling down a strip of columns: a row of input in, a row of features out.
///
/// Stream 0 is the network's values, the further streams its tangents, which share masks and
/// choices of maxima with the values. Each layer keeps only the rows that later layers still read,
/// so that nothing is computed twice.
final class PatchRows {
  private let plan: PatchPlan
  private let levels: [RollingRows]
  /// Each stream's first convolution where it differs from the plan's.
  private let firstConvolutions: [PackedConvolution]
  private let columns: [Int]
  private let choice: UnsafeMutableBufferPointer<Int32>

  /// The channels of each stream's input rows.
  let inputChannels: [Int]
  /// Whether tangents come in as bands: pooling has to see them so, a convolution takes sources.
  let takesBands: Bool

  /// Prepares for strips of `columns` cells; `tangents` move the network's input.
  init(_ plan: PatchPlan, columns: Int, tangents: [FeatureDirection]) {
    precondition(!plan.steps.isEmpty, "a patch network without layers")
    self.plan = plan
    var first: [PackedConvolution] = []
    var inputs = [plan.steps[0].inputs]
    if case .convolution(let convolution) = plan.steps[0].operation {
      first = tangents.map { convolution.mixed($0.mixing) }
      inputs += first.map(\.inputs)
      takesBands = false
    } else {
      takesBands = true
      inputs += tangents.map { _ in plan.steps[0].inputs }
    }
    firstConvolutions = first
    inputChannels = inputs
    var width = columns + plan.reach
    var widths: [Int] = []
    var levels: [RollingRows] = []
    for (i, step) in plan.steps.enumerated() {
      let channels = i == 0 ? inputs : inputs.map { _ in step.inputs }
      levels.append(
        RollingRows(channels: channels, width: width, taps: step.taps, dilation: step.dilation))
      width -= (step.taps - 1) * step.dilation
      widths.append(width)
    }
    self.levels = levels
    self.columns = widths
    let widest = plan.steps.map(\.outputs).max() ?? 0
    choice = .allocate(
      capacity: tangents.isEmpty ? 1 : max(1, widest * rowStride(columns + plan.reach)))
    choice.initialize(repeating: 0)
  }

  deinit { choice.deallocate() }

  /// Begins a strip: forgets all rows.
  func restart() { for level in levels { level.restart() } }

  /// The distance between the channels of an input row.
  var inputStride: Int { levels[0].stride }

  /// Makes room for the next row of input; every stream's `input` is then to be filled.
  func advance() { levels[0].advance() }

  /// The input row of a stream.
  func input(_ stream: Int) -> UnsafeMutableBufferPointer<Float> { levels[0].newest(stream) }

  /// Rolls on after an input row: features, where there are rows enough for them.
  ///
  /// - Parameters:
  ///   - targets: Each stream's features, `width x columns` at a distance of `stride`.
  /// - Returns: Whether a row of features came out.
  func roll(into targets: [UnsafeMutableBufferPointer<Float>], stride: Int) -> Bool {
    for i in plan.steps.indices {
      guard levels[i].isReady else { return false }
      if i + 1 == plan.steps.count {
        apply(i, into: targets, stride: stride)
      } else {
        levels[i + 1].advance()
        apply(
          i, into: inputChannels.indices.map { levels[i + 1].newest($0) },
          stride: levels[i + 1].stride)
      }
    }
    return true
  }

  private func apply(_ i: Int, into targets: [UnsafeMutableBufferPointer<Float>], stride: Int) {
    switch plan.steps[i].operation {
    case .convolution(let convolution): convolve(i, convolution, targets, stride)
    case .maxPool: maxPool(i, targets, stride)
    case .averagePool: averagePool(i, targets, stride)
    }
  }

  /// Columns of a block of products: its rows stay in the cache until they are rectified.
  private static let block = 512

  private func convolve(
    _ i: Int, _ convolution: PackedConvolution, _ targets: [UnsafeMutableBufferPointer<Float>],
    _ stride: Int
  ) {
    let count = max(1, (columns[i] + Self.block / 2) / Self.block)
    let size = (columns[i] + count - 1) / count
    for first in Swift.stride(from: 0, to: columns[i], by: size) {
      let width = min(size, columns[i] - first)
      for stream in targets.indices {
        let weights = i == 0 && stream > 0 ? firstConvolutions[stream - 1] : convolution
        weights.apply(
          UnsafeBufferPointer(levels[i].stack(stream)), stackStride: levels[i].stride,
          dilation: plan.steps[i].dilation, into: targets[stream], stride: stride, first: first,
          columns: width)
        guard let values = targets[0].baseAddress, let rows = targets[stream].baseAddress else {
          continue
        }
        if stream == 0 {
          RowKernels.addBias(
            convolution.bias, rectified: true, rows + first, stride: stride, columns: width)
        } else {
          RowKernels.gate(
            rows + first, by: values + first, channels: convolution.outputs, stride: stride,
            columns: width)
        }
      }
    }
  }

  /// Where the views of a pooling begin in a stack of rows.
  private func views(_ i: Int) -> [Int] {
    let step = plan.steps[i]
    return (0..<step.taps).flatMap { y in
      (0..<step.taps).map { y * step.inputs * levels[i].stride + $0 * step.dilation }
    }
  }

  private func maxPool(_ i: Int, _ targets: [UnsafeMutableBufferPointer<Float>], _ stride: Int) {
    let (step, offsets) = (plan.steps[i], views(i))
    guard let choice = choice.baseAddress else { return }
    for stream in targets.indices {
      guard let source = levels[i].stack(stream).baseAddress,
        let target = targets[stream].baseAddress
      else { continue }
      if stream == 0 {
        RowKernels.maximum(
          source, offsets: offsets, sourceStride: levels[i].stride, target, stride: stride,
          channels: step.inputs, columns: columns[i], choice: targets.count > 1 ? choice : nil)
      } else {
        RowKernels.chosen(
          choice, source, offsets: offsets, sourceStride: levels[i].stride, target,
          stride: stride, channels: step.inputs, columns: columns[i])
      }
    }
  }

  private func averagePool(
    _ i: Int, _ targets: [UnsafeMutableBufferPointer<Float>], _ stride: Int
  ) {
    for stream in targets.indices {
      guard let source = levels[i].stack(stream).baseAddress,
        let target = targets[stream].baseAddress
      else { continue }
      RowKernels.mean(
        source, offsets: views(i), sourceStride: levels[i].stride, target, stride: stride,
        channels: plan.steps[i].inputs, columns: columns[i])
    }
  }
}
