import Learning
import Reports

/// Where held-out places stand on the maps of their folds, which have not seen them.
struct PredictionRates: Codable, Sendable {
  var classes: [Class]
  var foldNames: [String]

  /// The places of one class or label.
  struct Class: Codable, Sendable {
    let name: String
    /// The places whose fold's map has a value there, by fold and position.
    private(set) var places: [Place] = []
    /// The places whose fold's map has none.
    private(set) var missing = 0

    init(name: String) { self.name = name }

    /// Adds a test sample of a fold, by its probability on the fold's map.
    mutating func add(_ sample: Sample, fold: Int, _ probability: Float?, _ counts: RankCounts) {
      guard let probability, let rank = counts.rank(of: probability) else {
        missing += 1
        return
      }
      places.append(
        Place(
          id: sample.id, x: sample.x, y: sample.y, fold: fold, probability: probability, rank: rank)
      )
    }

    /// The prediction-rate curve, pooled over the folds; nil without places.
    var curve: SuccessCurve? { SuccessCurve(ranks: places.map(\.rank)) }
  }

  /// One held-out place.
  struct Place: Codable, Sendable, Hashable {
    /// The number of the sample.
    let id: Int
    let x: Double
    let y: Double
    let fold: Int
    /// The probability on the map of the fold.
    let probability: Float
    let rank: PlaceRank
  }

  /// What a class's curve says in a few numbers, as `Scores` names its measures.
  func measures(_ index: Int) -> [(name: String, value: Double?)] {
    let found = classes[index]
    let curve = found.curve
    return [
      ("places", Double(found.places.count)), ("places without a value", Double(found.missing)),
      ("area under the prediction rate", curve?.areaUnderCurve),
      ("places in 5 % of the area", curve?.depositShare(atArea: 0.05)),
      ("places in 10 % of the area", curve?.depositShare(atArea: 0.1)),
      ("places in 20 % of the area", curve?.depositShare(atArea: 0.2)),
      ("places at the crossing", curve?.crossing.depositShare),
      ("area at the crossing", curve?.crossing.areaShare),
    ]
  }

  /// The measures as lines of the table of scores.
  var measuresCSV: String {
    classes.indices.flatMap { index in
      measures(index).map { measure, value in
        "fold maps,\(classes[index].name.csvField),\(measure),\(value.map { "\($0)" } ?? "")\n"
      }
    }.joined()
  }

  /// Every place with its rank, best first, one a line.
  var placesCSV: String {
    var lines = ["class,fold,sample,x,y,probability,area above,area at or above"]
    for found in classes {
      let sorted = found.places.sorted {
        ($0.rank.areaAtOrAbove, $0.rank.areaAbove, $0.id)
          < ($1.rank.areaAtOrAbove, $1.rank.areaAbove, $1.id)
      }
      for place in sorted {
        lines.append(
          "\(found.name.csvField),\(foldNames[place.fold].csvField),\(place.id),\(place.x),"
            + "\(place.y),\(place.probability),\(place.rank.areaAbove),\(place.rank.areaAtOrAbove)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
