import RasterFiles
import Rasters
import Reports

extension OutputWriter.Layer {
  /// The style of one band of a raster of values with intervals, counted from 0: limits have the scale
  /// of their value, so that the three can be compared.
  ///
  /// Nil of other rasters, and where the file does not tell its numbers.
  func intervalStyle(band: Int) -> QMLStyle? {
    guard case .raster(let raster) = product, raster.interval != nil, form.word != .netcdf,
      let info = try? RasterInfo(path: path), info.bands.count == raster.bands.count
    else { return nil }
    func range(_ band: Int) -> ClosedRange<Double>? {
      let metadata = info.bands[band].metadata
      guard let low = metadata["STATISTICS_MINIMUM"].flatMap(Double.init),
        let high = metadata["STATISTICS_MAXIMUM"].flatMap(Double.init), low < high
      else { return nil }
      return low...high
    }
    let size = PredictedBands.bandsOfInterval
    guard let scale = range(band / size * size) else { return nil }
    return .continuous(
      range: scale, of: range(band), unit: raster.bands[band].unit,
      band: form.styled(band: band + 1))
  }
}
