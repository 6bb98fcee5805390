@testable import Networks

/// A number with its derivative: the twin of values and tangents, in Double.
struct Dual {
  var value: Double
  var slope: Double

  static func + (a: Dual, b: Dual) -> Dual {
    Dual(value: a.value + b.value, slope: a.slope + b.slope)
  }
  static func * (a: Double, b: Dual) -> Dual { Dual(value: a * b.value, slope: a * b.slope) }
  var rectified: Dual { value > 0 ? self : Dual(value: 0, slope: 0) }
}

/// A patch network with its weights, evaluated window by window.
struct PatchTwin {
  enum Layer {
    case convolution(kernel: Int, weights: [Float], bias: [Float])
    case maxPool(Int)
    case averagePool(Int)
  }

  var window: Int
  var bands: Int
  var layers: [Layer] = []

  /// A network with pseudorandom weights and a last dense layer of `width`.
  init(window: Int, bands: Int, layers: [ModelArchitecture.PatchBranch.Layer], width: Int) {
    self.window = window
    self.bands = bands
    var (edge, channels) = (window, bands)
    for (i, layer) in layers.enumerated() {
      switch layer {
      case .convolution(let filters, let kernel):
        add(filters, kernel, channels, UInt64(i))
        (edge, channels) = (edge - kernel + 1, filters)
      case .maxPool(let size):
        self.layers.append(.maxPool(size))
        edge /= size
      case .averagePool(let size):
        self.layers.append(.averagePool(size))
        edge /= size
      }
    }
    add(width, edge, channels, 99)
  }

  private mutating func add(_ filters: Int, _ kernel: Int, _ channels: Int, _ seed: UInt64) {
    let inner = channels * kernel * kernel
    let scale = 1.5 / Float(inner).squareRoot()
    layers.append(
      .convolution(
        kernel: kernel, weights: pseudorandom(filters * inner, seed + 1).map { $0 * scale * 1.5 },
        bias: pseudorandom(filters, seed + 1000).map { $0 * 0.2 }))
  }

  var plan: PatchPlan {
    var plan = PatchPlan(window: window, bands: bands)
    for (i, layer) in layers.enumerated() {
      switch layer {
      case .convolution(_, let weights, let bias) where i + 1 == layers.count:
        plan.connect(weights: weights, bias: bias)
      case .convolution(let kernel, let weights, let bias):
        plan.convolve(kernel: kernel, weights: weights, bias: bias)
      case .maxPool(let size): plan.pool(.maxPool, size: size)
      case .averagePool(let size): plan.pool(.averagePool, size: size)
      }
    }
    return plan
  }

  /// The features of one window, `[band][row][column]`.
  func features(_ input: [Dual]) -> [Dual] {
    var (rows, edge) = (input, window)
    for layer in layers {
      switch layer {
      case .convolution(let kernel, let weights, let bias):
        rows = convolve(rows, edge, kernel, weights, bias)
        edge -= kernel - 1
      case .maxPool(let size):
        rows = pool(rows, edge, size) { views in
          views.dropFirst().reduce(views[0]) { $1.value > $0.value ? $1 : $0 }
        }
        edge /= size
      case .averagePool(let size):
        rows = pool(rows, edge, size) { views in
          1 / Double(views.count) * views.dropFirst().reduce(views[0], +)
        }
        edge /= size
      }
    }
    return rows
  }

  private func convolve(
    _ rows: [Dual], _ edge: Int, _ kernel: Int, _ weights: [Float], _ bias: [Float]
  ) -> [Dual] {
    let (channels, left) = (rows.count / (edge * edge), edge - kernel + 1)
    var result: [Dual] = []
    for output in bias.indices {
      for y in 0..<left {
        for x in 0..<left {
          var sum = Dual(value: Double(bias[output]), slope: 0)
          for c in 0..<channels {
            for ky in 0..<kernel {
              for kx in 0..<kernel {
                let weight = weights[((output * channels + c) * kernel + ky) * kernel + kx]
                sum = sum + Double(weight) * rows[(c * edge + y + ky) * edge + x + kx]
              }
            }
          }
          result.append(sum.rectified)
        }
      }
    }
    return result
  }

