import Foundation
import Rasters
import Testing

struct BandTests {
  @Test func categoriesOfAGroupAreOneFeature() {
    #expect(Band(name: "rock: gneiss", group: "rock").feature == "rock")
    #expect(Band(name: "Cu", unit: "mg/kg").feature == "Cu")
  }

  /// Stores know rasters by this text: it must stay as it is.
  @Test func bandsHaveATextThatStays() {
    #expect(
      "\([Band(name: "Cu \"s\"", unit: "mg/kg")])"
        == #"[Rasters.Band(name: "Cu \"s\"", unit: "mg/kg", group: nil)]"#)
    #expect(
      "\([Band(name: "a", group: "rock", featureGroup: "field")])"
        == "[Rasters.Band(name: \"a\", unit: \"\", group: Optional(\"rock\"), "
        + "featureGroup: \"field\")]")
    #expect(
      "\([Band(name: "a", position: BandPosition(865.5, .nanometres))])"
        == #"[Rasters.Band(name: "a", unit: "", group: nil, position: 865.5 nm)]"#)
  }

  @Test func bandsWithoutAGroupAreStoredAsBefore() throws {
    let old = Data(#"{"name":"Cu","unit":"mg/kg"}"#.utf8)
    let band = try JSONDecoder().decode(Band.self, from: old)
    #expect(band == Band(name: "Cu", unit: "mg/kg"))
    let text = String(decoding: try JSONEncoder().encode(band), as: UTF8.self)
    #expect(!text.contains("roup") && !text.contains("position"))
    let placed = Band(name: "b", position: BandPosition(1720, .reciprocalCentimetres))
    let stored = try JSONEncoder().encode(placed)
    #expect(try JSONDecoder().decode(Band.self, from: stored) == placed)
  }
}
