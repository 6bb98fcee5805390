import Synchronization
import Tensors

/// Recently used payloads in memory, at most `limit` bytes; the least recently used go first.
final class PayloadCache: Sendable {
  private struct Entry {
    var payload: Payload
    var used: Int
  }
  private struct State {
    var entries: [Digest: Entry] = [:]
    var bytes = 0
    var clock = 0
  }
  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  subscript(key: Digest) -> Payload? {
    get {
      state.withLock { state in
        state.clock += 1
        state.entries[key]?.used = state.clock
        return state.entries[key]?.payload
      }
    }
    set {
      guard let newValue, newValue.byteCount <= limit else { return }
      state.withLock { state in
        state.clock += 1
        if let old = state.entries[key] { state.bytes -= old.payload.byteCount }
        state.entries[key] = Entry(payload: newValue, used: state.clock)
        state.bytes += newValue.byteCount
        while state.bytes > limit,
          let oldest = state.entries.min(by: { $0.value.used < $1.value.used })
        {
          state.bytes -= oldest.value.payload.byteCount
          state.entries[oldest.key] = nil
        }
      }
    }
  }
}
