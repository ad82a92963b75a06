/// A request and the response to it, as far as they were seen.
public struct HTTPTransaction: ~Copyable {
  /// Where the texts of a head lie in `texts`.
  struct Texts {
    var method = 0..<0
    var target = 0..<0
    var host = 0..<0
    var userAgent = 0..<0
    var referer = 0..<0
    var requestType = 0..<0
    var responseType = 0..<0
  }

  /// The longest text that is kept of a target; of other fields a sixteenth.
  static var targetLimit: Int { 16_384 }

  /// When the request began, or the response where the request was not seen.
  public let start: Timestamp
  /// Whether the request was seen.
  public let hasRequest: Bool
  public internal(set) var requestVersion = HTTPVersion(major: 1, minor: 1)
  /// The port that the Host field names.
  public internal(set) var port: UInt16?
  /// Content, without transfer coding, as it was sent.
  public internal(set) var requestByteCount: UInt64 = 0
  public internal(set) var responseByteCount: UInt64 = 0
  /// Nil without a (final) response.
  public internal(set) var status: UInt16?
  public internal(set) var responseVersion = HTTPVersion(major: 1, minor: 1)
  /// The stream of HTTP/2 that it is; nil in HTTP/1.
  public internal(set) var stream: UInt32?
  /// Where it is while it is open: what `InspectionSink.body` calls `place`.
  public internal(set) var place = UInt32.max

  private var texts = ByteBuffer(limit: 2 * HTTPTransaction.targetLimit)
  private var ranges = Texts()
  /// The body of the request, as far as it is kept for a look.
  var body = ByteBuffer(limit: HTTPTransaction.bodyLimit)
  var requestCoding = ContentCoding.identity
  var responseCoding = ContentCoding.identity
  /// The announced length of the request's body.
  var contentLength: Int?
  var bodyWasInspected = false
  /// Where `body` begins in the request's body: what is before was looked at.
  var bodyOffset = 0
  // Bytes of a body are missing.
  var requestHasGap = false
  var responseHasGap = false
  var requestIsDone = false
  let number: UInt32
  var next = UInt32.max

  /// How much of a request's body is looked at at once: of a longer one a piece after the other.
  static var bodyLimit: Int { 1 << 20 }
  /// How much of a piece is looked at again with the next one.
  static var bodyOverlap: Int { 512 }

  /// A transaction that begins with its request.
  init(_ head: HTTPRequestHead, at time: Timestamp) {
    start = time
    hasRequest = true
    number = head.number
    requestVersion = head.version
    port = head.port
    contentLength = head.contentLength
    requestCoding = head.contentCoding
    ranges.method = texts.keep(head.methodName, limit: 64)
    ranges.target = texts.keep(head.target, limit: HTTPTransaction.targetLimit)
    ranges.host = texts.keep(head.host, limit: 512)
    if let value = head.userAgent { ranges.userAgent = texts.keep(value, limit: 1024) }
    if let value = head.referer { ranges.referer = texts.keep(value, limit: 4096) }
    if let value = head.mediaType { ranges.requestType = texts.keep(value, limit: 256) }
  }

  /// A transaction whose request was not seen.
  init(responseAt time: Timestamp) {
    start = time
    hasRequest = false
    number = .max
    requestIsDone = true
  }

  /// The same request, sent and not yet answered.
  var requestAgain: HTTPTransaction {
    var again = HTTPTransaction(requestOf: self)
    again.texts.append(texts.bytes)
    again.ranges = ranges
    again.ranges.responseType = 0..<0
    again.requestVersion = HTTPVersion(major: 2, minor: 0)
    again.port = port
    again.requestByteCount = requestByteCount
    again.requestIsDone = true
    return again
  }

  private init(requestOf other: borrowing HTTPTransaction) {
    start = other.start
    hasRequest = other.hasRequest
    number = 0
  }

  mutating func answer(_ head: HTTPResponseHead) {
    status = head.status
    responseVersion = head.version
    responseCoding = head.contentCoding
    if let value = head.mediaType { ranges.responseType = texts.keep(value, limit: 256) }
  }

  public var method: RawSpan {
    @_lifetime(borrow self) get { texts.bytes.extracting(ranges.method) }
  }
  /// The request target, as it was sent.
  public var target: RawSpan {
    @_lifetime(borrow self) get { texts.bytes.extracting(ranges.target) }
  }
  /// The host without its port, in the case it was sent; empty when there is none.
  public var host: RawSpan { @_lifetime(borrow self) get { texts.bytes.extracting(ranges.host) } }
  public var userAgent: RawSpan {
    @_lifetime(borrow self) get { texts.bytes.extracting(ranges.userAgent) }
  }
  public var referer: RawSpan {
    @_lifetime(borrow self) get { texts.bytes.extracting(ranges.referer) }
  }
  /// The media types, without parameters; empty when there is none.
  public var requestType: RawSpan {
    @_lifetime(borrow self) get { texts.bytes.extracting(ranges.requestType) }
  }
  public var responseType: RawSpan {
    @_lifetime(borrow self) get { texts.bytes.extracting(ranges.responseType) }
  }
}

extension ByteBuffer {
  /// Appends at most `limit` bytes of `text`; says where they are.
  mutating func keep(_ text: RawSpan, limit: Int) -> Range<Int> {
    let start = count
    append(text.extracting(first: min(text.byteCount, limit)))
    return start..<count
  }
}
