extension String {
  /// The text as a field of a CSV line, in quotation marks where it needs them.
  public var csvField: String {
    guard contains(where: { ",\"\n\r".contains($0) }) else { return self }
    let doubled = split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    return "\"" + doubled + "\""
  }
}
