/// Tells HTTP/1.x by its first bytes, whatever the port.
public enum HTTPRecognizer {
  public enum Outcome: Sendable {
    case no, needMore, request, response
  }

  /// A line that is still without its end after so many bytes is judged by its beginning.
  static var patience: Int { 8192 }

  /// What a direction is that begins with `bytes`, of which there may be few.
  ///
  /// RTSP, SIP, ICY and the preface of HTTP/2 (RFC 9113 §3.4) look alike up to their version: they
  /// are `no` at the end of the first line, and `needMore` before.
  public static func recognize(_ bytes: RawSpan) -> Outcome {
    var start = 0
    // An empty line before a request is let pass (RFC 9112 §2.2).
    while start < bytes.byteCount, start < 4,
      bytes[start] == .carriageReturn || bytes[start] == .lineFeed
    {
      start += 1
    }
    let text = bytes.extracting(droppingFirst: start)
    guard !text.isEmpty else { return .needMore }
    if HTTPStatusLine.isPlausible(text) {
      let isWhole = text.hasBytes("HTTP/1.") || text.hasBytes("HTTP/0.9")
      if isWhole { return .response }
      // `H` alone is also the beginning of HEAD.
      return .needMore
    }
    switch HTTPMethod.match(text) {
    case .no: return .no
    case .needMore: return .needMore
    case .yes: return recognize(requestLine: text)
    }
  }

  private static func recognize(requestLine text: RawSpan) -> Outcome {
    let window = text.extracting(first: min(text.byteCount, patience))
    if let end = ByteScan.firstOffset(of: .lineFeed, in: window) {
      return HTTPRequestLine(window.extracting(first: end + 1)) == nil ? .no : .request
    }
    return text.byteCount < patience
      ? .needMore : HTTPRequestLine(window, isCut: true) == nil ? .no : .request
  }
}
