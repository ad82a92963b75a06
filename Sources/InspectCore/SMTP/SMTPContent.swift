/// The content that follows DATA, up to a line with a dot alone; a line's first dot is not part of it
/// (RFC 5321 §4.5.2). Lines may end in LF alone.
struct SMTPContent {
  private enum State {
    case lineStart
    /// After a dot at the start of a line, and after a CR behind that.
    case dot, dotCR
    case line
  }

  private var state = State.lineStart

  init() {}

  /// - Parameter isInLine: the beginning of the line was lost.
  init(isInLine: Bool) { state = isInLine ? .line : .lineStart }

  /// Gives the content to `body` in parts; true when its end was reached, behind which the cursor is.
  mutating func consume(
    _ bytes: RawSpan, _ cursor: inout Int, _ body: (RawSpan) -> Void
  ) -> Bool {
    // Lines that follow each other are given as one part.
    var start = cursor
    while cursor < bytes.byteCount {
      let byte = bytes[cursor]
      switch state {
      case .lineStart where byte == UInt8(ascii: "."):
        if start < cursor { body(bytes.extracting(start..<cursor)) }
        cursor += 1
        start = cursor
        state = .dot
      case .dot where byte == .carriageReturn:
        cursor += 1
        state = .dotCR
      case .dot where byte == .lineFeed, .dotCR where byte == .lineFeed:
        cursor += 1
        return true
      case .dotCR:
        // The CR was content after all; it may have been in earlier bytes.
        if start < cursor { start = cursor }
        SMTPContent.giveCarriageReturn(body)
        state = .line
      case .lineStart, .dot, .line:
        let lineFeed = ByteScan.firstOffset(of: .lineFeed, in: bytes, from: cursor)
        cursor = lineFeed.map { $0 + 1 } ?? bytes.byteCount
        state = lineFeed == nil ? .line : .lineStart
      }
    }
    if start < cursor, !isAtDot { body(bytes.extracting(start..<cursor)) }
    return false
  }

  private var isAtDot: Bool {
    switch state {
    case .dot, .dotCR: true
    case .lineStart, .line: false
    }
  }

  private static func giveCarriageReturn(_ body: (RawSpan) -> Void) {
    let text: StaticString = "\r"
    text.withUTF8Buffer { body(unsafe $0.span.bytes) }
  }
}
