/// Where in a head the field lines begin, and how many are given out.
struct HTTPSection {
  var start: Int
  var limit: Int

  @_lifetime(copy head)
  func fields(of head: RawSpan) -> HTTPFields {
    HTTPFields(head.extracting(droppingFirst: start), limit: limit)
  }
}

/// The head of a request (RFC 9112 §3), lent from the packet or from where it was put together.
public struct HTTPRequestHead: ~Escapable {
  /// The request line and the field lines as they were sent.
  public let bytes: RawSpan
  /// How many requests came before it in this connection, as far as we saw.
  public let number: UInt32
  /// The stream ended, or bytes were lost, before the head did.
  public let isTruncated: Bool
  private let line: HTTPRequestLine
  private let index: HTTPFieldIndex
  private let section: HTTPSection

  @_lifetime(copy bytes)
  init(
    _ bytes: RawSpan, _ line: HTTPRequestLine, _ index: HTTPFieldIndex, section: HTTPSection,
    number: UInt32, isTruncated: Bool
  ) {
    self.bytes = bytes
    self.line = line
    self.index = index
    self.section = section
    self.number = number
    self.isTruncated = isTruncated
  }

  public var fields: HTTPFields { @_lifetime(copy self) get { section.fields(of: bytes) } }
  public var method: HTTPMethod { line.method }
  public var version: HTTPVersion { line.version }
  public var methodName: RawSpan { @_lifetime(copy self) get { bytes.extracting(line.name) } }
  /// The request-target in any of its forms (RFC 9112 §3.2), as it was sent.
  public var target: RawSpan { @_lifetime(copy self) get { bytes.extracting(line.target) } }

  /// The authority: of the first Host field, or else of the target (absolute-form, authority-form).
  public var authority: HTTPAuthority {
    @_lifetime(copy self) get {
      if let host = index.host { return HTTPAuthority(fields.bytes.extracting(host)) }
      return HTTPAuthority(target: target, isAuthority: method == .connect)
    }
  }

  /// The host without its port, in the case it was sent; empty when there is none.
  public var host: RawSpan { @_lifetime(copy self) get { authority.host } }
  public var port: UInt16? { authority.port }

  public var userAgent: RawSpan? {
    @_lifetime(copy self) get { fields.bytes.extractingIfPresent(index.userAgent) }
  }
  public var contentType: RawSpan? {
    @_lifetime(copy self) get { fields.bytes.extractingIfPresent(index.contentType) }
  }
  /// The Content-Type up to its parameters.
  public var mediaType: RawSpan? {
    @_lifetime(copy self) get { contentType?.withoutParameters }
  }
  public var referer: RawSpan? {
    @_lifetime(copy self) get { fields.bytes.extractingIfPresent(index.referer) }
  }
  /// Of Content-Encoding, or else of Transfer-Encoding beside `chunked`.
  public var contentCoding: ContentCoding { index.transferCoding.followed(by: index.contentCoding) }
  /// The announced length; nil when there is none or it is no number.
  public var contentLength: Int? { index.contentLength }
  public var isChunked: Bool { index.isChunked }
}

/// The head of a response (RFC 9112 §4), lent from the packet or from where it was put together.
public struct HTTPResponseHead: ~Escapable {
  /// The status line and the field lines as they were sent; empty in a raw HTTP/0.9 response.
  public let bytes: RawSpan
  /// What it answers; nil when that request was not seen.
  public let requestMethod: HTTPMethod?
  /// The `number` of the request that it answers; nil when that was not seen.
  public let requestNumber: UInt32?
  public let isTruncated: Bool
  private let line: HTTPStatusLine
  private let index: HTTPFieldIndex
  private let section: HTTPSection

  @_lifetime(copy bytes)
  init(
    _ bytes: RawSpan, _ line: HTTPStatusLine, _ index: HTTPFieldIndex, section: HTTPSection,
    answers request: HTTPPairing.Request?, isTruncated: Bool
  ) {
    self.bytes = bytes
    self.line = line
    self.index = index
    self.section = section
    requestMethod = request?.method
    requestNumber = request?.number
    self.isTruncated = isTruncated
  }

