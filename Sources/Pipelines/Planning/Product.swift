import Learning
import Networks
import Rasters
import Reports
import Segmentation

/// What a stage promises to make, before anything is read.
enum Product: Sendable {
  case raster(RasterProduct)
  case segments(SegmentsProduct)
  case samples(SamplesProduct)
  case folds(FoldsProduct)
  case model(ModelProduct)
  case scores(ScoresProduct)
  case figures(FiguresProduct)
  case targets(TargetsProduct)
  /// The work of a stage that writes files.
  case outputs(OutputTask)

  /// The charts that it is, or that belong to it.
  var figures: FiguresProduct? {
    switch self {
    case .figures(let figures): figures
    case .raster(let raster): raster.looks
    default: nil
    }
  }

  /// The nodes that must be complete before the product can be used.
  var nodes: [Node] {
    switch self {
    case .raster(let raster): raster.family.flatMap(\.nodes)
    case .segments(let segments): segments.family.flatMap { [$0.node, $0.table] }
    case .samples(let samples): [samples.node]
    case .folds(let folds): [folds.node]
    case .model(let model): [model.node]
    case .figures(let figures): figures.nodes
    case .targets(let targets): [targets.node]
    case .scores(let scores): [scores.node] + (scores.rates.map { [$0] } ?? [])
    case .outputs(let task): task.products.flatMap(\.product.nodes)
    }
  }
}

/// A raster in the making.
struct RasterProduct: Sendable {
  /// The tag, which names the output file.
  var tag: String
  let node: Node
  /// The raster as a linear function of what an analyst put in.
  let view: LinearView
  /// How it was made, for a model file to replay.
  let recipe: Recipe
  /// How it is drawn and described.
  var presentation: Presentation = .continuous
  /// The level of the prediction intervals whose limits follow each band of values; nil for none.
  var interval: Double?
  /// Rasters that belong to this one and are written with it.
  var siblings: [RasterProduct] = []
  /// The model whose outputs the raster holds, where they are those of one.
  var model: ModelReference?
  /// Of flags, the models that were applied, with what each reads.
  var inputs: [ModelInputs] = []
  /// Of gridded points, how well they predict one another, `InterpolationSummary`.
  var interpolation: Node?
  /// Charts that belong to the raster.
  var looks: FiguresProduct?
  /// Windows of samples that are written as rasters of their own, `AttentionNotes`.
  var chips: Node?
  /// Of distances from what a model was trained on, where they are too large and what is told.
  var novelty: NoveltyNodes?

  /// The bands, in order.
  var bands: [Band] { node.bands }

  /// The raster, and what is told of all of it.
  var nodes: [Node] {
    if case .attribution(let attribution) = presentation {
      [node, attribution.residuals, attribution.strengths]
    } else {
      [node] + (interpolation.map { [$0] } ?? []) + (novelty.map(\.nodes) ?? [])
        + (looks?.nodes ?? []) + (chips.map { [$0] } ?? [])
    }
  }

  /// The raster and all that are written with it.
  var family: [RasterProduct] { [self] + siblings.flatMap(\.family) }
}

/// A model and what it reads, for whoever compares that with what the model has seen.
struct ModelInputs: Sendable {
  /// The model file's bytes.
  let model: Node
  /// The raster of the sources whose range the model knows.
  let sources: Node
}

/// What the numbers of a written raster mean, which decides its style and metadata.
enum Presentation: Sendable {
  case continuous
  case probability
  /// How far the probabilities or values of some models differ, as their standard deviation.
  case deviation(models: Int)
  /// How undecided classes are, as a share of the most that their number allows.
  case entropy(classes: Int)
  /// SHAP bands and a base value; the node has an extra last band, the explained output.
  case attribution(Attribution)
  case flags
  /// Whole numbers that have names: classes, levels.
  case named(NamedValues)

  /// What an attribution raster explains.
  struct Attribution: Sendable {
    let method: String
    let className: String
    let output: String
    let isConditionalOnSegments: Bool
    /// The side of the blocks of which one cell is explained.
    let step: Int
    /// The model whose output is explained.
    let model: ModelReference
    /// What was read or gridded of the features.
    let sources: [Node]
    /// The value, `ResidualSummary`, of features, explained output and base value.
    let residuals: Node
    /// The value, `AttributionStrengths`.
    let strengths: Node
    /// Whether the bands are sums over groups of features.
    var areGroups = false
  }
}

/// The whole numbers of a raster, 0 to 254, as its legend names them.
struct NamedValues: Sendable {
  /// How they were found, in a few words.
  let method: String
  let entries: [QMLStyle.Entry]
  /// The value, `ClassifyCuts`, whose facts belong into the metadata.
  var facts: Node?
}

/// Superpixels in the making.
struct SegmentsProduct: Sendable {
  var tag: String
  let node: Node
  /// The lattice of the seeds, which bounds how far a segment reaches.
  let lattice: SuperpixelLattice
  /// The cube that they were made from.
  let cube: RasterProduct
  /// What is known of each segment, with the means of the cube's bands.
  let table: Node
  let recipe: Recipe
  /// The segments of further sizes, where several were asked for.
  var siblings: [SegmentsProduct] = []

  /// The segments of every size.
  var family: [SegmentsProduct] { [self] + siblings }
}

/// Samples in the making, and what is known of them before.
struct SamplesProduct: Sendable {
  let tag: String
  let node: Node
  /// The head that samples of this kind train.
  let kind: ModelArchitecture.Head.Kind
  /// The names of the classes, labels or values: one output of a model each.
  let classes: [String]
  /// The values of the columns that `split` may use, where the samples are points.
  let columns: [String: [String]]
  /// How each of the values is learnt; as they are where nothing is said.
  var forms: [ValueForm] = []

  /// The units of the values; nil where none has one.
  var units: [String]? { forms.contains { !$0.unit.isEmpty } ? forms.map(\.unit) : nil }
}

/// Folds in the making.
struct FoldsProduct: Sendable {
  let tag: String
  let node: Node
  /// The number of folds.
  let count: Int
  let samples: SamplesProduct
}

/// Scores in the making: JSON, and a table for a CSV.
struct ScoresProduct: Sendable {
  var tag: String
  let node: Node
  /// The model that was scored.
  var model: ModelReference?
  /// The folds that it was scored on.
  var folds: FoldsProduct?
  /// Where held-out places stand on the maps of their folds, `PredictionRates`.
  ///
  /// A node of its own: whoever needs the scores alone makes no maps.
  var rates: Node?
}

/// Charts in the making.
struct FiguresProduct: Sendable {
  let tag: String
  /// What the section of the report is called.
  let title: String
  /// The figures, as JSON: `[Figure]`.
  let node: Node
  /// A table of what they were drawn from, a CSV named by the tag; nil for none.
  var table: Node?

  /// What must be made of them.
  var nodes: [Node] { [node] + (table.map { [$0] } ?? []) }
}

/// Targets in the making.
struct TargetsProduct: Sendable {
  let tag: String
  /// The targets, as JSON: `TargetList`.
  let node: Node
  /// The smallest area of a target.
  let leastArea: Double
}

/// Files to write once everything is made.
struct OutputTask: Sendable {
  enum Kind: Sendable { case write, report }
  let kind: Kind
  let tag: String
  let products: [(tag: String, product: Product)]
  /// What stands for missing cells of real values on disk.
  let nodata: Double
  /// In which form rasters are written.
  var form = RasterForm()
  /// How rasters are drawn.
  var styles = RasterStyles()
}
