/// Models of features.
extension Model {
  /// The model whose raw outputs are this one's fused features: what the head's first layer takes.
  ///
  /// Branches and fusion stay as they are; the head is an identity, so that batch, dense and tangent
  /// evaluation all give features.
  public var featureModel: Model {
    let width = featureCount
    var form = architecture
    form.head = ModelArchitecture.Head(kind: .linear, hidden: [], outputs: width)
    var parameters = parameters
    parameters.head.hidden = []
    parameters.head.output = Linear(
      inputs: width, outputs: width,
      weight: (0..<width * width).map { $0 % (width + 1) == 0 ? 1 : 0 },
      bias: [Float](repeating: 0, count: width))
    return Model(architecture: form, parameters: parameters)
  }

  /// The number of fused features.
  public var featureCount: Int { parameters.head.layers[0].inputs }

  /// A model of parts that belong together.
  private init(architecture: ModelArchitecture, parameters: ModelParameters) {
    self.architecture = architecture
    self.parameters = parameters
  }
}
