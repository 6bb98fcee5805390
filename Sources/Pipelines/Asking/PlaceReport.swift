import Rasters

/// What a finished map says of a place: for people in words, for programs as JSON, where what is
/// missing has no key.
struct PlaceReport: Encodable, Equatable {
  /// The pipeline's name.
  var pipeline: String
  /// When the run that wrote the map ended.
  var finished: String
  var place: Place
  /// The place as it was asked for, where that was in another coordinate system.
  var asked: Place?
  var cell: Cell
  var maps: [Map] = []
  var flags: [Flags] = []
  var explanations: [Explanation] = []
  var classes: [Named] = []
  var segments: [Segment] = []
  var targets: [Target] = []
  /// Other rasters.
  var layers: [Layer] = []
  /// What cannot be answered, and why, in sentences.
  var notes: [String] = []

  /// A place in map coordinates.
  struct Place: Encodable, Equatable {
    var x: Double
    var y: Double
    var crs: String
  }

  /// The cell that holds the place, and its centre.
  struct Cell: Encodable, Equatable {
    var column: Int
    var row: Int
    var x: Double
    var y: Double
  }

  /// The value of a band, with what the trainings differ where that is known.
  struct Value: Encodable, Equatable {
    var name: String
    var value: Double?
    var unit: String?
    var deviation: Double?
  }

  /// Probabilities, or the values of a linear head.
  struct Map: Encodable, Equatable {
    var tag: String
    var isProbability: Bool
    var values: [Value]
    /// Over how many models the deviations are.
    var models: Int?
  }

  /// Why a map has no value here, or a doubtful one.
  struct Flags: Encodable, Equatable {
    var tag: String
    var of: String?
    var bits: Int
    var meanings: [String]
    /// The inputs that are beyond what the model has seen.
    var outside: [Outside] = []
    /// The inputs of which that is not known.
    var unknown: [String] = []
  }

  /// An input that is beyond what the training samples had of it.
  struct Outside: Encodable, Equatable {
    var name: String
    var value: Double?
    var unit: String?
    /// The least and the greatest value of the samples.
    var minimum: Double?
    var maximum: Double?
    /// The category, which no sample has, for an input that has them.
    var category: String?
    /// For how many of several models this holds, where not for all.
    var models: Int?
  }

  /// What moved the output of a model.
  struct Explanation: Encodable, Equatable {
    var tag: String
    var className: String
    var output: String
    var method: String
    var base: Double?
    /// The features, the strongest first.
    var features: [Feature] = []
    /// The sum of base and features.
    var sum: Double?
    /// The output that was explained, where the raster or a map of the same model has it.
    var explained: Double?
    /// Where `explained` is from.
    var check: String?
    /// What 99 of 100 cells of the whole map are within.
    var residual: Double?
  }

  /// What a feature did, and what it is here.
  struct Feature: Encodable, Equatable {
    var name: String
    var attribution: Double
    /// The value that was read or gridded, in the unit of its source.
    var value: Double?
    var unit: String?
    /// The category, for a feature that has them.
    var category: String?
  }

  /// A class, a level: a whole number with a name.
  struct Named: Encodable, Equatable {
    var tag: String
    var value: Int?
    var name: String?
  }

  /// The superpixel that holds the cell.
  struct Segment: Encodable, Equatable {
    var tag: String
    var id: Int?
    var cells: Int?
    var elongation: Double?
    var strike: Double?
    /// The means of the bands that were segmented.
    var means: [Value] = []
  }

  /// The target that holds the place.
  struct Target: Encodable, Equatable {
    var tag: String
    var rank: Int?
    var why: String?
  }

  /// The bands of another raster.
  struct Layer: Encodable, Equatable {
    var tag: String
    var values: [Value]
  }
}