  public var fields: HTTPFields { @_lifetime(copy self) get { section.fields(of: bytes) } }
  /// The status code; 0 in a raw HTTP/0.9 response, which has none.
  public var status: UInt16 { line.status }
  public var version: HTTPVersion { line.version }
  /// Another response to the same request follows (RFC 9110 §15.2). 101 is final.
  public var isInterim: Bool { line.isInterim }
  public var reason: RawSpan { @_lifetime(copy self) get { bytes.extracting(line.reason) } }

  public var contentType: RawSpan? {
    @_lifetime(copy self) get { fields.bytes.extractingIfPresent(index.contentType) }
  }
  /// The Content-Type up to its parameters.
  public var mediaType: RawSpan? {
    @_lifetime(copy self) get { contentType?.withoutParameters }
  }
  /// Of Content-Encoding, or else of Transfer-Encoding beside `chunked`.
  public var contentCoding: ContentCoding { index.transferCoding.followed(by: index.contentCoding) }
  /// The announced length; nil when there is none or it is no number.
  public var contentLength: Int? { index.contentLength }
  public var isChunked: Bool { index.isChunked }
}

extension HTTPStatusLine {
  var isInterim: Bool { status / 100 == 1 && status != 101 }
}

/// `host [ ":" port ]` (RFC 3986 §3.2).
public struct HTTPAuthority: ~Escapable {
  /// As it was sent, with the brackets of an IPv6 address.
  public let host: RawSpan
  /// nil when none is given or it is no port.
  public let port: UInt16?

  @_lifetime(copy authority)
  public init(_ authority: RawSpan) {
    guard ByteScan.firstOffset(of: UInt8(ascii: ":"), in: authority) != nil else {
      host = authority
      port = nil
      return
    }
    var hostEnd = authority.byteCount
    var port: UInt16?
    // The colons of an IPv6 address are before its bracket.
    let bracket = authority.lastOffset(where: { $0 == UInt8(ascii: "]") }, from: 0) ?? 0
    if let colon = authority.lastOffset(where: { $0 == UInt8(ascii: ":") }, from: bracket) {
      let digits = authority.extracting(droppingFirst: colon + 1)
      port = HTTPAuthority.port(digits)
      if port != nil || digits.isEmpty { hostEnd = colon }
    }
    host = authority.extracting(first: hostEnd)
    self.port = port
  }

  /// The authority in a request-target; empty when it has none.
  @_lifetime(copy target)
  init(target: RawSpan, isAuthority: Bool) {
    var text = target
    if !isAuthority {
      let isSecure = target.hasPrefixIgnoringCase("https://")
      guard isSecure || target.hasPrefixIgnoringCase("http://") else {
        self.init(target.extracting(first: 0))
        return
      }
      text = target.extracting(droppingFirst: isSecure ? 8 : 7)
    }
    let end = text.firstOffset(
      where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") },
      from: 0)
    text = text.extracting(first: end ?? text.byteCount)
    if let at = text.lastOffset(where: { $0 == UInt8(ascii: "@") }, from: 0) {
      text = text.extracting(droppingFirst: at + 1)
    }
    self.init(text)
  }

  private static func port(_ digits: RawSpan) -> UInt16? {
    guard !digits.isEmpty else { return nil }
    var port = 0
    for index in digits.byteOffsets {
      guard digits[index].isASCIIDigit, port <= 65535 else { return nil }
      port = port * 10 + Int(digits[index] & 0x0f)
    }
    return UInt16(exactly: port)
  }
}

extension RawSpan {
  @_lifetime(copy self)
  func extractingIfPresent(_ slice: HTTPSlice?) -> RawSpan? {
    guard let slice else { return nil }
    return extracting(slice)
  }

  /// Up to the first `;`, without whitespace before it.
  var withoutParameters: RawSpan {
    @_lifetime(copy self) get {
      let end = ByteScan.firstOffset(of: UInt8(ascii: ";"), in: self)
      return extracting(first: end ?? byteCount).trimmingWhitespace
    }
  }
}
