import Glibc
public import Networks

/// Bands that predict by themselves, such as interpolated concentrations: what a model must beat.
///
/// A value is that of its band. A label holds where its band is above a limit; with a band of
/// variances the probability of that is `1 - Phi((limit - value) / sqrt(variance))`, for normal
/// errors, as kriging's variance is used where a threshold is to be exceeded (Goovaerts 1997,
/// 7.4.1). Nothing is learnt.
public struct SurfaceRule: Sendable, Hashable {
  /// What stands for one output.
  public struct Surface: Sendable, Hashable {
    /// The band of the value.
    public var band: Int
    /// What the value must be above; nil where the value itself is wanted.
    public var limit: Float?
    /// The band of the variance of the value's error; nil where it is not known.
    public var variance: Int?

    /// Describes the surface of an output.
    public init(band: Int, limit: Float? = nil, variance: Int? = nil) {
      self.band = band
      self.limit = limit
      self.variance = variance
    }
  }

  /// The surfaces, one for each label or value; for two classes that of the second.
  public let surfaces: [Surface]
  /// The number of bands of a pixel.
  public let featureCount: Int
  /// Whether the one surface speaks for the second of two classes, and its opposite for the first.
  public let hasOpposite: Bool

  /// Makes a rule of surfaces; each band must be below `featureCount`.
  public init(_ surfaces: [Surface], featureCount: Int, hasOpposite: Bool) {
    self.surfaces = surfaces
    self.featureCount = featureCount
    self.hasOpposite = hasOpposite
  }

  /// The number of outputs.
  public var outputCount: Int { hasOpposite ? 2 : surfaces.count }

  /// The outputs of samples, samples x outputs; NaN where a band of an output is missing.
  public func probabilities(_ rows: [Float], count: Int) -> [Float] {
    (0..<count).flatMap { sample in
      outputs { rows[sample * featureCount + $0] }
    }
  }

  /// The outputs of a chunk of pixels, outputs x cells; NaN where a band of an output is missing.
  public func dense(_ planes: [Float], cells: Int) -> [Float] {
    var result = [Float](repeating: 0, count: outputCount * cells)
    for cell in 0..<cells {
      for (output, value) in outputs(of: { planes[$0 * cells + cell] }).enumerated() {
        result[output * cells + cell] = value
      }
    }
    return result
  }

  private func outputs(of value: (Int) -> Float) -> [Float] {
    let own = surfaces.map { surface in
      surface.output(value(surface.band), variance: surface.variance.map(value))
    }
    return hasOpposite ? [1 - own[0], own[0]] : own
  }
}

extension SurfaceRule.Surface {
  /// The value, or how probably it is above the limit.
  func output(_ value: Float, variance: Float?) -> Float {
    guard let limit, !value.isNaN else { return value }
    guard let variance else { return value > limit ? 1 : 0 }
    if variance.isNaN { return .nan }
    // Where a surface goes through its points there is no error.
    guard variance > 0 else { return value > limit ? 1 : 0 }
    let deviations = (Double(limit) - Double(value)) / Double(variance).squareRoot()
    return Float(0.5 * erfc(deviations / 2.0.squareRoot()))
  }
}

extension SurfaceRule {
  /// The rule as named arrays, as a safetensors file holds them.
  public var tensors: [NamedTensor] {
    func tensor(_ name: String, _ values: [Float]) -> NamedTensor {
      NamedTensor(name: "surface.\(name)", shape: [values.count], values: values)
    }
    return [
      tensor("band", surfaces.map { Float($0.band) }),
      tensor("form", [Float(featureCount), hasOpposite ? 1 : 0]),
      tensor("limit", surfaces.compactMap(\.limit)),
      tensor("variance", surfaces.compactMap { $0.variance.map { Float($0) } }),
    ]
  }

  /// Reads a rule from named arrays.
  ///
  /// - Throws: `ModelFileError` where an array is missing, unknown, of another shape or not finite,
  ///   or names a band that there is not.
  public init(tensors: [NamedTensor]) throws(ModelFileError) {
    var reader = TensorReader(tensors, prefix: "surface.")
    let bands = try reader.whole("band", from: 0)
    let form = try reader.whole("form", from: 0, count: 2)
    let limits = try reader.take("limit", [nil]).values
    let variances = try reader.whole("variance", from: 0)
    try reader.finish()
    guard !bands.isEmpty, [0, bands.count].contains(limits.count),
      [0, limits.count].contains(variances.count), form[1] <= 1, form[1] == 0 || bands.count == 1,
      (bands + variances).allSatisfy({ $0 < form[0] })
    else {
      throw ModelFileError(
        "the surfaces of the bands \(bands) have \(limits.count) limits and the variances "
          + "\(variances) among \(form[0]) bands")
    }
    self.init(
      bands.indices.map { index in
        Surface(
          band: bands[index], limit: limits.isEmpty ? nil : limits[index],
          variance: variances.isEmpty ? nil : variances[index])
      }, featureCount: form[0], hasOpposite: form[1] == 1)
  }
}
