internal import CGDAL
internal import Rasters

/// Which files the cells of a raster come from: for a virtual raster, member by member.
///
/// A new or changed member then touches only the windows that it lies in.
final class VirtualMembers {
  /// The files on which every cell depends.
  private let common: [String]
  /// The members and the parts of the raster that they fill.
  private let members: [(path: String, window: Window)]
  /// The files of the members that were looked at.
  private var filesOfMember: [String: [String]] = [:]

  /// Lists the members of a virtual raster; any other raster has common files only.
  init(_ dataset: Dataset) {
    guard dataset.driver == "VRT", let members = Self.members(of: dataset) else {
      common = dataset.files()
      members = []
      return
    }
    self.members = members
    let list = GDALGetFileList(dataset.handle)
    defer { CSLDestroy(list) }
    let known = Set(members.map(\.path))
    common = strings(of: list).filter { !known.contains($0) }
  }

  /// The files on which the cells in a window of the raster depend, each once.
  func files(touching window: Window) -> [String] {
    var result = common
    var seen = Set(common)
    for member in members where !member.window.intersection(window).isEmpty {
      for file in files(of: member.path) where seen.insert(file).inserted { result.append(file) }
    }
    return result
  }

  private func files(of member: String) -> [String] {
    if let known = filesOfMember[member] { return known }
    let files = (try? Dataset(opening: member, as: .raster))?.files() ?? [member]
    filesOfMember[member] = files
    return files
  }

  /// The members by the description of the virtual raster, or nil when it is of another kind.
  private static func members(of dataset: Dataset) -> [(path: String, window: Window)]? {
    let description = strings(of: GDALGetMetadata(dataset.handle, "xml:VRT")).first ?? ""
    guard let root = CPLParseXMLString(description) else { return nil }
    defer { CPLDestroyXMLNode(root) }
    guard let top = CPLGetXMLNode(root, "=VRTDataset"),
      string(CPLGetXMLValue(top, "subClass", "")).isEmpty
    else { return nil }
    let all = Window(x: 0, y: 0, width: dataset.width, height: dataset.height)
    var result: [(path: String, window: Window)] = []
    collectSources(under: top) { source in
      let name = string(CPLGetXMLValue(source, "SourceFilename", ""))
      let isRelative = string(CPLGetXMLValue(source, "SourceFilename.relativeToVRT", "0")) == "1"
      let path =
        isRelative
        ? string(CPLProjectRelativeFilename(CPLGetPath(dataset.path), name)) : name
      result.append((path, target(of: source) ?? all))
    }
    return result
  }

  /// Calls `body` with every element under a node that names a source file.
  private static func collectSources(
    under node: UnsafeMutablePointer<CPLXMLNode>, _ body: (UnsafeMutablePointer<CPLXMLNode>) -> Void
  ) {
    var child = node.pointee.psChild
    while let element = child {
      if element.pointee.eType == CXT_Element {
        if CPLGetXMLNode(element, "SourceFilename") != nil {
          body(element)
        } else {
          collectSources(under: element, body)
        }
      }
      child = element.pointee.psNext
    }
  }

  /// The part of the virtual raster that a source fills, grown to whole cells.
  private static func target(of source: UnsafeMutablePointer<CPLXMLNode>) -> Window? {
    let numbers = ["xOff", "yOff", "xSize", "ySize"].compactMap {
      Double(string(CPLGetXMLValue(source, "DstRect.\($0)", "")))
    }
    guard numbers.count == 4, numbers.allSatisfy({ abs($0) < 1e9 }) else { return nil }
    let (left, top) = (numbers[0].rounded(.down), numbers[1].rounded(.down))
    let (right, bottom) = (numbers[0] + numbers[2], numbers[1] + numbers[3])
    return Window(
      x: Int(left), y: Int(top), width: Int(right.rounded(.up) - left),
      height: Int(bottom.rounded(.up) - top))
  }
}
