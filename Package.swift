// swift-tools-version: 6.2
import PackageDescription

// Upcoming features keep GDAL and BLAS types out of public signatures and every import explicit.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

/// A library target and what it may import: imports run strictly downward.
///
/// Without Foundation nothing else links the mathematics library on Linux.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: dependencies, swiftSettings: settings,
    linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))])
}

/// The tests of one library; small fixture files stand beside them.
///
/// `exclude` names scripts that made reference values and take no part in the tests.
func tests(
  _ name: String, fixtures: Bool = false, exclude: [String] = [],
  _ dependencies: [Target.Dependency] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: [.byName(name: name)] + dependencies,
    exclude: exclude,
    resources: fixtures ? [.copy("Fixtures")] : [],
    swiftSettings: settings)
}

let package = Package(
  name: "gossan",
  products: [.executable(name: "gossan", targets: ["gossan"])],
  targets: [
    .systemLibrary(name: "CGDAL", pkgConfig: "gdal", providers: [.apt(["libgdal-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),

    library("Rasters"),
    library("RasterFiles", ["CGDAL", "Rasters"]),
    library("Tensors", ["COpenBLAS"]),
    library("Features", ["Rasters", "Tensors"]),
    library("Segmentation", ["Rasters", "Tensors"]),
    library("Networks", ["Tensors"]),
    library("Learning", ["Rasters", "Tensors", "Networks"]),
    library("Explanation", ["Tensors", "Networks"]),
    library("Reports", ["Rasters"]),
    library(
      "Pipelines",
      [
        "Rasters", "RasterFiles", "Tensors", "Features", "Segmentation", "Networks", "Learning",
        "Explanation", "Reports",
      ]),
    .executableTarget(
      name: "gossan", dependencies: ["Pipelines", "RasterFiles", "Tensors"], swiftSettings: settings
    ),
    .executableTarget(
      name: "Benchmarks",
      dependencies: ["Tensors", "Networks", "Segmentation", "Rasters", "RasterFiles"],
      swiftSettings: settings),

    tests("Rasters"),
    tests("RasterFiles", ["Rasters"]),
    tests("Tensors"),
    tests(
      "Features",
      exclude: [
        "make_fixtures.py", "make_order_fixture.py", "make_kriging_fixture.py",
        "make_focal_fixture.py", "make_spectra_fixture.py",
      ],
      ["Rasters", "Tensors"]),
    tests("Segmentation", exclude: ["compare_slic.py"], ["Rasters", "Tensors"]),
    tests("Networks", fixtures: true, ["Tensors"]),
    tests(
      "Learning", fixtures: true,
      exclude: [
        "make_fixtures.py", "make_forest_fixtures.py", "make_oversampling_fixtures.py",
        "make_calibration_fixtures.py", "make_boxcox_fixtures.py",
      ],
      ["Rasters", "Tensors", "Networks"]),
    tests(
      "Explanation", fixtures: true, exclude: ["make_embedding_fixtures.py"],
      ["Tensors", "Networks"]),
    tests("Reports", ["Rasters"]),
    tests(
      "Pipelines", fixtures: true,
      [
        "Rasters", "RasterFiles", "Tensors", "Features", "Segmentation", "Networks", "Learning",
        "Explanation", "Reports",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
