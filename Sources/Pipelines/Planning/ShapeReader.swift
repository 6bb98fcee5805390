import RasterFiles
import Rasters
import Synchronization

/// Polygons as a raster, read once, when the first window is asked for.
final class ShapeReader: Sendable {
  private let path: String
  private let layer: String?
  private let field: String?
  private let grid: Grid
  private let shapes = Mutex<Shapes?>(nil)

  /// Burns `field` of a layer, 1 everywhere without one.
  init(path: String, layer: String?, field: String?, grid: Grid) {
    self.path = path
    self.layer = layer
    self.field = field
    self.grid = grid
  }

  /// The values of a window's cells, one band; NaN outside all polygons.
  func read(_ window: Window) throws -> DataCube {
    let shapes = try shapes.withLock { shapes in
      if let shapes { return shapes }
      let read = try Shapes(path: path, layer: layer, field: field, grid: grid)
      shapes = read
      return read
    }
    return DataCube(window: window, bandCount: 1, values: shapes.burn(window))
  }
}
