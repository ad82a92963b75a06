/// Text written as hexadecimal digits (base16, RFC 4648 §8), in either case, without separators.
/// Hashes and keys are hexadecimal too: what does not decode to text is none of ours.
enum Hexadecimal: ByteCoding {
  static var label: StaticString { "hex" }
  /// The shortest identifier that is looked for inside has 14 characters.
  private static let leastDigits = 28
  private static let probedDigits = 64

  static func isPlausible(_ encoded: RawSpan) -> Bool {
    guard encoded.byteCount >= leastDigits, encoded.byteCount % 2 == 0 else { return false }
    var judge = TextJudge()
    for index in stride(from: 0, to: min(encoded.byteCount, probedDigits), by: 2) {
      guard let octet = octet(encoded, at: index), judge.accept(octet) else { return false }
    }
    return true
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

  private static func octet(_ encoded: RawSpan, at index: Int) -> UInt8? {
    guard let high = encoded[index].hexDigitValue, let low = encoded[index &+ 1].hexDigitValue
    else { return nil }
    return high << 4 | low
  }
}
