/// What a value is made of at a glance: whether it is of words, and so opens no further and is
/// nothing but what its name says.
struct Glance {
  /// Letters, few digits, and signs that stand between words.
  private(set) var isOfWords = false

  /// As many symbols may be base64 of something.
  private static let shortestEncoded = 16
  /// Longer words may be base64 that white space interrupts.
  private static let longestWord = 16
  private static let fewestDigits = 6
  /// A hardware address in three groups may have no digits.
  private static let dottedAddress = 14

  /// Of a value of 8 to 254 bytes.
  init(at value: RawSpan) {
    var numerals = 0
    var spaces = 0
    var points: UInt64 = 0
    var capitals: UInt64 = 0
    var offset = 0
    while offset < value.byteCount {
      let bytes = ByteBlock(of: value, at: offset)
      let digits = bytes.digits
      let letters = bytes.letters()
      let blanks = bytes.equal(to: 0x20)
      let point = bytes.equal(to: 0x2E)
      let quiet =
        bytes.between(0x27, 0x2A) | bytes.equal(to: 0x2C) | bytes.equal(to: 0x2F)
        | bytes.equal(to: 0x5F)
      let rest = min(value.byteCount &- offset, ByteBlock.byteCount)
      guard digits | letters | blanks | point | quiet == 1 &<< UInt64(rest) &- 1 else { return }
      if digits != 0 { numerals &+= digits.nonzeroBitCount }
      if blanks != 0 { spaces &+= blanks.nonzeroBitCount }
      points |= point
      capitals |= bytes.between(0x41, 0x5B)
      offset &+= ByteBlock.byteCount
    }
    let count = value.byteCount
    let mayBeEncoded =
      count >= Glance.shortestEncoded && (capitals != 0 || numerals > 0)
      && spaces &* Glance.longestWord < count
    isOfWords =
      numerals < Glance.fewestDigits && !mayBeEncoded
      && !(count == Glance.dottedAddress && points != 0)
  }
}
