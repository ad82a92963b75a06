/// What stands in an XML text (W3C XML 1.0), token after token.
enum XMLToken {
  /// The name of an element that begins; its attributes follow.
  case start(Range<Int>)
  case attribute(name: Range<Int>, value: Range<Int>)
  /// `/>`: the element that began last has no content.
  case emptyEnd
  case end
  /// Character data; without entities when it was a CDATA section.
  case text(Range<Int>, isVerbatim: Bool)
  case over
}

/// Reads tokens, not a grammar: HTML and damaged texts hold identifiers all the same. Each byte is
/// looked at once.
struct XMLReader: ~Escapable {
  private enum State { case content, tag }

  let bytes: RawSpan
  private(set) var position = 0
  private var state = State.content

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  /// Whether `bytes` begin as a declaration, a comment or an element does, and a tag ends soon.
  static func begins(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 8, bytes[0] == 0x3C else { return false }
    guard bytes[1].isASCIILetter || bytes[1] == 0x3F || bytes[1] == 0x21 || bytes[1] == 0x5F else {
      return false
    }
    let probe = bytes.extracting(first: min(bytes.byteCount, 1024))
    return ByteScan.firstOffset(of: 0x3E, in: probe, from: 2) != nil
  }

  mutating func next() -> XMLToken {
    while position < bytes.byteCount {
      switch state {
      case .tag: if let token = inTag() { return token }
      case .content: if let token = inContent() { return token }
      }
    }
    return .over
  }

  private mutating func inContent() -> XMLToken? {
    guard bytes[position] == 0x3C else {
      let start = position
      position = ByteScan.firstOffset(of: 0x3C, in: bytes, from: position) ?? bytes.byteCount
      return .text(start..<position, isVerbatim: false)
    }
    if bytes.hasBytes("<![CDATA[", at: position) {
      let start = position &+ 9
      let end = find("]]>", from: start)
      position = min(end &+ 3, bytes.byteCount)
      return .text(start..<end, isVerbatim: true)
    }
    if bytes.hasBytes("<!--", at: position) {
      position = min(find("-->", from: position &+ 4) &+ 3, bytes.byteCount)
      return nil
    }
    let second = position &+ 1 < bytes.byteCount ? bytes[position &+ 1] : 0
    switch second {
    case 0x3F, 0x21:
      position = endOfTag(from: position)
      return nil
    case 0x2F:
      position = endOfTag(from: position)
      return .end
    case 0x5F: break
    case let byte where byte.isASCIILetter || byte >= 0x80: break
    default:
      // A sign of less than, not a tag.
      let start = position
      position &+= 1
      return .text(start..<position, isVerbatim: true)
    }
    let start = position &+ 1
    position = start
    while position < bytes.byteCount, isOfName(bytes[position]) { position &+= 1 }
    state = .tag
    return .start(start..<position)
  }

  private mutating func inTag() -> XMLToken? {
    while position < bytes.byteCount, bytes[position].isBlank { position &+= 1 }
    guard position < bytes.byteCount else { return nil }
    switch bytes[position] {
    case 0x3E:
      position &+= 1
      state = .content
      return nil
    case 0x2F:
      position &+= 1
      guard position < bytes.byteCount, bytes[position] == 0x3E else { return nil }
      position &+= 1
      state = .content
      return .emptyEnd
    case 0x3C:
      // The tag before was never closed.
      state = .content
      return nil
    default: return attribute()
    }
  }

