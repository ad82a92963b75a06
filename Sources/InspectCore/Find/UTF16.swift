/// Text in UTF-16 (RFC 2781), with a byte order mark or without.
enum UTF16 {
  /// The order of the bytes of a text that begins with a mark, or with characters below U+0100 of
  /// which one byte is zero.
  static func endianness(of bytes: RawSpan) -> BinaryEncoding? {
    guard bytes.byteCount >= 8 else { return nil }
    if bytes[0] == 0xFF, bytes[1] == 0xFE { return .utf16LittleEndian }
    if bytes[0] == 0xFE, bytes[1] == 0xFF { return .utf16BigEndian }
    let isLittle = bytes[1] == 0
    for index in 0..<8 {
      let byte = bytes[index]
      let isText = byte >= 0x20 && byte != 0x7F || byte == 0x09 || byte == 0x0A || byte == 0x0D
      guard index % 2 == (isLittle ? 1 : 0) ? byte == 0 : isText else { return nil }
    }
    return isLittle ? .utf16LittleEndian : .utf16BigEndian
  }

  /// A whole character: its scalar (U+FFFD for half a pair) and how many bytes it takes.
  static func character(
    _ encoded: RawSpan, at index: Int, isLittle: Bool
  ) -> (scalar: UInt32, count: Int) {
    let high = unit(encoded, at: index, isLittle)
    guard high & 0xF800 == 0xD800 else { return (high, 2) }
    let low = unit(encoded, at: index &+ 2, isLittle)
    guard high < 0xDC00, low & 0xFC00 == 0xDC00 else { return (0xFFFD, 2) }
    return (0x10000 &+ ((high & 0x3FF) << 10 | low & 0x3FF), 4)
  }

  /// A code unit; bytes beyond the end are zero.
  private static func unit(_ encoded: RawSpan, at index: Int, _ isLittle: Bool) -> UInt32 {
    let first = index < encoded.byteCount ? UInt32(encoded[index]) : 0
    let second = index &+ 1 < encoded.byteCount ? UInt32(encoded[index &+ 1]) : 0
    return isLittle ? second << 8 | first : first << 8 | second
  }

  static func decode(_ encoded: RawSpan, isLittle: Bool, into decoded: inout ByteBuffer) {
    var index = 0
    while index < encoded.byteCount, !decoded.isFull {
      let (scalar, count) = character(encoded, at: index, isLittle: isLittle)
      // The mark is no part of the text.
      if index > 0 || scalar != 0xFEFF { decoded.append(scalar: scalar) }
      index &+= count
    }
  }

  /// Counts in decoded bytes.
  static func seek(
    _ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan, isLittle: Bool
  ) {
    while cursor.encoded < encoded.byteCount {
      let (scalar, count) = character(encoded, at: cursor.encoded, isLittle: isLittle)
      let isMark = cursor.encoded == 0 && scalar == 0xFEFF
      let width = isMark ? 0 : scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
      guard cursor.units &+ width <= offset else { return }
      cursor.units &+= width
      cursor.encoded &+= count
    }
  }
}

enum UTF16LittleEndian: ByteCoding {
  static var label: StaticString { "utf-16" }

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    UTF16.endianness(of: encoded) == .utf16LittleEndian
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    UTF16.decode(encoded, isLittle: true, into: &decoded)
    return encoded.byteCount
  }

  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    UTF16.seek(&cursor, to: offset, in: encoded, isLittle: true)
  }
}

enum UTF16BigEndian: ByteCoding {
  static var label: StaticString { "utf-16" }

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    UTF16.endianness(of: encoded) == .utf16BigEndian
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    UTF16.decode(encoded, isLittle: false, into: &decoded)
    return encoded.byteCount
  }

  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    UTF16.seek(&cursor, to: offset, in: encoded, isLittle: false)
  }
}
