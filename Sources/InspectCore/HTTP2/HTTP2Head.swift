/// The head of a message in a stream (RFC 9113 §8.3), written as HTTP/1 writes it, so that all that
/// reads heads reads this one too.
struct HTTP2Head: ~Escapable {
  enum Kind {
    case request, response
    /// Fields behind the content.
    case trailers
  }

  let kind: Kind
  /// The start line and the field lines.
  let bytes: RawSpan
  private let parts: HTTP2HeadWriter.Parts
  private let index: HTTPFieldIndex

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, _ parts: HTTP2HeadWriter.Parts) {
    self.bytes = bytes
    self.parts = parts
    kind = parts.kind
    index = HTTPFieldIndex(
      bytes.extracting(droppingFirst: parts.fieldsStart), limits: HTTPLimits())
  }

  static var version: HTTPVersion { HTTPVersion(major: 2, minor: 0) }

  private var section: HTTPSection {
    HTTPSection(start: parts.fieldsStart, limit: HPACKFieldList.fieldLimit)
  }

  /// The same as a request, the first and only one of its stream.
  var request: HTTPRequestHead {
    @_lifetime(copy self) get {
      let method = HTTPSlice(parts.method)
      return HTTPRequestHead(
        bytes,
        HTTPRequestLine(
          HTTPMethod(bytes.extracting(method)), name: method, target: HTTPSlice(parts.target),
          version: HTTP2Head.version),
        index, section: section, number: 0, isTruncated: parts.isCut)
    }
  }

  /// The same as the response to the stream's request.
  var response: HTTPResponseHead {
    @_lifetime(copy self) get {
      var line = HTTPStatusLine()
      line.version = HTTP2Head.version
      line.status = parts.status
      return HTTPResponseHead(
        bytes, line, index, section: section,
        answers: HTTPPairing.Request(method: .unknown, number: 0, isSimple: false),
        isTruncated: parts.isCut)
    }
  }
}

/// Writes the fields of a header block as a head.
struct HTTP2HeadWriter: ~Copyable {
  struct Parts {
    var kind = HTTP2Head.Kind.trailers
    var method = 0..<0
    var target = 0..<0
    var fieldsStart = 0
    var status: UInt16 = 0
    var isCut = false
  }

  private var text = ByteBuffer(limit: 2 * HPACKFieldList.byteLimit)

  /// The head that `list` makes; lent until the next one.
  @_lifetime(&self)
  mutating func write(_ list: borrowing HPACKFieldList) -> HTTP2Head {
    var parts = Parts()
    parts.isCut = list.isCut
    text.removeAll()
    let method = HTTP2HeadWriter.value(":method", in: list)
    let status = HTTP2HeadWriter.value(":status", in: list)
    let path = HTTP2HeadWriter.value(":path", in: list)
    let authority = HTTP2HeadWriter.value(":authority", in: list)
    if let status, list.bytes.bytes.extracting(status).byteCount == 3 {
      parts.kind = .response
      let digits = list.bytes.bytes.extracting(status)
      for index in 0..<3 where digits[index].isASCIIDigit {
        parts.status = parts.status * 10 + UInt16(digits[index] & 0x0f)
      }
      text.append("HTTP/2.0 ")
      text.append(digits)
    } else if method != nil || path != nil || authority != nil {
      parts.kind = .request
      parts.method = append(method, of: list)
      text.append(.space)
      // A CONNECT has no path (§8.5); its authority is what it is for.
      parts.target = append(path ?? authority, of: list)
      text.append(" HTTP/2.0")
    }
    endLine()
    parts.fieldsStart = text.count
    if let authority {
      text.append("host: ")
      _ = append(authority, of: list)
      endLine()
    }
    for field in list.fields { appendLine(field, of: list) }
    endLine()
    return HTTP2Head(text.bytes, parts)
  }

  private mutating func endLine() {
    text.append(.carriageReturn)
    text.append(.lineFeed)
  }

  private static func value(
    _ name: StaticString, in list: borrowing HPACKFieldList
  ) -> Range<Int>? {
    for field in list.fields
    where field.name.count == name.utf8CodeUnitCount
      && list.bytes.bytes.extracting(field.name).hasBytes(name)
    {
      return field.value
    }
    return nil
  }

  /// Appends a value; what would end the line in HTTP/1 (and is not allowed here, §8.2.1) becomes a
  /// space.
  private mutating func append(
    _ value: Range<Int>?, of list: borrowing HPACKFieldList
  ) -> Range<Int> {
    let start = text.count
    guard let value else { return start..<start }
    let bytes = list.bytes.bytes.extracting(value)
    if ByteScan.firstOffset(of: .lineFeed, or: .carriageReturn, in: bytes) == nil {
      text.append(bytes)
    } else {
      for index in bytes.byteOffsets {
        let byte = bytes[index]
        text.append(byte == .lineFeed || byte == .carriageReturn ? .space : byte)
      }
    }
    return start..<text.count
  }

  private mutating func appendLine(_ field: HPACKField, of list: borrowing HPACKFieldList) {
    let name = list.bytes.bytes.extracting(field.name)
    guard !name.isEmpty, name[0] != UInt8(ascii: ":") else { return }
    for index in name.byteOffsets where !name[index].isTokenCharacter { return }
    // A stream is framed by its frames (§8.1).
    if name.equalsIgnoringCase("transfer-encoding") { return }
    text.append(name)
    text.append(": ")
    _ = append(field.value, of: list)
    endLine()
  }
}
