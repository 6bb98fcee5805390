import Rasters

/// What a branch of a network reads of the cubes that a training is given.
struct BranchCube {
  /// The bands of all cubes together that it reads; nil for all.
  let bands: Range<Int>?
  /// The smaller cells along a side of each cell; nil where there are none.
  let refinement: Int?

  /// Looks the option 'input' up, and checks that the kind of branch can read what it names.
  init(_ request: PlanRequest, _ type: String, _ values: OptionValues) throws {
    let cubes = request.rasters("cube")
    let all = cubes.flatMap(\.bands)
    let own = try Self.range(request, cubes, type == "graph" ? nil : values)
    bands = own.count == all.count ? nil : own
    let sizes = Set(all[own].map { $0.subcell?.refinement ?? 1 }).sorted()
    guard sizes != [1], type != "graph" else {
      refinement = nil
      return
    }
    guard type == "patch-cnn", sizes.count == 1, let size = sizes.first else {
      throw request.failure(
        "branches",
        type == "patch-cnn"
          ? "a 'patch-cnn' reads cells of one size; name one cube as its 'input'"
          : "a '\(type)' reads spectra, not smaller cells; name a cube without them as its 'input'")
    }
    let whole = Subcell.all(refinement: size)
    let isWhole = own.enumerated().allSatisfy { all[$1].subcell == whole[$0 % whole.count] }
    guard own.count.isMultiple(of: whole.count), isWhole else {
      throw request.failure(
        "branches", "a 'patch-cnn' needs all smaller cells of its bands, in the order of reading")
    }
    refinement = size
  }

  private static func range(
    _ request: PlanRequest, _ cubes: [RasterProduct], _ values: OptionValues?
  ) throws -> Range<Int> {
    guard let name = values?.optionalString("input") else {
      return 0..<cubes.reduce(0) { $0 + $1.bands.count }
    }
    guard let index = cubes.firstIndex(where: { $0.tag == name }) else {
      throw request.failure(
        "branches",
        "there is no input '\(name)' among the cubes"
          + Suggestion.phrase(name, among: cubes.map(\.tag)))
    }
    let first = cubes[..<index].reduce(0) { $0 + $1.bands.count }
    return first..<first + cubes[index].bands.count
  }
}
