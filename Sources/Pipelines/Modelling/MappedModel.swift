import Rasters
import Tensors

/// A model of which something other than its outputs is mapped: attention, distances of features.
struct MappedModel: Sendable {
  let applied: AppliedModel
  /// What it was trained from; nil for a model from a file.
  let training: ModelProduct.Training?

  var model: ModelProduct { applied.model }

  /// The inputs of every stage that maps such a thing.
  static let inputs = [
    InputDefinition(
      "model", [.model], isRequired: false, source: .named,
      "The model, from 'train'; or the option 'model'."),
    InputDefinition(
      "cube", [.raster], isRequired: false, isMany: true, source: .named,
      "The cubes to map, with the bands that the model was trained on; by default those. With the "
        + "option 'model' the raw rasters, whose bands are matched by name."),
    InputDefinition(
      "segments", [.segments], isRequired: false, source: .named,
      "The superpixels of 'cube', for a graph branch; with the option 'model' they are made anew."),
  ]

  /// The single model that a stage is given, with the cube that it names or that of the training;
  /// `what` says for people what is mapped.
  init(_ request: PlanRequest, _ what: String) throws {
    guard request.fold == nil else {
      throw request.failure(
        "inputs", "\(what) cannot be made inside a fold; train on what it is made of")
    }
    guard !request.options.has(AppliedModel.fileOption.name) else {
      let models = try AppliedModel.all(request)
      guard let first = models.parts.first, models.parts.count == 1 else {
        throw request.failure(
          AppliedModel.fileOption.name, "combines several models; take a single one")
      }
      (applied, training) = (first, nil)
      return
    }
    guard request.inputs["model"] != nil else {
      throw request.failure("inputs", "needs a 'model' among the inputs, or the option 'model'")
    }
    let (model, own) = try request.inspectedModel()
    training = own
    guard request.rasters("cube").isEmpty else {
      applied = try AppliedModel.given(request, model, try Stack.cube(request, "cube"))
      return
    }
    guard request.segments("segments") == nil else {
      throw request.failure("inputs", "'segments' goes with a 'cube' of its own")
    }
    applied = AppliedModel(model: model, cube: own.cube, segments: own.segments)
  }
}
