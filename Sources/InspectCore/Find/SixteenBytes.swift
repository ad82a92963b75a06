/// Sixteen bytes of a value, and which of them are what: a mark is the high bit of a byte, the other
/// bits of which mean nothing.
///
/// A sum with `0x80 - limit` has the high bit when a byte of seven bits is not below the limit; where
/// two such sums differ, it is between their limits. Marks are wrong for bytes beyond ASCII.
struct SixteenBytes {
  typealias Marks = SIMD2<UInt64>

  private let bytes: Marks
  private let low: Marks

  /// The bytes from `offset` on, the first one lowest, with `filler` for those behind the end. The
  /// value has eight bytes or more.
  @inline(__always)
  init(of value: RawSpan, at offset: Int, filler: UInt64) {
    bytes = SIMD2(
      SixteenBytes.word(value, offset, filler), SixteenBytes.word(value, offset &+ 8, filler))
    low = bytes & SIMD2(repeating: ~ByteScan.highs)
  }

  @inline(__always)
  private static func word(_ value: RawSpan, _ offset: Int, _ filler: UInt64) -> UInt64 {
    let missing = offset &+ 8 &- value.byteCount
    if missing <= 0 { return value.loadLittleEndian(offset, as: UInt64.self) }
    let fill = ByteScan.ones &* filler
    guard missing < 8 else { return fill }
    let shift = UInt64(8 &* missing)
    let last = value.loadLittleEndian(value.byteCount &- 8, as: UInt64.self)
    return last &>> shift | fill &<< (64 &- shift)
  }

  /// Those beyond ASCII.
  var beyond: Marks { @inline(__always) get { bytes } }

  /// Those from `first` up to but not `end`.
  @inline(__always)
  func between(_ first: UInt64, _ end: UInt64) -> Marks {
    (low &+ SIMD2(repeating: ByteScan.ones &* (0x80 &- first)))
      ^ (low &+ SIMD2(repeating: ByteScan.ones &* (0x80 &- end)))
  }

  @inline(__always)
  func equal(to byte: UInt64) -> Marks { between(byte, byte &+ 1) }

  @inline(__always)
  var digits: Marks { between(0x30, 0x3A) }

  /// From `A` up to but not `end`, which is a lower-case letter, in either case.
  @inline(__always)
  func letters(below end: UInt64 = 0x7B) -> Marks {
    let folded = low | SIMD2(repeating: ByteScan.ones &* 0x20)
    return (folded &+ SIMD2(repeating: ByteScan.ones &* (0x80 &- 0x61)))
      ^ (folded &+ SIMD2(repeating: ByteScan.ones &* (0x80 &- end)))
  }

  /// Of marks of letters, those of capitals.
  @inline(__always)
  func capitals(among letters: Marks) -> Marks { letters & ~(low &<< 2) }

  /// One for each mark, to be added up.
  @inline(__always)
  static func counted(_ marks: Marks) -> Marks { (marks &>> 7) & SIMD2(repeating: ByteScan.ones) }

  /// How many were counted: 255 at most.
  @inline(__always)
  static func sum(_ counts: Marks) -> Int { Int(((counts.x &+ counts.y) &* ByteScan.ones) &>> 56) }

  @inline(__always)
  static func hasAny(_ marks: Marks) -> Bool { (marks.x | marks.y) & ByteScan.highs != 0 }
}

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
    var digits = SixteenBytes.Marks()
    var spaces = SixteenBytes.Marks()
    var points = SixteenBytes.Marks()
    var capitals = SixteenBytes.Marks()
    var offset = 0
    while offset < value.byteCount {
      let bytes = SixteenBytes(of: value, at: offset, filler: 0x61)
      let numerals = bytes.digits
      let letters = bytes.letters()
      let blanks = bytes.equal(to: 0x20)
      let point = bytes.equal(to: 0x2E)
      let quiet =
        bytes.between(0x27, 0x2A) | bytes.equal(to: 0x2C) | bytes.equal(to: 0x2F)
        | bytes.equal(to: 0x5F)
      let known = numerals | letters | blanks | point | quiet
      guard !SixteenBytes.hasAny(~known | bytes.beyond) else { return }
      digits &+= SixteenBytes.counted(numerals)
      spaces &+= SixteenBytes.counted(blanks)
      points |= point
      capitals |= bytes.capitals(among: letters)
      offset &+= 16
    }
    let count = value.byteCount
    let numerals = SixteenBytes.sum(digits)
    let mayBeEncoded =
      count >= Glance.shortestEncoded && (SixteenBytes.hasAny(capitals) || numerals > 0)
      && SixteenBytes.sum(spaces) &* Glance.longestWord < count
    isOfWords =
      numerals < Glance.fewestDigits && !mayBeEncoded
      && !(count == Glance.dottedAddress && SixteenBytes.hasAny(points))
  }
}
