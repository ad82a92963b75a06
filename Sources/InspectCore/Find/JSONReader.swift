/// What stands in a JSON text (RFC 8259), token after token.
enum JSONToken {
  case objectStart, arrayStart, containerEnd, comma
  /// A string before a colon.
  case name(JSONText)
  case string(JSONText)
  /// The number as it is written: an IMEI does not survive being a `Double`.
  case number(JSONText)
  /// `true`, `false` or `null`.
  case literal
  case end
  /// Not JSON from here on, or cut off.
  case malformed
}

/// The bytes of a string between its quotes, or of a number.
struct JSONText {
  var start: Int
  var count: Int
  var hasEscapes: Bool

  static var none: Self { Self(start: 0, count: 0, hasEscapes: false) }
}

/// Reads tokens, not a grammar: texts that a peer would refuse hold identifiers all the same. Each
/// byte is looked at once.
struct JSONReader: ~Escapable {
  let bytes: RawSpan
  /// The first byte that is not read; after `malformed`, the one that could not be.
  private(set) var position = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  /// Whether `bytes` begin as an object or an array does: in `[object Object]` none begins.
  static func begins(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 2, bytes[0] == 0x7B || bytes[0] == 0x5B else { return false }
    var index = 1
    while index < bytes.byteCount, bytes[index].isBlank { index &+= 1 }
    guard index < bytes.byteCount else { return false }
    switch bytes[index] {
    case 0x22: return true
    case 0x7D: return bytes[0] == 0x7B
    case 0x5B, 0x5D, 0x7B, 0x2D, 0x30...0x39, 0x66, 0x6E: return bytes[0] == 0x5B
    case 0x74: return bytes[0] == 0x5B
    default: return false
    }
  }

  mutating func next() -> JSONToken {
    while position < bytes.byteCount, bytes[position].isBlank { position &+= 1 }
    guard position < bytes.byteCount else { return .end }
    let start = position
    switch bytes[start] {
    case 0x22: return string()
    case 0x2C: return single(.comma)
    case 0x7B: return single(.objectStart)
    case 0x5B: return single(.arrayStart)
    case 0x7D, 0x5D: return single(.containerEnd)
    case 0x2D, 0x30...0x39: return number()
    case 0x74 where bytes.hasBytes("true", at: start): position = start &+ 4
    case 0x6E where bytes.hasBytes("null", at: start): position = start &+ 4
    case 0x66 where bytes.hasBytes("false", at: start): position = start &+ 5
    case let byte where byte.isASCIILetter || byte == 0x5F || byte == 0x24: return word()
    default: return .malformed
    }
    return .literal
  }

  /// A word without quotes: a name in a JavaScript object, or a value such as `NaN`.
  private mutating func word() -> JSONToken {
    let start = position
    while position < bytes.byteCount,
      bytes[position].isAlphanumeric || bytes[position] == 0x5F
        || bytes[position] == 0x24
    {
      position &+= 1
    }
    let text = JSONText(start: start, count: position &- start, hasEscapes: false)
    while position < bytes.byteCount, bytes[position].isBlank { position &+= 1 }
    guard position < bytes.byteCount, bytes[position] == 0x3A else { return .literal }
    position &+= 1
    return .name(text)
  }

  private mutating func single(_ token: JSONToken) -> JSONToken {
    position &+= 1
    return token
  }

  private mutating func number() -> JSONToken {
    let start = position
    while position < bytes.byteCount {
      switch bytes[position] {
      case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: position &+= 1
      default: return .number(JSONText(start: start, count: position &- start, hasEscapes: false))
      }
    }
    return .number(JSONText(start: start, count: position &- start, hasEscapes: false))
  }

