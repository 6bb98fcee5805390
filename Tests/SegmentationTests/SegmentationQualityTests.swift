import Rasters
import Testing

@testable import Segmentation

struct SegmentationQualityTests {
  private let window = Window(x: 0, y: 0, width: 12, height: 4)

  private func halves(at column: Int) -> SegmentRaster {
    SegmentRaster(
      window: window, ids: (0..<48).map { $0 % 12 < column ? 5 : 9 })
  }

  @Test func boundaryRecallAllowsForTheTolerance() {
    let classes = (0..<48).map { Int32($0 % 12 < 6 ? 1 : 2) }
    #expect(SegmentationQuality.boundaryRecall(halves(at: 6), classes: classes) == 1)
    #expect(SegmentationQuality.boundaryRecall(halves(at: 8), classes: classes) == 1)
    #expect(SegmentationQuality.boundaryRecall(halves(at: 9), classes: classes) == 0)
    let unlabelled = classes.map { $0 == 1 ? 0 : $0 }
    #expect(SegmentationQuality.boundaryRecall(halves(at: 6), classes: unlabelled).isNaN)
  }

  @Test func achievableAccuracyCountsTheCommonestClass() {
    let classes = (0..<48).map { Int32($0 % 12 < 6 ? 1 : 2) }
    #expect(SegmentationQuality.achievableAccuracy(halves(at: 6), classes: classes) == 1)
    #expect(SegmentationQuality.achievableAccuracy(halves(at: 9), classes: classes) == 0.75)
  }

  @Test func varianceInsideSegmentsIsAShare() {
    let values = (0..<48).map { Float($0 % 12 < 6 ? 1 : 3) }
    let cube = DataCube(window: window, bandCount: 1, values: values)
    #expect(SegmentationQuality.withinSegmentVariance(cube, halves(at: 6)) == 0)
    // Nine columns with six ones and three threes: 36 cells of variance 8/9 against 48 of 1.
    let share = SegmentationQuality.withinSegmentVariance(cube, halves(at: 9))
    #expect(abs(share - 2.0 / 3) < 1e-12)
  }
}
