public import Networks

/// What the filters of a branch's first convolution look for, and what excites them.
public struct FilterExcitation: Sendable, Hashable {
  /// The bands of the model's input that the branch reads, one by one; where bands are sub-cells of
  /// finer ones, the sub-cells of each together.
  public let bands: [Range<Int>]
  /// The kernels: filters x taps of a spectral branch, filters x bands of a patch branch, where a
  /// band's weights are summed over the kernel's cells.
  public let kernels: [[Double]]
  /// Filters x bands: how much more each is excited at samples of interest than at others.
  ///
  /// Of a spectral branch the mean activation with the kernel's middle at the band, of a patch branch
  /// the mean of what the band adds over the window, before the ReLU.
  public let excitation: [[Double]]

  /// Reads the first convolution of a branch and feeds it the samples of a batch.
  ///
  /// - Parameters:
  ///   - branch: The branch, a place in the model's list.
  ///   - isOfInterest: Whether each sample has the class that is looked for.
  /// - Returns: nil where the branch has no convolution.
  public init?(_ model: Model, branch: Int, _ batch: ModelBatch, isOfInterest: [Bool]) {
    let name = model.parameters.branchNames[branch]
    func tensor(_ suffix: String) -> NamedTensor? {
      model.tensors.first { $0.name == "\(name).conv1.\(suffix)" }
    }
    guard let weight = tensor("weight"), let bias = tensor("bias") else { return nil }
    let all = model.architecture.bandCount
    let own = model.architecture.branches[branch].bands(of: all)
    let responses: [[[Double]]]
    switch model.architecture.branches[branch] {
    case .spectral:
      bands = own.map { $0..<$0 + 1 }
      kernels = Self.rows(weight, weight.shape[2])
      let spectra = (0..<batch.count).map { sample in
        batch.spectra[sample * all + own.lowerBound..<sample * all + own.upperBound]
          .map(Double.init)
      }
      responses = Self.spectral(kernels, bias.values, spectra)
    case .patch(let form):
      let parts = form.subcells * form.subcells
      bands = stride(from: own.lowerBound, to: own.upperBound, by: parts).map { $0..<$0 + parts }
      kernels = Self.summed(weight)
      let place = model.architecture.branches[..<branch].count {
        if case .patch = $0 { true } else { false }
      }
      let size = batch.windows[place].count / max(1, batch.count)
      let windows = (0..<batch.count).flatMap { sample in
        form.window(
          in: Array(batch.windows[place][sample * size..<(sample + 1) * size]), bands: own.count)
      }
      responses = Self.patch(weight, windows, batch.count, bands.count)
    case .graph: return nil
    }
    excitation = Self.contrast(responses, isOfInterest)
  }

  private static func rows(_ tensor: NamedTensor, _ width: Int) -> [[Double]] {
    stride(from: 0, to: tensor.values.count, by: width).map { start in
      tensor.values[start..<start + width].map(Double.init)
    }
  }

  /// Filters x bands: the sum of a kernel's weights over its cells.
  private static func summed(_ weight: NamedTensor) -> [[Double]] {
    let cells = weight.shape[2] * weight.shape[3]
    return rows(weight, weight.shape[1] * cells).map { filter in
      (0..<weight.shape[1]).map { band in
        filter[band * cells..<(band + 1) * cells].reduce(0, +)
      }
    }
  }

  /// Samples x filters x bands: activations by the band under the kernel's middle.
  private static func spectral(
    _ kernels: [[Double]], _ bias: [Float], _ spectra: [[Double]]
  ) -> [[[Double]]] {
    spectra.map { spectrum in
      kernels.indices.map { filter in
        let taps = kernels[filter]
        var row = [Double](repeating: .nan, count: spectrum.count)
        for start in 0...(spectrum.count - taps.count) {
          let sum = taps.indices.reduce(Double(bias[filter])) {
            $0 + taps[$1] * spectrum[start + $1]
          }
          row[start + taps.count / 2] = max(0, sum)
        }
        return row
      }
    }
  }

  /// Samples x filters x bands: what each band adds, mean over the positions of the kernel.
  private static func patch(
    _ weight: NamedTensor, _ windows: [Float], _ count: Int, _ bands: Int
  ) -> [[[Double]]] {
    let (filters, kernel) = (weight.shape[0], weight.shape[2])
    let cells = windows.count / max(1, count * bands)
    let edge = Int(Double(cells).squareRoot().rounded())
    let positions = edge - kernel + 1
    return (0..<count).map { sample in
      // The mean over positions of the cell under each tap is a mean over a part of the window.
      let means = (0..<bands * kernel * kernel).map { index -> Double in
        let (band, tap) = (index / (kernel * kernel), index % (kernel * kernel))
        var sum = 0.0
        for y in 0..<positions {
          let row = (sample * bands + band) * cells + (y + tap / kernel) * edge + tap % kernel
          for x in 0..<positions { sum += Double(windows[row + x]) }
        }
        return sum / Double(positions * positions)
      }
      return (0..<filters).map { filter in
        (0..<bands).map { band in
          (0..<kernel * kernel).reduce(0.0) { sum, tap in
            let place = (filter * bands + band) * kernel * kernel + tap
            return sum + Double(weight.values[place]) * means[band * kernel * kernel + tap]
          }
        }
      }
    }
  }

  /// The mean over the samples of interest minus that over the others.
  private static func contrast(
    _ responses: [[[Double]]], _ isOfInterest: [Bool]
  ) -> [[Double]] {
    guard let first = responses.first else { return [] }
    func mean(_ wanted: Bool, _ filter: Int, _ band: Int) -> Double {
      let chosen = responses.indices.filter { isOfInterest[$0] == wanted }
      guard !chosen.isEmpty else { return 0 }
      return chosen.reduce(0) { $0 + responses[$1][filter][band] } / Double(chosen.count)
    }
    return first.indices.map { filter in
      first[filter].indices.map { mean(true, filter, $0) - mean(false, filter, $0) }
    }
  }
}
