/// How fast things are done one after another, where what was done lately counts most.
///
/// Something that took long is forgotten by and by. Where the next one takes longer than the others,
/// the time that it has taken so far counts, too.
struct Pace: Sendable {
  /// When the last one was done, or the first was begun.
  private var last: Double
  /// The time that each took, and how many there were, by weight.
  private var time = 0.0
  private var count = 0.0

  /// What is left of a weight when one more is done: seven later ones count half.
  private static let memory = 0.9

  /// Begins with nothing done; times are readings of a clock in seconds.
  init(from now: Double) { last = now }

  /// Takes in that some more are done, each in the same time.
  mutating func add(_ number: Int, at now: Double) {
    guard number > 0 else { return }
    let each = max(0, now - last) / Double(number)
    // More than this leave nothing of what was before.
    for _ in 0..<min(number, 1000) {
      time = time * Self.memory + each
      count = count * Self.memory + 1
    }
    last = max(last, now)
  }

  /// What is done a second; nil before anything is.
  func rate(at now: Double) -> Double? {
    guard count > 0 else { return nil }
    var (time, count) = (time, count)
    let waiting = now - last
    if waiting * count > time {
      time = time * Self.memory + waiting
      count = count * Self.memory + 1
    }
    return time > 0 ? count / time : nil
  }
}
