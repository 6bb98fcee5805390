import RasterFiles

extension Tool {
  /// Makes a scene whose truth is known.
  static func perform(_ synthesize: Command.Synthesize) -> Runner.Status {
    GDAL.initialize()
    do {
      let names: [String]
      switch synthesize.kind {
      case .belt:
        names = try BeltScene(seed: UInt64(synthesize.seed)).write(to: synthesize.folder)
      case .provinces:
        names = try ProvinceScene.write(
          seed: UInt64(synthesize.seed), cells: synthesize.cells ?? 160, to: synthesize.folder)
      case .filter:
        names = try FilterScene(
          seed: UInt64(synthesize.seed), cells: synthesize.cells ?? 192
        ).write(to: synthesize.folder)
      }
      print("wrote \(names.joined(separator: ", ")) to \(synthesize.folder)")
      return .done
    } catch {
      Runner.say("\(error)")
      return .failed
    }
  }
}

extension Command.Synthesize {
  /// Refuses a scene too small to hold anything.
  func requireCells() throws(UsageError) {
    guard kind == .filter, let cells, cells < AgedParticle.spacing else { return }
    throw UsageError(
      description: "option '--cells': a filter of \(cells) cells a side has no particle; expected "
        + "\(AgedParticle.spacing) or more")
  }
}
