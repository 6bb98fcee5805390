import Rasters
import Testing

struct BandTests {
  @Test func categoriesOfAGroupAreOneFeature() {
    #expect(Band(name: "rock: gneiss", group: "rock").feature == "rock")
    #expect(Band(name: "Cu", unit: "mg/kg").feature == "Cu")
  }
}
