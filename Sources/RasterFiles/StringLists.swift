internal import CGDAL

/// A null-terminated list of C strings, GDAL's CSL.
typealias StringList = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Lends the strings to `body` as one of GDAL's lists.
func withStringList<Result, Failure: Error>(
  _ strings: [String], _ body: (StringList?) throws(Failure) -> Result
) throws(Failure) -> Result {
  var list: StringList?
  for string in strings { list = CSLAddString(list, string) }
  defer { CSLDestroy(list) }
  return try body(list)
}

/// The strings of a list that GDAL owns.
func strings(of list: StringList?) -> [String] {
  guard let list else { return [] }
  return (0..<Int(CSLCount(list))).compactMap { list[$0].map { String(cString: $0) } }
}

/// The entries `NAME=VALUE` of a list that GDAL owns.
func entries(of list: StringList?) -> [String: String] {
  var result: [String: String] = [:]
  for string in strings(of: list) {
    guard let equals = string.firstIndex(of: "=") else { continue }
    result[String(string[..<equals])] = String(string[string.index(after: equals)...])
  }
  return result
}

/// The C string as a Swift string; empty when null.
func string(_ text: UnsafePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }
