import Glibc

// Paths: relative ones are relative to the pipeline file, wherever the program is started.
extension OptionValues {
  /// The path of a file, ready to open; empty when the option is absent.
  public func filePath(_ name: String) -> String { optionalFilePath(name) ?? "" }

  /// The path of a file, ready to open, or nil when the option is absent.
  public func optionalFilePath(_ name: String) -> String? {
    optionalString(name).map { PipelinePath.resolve($0, relativeTo: file) }
  }

  /// The paths of files, patterns expanded in the order of their names.
  ///
  /// A pattern that matches nothing gives nothing; `fileProblems` says so.
  public func filePaths(_ name: String) -> [String] {
    strings(name).flatMap { text in
      let path = PipelinePath.resolve(text, relativeTo: file)
      return PipelinePath.isPattern(path) ? PipelinePath.expand(path) : [path]
    }
  }

  /// Every input file that is not there, and every pattern that matches nothing.
  public func fileProblems() -> [Problem] {
    var problems: [Problem] = []
    walk(value, .object(specs), path) { place, path, text in
      guard let message = PipelinePath.complaint(text, relativeTo: file) else { return }
      problems.append(Problem(file: file, place: place, stage: stage, key: path, message))
    }
    return problems
  }

  private func walk(
    _ value: JSON5Value, _ kind: OptionKind, _ path: String,
    visit: (Place, String, String) -> Void
  ) {
    switch kind {
    case .file:
      if let text = value.string { visit(value.place, path, text) }
    case .files:
      for element in value.elements ?? [] { walk(element, .file, path, visit: visit) }
    case .list(let kind):
      for (index, element) in (value.elements ?? []).enumerated() {
        walk(element, kind, "\(path)[\(index)]", visit: visit)
      }
    case .map(let kind):
      for member in value.members ?? [] {
        walk(member.value, kind, OptionValidator.join(path, member.key), visit: visit)
      }
    case .object(let specs):
      for spec in specs {
        guard let member = value[spec.name] else { continue }
        walk(member, spec.kind, OptionValidator.join(path, spec.name), visit: visit)
      }
    case .typed(let types):
      if let specs = value["type"]?.string.flatMap({ types[$0] }) {
        walk(value, .object(specs), path, visit: visit)
      }
    case .either(let first, let second):
      if case .string = value.content {
        if case .file = first { walk(value, first, path, visit: visit) }
        if case .file = second { walk(value, second, path, visit: visit) }
      } else {
        walk(value, first, path, visit: visit)
        walk(value, second, path, visit: visit)
      }
    default: break
    }
  }
}

/// Paths as they are written in pipeline files.
enum PipelinePath {
  /// The path seen from the current directory.
  ///
  /// Absolute paths, GDAL's `/vsi` paths and names with a prefix such as `NETCDF:` stay as
  /// they are.
  static func resolve(_ path: String, relativeTo file: String?) -> String {
    guard let file, let slash = file.lastIndex(of: "/"), !path.hasPrefix("/"), !isOpaque(path)
    else { return path }
    return String(file[...slash]) + path
  }

  /// Whether the path names something that only GDAL can look up.
  static func isOpaque(_ path: String) -> Bool {
    if path.hasPrefix("/vsi") || path.hasPrefix("<") { return true }
    let scheme = path.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    return scheme.count > 1 && path.dropFirst(scheme.count).hasPrefix(":")
  }

  /// The name of a file: what follows the last slash.
  static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The name of a file without its ending; a hidden file's may be no more than that.
  static func title(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  static func isPattern(_ path: String) -> Bool {
    !isOpaque(path) && path.contains { $0 == "*" || $0 == "?" }
  }

  /// The files that match a pattern, sorted by bytes.
  static func expand(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, GLOB_NOSORT, nil, &result) == 0, let paths = result.gl_pathv else {
      return []
    }
    let matches = (0..<Int(result.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
    return matches.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// What is wrong with an input path, or nil.
  static func complaint(_ text: String, relativeTo file: String?) -> String? {
    let path = resolve(text, relativeTo: file)
    if isOpaque(path) { return nil }
    if isPattern(path) { return expand(path).isEmpty ? "no file matches '\(path)'" : nil }
    if access(path, R_OK) == 0 { return nil }
    if access(path, F_OK) == 0 { return "the file '\(path)' may not be read" }
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? ""
    if let slash, access(folder, F_OK) != 0 {
      return "no such file '\(path)': there is no folder '\(path[..<slash])'"
    }
    let name = String(path.dropFirst(folder.count))
    let neighbours = expand(folder + "*").map { String($0.dropFirst(folder.count)) }
    let hint = Suggestion.nearest(name, among: neighbours).map { "; did you mean '\($0)'?" }
    return "no such file '\(path)'\(hint ?? "")"
  }
}
