/// Base64 (RFC 4648 §4, §5) as it is sent: either alphabet, padded or not, broken into lines
/// (RFC 2045 §6.8; Android's `Base64.DEFAULT`) or otherwise interrupted by white space.
enum Base64: ByteCoding {
  static var label: StaticString { "base64" }
  static var carriesMail: Bool { true }

  private static let whiteSpace: UInt8 = 64
  private static let other: UInt8 = 65
  /// Fewer symbols hold no identifier.
  private static let leastSymbols = 16
  /// After as many, what follows the first foreign byte is left to others: the rest was base64.
  private static let enoughSymbols = 64
  private static let probedSymbols = 48
  private static let leastBinarySymbols = 20
  /// By so many it is seen whether a binary format begins.
  private static let fewestOctets = 12

  /// The six bits of a symbol, or one of the two above.
  @inline(__always)
  private static func bits(_ byte: UInt8) -> UInt8 {
    switch byte {
    case 0x41...0x5A: byte &- 0x41
    case 0x61...0x7A: byte &- 0x61 &+ 26
    case 0x30...0x39: byte &- 0x30 &+ 52
    case 0x2B, 0x2D: 62
    case 0x2F, 0x5F: 63
    case 0x0A, 0x0D, 0x20, 0x09: whiteSpace
    default: other
    }
  }

  static func isPlausible(_ encoded: RawSpan) -> Bool { plausibility(of: encoded) == .text }

  /// Whether `encoded` is base64 of something worth a look: of text, or, when there is nothing else
  /// in it than symbols, of a binary format.
  static func plausibility(of encoded: RawSpan) -> Plausibility? {
    guard encoded.byteCount >= leastSymbols, mayBegin(encoded) else { return nil }
    var judge = TextJudge()
    var octets = InlineArray<36, UInt8>(repeating: 0)
    var isText = true
    var accumulator: UInt32 = 0
    var symbols = 0
    var count = 0
    var index = 0
    while index < encoded.byteCount, symbols < probedSymbols {
      let bits = bits(encoded[index])
      index &+= 1
      if bits < whiteSpace {
        accumulator = accumulator << 6 | UInt32(bits)
        symbols &+= 1
        // Every symbol of four but the first completes a byte; bits of the next one may follow it.
        guard symbols & 3 != 1 else { continue }
        let spare = UInt32((8 &- 2 &* (symbols & 3)) & 7)
        let octet = UInt8(truncatingIfNeeded: accumulator >> spare)
        octets[count] = octet
        count &+= 1
        if isText, !judge.accept(octet) {
          isText = false
          if encoded.byteCount < leastBinarySymbols { return nil }
        }
        if !isText, count == fewestOctets {
          let prefix = unsafe octets.span.bytes.extracting(first: count)
          guard mayBeBinary(prefix, total: encoded.byteCount),
            isNoWord(encoded.extracting(first: index))
          else { return nil }
        }
      } else if bits == other {
        index &-= 1
        break
      }
    }
    if isText {
      return symbols >= probedSymbols || symbols >= leastSymbols && ends(encoded, at: index)
        ? .text : nil
    }
    guard symbols >= leastBinarySymbols, symbols >= probedSymbols || ends(encoded, at: index) else {
      return nil
    }
    let prefix = unsafe octets.span.bytes.extracting(first: count)
    guard isNoWord(encoded.extracting(first: index)) else { return nil }
    let total = index < encoded.byteCount ? encoded.byteCount / 4 &* 3 : count
    if BinaryEncoding(of: prefix, total: total) != nil { return .binary }
    return BinaryEncoding.mayBeDeflate(prefix) && symbols >= probedSymbols ? .binary : nil
  }

  /// Whether the first sixteen bytes are symbols and white space: with fewer symbols it is none.
  @inline(__always)
  private static func mayBegin(_ encoded: RawSpan) -> Bool {
    let block = ByteBlock(whole: encoded, at: 0)
    let blanks =
      block.equal(to: 0x20) | block.equal(to: 0x0A) | block.equal(to: 0x0D) | block.equal(to: 0x09)
    return block.symbols | blanks == 0xFFFF
  }

  /// Whether a binary format may be what begins so: most of what is no base64 ends here.
  private static func mayBeBinary(_ octets: RawSpan, total: Int) -> Bool {
    octets[0] == 0 || BinaryEncoding.beginsDeflate(octets[0])
      || BinaryEncoding(of: octets, total: total) != nil
  }

  /// Symbols of anything but text have capitals or digits among them, and no spaces.
  private static func isNoWord(_ symbols: RawSpan) -> Bool {
    var isMixed = false
    for index in symbols.byteOffsets {
      let byte = symbols[index]
      if byte == 0x20 { return false }
      if byte &- 0x41 < 26 || byte.isASCIIDigit { isMixed = true }
    }
    return isMixed
  }

  /// Whether only padding and white space follow.
  private static func ends(_ encoded: RawSpan, at start: Int) -> Bool {
    var index = start
    while index < encoded.byteCount {
      guard encoded[index] == 0x3D || bits(encoded[index]) == whiteSpace else { return false }
      index &+= 1
    }
    return true
  }

  /// Zero when a foreign byte shows that it was none.
  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    var accumulator: UInt32 = 0
    var symbols = 0
    var index = 0
    while index < encoded.byteCount {
      if symbols & 3 == 0, let (first, second) = ByteScan.base64(encoded, at: index),
        decoded.append(sixOf: first, andOf: second)
      {
        symbols &+= 16
        index &+= 16
        continue
      }
      let bits = bits(encoded[index])
      if bits < whiteSpace {
        accumulator = accumulator << 6 | UInt32(bits)
        symbols &+= 1
        if symbols & 3 == 0 {
          decoded.append(UInt8(truncatingIfNeeded: accumulator >> 16))
          decoded.append(UInt8(truncatingIfNeeded: accumulator >> 8))
          decoded.append(UInt8(truncatingIfNeeded: accumulator))
        }
      } else if bits == other {
        break
      }
      index &+= 1
    }
    if symbols & 3 == 2 {
      decoded.append(UInt8(truncatingIfNeeded: accumulator >> 4))
    } else if symbols & 3 == 3 {
      decoded.append(UInt8(truncatingIfNeeded: accumulator >> 10))
      decoded.append(UInt8(truncatingIfNeeded: accumulator >> 2))
    }
    if ends(encoded, at: index) { return encoded.byteCount }
    return symbols >= enoughSymbols ? index : 0
  }

  /// Decodes a few symbols, perhaps padded; nil when there is anything else.
  static func decode(short encoded: RawSpan, into octets: inout InlineArray<12, UInt8>) -> Int? {
    var accumulator: UInt32 = 0
    var pending: UInt32 = 0
    var count = 0
    for index in encoded.byteOffsets {
      if encoded[index] == 0x3D { return ends(encoded, at: index) ? count : nil }
      let bits = bits(encoded[index])
      guard bits < whiteSpace else { return nil }
      accumulator = accumulator << 6 | UInt32(bits)
      pending &+= 6
      guard pending >= 8 else { continue }
      pending &-= 8
      guard count < octets.count else { return nil }
      octets[count] = UInt8(truncatingIfNeeded: accumulator >> pending)
      count &+= 1
    }
    return count
  }

  /// Counts in symbols.
  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    let symbol = offset / 3 &* 4 &+ offset % 3
    while cursor.encoded < encoded.byteCount {
      let isSymbol = bits(encoded[cursor.encoded]) < whiteSpace
      if isSymbol, cursor.units == symbol { return }
      if isSymbol { cursor.units &+= 1 }
      cursor.encoded &+= 1
    }
  }
}
