/// A field line (RFC 9112 §5).
public struct HTTPField: ~Escapable {
  public let name: RawSpan
  /// The value without whitespace around it; as it was sent, line folding included.
  public let value: RawSpan
  /// The value goes over several lines (obs-fold, RFC 9112 §5.2).
  public let isFolded: Bool

  @_lifetime(copy section)
  init(_ slices: HTTPFieldSlices, in section: RawSpan) {
    name = section.extracting(slices.name)
    value = section.extracting(slices.value)
    isFolded = slices.isFolded
  }

  /// Appends the value to `output` with one space for each fold, as far as it fits.
  public func unfold(into output: inout ByteBuffer) {
    var rest = value
    while let end = ByteScan.firstOffset(of: .lineFeed, in: rest) {
      output.append(rest.extracting(first: end + 1).withoutLineEnd.trimmingWhitespace)
      output.append(.space)
      rest = rest.extracting(droppingFirst: end + 1).trimmingWhitespace
    }
    output.append(rest)
  }
}

/// The field lines of a head, in order. Lines that are none are left out.
public struct HTTPFields: ~Escapable {
  /// From the first field line to the end of the head.
  public let bytes: RawSpan
  let limit: Int

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, limit: Int) {
    self.bytes = bytes
    self.limit = limit
  }

  /// At most as many fields as `HTTPLimits.fieldCount`.
  @_lifetime(copy self)
  public func makeIterator() -> HTTPFieldIterator { HTTPFieldIterator(bytes, limit: limit) }

  /// The first field of that name, given in lower case.
  @_lifetime(copy self)
  public func first(_ lowercasedName: StaticString) -> HTTPField? {
    var fields = makeIterator()
    while let field = fields.next() {
      if field.name.equalsIgnoringCase(lowercasedName) { return field }
    }
    return nil
  }
}

/// Where the parts of a field line are in its section.
struct HTTPFieldSlices {
  var name: HTTPSlice
  var value: HTTPSlice
  var isFolded: Bool
}

public struct HTTPFieldIterator: ~Escapable {
  private let bytes: RawSpan
  private let limit: Int
  private var position = 0
  private(set) var count = 0
  /// What was wrong with the lines so far.
  private(set) var anomalies = HTTPAnomalies()
  private(set) var longestLineByteCount = 0
  /// The offset after the empty line, once it was reached.
  private(set) var sectionEnd: Int?

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, limit: Int) {
    self.bytes = bytes
    self.limit = limit
  }

  @_lifetime(copy self)
  public mutating func next() -> HTTPField? {
    guard count < limit, let slices = nextSlices() else { return nil }
    return HTTPField(slices, in: bytes)
  }

  /// The next field line, also beyond the limit.
  mutating func nextSlices() -> HTTPFieldSlices? {
    while let first = lineEnd(from: position) {
      let start = position
      var end = first
      if isEmptyLine(start, end) {
        sectionEnd = end
        return nil
      }
      var isFolded = false
      while end < bytes.byteCount, bytes[end].isASCIISpaceOrTab, let next = lineEnd(from: end) {
        isFolded = true
        end = next
      }
      position = end
      longestLineByteCount = max(longestLineByteCount, end - start)
      if let slices = slices(start, first, end, isFolded) {
        count &+= 1
        return slices
      }
      anomalies.insert(.malformedFieldLine)
    }
    return nil
  }

  /// The offset after the LF of the line that begins at `start`; a line without one is no line.
  private func lineEnd(from start: Int) -> Int? {
    ByteScan.firstOffset(of: .lineFeed, in: bytes, from: start).map { $0 + 1 }
  }

  private func isEmptyLine(_ start: Int, _ end: Int) -> Bool {
    end - start == 1 || end - start == 2 && bytes[start] == .carriageReturn
  }

  private mutating func slices(
    _ start: Int, _ firstLineEnd: Int, _ end: Int, _ isFolded: Bool
  ) -> HTTPFieldSlices? {
    // Most names end within one wide load, which may go beyond the line.
    let window = bytes.extracting(first: min(bytes.byteCount, max(firstLineEnd, start + 32)))
    guard let colon = ByteScan.firstOffset(of: UInt8(ascii: ":"), in: window, from: start),
      colon > start, colon < firstLineEnd, !bytes[start].isASCIISpaceOrTab
    else { return nil }
    var nameEnd = colon
    while bytes[nameEnd - 1].isASCIISpaceOrTab {
      anomalies.insert(.whitespaceBeforeColon)
      nameEnd -= 1
    }
    var valueStart = colon + 1
    var valueEnd = end
    while valueStart < valueEnd, bytes[valueStart].isFieldWhitespace { valueStart += 1 }
    while valueEnd > valueStart, bytes[valueEnd - 1].isFieldWhitespace { valueEnd -= 1 }
    return HTTPFieldSlices(
      name: HTTPSlice(start..<nameEnd), value: HTTPSlice(valueStart..<valueEnd), isFolded: isFolded)
  }
}

extension UInt8 {
  /// OWS or a part of a fold.
  var isFieldWhitespace: Bool {
    isASCIISpaceOrTab || self == .lineFeed || self == .carriageReturn
  }
}

/// The elements of a list (RFC 9110 §5.6.1), each without whitespace around it.
struct HTTPListIterator: ~Escapable {
  private var rest: RawSpan
  private var isAtEnd = false

  @_lifetime(copy list)
  init(_ list: RawSpan) { rest = list }

