/// The ranked points of targets as GeoJSON has them.
struct PointCollection: Decodable {
  struct Feature: Decodable {
    struct Geometry: Decodable {
      var type: String
      var coordinates: [Double]
    }
    struct Properties: Decodable {
      var rank: Int
      var area: Double
      var distance: Double
      var why: String
    }
    var type: String
    var geometry: Geometry
    var properties: Properties
  }
  var type: String
  var features: [Feature]
}
