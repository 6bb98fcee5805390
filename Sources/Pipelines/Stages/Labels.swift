import Foundation
import Learning
import Networks
import RasterFiles
import Rasters

/// Reads labelled places: points, polygons or a raster of class codes.
enum Labels: Stage {
  static let revision = 1
  static let definition = StageDefinition(
    name: "labels",
    summary: "Reads labelled places from points, polygons or a raster.",
    details: """
      Every point inside the grid is a sample; points that share a cell are all kept, counted, and \
      said to conflict where their classes differ. Of polygons and rasters every labelled cell is a \
      sample. 'target' says what is learnt: one class of several, several labels that do not \
      exclude each other (1 or 0, missing ones masked), or measured values. 'guide-values' makes labels \
      of contents. 'at-least' and 'nemerow' add labels that say something of several: whether so many of \
      the others hold, and whether the Nemerow index, the root of the mean of squared mean and squared \
      maximum of contents over guide values, exceeds a number. They are learned beside the others, so \
      that what the others share is not taken for chance, and are known where all that they are made of is. \
      'transform' says that the logarithm or a power of values is learnt; it is fitted to the training part alone, anew in \
      every fold, and taken back in maps and scores. A back-transformed prediction is a median rather \
      than a mean.
      """,
    options: PointFile.options + [
      OptionSpec(
        "target", .choice(["class", "labels", "values"]), default: "class", "What is learnt."),
      OptionSpec(
        "field", .string, default: .optional, "The column of the class.", example: "\"Cd_exceeds\""),
      OptionSpec(
        "presence", .string, default: .optional,
        "Takes every point, cell of a polygon or cell that is not 0 as a sample of this one class; "
          + "'background' adds the other.",
        example: "\"deposit\""),
      OptionSpec(
        "fields", .list(of: .string), default: .optional,
        "The columns of the labels or values, one output each.",
        example: "[\"Cd_exceeds\", \"Pb_exceeds\"]"),
      OptionSpec(
        "classes", .map(of: .string), default: .optional,
        "The names of the classes by code, in the order of a model's outputs; the last of two is "
          + "the positive one. Codes of one name are one class; others are no samples.",
        example: "{ \"0\": \"barren\", \"1\": \"deposit\" }"),
    ] + PointTargets.options + ValueOptions.options,
    output: .samples,
    example: #"""
      { type: "labels", tag: "deposits", file: "deposits.gpkg", field: "class",
        classes: { "0": "barren", "1": "deposit" } }
      """#)

  static func plan(_ request: PlanRequest) throws -> Product {
    let path = request.options.filePath("file")
    if headKind(request) != .linear { try ValueOptions.refuse(request) }
    if let info = try? VectorInfo(path: path), !info.layers.isEmpty {
      let file = try PointFile(request, classes: namedClasses(request))
      return file.description.geometry == .polygons
        ? try cells(request, .polygons(file)) : try points(request, file)
    }
    do {
      let info = try RasterInfo(path: path)
      request.tell(
        SourceFacts(
          info, bands: [1], names: ["labels"], categories: info.bands.prefix(1).map(\.categories),
          .nearest, grid: request.grid))
      return try cells(request, .raster(info))
    } catch let error as GDALError {
      throw request.failure("file", "\(error); expected points, polygons or a raster")
    }
  }

  /// The classes that have names in the pipeline, for whoever shows the points.
  private static func namedClasses(_ request: PlanRequest) -> SourceFacts.Classes? {
    let classes = request.options.stringMap("classes")
    guard let field = request.options.optionalString("field"), !classes.isEmpty else { return nil }
    return SourceFacts.Classes(
      field: field, codes: classes.map(\.key), names: classes.map(\.value))
  }

  // MARK: Points

  private static func points(_ request: PlanRequest, _ file: PointFile) throws -> Product {
    let columns = file.description.fields.map(\.name)
    let table = try file.read(columns)
    let targets = try targets(request, file, table)
    let inside = table.x.indices.filter {
      request.grid.cell(x: table.x[$0], y: table.y[$0]) != nil
    }
    guard !inside.isEmpty else {
      throw request.failure("file", "none of the \(table.count) points lies in the grid")
    }
    try requireTwoClasses(request, table, targets, inside)
    let values =
      targets.kind == .linear ? try ValueOptions(request, columns: targets.fields) : nil
    if let problem = values?.problem(table, rows: inside, path: file.path) {
      throw request.failure("transform", problem)
    }
    let grid = request.grid
    let used = PointSamples(table, grid, targets).samples.map(\.id)
    let (kind, categories) = (targets.kind, targets.categories)
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value,
        identity: request.identity(without: ["file"]) + categories.flatMap(\.codes) + file.identity,
        sources: file.files,
        files: { _ in file.files }
      ) { context in
        let table = try file.read(columns)
        let samples = PointSamples(table, grid, targets).samples
        if samples.count < table.count {
          context.executor.events.note(
            "\(request.tag): \(table.count - samples.count) of \(table.count) points are outside "
              + "the grid or without a known target; \(samples.count) samples are used")
        }
        let inside = samples.map(\.id)
        if let problem = values?.problem(table, rows: inside, path: file.path) {
          throw ExecutionError.data(problem)
        }
        let set = try SampleSet(kind: kind, categories: categories, samples: samples)
        let shared = set.sharedCells
        if !shared.isEmpty {
          context.executor.events.note(
            "\(request.tag): \(shared.reduce(0) { $0 + $1.positions.count }) samples share a cell "
              + "with others and are all kept; in \(shared.count(where: \.isConflicting)) of "
              + "\(shared.count) cells they do not agree")
        }
        return .bytes([UInt8](try JSONEncoder.stable.encode(set)))
      })
    return .samples(
      SamplesProduct(
        tag: request.tag, node: node, kind: kind, classes: categories.map(\.name),
        columns: Dictionary(
          columns.map { name in
            let texts = table.columns[name]?.texts ?? []
            return (name, used.map { texts[$0] })
          }
        ) { first, _ in first },
        forms: categories.map { $0.form ?? ValueForm() }))
  }

  /// Refuses points of a single class, where classes are to be told apart.
  private static func requireTwoClasses(
    _ request: PlanRequest, _ table: PointTable, _ targets: PointTargets, _ inside: [Int]
  ) throws {
    guard targets.kind == .softmax, !isPresence(request) else { return }
    let all = targets.targets(of: table)
    let known = Set(inside.compactMap { all[$0] })
    guard known.count < 2 else { return }
    let number = known.isEmpty ? "no known class" : "one class only"
    guard let field = targets.fields.first else {
      throw request.failure(
        PointTargets.nemerow, "the points in the grid have \(number) of the index")
    }
    let texts = table.columns[field]?.texts ?? []
    let found = Set(inside.map { texts[$0] })
    throw request.failure(
      "field",
      "the points in the grid have \(number); "
        + "'\(field)' holds \(found.sorted().prefix(8).joined(separator: ", "))")
  }

  /// What is learnt at the points of a file.
  private static func targets(
    _ request: PlanRequest, _ file: PointFile, _ table: PointTable
  ) throws -> PointTargets {
    let options = request.options
    let kind = headKind(request)
    guard kind != .softmax || options.has(PointTargets.guideValues) else {
      let further = [PointTargets.atLeast, PointTargets.nemerow]
      if let key = further.first(where: options.has) {
        throw request.failure(key, "is for labels, or of 'guide-values'; the target is a class")
      }
      let field = try targetFields(request).first
      if let field { try file.require(field, request, option: "field") }
      return PointTargets(classes: try classes(request, table, field), field: field)
    }
    let others = ["field", "presence", "classes"]
    if kind == .softmax, let key = others.first(where: options.has) {
      throw request.failure(key, "excludes 'guide-values', whose index makes the classes")
    }
    let fields = kind == .softmax ? [] : try targetFields(request)
    for field in fields { try file.require(field, request, option: "fields") }
    let values = kind == .linear ? try ValueOptions(request, columns: fields).columns : []
    let forms = Dictionary(values.compactMap { column in column.form.map { (column.name, $0) } }) {
      first, _ in first
    }
    let targets = try PointTargets(request, kind, fields: fields, forms: forms)
    for field in targets.contents {
      try file.requireNumbers(field, request, option: PointTargets.guideValues)
    }
    return targets
  }

  private static func classes(
    _ request: PlanRequest, _ table: PointTable, _ field: String?
  ) throws -> [SampleSet.Category] {
    guard let field else {
      let name = request.options.string("presence")
      return [SampleSet.Category(code: name, name: name)]
    }
    let given = request.options.stringMap("classes")
    if !given.isEmpty { return SampleSet.Category.classes(given.map { ($0.key, $0.value) }) }
    let codes = Set(table.columns[field]?.texts ?? []).subtracting([""])
    guard codes.count <= 256 else {
      throw request.failure("field", "'\(field)' has \(codes.count) values; expected classes")
    }
    return codes.sorted { ($0.count, $0) < ($1.count, $1) }
      .map { SampleSet.Category(code: $0, name: $0) }
  }

  // MARK: Cells

  /// Where labelled cells come from.
  private enum CellSource: Sendable {
    case polygons(PointFile)
    case raster(RasterInfo)

    var files: [String] {
      switch self {
      case .polygons(let file): file.files
      case .raster(let info): info.files
      }
    }
  }

  private static func cells(_ request: PlanRequest, _ source: CellSource) throws -> Product {
    guard isClass(request) else {
      throw request.failure("target", "polygons and rasters hold classes; use points for others")
    }
    if let key = PointTargets.options.map(\.name).first(where: request.options.has) {
      throw request.failure(key, "is of the columns of points; polygons and rasters hold classes")
    }
    let categories = try cellCategories(request, source)
    let read = try reader(request, source)
    let codes = isPresence(request) ? [(1, 0)] : SampleSet.Category.numbers(of: categories)
    let found = request.planner.node(
      Node(
        name: request.name + "/cells", kind: .table,
        identity: request.identity(without: ["file"]) + categories.flatMap(\.codes),
        sources: source.files, files: { _ in source.files }
      ) { context in
        let values = try read(context.window)
        var rows: [Int32] = []
        for row in context.window.y..<context.window.maxY {
          for column in context.window.x..<context.window.maxX {
            let value = values.values[context.window.index(column: column, row: row)]
            guard let category = codes.first(where: { $0.code == Double(value) })?.category
            else { continue }
            // Counted in the chunk, which stays where it is when the grid grows.
            rows += [
              Int32(column - context.window.x), Int32(row - context.window.y), Int32(category),
            ]
          }
        }
        return .bytes(littleEndianBytes(of: rows))
      })
    let node = request.planner.node(
      Node(
        name: request.name, kind: .value,
        identity: request.identity(without: ["file"]) + categories.flatMap(\.codes),
        edges: [.all(found)]
      ) { context in
        let lattice = context.lattice
        let tables = try context.tables(0, context.window)
        let samples = zip(lattice.chunks, tables).flatMap { chunk, bytes in
          cellSamples([Int32](littleEndianBytes: bytes), lattice, lattice.window(of: chunk))
        }
        guard !samples.isEmpty else { throw ExecutionError.data("no cell has a known class") }
        let set = try SampleSet(kind: .softmax, categories: categories, samples: samples)
        guard categories.count == 1 || set.counts.count(where: { $0 > 0 }) >= 2 else {
          throw ExecutionError.data("the labelled cells have one class only")
        }
        return .bytes([UInt8](try JSONEncoder.stable.encode(set)))
      })
    return .samples(
      SamplesProduct(
        tag: request.tag, node: node, kind: .softmax, classes: categories.map(\.name),
        columns: [:]))
  }

  /// Samples of labelled cells; the id is the cell's absolute place, which a growing survey keeps.
  private static func cellSamples(
    _ rows: [Int32], _ lattice: ChunkLattice, _ chunk: Window
  ) -> [Sample] {
    stride(from: 0, to: rows.count - 2, by: 3).map { start in
      let cell = Cell(column: chunk.x + Int(rows[start]), row: chunk.y + Int(rows[start + 1]))
      let place = lattice.absolute(Window(x: cell.column, y: cell.row, width: 1, height: 1))
      let center = lattice.grid.center(of: cell)
      return Sample(
        id: place.y << 32 | (place.x & 0xFFFF_FFFF), x: center.x, y: center.y, cell: cell,
        target: .category(Int(rows[start + 2])))
    }
  }

  private static func cellCategories(
    _ request: PlanRequest, _ source: CellSource
  ) throws -> [SampleSet.Category] {
    if isPresence(request) {
      let presence = request.options.string("presence")
      return [SampleSet.Category(code: presence, name: presence)]
    }
    let given = request.options.stringMap("classes")
    if let odd = given.first(where: { Double($0.key) == nil }) {
      throw request.failure("classes", "'\(odd.key)' is not a number; cells hold numbers")
    }
    if !given.isEmpty { return given.map { SampleSet.Category(code: $0.key, name: $0.value) } }
    if case .raster(let info) = source, let names = info.bands.first?.categories, names.count > 1 {
      return names.sorted { $0.key < $1.key }
        .map { SampleSet.Category(code: "\($0.key)", name: $0.value) }
    }
    throw request.failure("classes", "is missing: the file does not name its classes")
  }

  private static func reader(
    _ request: PlanRequest, _ source: CellSource
  ) throws -> @Sendable (Window) throws -> DataCube {
    let grid = request.grid
    switch source {
    case .raster(let info):
      let pool = try RasterPool(path: info.path, bands: [1], grid: grid, resampling: .nearest)
      guard isPresence(request) else { return { try pool.read($0) } }
      return { window in
        var cube = try pool.read(window)
        for index in cube.values.indices {
          let isThere = cube.values[index].isFinite && cube.values[index] != 0
          cube.values[index] = isThere ? 1 : .nan
        }
        return cube
      }
    case .polygons(let file):
      let field = try targetFields(request).first
      if let field { try file.requireNumbers(field, request, option: "field") }
      let shapes = ShapeReader(path: file.path, layer: file.layer, field: field, grid: grid)
      return { try shapes.read($0) }
    }
  }

  // MARK: Options

  private static func isClass(_ request: PlanRequest) -> Bool {
    request.options.string("target") == "class"
  }

  /// Whether all labelled places are of one class.
  private static func isPresence(_ request: PlanRequest) -> Bool {
    isClass(request) && request.options.has("presence")
  }

  private static func headKind(_ request: PlanRequest) -> ModelArchitecture.Head.Kind {
    switch request.options.string("target") {
    case "labels": .sigmoid
    case "values": .linear
    default: .softmax
    }
  }

  private static func targetFields(_ request: PlanRequest) throws -> [String] {
    if isClass(request) {
      let presence = request.options.optionalString("presence")
      guard let field = request.options.optionalString("field") else {
        if presence != nil { return [] }
        throw request.failure("field", "is missing: which column holds the class?")
      }
      if presence != nil {
        throw request.failure("presence", "excludes 'field': it takes every point as of one class")
      }
      return [field]
    }
    let fields = request.options.strings("fields")
    guard !fields.isEmpty || request.options.has(PointTargets.guideValues) else {
      throw request.failure("fields", "is missing: which columns hold the labels or values?")
    }
    return fields
  }
}

/// Samples made of the points of a table.
struct PointSamples {
  let samples: [Sample]

  /// Takes the points inside the grid whose target is known, at least in part.
  init(_ table: PointTable, _ grid: Grid, _ targets: PointTargets) {
    let rows = table.rows
    let known = targets.targets(of: table)
    samples = table.x.indices.compactMap { index in
      guard let cell = grid.cell(x: table.x[index], y: table.y[index]), let target = known[index]
      else { return nil }
      return Sample(
        id: index, x: table.x[index], y: table.y[index], cell: cell, target: target,
        attributes: rows[index])
    }
  }
}
