/// A layer that turns bytes into other bytes: base64, percent-encoding, escapes.
///
/// A new one is a type in a file of its own and a line in `Finder.visit`.
protocol ByteCoding {
  /// What a path says of it; empty when the structure around it implies it.
  static var label: StaticString { get }

  /// Whether the first bytes look encoded and decode to something worth a look; costs little.
  static func isPlausible(_ encoded: RawSpan) -> Bool

  /// Decodes as far as it can; returns how many encoded bytes that were.
  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int

  /// Moves `cursor` to the encoded byte with which the decoded byte at `offset` begins.
  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan)

  /// Whether interfaces take whole mails in it.
  static var carriesMail: Bool { get }
}

extension ByteCoding {
  static var carriesMail: Bool { false }
}

/// A place in encoded bytes, kept so that places in ascending order are found in one pass.
struct CodingCursor {
  var encoded = 0
  /// What precedes `encoded`, in the unit that the coding counts in.
  var units = 0
}

/// Judges, byte by byte, whether decoded bytes are text: printable ASCII, usual white space and
/// well-formed UTF-8 (RFC 3629). Noise fails within a few bytes.
struct TextJudge {
  private var continuations = 0

  /// False as soon as `byte` cannot follow in a text.
  mutating func accept(_ byte: UInt8) -> Bool {
    if continuations > 0 {
      continuations -= 1
      return byte & 0xC0 == 0x80
    }
    switch byte {
    case 0x20...0x7E, 0x09, 0x0A, 0x0D: return true
    case 0xC2...0xDF: continuations = 1
    case 0xE0...0xEF: continuations = 2
    case 0xF0...0xF4: continuations = 3
    default: return false
    }
    return true
  }
}

extension RawSpan {
  /// The offset of the first byte at or after `start` that is `first` or `second`.
  @inline(__always)
  func firstOffset(ofEither first: UInt8, or second: UInt8, from start: Int) -> Int? {
    ByteScan.firstOffset(of: first, or: second, in: self, from: start)
  }

  /// The bytes without white space at both ends, and how many went in front (JSON's white space,
  /// RFC 8259 §2, and NUL, with which C programs end what they send).
  var trimmed: (start: Int, end: Int) {
    var start = 0
    var end = byteCount
    while start < end, self[start].isBlank { start &+= 1 }
    while end > start, self[end &- 1].isBlank { end &-= 1 }
    return (start, end)
  }
}

extension UInt8 {
  /// White space as JSON has it, or NUL.
  var isBlank: Bool {
    self <= 0x20 && (self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 || self == 0)
  }
  var isAlphanumeric: Bool { isASCIILetter || isASCIIDigit }
}
