import Foundation
import Rasters

/// How a product was made from raw bands, so that a model file can make it again from others.
final class Recipe: Sendable {
  /// The stage's word; `Recipe.raw` for bands as they are read or gridded.
  let type: String
  /// The stage's options as canonical JSON.
  let options: String
  let inputs: [Recipe]
  let bands: [Band]
  /// The value that the stage fitted, if it fits one.
  let fit: Node?

  /// The word of a step that takes raw bands, by name.
  static let raw = "raw"
  /// The word of the last step, which gathers what a model takes.
  static let modelInputs = "model-inputs"

  init(type: String, options: String, inputs: [Recipe], bands: [Band], fit: Node? = nil) {
    self.type = type
    self.options = options
    self.inputs = inputs
    self.bands = bands
    self.fit = fit
  }

  /// Bands that are read, not made.
  static func raw(_ bands: [Band]) -> Recipe {
    Recipe(type: raw, options: "{}", inputs: [], bands: bands)
  }

  /// The fitted values below, each once, in the order in which `steps` wants their bytes.
  var fits: [Node] {
    ordered.compactMap(\.fit)
  }

  /// The steps in an order in which every input comes before its use.
  private var ordered: [Recipe] {
    var seen: Set<ObjectIdentifier> = []
    var result: [Recipe] = []
    func visit(_ recipe: Recipe) {
      guard seen.insert(ObjectIdentifier(recipe)).inserted else { return }
      for input in recipe.inputs { visit(input) }
      result.append(recipe)
    }
    visit(self)
    return result
  }

  /// The recipe as a list, with the bytes of its fitted values.
  func steps(fitted: ArraySlice<[UInt8]>) -> [PreparationStep] {
    let order = ordered
    var remaining = fitted
    return order.map { recipe in
      PreparationStep(
        type: recipe.type, options: recipe.options,
        inputs: recipe.inputs.map { input in order.firstIndex { $0 === input } ?? 0 },
        bands: recipe.bands,
        fitted: recipe.fit == nil
          ? nil : remaining.popFirst().map { String(decoding: $0, as: UTF8.self) })
    }
  }
}

/// One step of the preparation that a model file carries.
struct PreparationStep: Codable, Sendable, Equatable {
  /// The stage's word, or "raw".
  var type: String
  /// The stage's options as JSON.
  var options: String
  /// The earlier steps that it takes, by position.
  var inputs: [Int]
  /// The bands that it makes.
  var bands: [Band]
  /// The fitted value as JSON.
  var fitted: String?
}