  private func pool(_ rows: [Dual], _ edge: Int, _ size: Int, _ join: ([Dual]) -> Dual) -> [Dual] {
    let (channels, left) = (rows.count / (edge * edge), edge / size)
    var result: [Dual] = []
    for c in 0..<channels {
      for y in 0..<left {
        for x in 0..<left {
          result.append(
            join(
              (0..<size * size).map {
                rows[(c * edge + y * size + $0 / size) * edge + x * size + $0 % size]
              }))
        }
      }
    }
    return result
  }
}

/// A spectral network with its weights, evaluated pixel by pixel.
struct SpectralTwin {
  var bands: Int
  var kernels: [(kernel: Int, pool: Int, weights: [Float], bias: [Float])] = []

  /// A network with pseudorandom weights and a last dense layer of `width`.
  init(bands: Int, filters: [Int], kernel: Int, pool: Int, width: Int) {
    self.bands = bands
    var (length, channels) = (bands, 1)
    for (i, count) in (filters + [width]).enumerated() {
      let taps = i == filters.count ? length : min(kernel, length)
      let inner = channels * taps
      let scale = 2 / Float(inner).squareRoot()
      let size = i == filters.count ? 1 : min(pool, length - taps + 1)
      kernels.append(
        (
          taps, size, pseudorandom(count * inner, UInt64(i) + 300).map { $0 * scale },
          pseudorandom(count, UInt64(i) + 400).map { $0 * 0.2 }
        ))
      (length, channels) = ((length - taps + 1) / size, count)
    }
  }

  var plan: SpectralPlan {
    var plan = SpectralPlan(bands: bands)
    for (i, layer) in kernels.enumerated() {
      if i + 1 == kernels.count {
        plan.connect(weights: layer.weights, bias: layer.bias)
      } else {
        plan.convolve(kernel: layer.kernel, weights: layer.weights, bias: layer.bias)
        if layer.pool > 1 { plan.pool(size: layer.pool) }
      }
    }
    return plan
  }

  /// The features of one pixel's bands.
  func features(_ input: [Dual]) -> [Dual] {
    var (rows, length) = (input, bands)
    for layer in kernels {
      let (channels, left) = (rows.count / length, length - layer.kernel + 1)
      var next: [Dual] = []
      for output in layer.bias.indices {
        let line = (0..<left).map { position in
          var sum = Dual(value: Double(layer.bias[output]), slope: 0)
          for c in 0..<channels {
            for tap in 0..<layer.kernel {
              let weight = layer.weights[(output * channels + c) * layer.kernel + tap]
              sum = sum + Double(weight) * rows[c * length + position + tap]
            }
          }
          return sum.rectified
        }
        for start in stride(from: 0, through: left - layer.pool, by: layer.pool) {
          let views = line[start..<start + layer.pool]
          next.append(views.dropFirst().reduce(line[start]) { $1.value > $0.value ? $1 : $0 })
        }
      }
      rows = next
      length = left / layer.pool
    }
    return rows
  }
}

/// The outputs of a head for one pixel's features.
func headTwin(_ head: HeadPlan, _ features: [Dual]) -> [Dual] {
  var rows = features
  for (i, layer) in head.layers.enumerated() {
    rows = (0..<layer.outputs).map { output in
      var sum = Dual(value: Double(layer.bias[output]), slope: 0)
      for (input, row) in rows.enumerated() {
        sum = sum + Double(layer.weights[output * layer.inputs + input]) * row
      }
      return i + 1 == head.layers.count ? sum : sum.rectified
    }
  }
  return rows
}

/// A head with pseudorandom weights.
func randomHead(_ widths: [Int]) -> HeadPlan {
  HeadPlan(
    zip(widths, widths.dropFirst()).enumerated().map { i, shape in
      let scale = 2 / Float(shape.0).squareRoot()
      return HeadPlan.Layer(
        inputs: shape.0, outputs: shape.1,
        weights: pseudorandom(shape.0 * shape.1, UInt64(i) + 500).map { $0 * scale },
        bias: pseudorandom(shape.1, UInt64(i) + 600).map { $0 * 0.2 })
    })
}

/// Numbers in -1...1 that look random and are the same in every run.
func pseudorandom(_ count: Int, _ seed: UInt64) -> [Float] {
  var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float((state >> 33) & 0xff_ffff) / Float(0x80_0000) - 1
  }
}
