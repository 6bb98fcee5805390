import Testing

@testable import Pipelines

@Suite struct SuggestionTests {
  static let known = ["size", "seed", "compactness", "superpixels", "standardize", "read-cube"]

  @Test(
    arguments: [
      ("sise", "size"), ("siez", "size"), ("compactnes", "compactness"),
      ("Superpixel", "superpixels"),
      ("standard", "standardize"), ("read_cube", "read-cube"), ("readcube", "read-cube"),
      ("sede", "seed"), ("x", nil), ("volcano", nil), ("", nil),
    ] as [(String, String?)])
  func findsTheWordMeant(word: String, nearest: String?) {
    #expect(Suggestion.nearest(word, among: Self.known) == nearest)
  }

  @Test func countsEdits() {
    func distance(_ left: String, _ right: String) -> Int {
      Suggestion.editDistance(Array(left), Array(right))
    }
    #expect(distance("", "abc") == 3)
    #expect(distance("abc", "") == 3)
    #expect(distance("kitten", "sitting") == 3)
    #expect(distance("ab", "ba") == 1)
    #expect(distance("same", "same") == 0)
  }

  @Test func endsASentence() {
    #expect(Suggestion.phrase("sise", among: Self.known) == "; did you mean 'size'?")
    #expect(Suggestion.phrase("qqq", among: ["a", "b", "c"]) == "; expected 'a', 'b' or 'c'")
    #expect(Suggestion.phrase("qqq", among: []) == "")
  }
}
