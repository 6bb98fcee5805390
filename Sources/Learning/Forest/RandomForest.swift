/// A random forest (Breiman 2001): trees grown on bootstrap samples, their leaves averaged.
///
/// The trees are CART (Breiman and others 1984) with exact splits at midpoints between sorted
/// values, by Gini impurity for classes and variance for values; definitions and defaults are
/// scikit-learn's. Every choice depends on the seed, the tree and the node's path from the root
/// alone, so a forest has the same bits for any number of workers.
public struct RandomForest: Sendable, Hashable {
  /// What a forest learns, one entry for each sample.
  public enum Target: Sendable, Hashable {
    /// The indices of classes that exclude one another, each below `count`.
    case classes([Int], count: Int)
    /// Measured values.
    case values([Float])
  }

  /// How a forest is grown.
  public struct Options: Sendable, Hashable, Codable {
    /// The number of trees.
    public var trees = 500
    /// The fewest different samples of a leaf.
    public var minimumLeaf = 1
    /// The features that compete for a split; nil for the root of their number rounded down where
    /// classes are learnt, and all of them for values.
    public var featuresPerSplit: Int?
    /// The most splits between root and leaf; nil for no limit.
    public var maximumDepth: Int?
    /// How classes of different frequency count; values all count the same.
    public var classWeights = TrainingOptions.ClassWeights.balanced
    /// Where weights of samples and classes act.
    public var weighting = Weighting.draws
    /// The seed of every random choice.
    public var seed: UInt64 = 0

    /// Takes the defaults.
    public init() {}
  }

  /// Where weights of samples and classes act (Chen, Liaw and Breiman 2004).
  public enum Weighting: String, Sendable, Hashable, Codable {
    /// Samples are drawn in proportion to their weights and count the same once drawn: balanced
    /// forests, and what scikit-learn does from version 1.9 on.
    case draws
    /// All samples are as likely to be drawn and count with their weights in impurities and
    /// leaves: weighted forests, and what scikit-learn did before.
    case impurity
  }

  /// The number of features of a sample.
  public let featureCount: Int
  /// The number of classes, or 1 for values.
  public let outputCount: Int
  /// Whether outputs are probabilities of classes rather than values.
  public let isClassifier: Bool
  /// The mean decrease of impurity by the splits on each feature, normalised to sum 1.
  ///
  /// Every tree counts the same. All are 0 where no tree has a split. (Breiman 2001; it favours
  /// features with many different values.)
  public let importances: [Float]
  /// How well each sample is predicted by the trees that have not seen it.
  ///
  /// The accuracy for classes, the coefficient of determination R2 for values; nil where no sample
  /// was left out by any tree or the values do not vary. Samples that every tree saw do not count.
  public let outOfBagScore: Float?

  /// The nodes of all trees, each tree in preorder: the left child follows its parent.
  let nodes: [ForestNode]
  /// The first node of each tree, then the number of nodes.
  let roots: [Int32]
  /// What the leaves say, leaves x outputs, in the order of the nodes.
  let leaves: [Float]

  /// The number of trees.
  public var treeCount: Int { roots.count - 1 }

  /// Grows a forest.
  ///
  /// - Parameters:
  ///   - rows: The samples' features, samples x features, row-major and finite.
  ///   - target: What is to be learnt.
  ///   - weights: How much each sample counts, from 0 on; nil for 1 each. Samples of weight 0 are
  ///     in no tree.
  ///   - options: How to grow it.
  ///   - jobs: The number of workers; nil for the number of `Parallel`.
  ///   - onTrees: Called now and then with the number of trees grown, at last with that of all.
  /// - Throws: `SampleError` where samples, features, targets or options do not fit together or a
  ///   number is not finite, and what a cancellation check throws.
  public init(
    rows: [Float], target: Target, weights: [Float]? = nil, options: Options = Options(),
    jobs: Int? = nil, onTrees: (Int) -> Void = { _ in }
  ) throws {
    self = try Self.train(
      rows: rows, target: target, weights: weights, options: options, jobs: jobs,
      onTrees: onTrees
    ).forest
  }

  /// Grows a forest and keeps what its trees say of the samples that they have not seen.
  ///
  /// `outOfBag` is samples x outputs, row-major; NaN for a sample that every tree saw. Parameters
  /// and errors are those of `init`.
  public static func train(
    rows: [Float], target: Target, weights: [Float]? = nil, options: Options = Options(),
    jobs: Int? = nil, onTrees: (Int) -> Void = { _ in }
  ) throws -> (forest: RandomForest, outOfBag: [Float]) {
    let data = try ForestData(rows: rows, target: target, weights: weights, options: options)
    var training = ForestTraining(data, options)
    try training.grow(jobs: jobs, onTrees: onTrees)
    return (training.forest(), training.outOfBag)
  }

  init(
    featureCount: Int, outputCount: Int, isClassifier: Bool, importances: [Float],
    outOfBagScore: Float?, nodes: [ForestNode], roots: [Int32], leaves: [Float]
  ) {
    self.featureCount = featureCount
    self.outputCount = outputCount
    self.isClassifier = isClassifier
    self.importances = importances
    self.outOfBagScore = outOfBagScore
    self.nodes = nodes
    self.roots = roots
    self.leaves = leaves
  }
}

/// A node of a tree.
struct ForestNode: Sendable, Hashable {
  /// The feature that is compared; -1 for a leaf.
  var feature: Int32
  /// The largest value of the left child; 0 for a leaf.
  var threshold: Float
  /// The right child, the left one being the next node; for a leaf its row of `leaves`.
  var next: Int32

  var isLeaf: Bool { feature < 0 }
}