  private mutating func attribute() -> XMLToken? {
    let start = position
    while position < bytes.byteCount, isOfName(bytes[position]) { position &+= 1 }
    let name = start..<position
    guard !name.isEmpty else {
      position &+= 1
      return nil
    }
    while position < bytes.byteCount, bytes[position].isBlank { position &+= 1 }
    guard position < bytes.byteCount, bytes[position] == 0x3D else { return nil }
    position &+= 1
    while position < bytes.byteCount, bytes[position].isBlank { position &+= 1 }
    guard position < bytes.byteCount else { return nil }
    let quote = bytes[position]
    guard quote == 0x22 || quote == 0x27 else {
      // HTML leaves the quotes out.
      let first = position
      while position < bytes.byteCount, !bytes[position].isBlank, bytes[position] != 0x3E {
        position &+= 1
      }
      return .attribute(name: name, value: first..<position)
    }
    let first = position &+ 1
    let end = ByteScan.firstOffset(of: quote, in: bytes, from: first) ?? bytes.byteCount
    position = min(end &+ 1, bytes.byteCount)
    return .attribute(name: name, value: first..<end)
  }

  /// Behind the next `>`.
  private func endOfTag(from start: Int) -> Int {
    ByteScan.firstOffset(of: 0x3E, in: bytes, from: start).map { $0 &+ 1 } ?? bytes.byteCount
  }

  private func find(_ mark: StaticString, from start: Int) -> Int {
    var index = start
    let first: UInt8 = mark.withUTF8Buffer { unsafe $0[0] }
    while let found = ByteScan.firstOffset(of: first, in: bytes, from: index) {
      if bytes.hasBytes(mark, at: found) { return found }
      index = found &+ 1
    }
    return bytes.byteCount
  }

  private func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x2D, 0x2E, 0x3A, 0x5F, 0x80...0xFF: true
    default: byte.isAlphanumeric
    }
  }
}

/// The entities of XML (§4.6) and character references (§4.1).
enum XMLEntities: ByteCoding {
  static var label: StaticString { "" }

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    ByteScan.firstOffset(of: 0x26, in: encoded) != nil
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    var index = 0
    while index < encoded.byteCount {
      let (scalar, count) = unit(encoded, at: index)
      if count == 1 {
        decoded.append(UInt8(truncatingIfNeeded: scalar))
      } else {
        decoded.append(scalar: scalar)
      }
      index &+= count
    }
    return index
  }

  /// Counts in decoded bytes.
  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    while cursor.encoded < encoded.byteCount {
      let (scalar, count) = unit(encoded, at: cursor.encoded)
      let width =
        count == 1 || scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
      guard cursor.units &+ width <= offset else { return }
      cursor.units &+= width
      cursor.encoded &+= count
    }
  }

  /// A byte or a whole reference: its value and how many bytes it takes (1: a byte as it is).
  private static func unit(_ encoded: RawSpan, at index: Int) -> (scalar: UInt32, count: Int) {
    let byte = UInt32(encoded[index])
    guard byte == 0x26 else { return (byte, 1) }
    if encoded.hasBytes("&amp;", at: index) { return (0x26, 5) }
    if encoded.hasBytes("&quot;", at: index) { return (0x22, 6) }
    if encoded.hasBytes("&apos;", at: index) { return (0x27, 6) }
    if encoded.hasBytes("&lt;", at: index) { return (0x3C, 4) }
    if encoded.hasBytes("&gt;", at: index) { return (0x3E, 4) }
    guard encoded.hasBytes("&#", at: index) else { return (byte, 1) }
    let isHexadecimal = encoded.hasBytes("&#x", at: index) || encoded.hasBytes("&#X", at: index)
    var value: UInt32 = 0
    var end = index &+ (isHexadecimal ? 3 : 2)
    let first = end
    while end < encoded.byteCount, end &- first < 8, let digit = encoded[end].hexDigitValue,
      isHexadecimal || digit < 10
    {
      value = value &* (isHexadecimal ? 16 : 10) &+ UInt32(digit)
      end &+= 1
    }
    guard end > first, end < encoded.byteCount, encoded[end] == 0x3B else { return (byte, 1) }
    // What is no scalar becomes U+FFFD, of three bytes.
    let isScalar = value < 0xD800 || value >= 0xE000 && value < 0x11_0000
    return (isScalar ? value : 0xFFFD, end &+ 1 &- index)
  }
}
