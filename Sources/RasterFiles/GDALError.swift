internal import CGDAL

/// A failure of GDAL, or of a file to be what was asked of it, as one sentence.
public struct GDALError: Error, Hashable, CustomStringConvertible {
  /// What was attempted: a function of GDAL's, or a few words.
  public var call: String
  /// The file (or other source) at which it failed.
  public var path: String
  /// The band, window, layer or field where it failed; empty where that says nothing.
  public var place: String
  /// What is wrong and what was expected, in GDAL's words or ours.
  public var message: String
  /// The names that do exist where a layer or field was asked for that does not.
  public var candidates: [String]

  /// Describes a failure.
  public init(
    call: String, path: String, place: String = "", message: String, candidates: [String] = []
  ) {
    self.call = call
    self.path = path
    self.place = place
    self.message = message
    self.candidates = candidates
  }

  /// The failure as one sentence: file, place, what is wrong, and the call.
  public var description: String {
    let location = [path, place].filter { !$0.isEmpty }.joined(separator: ", ")
    let known = candidates.isEmpty ? "" : "; there are: \(candidates.joined(separator: ", "))"
    return "\(location): \(message)\(known) (\(call))"
  }
}

/// The message of the last error of this thread, in one line.
///
/// The last error belongs to the thread: it must be read in the function that made the call.
func lastMessage(otherwise fallback: String = "failed without a message") -> String {
  let text = CPLGetLastErrorMsg().map { String(cString: $0) } ?? ""
  return text.isEmpty ? fallback : singleLine(text)
}

/// The text with line breaks and what follows them turned into spaces.
private func singleLine(_ text: String) -> String {
  text.split(whereSeparator: \.isNewline).joined(separator: " ")
}

/// Throws what GDAL says when a call did not return CE_None.
func check(
  _ result: @autoclosure () -> CPLErr, _ call: String, _ path: String, _ place: String = ""
) throws(GDALError) {
  CPLErrorReset()
  guard result() != CE_None else { return }
  throw GDALError(call: call, path: path, place: place, message: lastMessage())
}

/// The messages that GDAL emitted during some calls on one thread.
final class MessageLog {
  /// One message with its class and number.
  struct Entry {
    let kind: CPLErr
    let number: Int32
    let text: String
  }

  private(set) var entries: [Entry] = []

  /// Runs `body` and keeps what GDAL says meanwhile, on this thread.
  func record<Result>(_ body: () -> Result) -> Result {
    CPLErrorReset()
    CPLPushErrorHandlerEx(keepMessage, Unmanaged.passUnretained(self).toOpaque())
    defer { CPLPopErrorHandler() }
    return body()
  }

  fileprivate func append(_ entry: Entry) { entries.append(entry) }

  /// The first failure, or the first warning that an option was not understood.
  ///
  /// GDAL reports an unknown creation option as a mere warning (number 6, not supported), and
  /// failures to write at closing by message alone.
  var failure: String? {
    entries.first {
      $0.kind == CE_Failure || ($0.kind == CE_Warning && $0.number == CPLE_NotSupported)
    }?.text
  }

  /// Throws the first failure, if there was one.
  func check(_ call: String, _ path: String) throws(GDALError) {
    guard let failure else { return }
    throw GDALError(call: call, path: path, message: failure)
  }
}

/// The error handler that fills the MessageLog given as its user data.
private func keepMessage(kind: CPLErr, number: CPLErrorNum, text: UnsafePointer<CChar>?) {
  guard kind == CE_Warning || kind == CE_Failure, let data = CPLGetErrorHandlerUserData() else {
    return
  }
  let log = Unmanaged<MessageLog>.fromOpaque(data).takeUnretainedValue()
  let message = singleLine(text.map { String(cString: $0) } ?? "")
  log.append(MessageLog.Entry(kind: kind, number: number, text: message))
}
