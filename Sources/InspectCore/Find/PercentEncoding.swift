/// Percent-encoding (RFC 3986 §2.1): `%` and two hexadecimal digits stand for a byte. Another `%`
/// stands for itself.
enum PercentEncoding: ByteCoding {
  static var label: StaticString { "percent" }
  /// Who percent-encodes does it early: the first delimiter is one of the first bytes.
  private static let probedBytes = 1024

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    let probe = encoded.extracting(first: min(encoded.byteCount, probedBytes))
    var index = 0
    while let found = probe.firstOffset(ofEither: 0x25, or: 0x25, from: index) {
      if octet(probe, at: found) != nil { return true }
      index = found &+ 1
    }
    return false
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    decode(encoded, space: 0x20, into: &decoded)
  }

  /// `space` is the byte that means a space beside the space itself.
  static func decode(_ encoded: RawSpan, space: UInt8, into decoded: inout ByteBuffer) -> Int {
    var index = 0
    while let sign = encoded.firstOffset(ofEither: 0x25, or: space, from: index) {
      if sign > index { decoded.append(encoded.extracting(index..<sign)) }
      if encoded[sign] == 0x25, let octet = octet(encoded, at: sign) {
        decoded.append(octet)
        index = sign &+ 3
      } else {
        decoded.append(encoded[sign] == space ? 0x20 : 0x25)
        index = sign &+ 1
      }
    }
    decoded.append(encoded.extracting(droppingFirst: index))
    return encoded.byteCount
  }

  /// Counts in decoded bytes.
  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    while cursor.units < offset, cursor.encoded < encoded.byteCount {
      let isEscape = encoded[cursor.encoded] == 0x25 && octet(encoded, at: cursor.encoded) != nil
      cursor.encoded &+= isEscape ? 3 : 1
      cursor.units &+= 1
    }
  }

  private static func octet(_ encoded: RawSpan, at index: Int) -> UInt8? {
    guard index &+ 2 < encoded.byteCount,
      let high = encoded[index &+ 1].hexDigitValue, let low = encoded[index &+ 2].hexDigitValue
    else { return nil }
    return high << 4 | low
  }
}

/// The names and values of `application/x-www-form-urlencoded` (WHATWG URL §5): percent-encoding
/// in which `+` is a space.
enum FormEncoding: ByteCoding {
  static var label: StaticString { "" }

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    encoded.firstOffset(ofEither: 0x25, or: 0x2B, from: 0) != nil
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    PercentEncoding.decode(encoded, space: 0x2B, into: &decoded)
  }

  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    PercentEncoding.seek(&cursor, to: offset, in: encoded)
  }
}
