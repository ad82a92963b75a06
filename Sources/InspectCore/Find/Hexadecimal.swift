/// Text written as hexadecimal digits (base16, RFC 4648 §8), in either case, without separators.
/// Hashes and keys are hexadecimal too: what does not decode to text is none of ours.
enum Hexadecimal: ByteCoding {
  static var label: StaticString { "hex" }
  /// The shortest identifier that is looked for inside has 14 characters.
  private static let leastDigits = 28
  private static let probedDigits = 64

  static func isPlausible(_ encoded: RawSpan) -> Bool { plausibility(of: encoded) == .text }

  /// Whether the first 32 bytes are digits.
  static func begins(_ value: RawSpan) -> Bool {
    guard value.byteCount >= 32 else { return false }
    for index in 0..<32 where value[index].hexDigitValue == nil { return false }
    return true
  }

  /// Whether `encoded` are the digits of something worth a look: of text, or of a binary format.
  static func plausibility(of encoded: RawSpan) -> Plausibility? {
    guard encoded.byteCount >= leastDigits, encoded.byteCount % 2 == 0 else { return nil }
    var judge = TextJudge()
    var octets = InlineArray<32, UInt8>(repeating: 0)
    var isText = true
    let probed = min(encoded.byteCount, probedDigits)
    for index in stride(from: 0, to: probed, by: 2) {
      guard let octet = octet(encoded, at: index) else { return nil }
      octets[index / 2] = octet
      if isText, !judge.accept(octet) { isText = false }
    }
    if isText { return .text }
    let prefix = unsafe octets.span.bytes.extracting(first: probed / 2)
    return BinaryEncoding(of: prefix, total: encoded.byteCount / 2) != nil ? .binary : nil
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    var index = 0
    while index &+ 1 < encoded.byteCount, let octet = octet(encoded, at: index) {
      decoded.append(octet)
      index &+= 2
    }
    return index
  }

  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    cursor.encoded = min(2 &* offset, encoded.byteCount)
  }

  fileprivate static func octet(_ encoded: RawSpan, at index: Int) -> UInt8? {
    guard let high = encoded[index].hexDigitValue, let low = encoded[index &+ 1].hexDigitValue
    else { return nil }
    return high << 4 | low
  }
}

/// The same with a separator between two octets: `7b 22`, `7B:22`, `7b-22`.
enum HexadecimalPairs: ByteCoding {
  static var label: StaticString { "hex" }
  private static let leastOctets = 14
  private static let probedOctets = 32

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    let octets = (encoded.byteCount &+ 1) / 3
    guard octets >= leastOctets, isSeparator(encoded[2]) else { return false }
    var judge = TextJudge()
    for index in 0..<min(octets, probedOctets) {
      guard let octet = Hexadecimal.octet(encoded, at: 3 &* index), judge.accept(octet),
        3 &* index &+ 2 >= encoded.byteCount || encoded[3 &* index &+ 2] == encoded[2]
      else { return false }
    }
    return true
  }

  static func decode(_ encoded: RawSpan, into decoded: inout ByteBuffer) -> Int {
    var index = 0
    while index &+ 1 < encoded.byteCount, let octet = Hexadecimal.octet(encoded, at: index) {
      decoded.append(octet)
      index &+= 2
      guard index < encoded.byteCount, isSeparator(encoded[index]) else { break }
      index &+= 1
    }
    return index
  }

  static func seek(_ cursor: inout CodingCursor, to offset: Int, in encoded: RawSpan) {
    cursor.encoded = min(3 &* offset, encoded.byteCount)
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x3A || byte == 0x2D
  }
}