  private mutating func string() -> JSONToken {
    let start = position &+ 1
    var hasEscapes = false
    var index = start
    while let found = bytes.firstOffset(ofEither: 0x22, or: 0x5C, from: index) {
      if bytes[found] == 0x5C {
        hasEscapes = true
        index = found &+ 2
        continue
      }
      let text = JSONText(start: start, count: found &- start, hasEscapes: hasEscapes)
      position = found &+ 1
      while position < bytes.byteCount, bytes[position].isBlank { position &+= 1 }
      guard position < bytes.byteCount, bytes[position] == 0x3A else { return .string(text) }
      position &+= 1
      return .name(text)
    }
    // Cut off: what is here of the string is a value all the same.
    position = bytes.byteCount
    return .string(JSONText(start: start, count: bytes.byteCount &- start, hasEscapes: hasEscapes))
  }
}

/// The escapes in a JSON string (RFC 8259 §7).
enum JSONEscapes: ByteCoding {
  static var label: StaticString { "" }

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    encoded.firstOffset(ofEither: 0x5C, or: 0x5C, from: 0) != nil
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    var index = 0
    while index < encoded.byteCount {
      let (scalar, count) = unit(encoded, at: index)
      if count == 1 {
        decoded.append(UInt8(truncatingIfNeeded: scalar))
      } else {
        appendUTF8(scalar, to: &decoded)
      }
      index &+= count
    }
    return index
  }

  /// Counts in decoded bytes.
  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    while cursor.encoded < encoded.byteCount {
      let (scalar, count) = unit(encoded, at: cursor.encoded)
      let width = count == 1 ? 1 : utf8Width(scalar)
      guard cursor.units &+ width <= offset else { return }
      cursor.units &+= width
      cursor.encoded &+= count
    }
  }

  /// A byte or a whole escape: its value and how many bytes it takes (1: a byte as it is).
  private static func unit(_ encoded: RawSpan, at index: Int) -> (scalar: UInt32, count: Int) {
    let byte = UInt32(encoded[index])
    guard byte == 0x5C, index &+ 1 < encoded.byteCount else { return (byte, 1) }
    switch encoded[index &+ 1] {
    case 0x62: return (0x08, 2)
    case 0x66: return (0x0C, 2)
    case 0x6E: return (0x0A, 2)
    case 0x72: return (0x0D, 2)
    case 0x74: return (0x09, 2)
    case 0x75: break
    case let escaped where escaped < 0x80: return (UInt32(escaped), 2)
    default: return (byte, 1)
    }
    guard let high = codeUnit(encoded, at: index) else { return (byte, 1) }
    guard high & 0xF800 == 0xD800 else { return (high, 6) }
    // A surrogate alone is nothing (U+FFFD); a pair is one character.
    guard high < 0xDC00, let low = codeUnit(encoded, at: index &+ 6), low & 0xFC00 == 0xDC00
    else { return (0xFFFD, 6) }
    return (0x10000 &+ ((high & 0x3FF) << 10 | low & 0x3FF), 12)
  }

  private static func codeUnit(_ encoded: RawSpan, at index: Int) -> UInt32? {
    guard index &+ 6 <= encoded.byteCount, encoded.hasBytes("\\u", at: index) else { return nil }
    var value: UInt32 = 0
    for digit in 2..<6 {
      guard let bits = encoded[index &+ digit].hexDigitValue else { return nil }
      value = value << 4 | UInt32(bits)
    }
    return value
  }

  private static func utf8Width(_ scalar: UInt32) -> Int {
    scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
  }

  private static func appendUTF8(_ scalar: UInt32, to decoded: inout ByteBuffer) {
    let width = utf8Width(scalar)
    let lead: UInt32 = width == 1 ? 0 : width == 2 ? 0xC0 : width == 3 ? 0xE0 : 0xF0
    var shift = UInt32(6 &* (width &- 1))
    decoded.append(UInt8(truncatingIfNeeded: lead | scalar >> shift))
    while shift > 0 {
      shift &-= 6
      decoded.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> shift & 0x3F))
    }
  }
}
