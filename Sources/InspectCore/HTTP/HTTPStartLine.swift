/// A part of a head: where it starts and how long it is. Views cannot be kept, this can.
struct HTTPSlice: Sendable {
  var start: UInt32 = 0
  var count: UInt32 = 0

  init() {}

  init(_ range: Range<Int>) {
    start = UInt32(truncatingIfNeeded: range.lowerBound)
    count = UInt32(truncatingIfNeeded: range.count)
  }
}

extension RawSpan {
  @_lifetime(copy self)
  func extracting(_ slice: HTTPSlice) -> RawSpan {
    extracting(Int(slice.start)..<Int(slice.start) + Int(slice.count))
  }

  /// Without the end of its line: LF and one CR before it.
  var withoutLineEnd: RawSpan {
    @_lifetime(copy self) get {
      var end = byteCount
      if end > 0, self[end - 1] == .lineFeed { end -= 1 }
      if end > 0, self[end - 1] == .carriageReturn { end -= 1 }
      return extracting(first: end)
    }
  }

  func lastOffset(where matches: (UInt8) -> Bool, from start: Int) -> Int? {
    var index = byteCount
    while index > start {
      index -= 1
      if matches(self[index]) { return index }
    }
    return nil
  }

  func firstOffset(where matches: (UInt8) -> Bool, from start: Int) -> Int? {
    var index = start
    while index < byteCount {
      if matches(self[index]) { return index }
      index += 1
    }
    return nil
  }
}

extension UInt8 {
  static var lineFeed: UInt8 { 0x0a }
  static var carriageReturn: UInt8 { 0x0d }
  static var space: UInt8 { 0x20 }

  /// A `tchar` (RFC 9110 §5.6.2).
  var isTokenCharacter: Bool {
    guard self < 128 else { return false }
    let set: UInt64 = self < 64 ? 0x03ff_6cfa_0000_0000 : 0x57ff_ffff_c7ff_fffe
    return set >> UInt64(self & 63) & 1 != 0
  }

  /// Neither a control character other than tab, CR and LF, nor beyond ASCII.
  var isPlainText: Bool {
    self >= 0x20 && self < 0x7f || self == 0x09 || self == .lineFeed || self == .carriageReturn
  }
}

/// The version of a message (RFC 9112 §2.3). 0.9 is a message without a start line of its own.
public struct HTTPVersion: Equatable, Sendable {
  public let major: UInt8
  public let minor: UInt8

  public init(major: UInt8, minor: UInt8) {
    self.major = major
    self.minor = minor
  }

  static var simple: HTTPVersion { HTTPVersion(major: 0, minor: 9) }

  /// `HTTP/1.x` or `HTTP/0.9`, and nothing else.
  init?(_ bytes: RawSpan) {
    guard bytes.byteCount == 8, bytes.hasBytes("HTTP/"), bytes[6] == UInt8(ascii: "."),
      bytes[5].isASCIIDigit, bytes[7].isASCIIDigit
    else { return nil }
    self.init(major: bytes[5] & 0x0f, minor: bytes[7] & 0x0f)
    guard major == 1 || self == .simple else { return nil }
  }
}

/// `method SP request-target SP HTTP-version` (RFC 9112 §3), or `GET SP request-target` of HTTP/0.9.
struct HTTPRequestLine {
  var method = HTTPMethod.unknown
  var name = HTTPSlice()
  var target = HTTPSlice()
  var version = HTTPVersion.simple
  /// The request has no version: the response is raw.
  var isSimple = false
  var hasWhitespaceInTarget = false

  /// The longest method that we take for one.
  static var methodLimit: Int { 32 }

  /// A line of which the parts are known already.
  init(_ method: HTTPMethod, name: HTTPSlice, target: HTTPSlice, version: HTTPVersion) {
    self.method = method
    self.name = name
    self.target = target
    self.version = version
  }

