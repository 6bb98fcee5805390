import Foundation

@testable import Networks

/// Layers as the textbook has them: one sample, `[channel][row][column]`, double precision, loops.
struct NaiveVolume {
  var channels: Int
  var rows: Int
  var columns: Int
  var values: [Double]

  init(_ channels: Int, _ rows: Int, _ columns: Int, _ values: [Double]? = nil) {
    self.channels = channels
    self.rows = rows
    self.columns = columns
    self.values = values ?? [Double](repeating: 0, count: channels * rows * columns)
  }

  subscript(channel: Int, row: Int, column: Int) -> Double {
    get { values[(channel * rows + row) * columns + column] }
    set { values[(channel * rows + row) * columns + column] = newValue }
  }

  /// A valid convolution; weights `(outputs, channels, kernelRows, kernelColumns)`.
  func convolved(_ weight: [Double], _ bias: [Double], _ kernelRows: Int, _ kernelColumns: Int)
    -> NaiveVolume
  {
    var result = NaiveVolume(bias.count, rows - kernelRows + 1, columns - kernelColumns + 1)
    for o in 0..<result.channels {
      for y in 0..<result.rows {
        for x in 0..<result.columns {
          var sum = bias[o]
          for i in 0..<channels {
            for ky in 0..<kernelRows {
              for kx in 0..<kernelColumns {
                let place = ((o * channels + i) * kernelRows + ky) * kernelColumns + kx
                sum += weight[place] * self[i, y + ky, x + kx]
              }
            }
          }
          result[o, y, x] = sum
        }
      }
    }
    return result
  }

  /// Pooling of blocks; `reduce` gets a block's values row by row.
  func pooled(_ sizeRows: Int, _ sizeColumns: Int, _ reduce: ([Double]) -> Double) -> NaiveVolume {
    var result = NaiveVolume(channels, rows / sizeRows, columns / sizeColumns)
    for c in 0..<channels {
      for y in 0..<result.rows {
        for x in 0..<result.columns {
          var block: [Double] = []
          for dy in 0..<sizeRows {
            for dx in 0..<sizeColumns {
              block.append(self[c, y * sizeRows + dy, x * sizeColumns + dx])
            }
          }
          result[c, y, x] = reduce(block)
        }
      }
    }
    return result
  }

  func rectified() -> NaiveVolume {
    NaiveVolume(channels, rows, columns, values.map { max($0, 0) })
  }

  /// The channels at every place, row by row.
  var tokens: [[Double]] {
    (0..<rows * columns).map { place in
      (0..<channels).map { values[$0 * rows * columns + place] }
    }
  }
}

/// A whole model in loops: the twin of `Model` without dropout.
struct NaiveModel {
  var architecture: ModelArchitecture
  var parameters: [String: [Double]]
  private let model: Model
  private let training: Bool

  init(_ model: Model, training: Bool = false) {
    self.model = model
    self.training = training
    architecture = model.architecture
    parameters = [:]
    for tensor in model.tensors { parameters[tensor.name] = tensor.values.map { Double($0) } }
  }

  private func parameter(_ name: String) -> [Double] { parameters[name] ?? [] }

  private func dense(_ x: [Double], _ name: String) -> [Double] {
    let (weight, bias) = (parameter("\(name).weight"), parameter("\(name).bias"))
    return bias.indices.map { o in
      x.indices.reduce(bias[o]) { $0 + weight[o * x.count + $1] * x[$1] }
    }
  }

  /// The features of each graph branch by segment.
  func graphFeatures(_ graph: SegmentGraph) -> [[Double]] {
    zip(architecture.branchNames, model.parameters.branches).map { name, branch in
      guard case .graph(let network) = branch else { return [] }
      var twin = GraphTwin(network, graph, training: training)
      for (key, values) in parameters where key.hasPrefix("\(name).") {
        twin.parameters[String(key.dropFirst(name.count + 1))] = values
      }
      return twin.features()
    }
  }