  @_lifetime(copy self)
  mutating func next() -> RawSpan? {
    guard !isAtEnd else { return nil }
    var element = rest
    if let comma = ByteScan.firstOffset(of: UInt8(ascii: ","), in: rest) {
      element = rest.extracting(first: comma)
      rest = rest.extracting(droppingFirst: comma + 1)
    } else {
      isAtEnd = true
    }
    var start = 0
    var end = element.byteCount
    while start < end, element[start].isFieldWhitespace { start += 1 }
    while end > start, element[end - 1].isFieldWhitespace { end -= 1 }
    return element.extracting(start..<end)
  }
}

/// The protocol that a request wants to go on in (RFC 9110 §7.8).
enum HTTPUpgrade: Equatable, Sendable {
  case none
  /// HTTP/2 without TLS (RFC 7540 §3.2).
  case http2
  /// RFC 6455 §4.1.
  case webSocket
  case other

  init(_ value: RawSpan) {
    self = .other
    var protocols = HTTPListIterator(value)
    while let name = protocols.next() {
      if name.equalsIgnoringCase("h2c") {
        self = .http2
        return
      }
      if name.equalsIgnoringCase("websocket") {
        self = .webSocket
        return
      }
    }
  }
}

/// What the fields say about the message, gathered in one pass: where the well-known ones are, and
/// how the body is framed (RFC 9112 §6).
struct HTTPFieldIndex {
  var host: HTTPSlice?
  var userAgent: HTTPSlice?
  var contentType: HTTPSlice?
  var referer: HTTPSlice?
  var contentCoding = ContentCoding.identity
  var transferCoding = ContentCoding.identity
  var contentLength: Int?
  var isLengthInvalid = false
  var hasTransferEncoding = false
  var isChunked = false
  var expectsContinue = false
  var upgrade = HTTPUpgrade.none
  var anomalies = HTTPAnomalies()
  /// How long the section is, with the empty line; nil when that is not there.
  private(set) var sectionByteCount: Int?

  init() {}

  init(_ section: RawSpan, limits: HTTPLimits) {
    var fields = HTTPFieldIterator(section, limit: .max)
    while let slices = fields.nextSlices() { note(slices, in: section) }
    sectionByteCount = fields.sectionEnd
    anomalies.formUnion(fields.anomalies)
    if fields.count > limits.fieldCount { anomalies.insert(.tooManyFields) }
    if fields.longestLineByteCount > limits.lineByteCount { anomalies.insert(.lineTooLong) }
    if hasTransferEncoding, contentLength != nil || isLengthInvalid {
      anomalies.insert(.contentLengthWithTransferEncoding)
    }
    if hasTransferEncoding, !isChunked { anomalies.insert(.transferEncodingNotChunked) }
  }

  /// The length of the name tells most fields apart before a letter is looked at.
  private mutating func note(_ slices: HTTPFieldSlices, in section: RawSpan) {
    let name = section.extracting(slices.name)
    switch name.byteCount {
    case 4 where host == nil && name.equalsIgnoringCase("host"): host = slices.value
    case 6 where name.equalsIgnoringCase("expect"):
      let value = section.extracting(slices.value)
      expectsContinue = value.equalsIgnoringCase("100-continue")
    case 7 where referer == nil && name.equalsIgnoringCase("referer"): referer = slices.value
    case 7 where name.equalsIgnoringCase("upgrade"):
      upgrade = HTTPUpgrade(section.extracting(slices.value))
    case 10 where userAgent == nil && name.equalsIgnoringCase("user-agent"):
      userAgent = slices.value
    case 12 where contentType == nil && name.equalsIgnoringCase("content-type"):
      contentType = slices.value
    case 14 where name.equalsIgnoringCase("content-length"):
      noteContentLength(section.extracting(slices.value))
    case 16 where name.equalsIgnoringCase("content-encoding"):
      noteContentEncoding(section.extracting(slices.value))
    case 17 where name.equalsIgnoringCase("transfer-encoding"):
      noteTransferEncoding(section.extracting(slices.value))
    default: break
    }
  }

  private mutating func noteContentLength(_ value: RawSpan) {
    var lengths = HTTPListIterator(value)
    while let text = lengths.next() {
      guard let length = HTTPFieldIndex.length(text) else {
        isLengthInvalid = true
        anomalies.insert(.contentLengthInvalid)
        continue
      }
      // The first one counts, as it does for most receivers.
      if let contentLength, contentLength != length { anomalies.insert(.contentLengthConflict) }
      contentLength = contentLength ?? length
    }
  }

  private mutating func noteContentEncoding(_ value: RawSpan) {
    var codings = HTTPListIterator(value)
    while let name = codings.next() {
      contentCoding = contentCoding.followed(by: ContentCoding(name: name))
    }
  }

  private mutating func noteTransferEncoding(_ value: RawSpan) {
    var codings = HTTPListIterator(value)
    while let coding = codings.next() {
      let name = coding.withoutParameters
      if name.isEmpty || name.equalsIgnoringCase("identity") { continue }
      hasTransferEncoding = true
      isChunked = name.equalsIgnoringCase("chunked")
      if !isChunked { transferCoding = transferCoding.followed(by: ContentCoding(name: name)) }
    }
  }

  /// `1*DIGIT`; nil for anything else and for what does not fit.
  private static func length(_ text: RawSpan) -> Int? {
    guard !text.isEmpty else { return nil }
    var length = 0
    for index in text.byteOffsets {
      guard text[index].isASCIIDigit else { return nil }
      let (product, overflow) = length.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(text[index] & 0x0f))
      guard !overflow, !carry else { return nil }
      length = sum
    }
    return length
  }

  /// Whether a line matters to the framing: such lines are kept when a head is over its limit.
  static func isFraming(_ line: RawSpan) -> Bool {
    line.hasPrefixIgnoringCase("content-length") || line.hasPrefixIgnoringCase("transfer-encoding")
  }
}
