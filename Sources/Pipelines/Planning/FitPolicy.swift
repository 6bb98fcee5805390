import Features
import Foundation
import Learning
import Rasters
import Tensors

/// Whether a fitted value is fitted anew when what it was fitted to changes.
enum FitPolicy: Sendable, Hashable {
  case always
  /// The first fit is kept until it is renewed; with the tag of the stage.
  case once(tag: String)

  private static let words =
    "'always' fits anew when the input changes; 'once' keeps the first fit "
    + "until 'gossan refit', and what has changed since is said"

  /// The option of stages whose fits are part of what a model file carries.
  static let option = OptionSpec(
    "fit", .string, default: "always",
    words + "; a model file gives the fit of the same stage in it.", example: "\"once\"")

  /// The option of stages that make models or decide for the map as a whole.
  static let keeping = OptionSpec(
    "fit", .choice(["always", "once"]), default: "always", words + ".")
}

extension OptionValues {
  /// Whether an option of this name is declared.
  func declares(_ name: String) -> Bool { specs.contains { $0.name == name } }

  /// The model file that a stage's fit is taken from; nil where it fits by itself.
  var fitFile: String? {
    guard declares(FitPolicy.option.name), let text = optionalString(FitPolicy.option.name),
      text != "always", text != "once"
    else { return nil }
    return filePath(FitPolicy.option.name)
  }
}

extension PlanRequest {
  /// Whether the values that this stage fits are kept.
  ///
  /// Those of folds never are: when samples come, a fold may test what a kept fit has seen.
  var policy: FitPolicy {
    fold == nil && options.declares(FitPolicy.option.name)
      && options.string(FitPolicy.option.name) == "once" ? .once(tag: tag) : .always
  }

  /// The fit of this stage, or the model that it makes, in the model file that its option names.
  func fitFromFile() throws -> [UInt8]? {
    guard fold == nil, let path = options.fitFile else { return nil }
    let key = FitPolicy.option.name
    guard let data = FileManager.default.contents(atPath: path) else {
      throw failure(key, "expected 'always', 'once' or a model file; \(path) cannot be read")
    }
    let packages: [ModelPackage]
    do {
      packages = try ModelEnsemble([UInt8](data)).packages
    } catch {
      throw failure(key, "\(path): \(error)")
    }
    let text = options.canonicalJSON
    let fits = Set(
      packages.flatMap(\.notes.preparation).filter { $0.type == type && $0.options == text }
        .compactMap(\.fitted))
    guard let fit = fits.first, fits.count == 1 else {
      throw failure(
        key,
        "\(path) has \(fits.isEmpty ? "no" : "\(fits.count) different") fits of a '\(type)' with "
          + "the options of this one")
    }
    return [UInt8](fit.utf8)
  }
}

/// What a stage that keeps its fit was fitted to, and what it would be fitted to now.
struct FitWatch: Sendable {
  let tag: String
  /// The input as it was when the fit was made: `FitInput`, itself kept.
  let before: Node
  /// The input as it is: `FitInput`.
  let now: Node
}

/// What is remembered of the input of a fit.
struct FitInput: Codable, Sendable, Equatable {
  struct BandMoments: Codable, Sendable, Equatable {
    var name: String
    var count: Int
    var mean: Double
    var deviation: Double
  }
  var bands: [BandMoments]
  /// The digest of the samples, where there are any.
  var samples: String?

  /// What has changed since, in a few words; nil when nothing has.
  func changes(since before: FitInput) -> String? {
    guard self != before else { return nil }
    var words: [String] = []
    let moved = zip(bands, before.bands).map { now, old -> (String, Double) in
      let scale = old.deviation > 0 ? old.deviation : 1
      return (now.name, (now.mean - old.mean) / scale)
    }
    if let most = moved.max(by: { abs($0.1) < abs($1.1) }), bands != before.bands {
      let cells = Double(bands.map(\.count).max() ?? 0)
      let old = Double(before.bands.map(\.count).max() ?? 0)
      let growth = old > 0 ? String(format: "%+.1f %%", 100 * (cells / old - 1)) : "more"
      words.append(
        "\(growth) cells with a value; the mean of '\(most.0)' moved most, by "
          + String(format: "%+.2f", most.1) + " of its standard deviation then")
    }
    if samples != before.samples { words.append("other samples") }
    return words.isEmpty ? "other bands" : words.joined(separator: "; ")
  }
}

extension PlanRequest {
  /// What watches the input of the stage's fits; nil where these are not kept, or are a fold's.
  func watch() -> FitWatch? {
    guard case .once = policy, fold == nil, ownSeed == nil else { return nil }
    let given = inputs.sorted { $0.key < $1.key }.flatMap(\.value)
    let rasters = given.compactMap { if case .raster(let raster) = $0 { raster } else { nil } }
    let samples = given.compactMap { product -> Node? in
      if case .samples(let samples) = product { samples.node } else { nil }
    }
    func input(_ suffix: String, _ policy: FitPolicy) -> Node {
      let tables = rasters.map { moments($0.node) }
      return planner.node(
        Node(
          name: name + suffix, kind: .value, identity: ["fit input 1", suffix],
          edges: tables.map(Node.Edge.all) + samples.map(Node.Edge.all), policy: policy
        ) { context in
          var bands: [FitInput.BandMoments] = []
          for (index, raster) in rasters.enumerated() {
            var total = BandStatistics(bandCount: raster.bands.count)
            try context.forEachTable(index) { total.merge(try .stored($0)) }
            bands += zip(raster.bands, total.moments).map { band, moments in
              FitInput.BandMoments(
                name: band.name, count: moments.count, mean: moments.count > 0 ? moments.mean : 0,
                deviation: moments.count > 0 ? moments.standardDeviation : 0)
            }
          }
          var hash = KeyHash()
          for index in samples.indices {
            hash.add(SHA256.digest(try context.value(rasters.count + index)))
          }
          return .bytes(
            [UInt8](
              try JSONEncoder.stable.encode(
                FitInput(bands: bands, samples: samples.isEmpty ? nil : hash.digest.hex))))
        })
    }
    return FitWatch(
      tag: tag, before: input("/fitted on", policy), now: input("/input", .always))
  }

  /// Exact moments of every chunk of a raster; one node for all stages that read it.
  private func moments(_ raster: Node) -> Node {
    planner.node(
      Node(
        name: name + "/moments", kind: .table, identity: ["moments 1"], edges: [.cells(raster)]
      ) { context in
        var statistics = BandStatistics(bandCount: raster.bands.count)
        statistics.add(try context.cube(0, context.window))
        return .bytes([UInt8](try JSONEncoder.stable.encode(statistics)))
      })
  }
}