  /// The raw outputs of one sample.
  ///
  /// - Parameters:
  ///   - graph: What `graphFeatures` gives.
  func outputs(
    spectrum: [Double], windows: [[Double]], graph: [[Double]] = [], segment: Int = -1
  ) -> [Double] {
    var features: [Double] = []
    var tokens: [AttentionTwin.Rows] = []
    var patch = 0
    for (index, branch) in architecture.branches.enumerated() {
      let name = architecture.branchNames[index]
      switch branch {
      case .spectral(let branch):
        let own = branch.bands.map { Array(spectrum[$0]) } ?? spectrum
        let left = spectral(branch, name, own)
        tokens.append(left.tokens)
        features += dense(left.values, "\(name).dense").map { max($0, 0) }
      case .patch(let branch):
        let left = self.patch(branch, name, windows[patch])
        tokens.append(left.tokens)
        features += dense(left.values, "\(name).dense").map { max($0, 0) }
        patch += 1
      case .graph(let branch):
        let none = [Double](repeating: 0, count: branch.output)
        let own =
          segment < 0
          ? none : Array(graph[index][segment * branch.output..<(segment + 1) * branch.output])
        tokens.append([own])
        features += own
      }
    }
    if let settings = architecture.attention {
      var twin = AttentionTwin([], width: settings.width, heads: settings.heads)
      twin.parameters = parameters
      features = twin.features(tokens, architecture.branchNames)
    }
    if architecture.fusion == .gate {
      let gates = dense(features, "head.gate").map { exp($0) }
      let width = architecture.branches[0].width
      features = (0..<width).map { feature in
        let places = stride(from: feature, to: features.count, by: width)
        let sum = places.reduce(0) { $0 + gates[$1] }
        return places.reduce(0) { $0 + gates[$1] / sum * features[$1] }
      }
    }
    for index in architecture.head.hidden.indices {
      features = dense(features, "head.hidden\(index + 1)").map { max($0, 0) }
    }
    return dense(features, "head.output")
  }

  private func spectral(
    _ branch: ModelArchitecture.SpectralBranch, _ name: String, _ spectrum: [Double]
  ) -> NaiveVolume {
    var x = NaiveVolume(1, 1, spectrum.count, spectrum)
    for index in branch.filters.indices {
      let layer = "\(name).conv\(index + 1)"
      x = x.convolved(
        parameter("\(layer).weight"), parameter("\(layer).bias"), 1, min(branch.kernel, x.columns)
      ).rectified()
      x = x.pooled(1, min(branch.pool, x.columns)) { $0.max() ?? 0 }
    }
    return x
  }

  private func patch(
    _ branch: ModelArchitecture.PatchBranch, _ name: String, _ window: [Double]
  ) -> NaiveVolume {
    var x = refined(branch, window)
    var number = 0
    for layer in branch.layers {
      switch layer {
      case .convolution(_, let kernel):
        number += 1
        x = x.convolved(
          parameter("\(name).conv\(number).weight"), parameter("\(name).conv\(number).bias"),
          kernel, kernel
        ).rectified()
      case .maxPool(let size): x = x.pooled(size, size) { $0.max() ?? 0 }
      case .averagePool(let size):
        x = x.pooled(size, size) { $0.reduce(0, +) / Double($0.count) }
      }
    }
    return x
  }

  /// A branch's window out of what it is given, as an image of sub-cells that is cut.
  private func refined(
    _ branch: ModelArchitecture.PatchBranch, _ given: [Double]
  ) -> NaiveVolume {
    let (parts, bands) = (branch.refinement ?? 1, branch.bands?.count ?? architecture.bandCount)
    let side = Int(Double(given.count / bands).squareRoot())
    let channels = bands / (parts * parts)
    let middle = side / 2 * parts
    let first = middle + Int((Double(parts - branch.window) / 2).rounded(.down))
    var values: [Double] = []
    for channel in 0..<channels {
      for y in first..<first + branch.window {
        for x in first..<first + branch.window {
          let band = (channel * parts + y % parts) * parts + x % parts
          values.append(given[(band * side + y / parts) * side + x / parts])
        }
      }
    }
    return NaiveVolume(channels, branch.window, branch.window, values)
  }

  /// The sum of products of all samples' outputs with `u`, samples x outputs.
  func objective(_ batch: ModelBatch, _ u: [Float]) -> Double {
    let outputCount = architecture.head.outputs
    let bands = architecture.bandCount
    let graph = batch.graph.map { graphFeatures($0) } ?? []
    var sum: Double = 0
    for sample in 0..<batch.count {
      let segment = batch.segmentOfSample.isEmpty ? -1 : Int(batch.segmentOfSample[sample])
      let spectrum =
        batch.spectra.isEmpty
        ? [] : batch.spectra[sample * bands..<(sample + 1) * bands].map { Double($0) }
      let windows = batch.windows.map { all in
        let size = all.count / batch.count
        return all[sample * size..<(sample + 1) * size].map { Double($0) }
      }
      let outputs = self.outputs(
        spectrum: spectrum, windows: windows, graph: graph, segment: segment)
      for index in outputs.indices {
        sum += outputs[index] * Double(u[sample * outputCount + index])
      }
    }
    return sum
  }
}
