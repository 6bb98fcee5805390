internal import Dispatch
internal import Glibc
internal import Synchronization

/// The one parallel loop: indices spread over worker threads, results in index order.
///
/// A loop inside another's body runs serially, so parallelism has one level. Nothing that a body
/// computes may depend on which worker runs it.
public enum Parallel {
  /// The number of workers of a loop that names none.
  ///
  /// Unless `with` says otherwise, the number of processors that the system reports.
  public static var jobs: Int { setting.jobs }

  /// Performs `body` with a number of workers and a check that throws where work should stop.
  ///
  /// Both hold for what `body` calls, its loops' workers too, and for nothing else in the process.
  public static func with<Result>(
    jobs: Int? = nil, cancellationCheck: (@Sendable () throws -> Void)? = nil,
    _ body: () throws -> Result
  ) rethrows -> Result {
    var own = setting
    if let jobs { own.jobs = max(1, jobs) }
    if let cancellationCheck { own.check = cancellationCheck }
    return try $setting.withValue(own, operation: body)
  }

  /// Throws where the work was cancelled; long bodies call it between units of work.
  public static func checkCancellation() throws { try setting.check?() }

  /// Whether the calling thread runs the body of a loop, so that loops inside it are serial.
  public static var isInsideLoop: Bool { setting.isNested }

  /// Calls `body` for every index in `0..<count`, on up to `jobs` threads.
  ///
  /// After a failure no further index begins; the error of the lowest index that failed is thrown,
  /// whatever the number of workers.
  public static func forEach<Failure: Error>(
    _ count: Int, jobs: Int? = nil, _ body: @Sendable (Int) throws(Failure) -> Void
  ) throws(Failure) {
    var inner = setting
    let workers = inner.isNested ? 1 : min(count, max(1, jobs ?? inner.jobs))
    guard workers > 1 else {
      for index in 0..<max(0, count) { try body(index) }
      return
    }
    inner.isNested = true
    let settingOfWorkers = inner
    let next = Atomic(0)
    let failure = Mutex<(index: Int, error: Failure)?>(nil)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      $setting.withValue(settingOfWorkers) {
        while true {
          // Indices begin in ascending order, so all below a failed one have begun before it.
          let index = next.add(1, ordering: .relaxed).oldValue
          guard index < count else { return }
          do throws(Failure) {
            try body(index)
          } catch {
            next.store(count, ordering: .relaxed)
            failure.withLock { if index < $0?.index ?? count { $0 = (index, error) } }
          }
        }
      }
    }
    if let first = failure.withLock({ $0 }) { throw first.error }
  }

  /// The results of `body` for every index in `0..<count`, in index order.
  public static func map<Result: Sendable, Failure: Error>(
    _ count: Int, jobs: Int? = nil, _ body: @Sendable (Int) throws(Failure) -> Result
  ) throws(Failure) -> [Result] {
    var results = [Result?](repeating: nil, count: max(0, count))
    var failure: Failure?
    results.withUnsafeMutableBufferPointer { buffer in
      let box = Disjoint(base: buffer.baseAddress)
      do throws(Failure) {
        try forEach(count, jobs: jobs) { (index) throws(Failure) in
          let result = try body(index)
          box.base?[index] = result
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return results.compactMap { $0 }
  }

  /// Hands the results of `body` for every index in `0..<count` to `receive`, in index order.
  ///
  /// Where the loop is serial, inside another's body for one, a single result is in memory at a
  /// time.
  public static func fold<Result: Sendable>(
    _ count: Int, _ body: @Sendable (Int) -> Result, into receive: (Result) -> Void
  ) {
    guard setting.isNested || setting.jobs == 1 else { return map(count, body).forEach(receive) }
    for index in 0..<max(0, count) { receive(body(index)) }
  }

  /// Calls `body` with every stretch of `length` values (the last may be shorter), in parallel.
  public static func forEachChunk<Failure: Error>(
    of values: inout [Float], length: Int, jobs: Int? = nil,
    _ body: @Sendable (_ index: Int, _ chunk: inout MutableSpan<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(length > 0, "chunks of \(length) values")
    let count = values.count
    var failure: Failure?
    values.withUnsafeMutableBufferPointer { buffer in
      let box = Disjoint(base: buffer.baseAddress)
      do throws(Failure) {
        try forEach((count + length - 1) / length, jobs: jobs) { (index) throws(Failure) in
          let size = min(length, count - index * length)
          let chunk = UnsafeMutableBufferPointer(
            start: box.base.map { $0 + index * length }, count: size)
          var span = chunk.mutableSpan
          try body(index, &span)
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private struct Setting: Sendable {
    var jobs: Int
    var check: (@Sendable () throws -> Void)?
    var isNested = false
  }

  @TaskLocal private static var setting = Setting(jobs: processors)

  private static let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}

/// A buffer that several threads write, each at places of its own: the caller's invariant.
struct Disjoint<Element>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Element>?
}
