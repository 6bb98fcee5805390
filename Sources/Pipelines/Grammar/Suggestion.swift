/// Finds the word that somebody probably meant.
public enum Suggestion {
  /// The known word nearest to `word`, or nil when none is near.
  ///
  /// Near means at most one edit in three letters (insert, delete, replace, swap neighbours), or
  /// that one word begins with the other. Case, `-` and `_` do not count. The first wins ties.
  public static func nearest(_ word: String, among known: [String]) -> String? {
    let folded = fold(word)
    guard !folded.isEmpty else { return nil }
    var best: (word: String, distance: Int)?
    for candidate in known {
      let other = fold(candidate)
      var distance = editDistance(folded, other)
      if distance > 1, isAbbreviation(folded, other) { distance = 1 }
      let limit = max(1, max(folded.count, other.count) / 3)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
  }

  /// The end of a sentence about an unknown word: the nearest one, or all when they are few.
  public static func phrase(_ word: String, among known: [String]) -> String {
    if let nearest = nearest(word, among: known) { return "; did you mean '\(nearest)'?" }
    if known.isEmpty || known.count > 16 { return "" }
    return "; expected " + alternatives(known.map { "'\($0)'" })
  }

  /// Words joined by commas and a last "or".
  static func alternatives(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }

  /// The number of edits between two words; swapping neighbours is one edit (Damerau 1964).
  static func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let replaced = previous[column] + (left[row] == right[column] ? 0 : 1)
        var cost = min(replaced, previous[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, beforePrevious[column - 1] + 1)
        }
        current.append(cost)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[right.count]
  }

  private static func fold(_ word: String) -> [Character] {
    Array(word.prefix(64).lowercased().filter { $0 != "-" && $0 != "_" })
  }

  private static func isAbbreviation(_ left: [Character], _ right: [Character]) -> Bool {
    min(left.count, right.count) >= 3 && (left.starts(with: right) || right.starts(with: left))
  }
}
