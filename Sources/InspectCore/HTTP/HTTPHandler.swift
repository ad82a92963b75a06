/// Who receives what an `HTTPConversation` finds. Views are lent for the call.
///
/// For each message: `request` or `response`, then its anomalies, `body` and `bodyGap` in order,
/// then `end`. An interim response (1xx) has no `end`. How a body is cut into calls depends on the
/// packets; nothing else does.
public protocol HTTPHandler: ~Copyable {
  /// - Parameter at: when its first byte was seen.
  mutating func request(_ head: HTTPRequestHead, at: Timestamp)
  /// - Parameter at: when its first byte was seen.
  mutating func response(_ head: HTTPResponseHead, at: Timestamp)
  /// Content without its transfer framing; never empty.
  mutating func body(_ bytes: RawSpan, of direction: Direction)
  /// So many bytes of the body were lost.
  mutating func bodyGap(_ byteCount: Int, of direction: Direction)
  mutating func end(_ direction: Direction, outcome: HTTPMessageEnd, at: Timestamp)
  mutating func anomaly(_ anomaly: HTTPAnomaly, _ direction: Direction)
}

/// How a message ended.
public enum HTTPMessageEnd: UInt8, Sendable {
  /// As its framing says; bytes may have been lost inside (`bodyGap`).
  case complete
  /// The stream ended first, or the client did not send the body that it asked leave for.
  case incomplete
  /// Bytes were lost, and with them where it ends.
  case truncated
  /// Its framing is wrong: where it ends cannot be known.
  case damaged
}

/// What was wrong, and counted, but did not stop us.
public enum HTTPAnomaly: UInt8, Sendable, CaseIterable {
  /// The head is over `HTTPLimits.headByteCount`: of what is beyond only the framing was read.
  case headTooLong
  /// There are more than `HTTPLimits.fieldCount`: the rest is not given out.
  case tooManyFields
  /// A start line or a field line is over `HTTPLimits.lineByteCount`.
  case lineTooLong
  /// A field line without a name or a colon, or a fold of nothing.
  case malformedFieldLine
  case whitespaceBeforeColon
  case whitespaceInTarget
  /// Not a number, or one that no body has.
  case contentLengthInvalid
  /// Several that differ: the first one counts.
  case contentLengthConflict
  /// Both: the transfer coding counts (RFC 9112 §6.3).
  case contentLengthWithTransferEncoding
  /// The last transfer coding is not `chunked`.
  case transferEncodingNotChunked
  case chunkSizeInvalid
  /// A chunk's line is over `HTTPLimits.chunkLineByteCount`.
  case chunkLineTooLong
  /// A chunk's data goes on after its size.
  case chunkDataOverrun
  /// The trailer section is over `HTTPLimits.trailerByteCount`.
  case trailerTooLong
  /// More requests wait for their responses than we remember: later pairs may be unknown.
  case tooManyOutstandingRequests
  /// Where a message should begin is something else.
  case unexpectedBytes
  /// The stream ended, or bytes were lost, inside a start line.
  case incompleteStartLine
  /// No message was found within `HTTPLimits.resynchronizationByteCount`.
  case resynchronizationFailed
}

/// A set of anomalies; no `OptionSet`, whose array literal allocates.
struct HTTPAnomalies {
  private(set) var rawValue: UInt32 = 0

  mutating func insert(_ anomaly: HTTPAnomaly) { rawValue |= 1 << UInt32(anomaly.rawValue) }
  mutating func formUnion(_ other: HTTPAnomalies) { rawValue |= other.rawValue }

  mutating func popFirst() -> HTTPAnomaly? {
    guard rawValue != 0 else { return nil }
    let lowest = UInt8(truncatingIfNeeded: rawValue.trailingZeroBitCount)
    rawValue &= rawValue &- 1
    return HTTPAnomaly(rawValue: lowest)
  }
}

/// What a direction's bytes are, as far as is known.
public enum HTTPVerdict: Equatable, Sendable {
  /// HTTP, or not yet known: go on.
  case more
  /// From `offset` on they are another protocol's, by CONNECT or Upgrade; `heldBytes` come first.
  case tunnel(offset: Int)
  /// From `offset` on they are not HTTP; `heldBytes` come first.
  case notHTTP(offset: Int)
}

/// How much of everything. Each is a count of bytes unless it says otherwise.
public struct HTTPLimits: Sendable {
  public var headByteCount = 65536
  /// The most fields of a head.
  public var fieldCount = 128
  public var lineByteCount = 16384
  public var chunkLineByteCount = 4096
  public var trailerByteCount = 16384
  /// How far a new message is looked for after a loss.
  public var resynchronizationByteCount = 16 << 20

  public init() {}
}
