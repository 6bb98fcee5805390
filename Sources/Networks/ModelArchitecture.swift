/// The form of a model: branches that make features of a pixel, a fusion and a head.
public struct ModelArchitecture: Sendable, Hashable, Codable {
  /// The number of bands of the model's input cube.
  public var bandCount: Int
  /// The branches, in the order in which their features are joined.
  public var branches: [Branch]
  /// How the branches' features are joined.
  public var fusion: Fusion
  /// The sizes of an attention; nil where the fusion is none.
  public var attention: AttentionSettings?
  /// What is made of the joined features.
  public var head: Head

  /// Describes a model.
  public init(
    bandCount: Int, branches: [Branch], fusion: Fusion = .concat,
    attention: AttentionSettings? = nil, head: Head
  ) {
    self.bandCount = bandCount
    self.branches = branches
    self.fusion = fusion
    self.attention = attention
    self.head = head
  }

  /// How features of several branches become one vector.
  public enum Fusion: String, Sendable, Hashable, Codable {
    /// The vectors one after another.
    case concat
    /// For every feature a mean of the branches' with shares that depend on all features.
    case gate
    /// Tokens of each branch that see one another and those of the other branches, and their means
    /// one after another: see `AttentionFusion`.
    ///
    /// A token is what convolutions and poolings leave at a place; of a graph branch all features
    /// are one. The dense layers of branches, and so their widths, take no part.
    case attention
  }

  /// The sizes of a fusion by attention.
  public struct AttentionSettings: Sendable, Hashable, Codable {
    /// The features of a token, and those that each branch adds to the joined ones.
    public var width: Int
    /// The heads of each attention, which divide the width.
    public var heads: Int

    /// Describes an attention.
    public init(width: Int = 32, heads: Int = 4) {
      self.width = width
      self.heads = heads
    }
  }

  /// One branch of a model.
  public enum Branch: Sendable, Hashable, Codable {
    /// A 1-D network over the bands of a pixel.
    case spectral(SpectralBranch)
    /// A 2-D network over a window around a pixel.
    case patch(PatchBranch)
    /// A superpixel graph network.
    case graph(GraphBranch)
  }

  /// 1-D convolutions over the band axis, pooling and a dense layer (after Hu and others, 2015).
  public struct SpectralBranch: Sendable, Hashable, Codable {
    /// The filters of each convolution, in order.
    public var filters: [Int]
    /// The taps of each convolution; shortened to the length that is left where bands are few.
    public var kernel: Int
    /// The size of the max pooling after each convolution; 1 for none.
    public var pool: Int
    /// The features that the branch makes.
    public var width: Int
    /// The bands of the model's input that the branch reads; nil for all.
    public var bands: Range<Int>?

    /// Describes a spectral branch.
    public init(
      filters: [Int], kernel: Int, pool: Int, width: Int, bands: Range<Int>? = nil
    ) {
      self.filters = filters
      self.kernel = kernel
      self.pool = pool
      self.width = width
      self.bands = bands
    }
  }

  /// Valid 2-D convolutions and poolings over a window, then a dense layer over what is left.
  ///
  /// With a refinement of `r` the bands are the `r * r` sub-cells of every cell of finer bands: fine
  /// band first, then the sub-row, then the sub-column. The window then counts sub-cells and lies
  /// around the middle of its cell.
  public struct PatchBranch: Sendable, Hashable, Codable {
    /// The window's edge in cells (sub-cells, where there are any); an even window reaches one cell
    /// further up and left.
    public var window: Int
    /// The layers before the dense one.
    public var layers: [Layer]
    /// The features that the branch makes: the outputs of the dense layer, after its ReLU.
    public var width: Int
    /// The bands of the model's input that the branch reads; nil for all.
    public var bands: Range<Int>?
    /// The sub-cells along a cell's edge; nil for 1, the cells themselves.
    public var refinement: Int?

    /// Describes a patch branch.
    public init(
      window: Int, layers: [Layer], width: Int, bands: Range<Int>? = nil, refinement: Int? = nil
    ) {
      self.window = window
      self.layers = layers
      self.width = width
      self.bands = bands
      self.refinement = refinement
    }

    /// One step of the patch network.
    public enum Layer: Sendable, Hashable, Codable {
      /// A valid convolution with bias, followed by a ReLU.
      case convolution(filters: Int, kernel: Int)
      /// Max pooling with stride `size`, remainders dropped; the first maximum wins ties.
      case maxPool(size: Int)
      /// Mean pooling with stride `size`, remainders dropped.
      case averagePool(size: Int)
    }
  }

  /// Internal and external superpixel graph convolution (after GiGCN and Xu & Zuo 2024).
  public struct GraphBranch: Sendable, Hashable, Codable {
    /// The power K of the normalised adjacency inside a segment.
    public var hops: Int
    /// The width of the internal and external convolutions.
    public var width: Int
    /// The features that the branch makes.
    public var output: Int
    /// The share of features dropped in training before the last layer.
    public var dropout: Float
    /// How much each neighbouring segment counts; nil where all count the same.
    public var weights: EdgeWeights?

    /// Describes a graph branch.
    public init(
      hops: Int, width: Int, output: Int, dropout: Float, weights: EdgeWeights? = nil
    ) {
      self.hops = hops
      self.width = width
      self.output = output
      self.dropout = dropout
      self.weights = weights
    }
  }

  /// Weights of the edges between segments, fixed by the segments and their mean bands.
  ///
  /// `exp(-|m_s - m_t|^2 / (B sigma^2))` over the means of `B` bands and, with `tau`, a factor of the
  /// angle between the edge and the segments' strikes. They are part of the input, not of the
  /// network: its derivatives hold them as they are.
  public struct EdgeWeights: Sendable, Hashable, Codable {
    /// The root mean square difference of bands at which a weight is `1 / e`.
    public var sigma: Float
    /// The width of the directional factor; nil for likeness alone.
    public var tau: Float?

    /// Describes weights.
    public init(sigma: Float, tau: Float? = nil) {
      self.sigma = sigma
      self.tau = tau
    }
  }

  /// The layers after the fusion.
  public struct Head: Sendable, Hashable, Codable {
    /// What the outputs mean.
    public var kind: Kind
    /// The widths of hidden layers (each with a ReLU) before the outputs.
    public var hidden: [Int]
    /// The number of outputs: classes, labels or values.
    public var outputs: Int
    /// The share of features dropped in training before each layer of the head.
    public var dropout: Float

    /// Describes a head.
    public init(kind: Kind, hidden: [Int], outputs: Int, dropout: Float = 0) {
      self.kind = kind
      self.hidden = hidden
      self.outputs = outputs
      self.dropout = dropout
    }

    /// What the raw outputs of a head stand for.
    public enum Kind: String, Sendable, Hashable, Codable {
      /// Logits of classes that exclude one another.
      case softmax
      /// Logits of independent labels.
      case sigmoid
      /// Values as they are.
      case linear
    }
  }
}
