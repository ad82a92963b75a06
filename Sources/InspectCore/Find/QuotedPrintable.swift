/// Quoted-printable (RFC 2045 §6.7): `=` and two hexadecimal digits stand for a byte, `=` at the end
/// of a line for nothing.
enum QuotedPrintable: ByteCoding {
  static var label: StaticString { "quoted-printable" }

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    ByteScan.firstOffset(of: 0x3D, in: encoded) != nil
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    var index = 0
    while index < encoded.byteCount {
      let (octet, count) = unit(encoded, at: index)
      if let octet { decoded.append(octet) }
      index &+= count
    }
    return index
  }

  /// Counts in decoded bytes.
  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    while cursor.encoded < encoded.byteCount {
      let (octet, count) = unit(encoded, at: cursor.encoded)
      if octet != nil, cursor.units == offset { return }
      if octet != nil { cursor.units &+= 1 }
      cursor.encoded &+= count
    }
  }

  /// A byte, an escape or a soft line break: its value and how many bytes it takes.
  static func unit(_ encoded: RawSpan, at index: Int) -> (octet: UInt8?, count: Int) {
    let byte = encoded[index]
    guard byte == 0x3D else { return (byte, 1) }
    if index &+ 1 < encoded.byteCount, encoded[index &+ 1] == 0x0A { return (nil, 2) }
    if encoded.hasBytes("=\r\n", at: index) { return (nil, 3) }
    guard index &+ 2 < encoded.byteCount, let high = encoded[index &+ 1].hexDigitValue,
      let low = encoded[index &+ 2].hexDigitValue
    else { return (byte, 1) }
    return (high << 4 | low, 3)
  }
}

/// Encoded words in the fields of a mail (RFC 2047): `=?utf-8?B?...?=` and `=?utf-8?Q?...?=`.
/// Character sets other than UTF-8 are taken as they are: what identifies is ASCII.
enum EncodedWords: ByteCoding {
  static var label: StaticString { "encoded-word" }
  /// RFC 2047 §2 allows 75.
  private static let longestWord = 256

  private struct Word {
    var text: Range<Int>
    var isBase64: Bool
    var end: Int
  }

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    var index = 0
    while let found = ByteScan.firstOffset(of: 0x3D, in: encoded, from: index) {
      if word(encoded, at: found) != nil { return true }
      index = found &+ 1
    }
    return false
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    var index = 0
    while index < encoded.byteCount {
      guard let word = word(encoded, at: index) else {
        decoded.append(encoded[index])
        index &+= 1
        continue
      }
      let text = encoded.extracting(word.text)
      if word.isBase64 {
        _ = Base64.decode(text, into: &decoded)
      } else {
        decodeQ(text, into: &decoded)
      }
      index = word.end
      // White space between two words is none (§6.2).
      let gap = endOfBlanks(encoded, from: index)
      if gap > index, self.word(encoded, at: gap) != nil { index = gap }
    }
    return index
  }

  private static func decodeQ(_ text: RawSpan, into decoded: inout ByteBuffer) {
    var index = 0
    while index < text.byteCount {
      let (octet, count) = QuotedPrintable.unit(text, at: index)
      if let octet { decoded.append(count == 1 && octet == 0x5F ? 0x20 : octet) }
      index &+= count
    }
  }

  /// Counts in decoded bytes.
  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    while cursor.encoded < encoded.byteCount, cursor.units < offset {
      guard let word = word(encoded, at: cursor.encoded) else {
        cursor.encoded &+= 1
        cursor.units &+= 1
        continue
      }
      let text = encoded.extracting(word.text)
      var inner = CodingCursor()
      if word.isBase64 {
        Base64.seek(&inner, to: offset &- cursor.units, in: text)
      } else {
        QuotedPrintable.seek(&inner, to: offset &- cursor.units, in: text)
      }
      if inner.encoded < text.byteCount {
        cursor.encoded = word.text.lowerBound &+ inner.encoded
        cursor.units = offset
        return
      }
      cursor.units &+= word.isBase64 ? inner.units / 4 &* 3 &+ inner.units % 4 * 3 / 4 : inner.units
      cursor.encoded = word.end
      let gap = endOfBlanks(encoded, from: word.end)
      if gap > word.end, self.word(encoded, at: gap) != nil { cursor.encoded = gap }
    }
  }

  private static func endOfBlanks(_ encoded: RawSpan, from start: Int) -> Int {
    var index = start
    while index < encoded.byteCount, index &- start < longestWord, encoded[index].isBlank {
      index &+= 1
    }
    return index
  }

  private static func word(_ encoded: RawSpan, at start: Int) -> Word? {
    guard encoded.hasBytes("=?", at: start) else { return nil }
    let end = min(start &+ longestWord, encoded.byteCount)
    let probe = encoded.extracting(first: end)
    guard let charset = probe.firstOffset(of: 0x3F, from: start &+ 2), charset &+ 2 < end,
      probe[charset &+ 2] == 0x3F,
      let question = probe.firstOffset(of: 0x3F, from: charset &+ 3),
      probe.hasBytes("?=", at: question)
    else { return nil }
    switch probe[charset &+ 1] | 0x20 {
    case 0x62: return Word(text: (charset &+ 3)..<question, isBase64: true, end: question &+ 2)
    case 0x71: return Word(text: (charset &+ 3)..<question, isBase64: false, end: question &+ 2)
    default: return nil
    }
  }
}