  /// - Parameter isCut: the line was longer than the limit of a head; its version is beyond it.
  init?(_ text: RawSpan, isCut: Bool = false) {
    let line = text.withoutLineEnd
    guard let nameEnd = HTTPRequestLine.methodEnd(line) else { return nil }
    name = HTTPSlice(0..<nameEnd)
    method = HTTPMethod(line.extracting(name))
    guard let start = line.firstOffset(where: { !$0.isASCIISpaceOrTab }, from: nameEnd),
      let last = line.lastOffset(where: { !$0.isASCIISpaceOrTab }, from: start)
    else { return nil }
    var end = last + 1
    let versionStart = end - 8
    if versionStart > start, line[versionStart - 1].isASCIISpaceOrTab,
      let version = HTTPVersion(line.extracting(versionStart..<end)),
      let targetLast = line.extracting(first: versionStart)
        .lastOffset(where: { !$0.isASCIISpaceOrTab }, from: start)
    {
      self.version = version
      end = targetLast + 1
    } else if isCut {
      version = HTTPVersion(major: 1, minor: 1)
    } else {
      isSimple = true
    }
    let target = line.extracting(start..<end)
    hasWhitespaceInTarget = ByteScan.firstOffset(of: .space, or: 0x09, in: target) != nil
    self.target = HTTPSlice(start..<end)
    if isSimple {
      guard method == .get, !hasWhitespaceInTarget,
        target.hasBytes("/") || target.hasPrefixIgnoringCase("http://")
      else { return nil }
    }
  }

  /// Where the method ends, when these bytes begin with something like one and a space.
  private static func methodEnd(_ line: RawSpan) -> Int? {
    var index = 0
    while index < line.byteCount, index <= methodLimit {
      if line[index].isASCIISpaceOrTab { return index > 0 ? index : nil }
      guard line[index].isTokenCharacter else { return nil }
      index += 1
    }
    return nil
  }

  /// False when no request line begins like these bytes, whatever follows.
  static func isPlausible(_ prefix: RawSpan) -> Bool {
    if methodEnd(prefix) != nil { return true }
    guard prefix.byteCount <= methodLimit else { return false }
    for index in prefix.byteOffsets where !prefix[index].isTokenCharacter { return false }
    return true
  }

  /// Where in a line of something unknown a request line begins that goes to the line's end.
  ///
  /// A body need not end with a line: what is before the method is left out.
  static func offset(in text: RawSpan) -> Int? {
    let line = text.withoutLineEnd
    guard line.byteCount >= 12, HTTPVersion(line.extracting(last: 8)) != nil,
      line[line.byteCount - 9] == .space,
      let nameEnd = ByteScan.firstOffset(of: .space, in: line),
      let method = HTTPMethod.longestSuffix(of: line.extracting(first: nameEnd)),
      nameEnd + 1 < line.byteCount - 9
    else { return nil }
    let target = line.extracting(droppingFirst: nameEnd + 1)
    guard
      target.hasBytes("/") || target.hasBytes("* ") || method == .connect
        || target.hasPrefixIgnoringCase("http")
    else { return nil }
    return nameEnd - method.name.utf8CodeUnitCount
  }
}

/// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 §4); the reason may be missing.
struct HTTPStatusLine {
  var version = HTTPVersion.simple
  /// 0 in a raw response to an HTTP/0.9 request, which has no status line.
  var status: UInt16 = 0
  var reason = HTTPSlice()

  init() {}

  init?(_ text: RawSpan) {
    let line = text.withoutLineEnd
    guard line.byteCount >= 12, line[8].isASCIISpaceOrTab,
      let version = HTTPVersion(line.extracting(first: 8)),
      let start = line.firstOffset(where: { !$0.isASCIISpaceOrTab }, from: 8),
      line.byteCount - start >= 3
    else { return nil }
    for index in start..<start + 3 {
      guard line[index].isASCIIDigit else { return nil }
      status = status * 10 + UInt16(line[index] & 0x0f)
    }
    guard status >= 100 else { return nil }
    self.version = version
    let end = start + 3
    guard line.byteCount > end else { return }
    guard line[end].isASCIISpaceOrTab else { return nil }
    reason = HTTPSlice(end + 1..<line.byteCount)
  }

  /// False when no status line begins like these bytes, whatever follows.
  static func isPlausible(_ prefix: RawSpan) -> Bool {
    let start = prefix.extracting(first: min(prefix.byteCount, 7))
    if start.isPrefix(of: "HTTP/1.") { return true }
    return prefix.extracting(first: min(prefix.byteCount, 8)).isPrefix(of: "HTTP/0.9")
  }

  /// Where in a line of something unknown a status line begins that goes to the line's end.
  static func offset(in line: RawSpan) -> Int? {
    var start = 0
    while let candidate = ByteScan.firstOffset(of: UInt8(ascii: "H"), in: line, from: start) {
      if line.hasBytes("HTTP/1.", at: candidate),
        HTTPStatusLine(line.extracting(droppingFirst: candidate)) != nil
      {
        return candidate
      }
      start = candidate + 1
    }
    return nil
  }
}
