/// What each of 64 bytes is, found out at once: a bit for each byte, the first one lowest.
///
/// All is arithmetic on words: comparisons of SIMD lanes become a loop over them (Swift 6.3.1), and so
/// do sums of lanes of eight bits. Takes about three instructions a byte.
struct ByteClasses {
  /// Letters, digits, and bytes of letters beyond ASCII (80 to FD).
  private(set) var words: UInt64 = 0
  /// The symbols of base64, of either alphabet (RFC 4648 §4, §5).
  private(set) var symbols: UInt64 = 0

  /// Of the bytes from `offset` on; beyond the end there is nothing.
  @inline(__always)
  init(of bytes: RawSpan, at offset: Int) {
    if bytes.byteCount &- offset >= 64 {
      self.init(all: bytes, offset)
    } else {
      self.init(rest: bytes, offset)
    }
  }

  /// The compiler makes vectors of this loop, which it does not when it is inlined.
  @inline(never)
  private init(all bytes: RawSpan, _ offset: Int) {
    for place in 0..<8 {
      let (words, symbols) = ByteClasses.marks(
        ByteScan.wholeWord(bytes, at: offset &+ 8 &* place))
      self.words |= words &>> UInt64(7 &- place)
      self.symbols |= symbols &>> UInt64(7 &- place)
    }
    turnOver()
  }

  @inline(never)
  private init(rest bytes: RawSpan, _ offset: Int) {
    for place in 0..<8 {
      let (words, symbols) = ByteClasses.marks(ByteScan.word(bytes, at: offset &+ 8 &* place))
      self.words |= words &>> UInt64(7 &- place)
      self.symbols |= symbols &>> UInt64(7 &- place)
    }
    turnOver()
  }

  /// The same as the high bit of each byte.
  ///
  /// A sum with `0x80 - limit` has the high bit when a byte of seven bits is not below the limit;
  /// where two such sums differ, it is between their limits.
  @inline(__always)
  static func marks(_ block: UInt64) -> (words: UInt64, symbols: UInt64) {
    let ones = ByteScan.ones
    let highs = ByteScan.highs
    let low = block & (ones &* 0x7F)
    let folded = low | (ones &* 0x20)
    let above = low &+ (ones &* (0x80 - 0x30))
    let letters = (folded &+ (ones &* (0x80 - 0x61))) ^ (folded &+ (ones &* (0x80 - 0x7B)))
    let digits = above ^ (low &+ (ones &* (0x80 - 0x3A)))
    let alphanumerics = letters | digits
    let words = alphanumerics | block & ((low &+ (ones &* 2)) ^ highs)
    // Plus, hyphen and slash are the odd ones from 2B to 2F.
    let signs = ((low &+ (ones &* (0x80 - 0x2B))) ^ above) & (low &<< 7)
    let lines = ((low ^ (ones &* 0x5F)) &+ (ones &* 0x7F)) ^ highs
    let symbols = (alphanumerics | signs | lines) & (block ^ highs)
    return (words & highs, symbols & highs)
  }

  /// Of each byte in turn there is a bit of eight words: a matrix, which is turned over.
  @inline(__always)
  private mutating func turnOver() {
    words = ByteClasses.transposed(words)
    symbols = ByteClasses.transposed(symbols)
  }

  /// Warren, Hacker's Delight, §7-3.
  @inline(__always)
  fileprivate static func transposed(_ matrix: UInt64) -> UInt64 {
    var bits = matrix
    var swapped = (bits ^ bits &>> 7) & 0x00AA_00AA_00AA_00AA
    bits ^= swapped ^ swapped &<< 7
    swapped = (bits ^ bits &>> 14) & 0x0000_CCCC_0000_CCCC
    bits ^= swapped ^ swapped &<< 14
    swapped = (bits ^ bits &>> 28) & 0x0000_0000_F0F0_F0F0
    return bits ^ swapped ^ swapped &<< 28
  }
}

/// Where digits are among 64 bytes, and what stands between them: a bit for each byte, the first one
/// lowest.
struct NumberMarks {
  static var byteCount: Int { 64 }
  /// What begins in the first so many bytes is wholly among them, as far as it tells.
  static var step: Int { 44 }

  private var digits: UInt64 = 0
  private var colons: UInt64 = 0
  private var hyphens: UInt64 = 0
  private var spaces: UInt64 = 0

  /// Of the bytes from `offset` on, which are there.
  @inline(never)
  init(of bytes: RawSpan, at offset: Int) {
    for place in 0..<8 {
      let block = ByteScan.wholeWord(bytes, at: offset &+ 8 &* place)
      let shift = UInt64(7 &- place)
      digits |= NumberMarks.digits(block) &>> shift
      colons |= NumberMarks.equal(block, 0x3A) &>> shift
      hyphens |= NumberMarks.equal(block, 0x2D) &>> shift
      spaces |= NumberMarks.equal(block, 0x20) &>> shift
    }
    digits = ByteClasses.transposed(digits)
    colons = ByteClasses.transposed(colons)
    hyphens = ByteClasses.transposed(hyphens)
    spaces = ByteClasses.transposed(spaces)
  }

  @inline(__always)
  private static func digits(_ block: UInt64) -> UInt64 {
    let low = block & ~ByteScan.highs
    let marks =
      (low &+ (ByteScan.ones &* (0x80 - 0x30))) ^ (low &+ (ByteScan.ones &* (0x80 - 0x3A)))
    return marks & ~block & ByteScan.highs
  }

  @inline(__always)
  private static func equal(_ block: UInt64, _ byte: UInt64) -> UInt64 {
    let difference = (block & ~ByteScan.highs) ^ (ByteScan.ones &* byte)
    return ((difference &+ (ByteScan.ones &* 0x7F)) ^ ByteScan.highs) & ~block & ByteScan.highs
  }

  /// Whether six digits follow each other, or four and a space or a hyphen, or five separators are as
  /// far from each other as those of a hardware address.
  var mayBeNumbers: Bool {
    let pairs = digits & digits &>> 1
    let fours = pairs & pairs &>> 2
    let numbers = fours & (pairs &>> 4 | (spaces | hyphens) &>> 4)
    return numbers != 0 || NumberMarks.areInAddress(colons) || NumberMarks.areInAddress(hyphens)
  }

  private static func areInAddress(_ signs: UInt64) -> Bool {
    let two = signs & signs &>> 3
    return two & two &>> 6 & signs &>> 12 != 0
  }
}

extension ByteScan {
  static var ones: UInt64 { 0x0101_0101_0101_0101 }
  static var highs: UInt64 { 0x8080_8080_8080_8080 }

  /// The eight bytes from `offset` on, the first one lowest, with zeros for those beyond the end.
  @inline(__always)
  static func word(_ bytes: RawSpan, at offset: Int) -> UInt64 {
    bytes.byteCount &- offset >= 8 ? wholeWord(bytes, at: offset) : tail(bytes, at: offset)
  }

  /// The caller has seen that they are there.
  @inline(__always)
  static func wholeWord(_ bytes: RawSpan, at offset: Int) -> UInt64 {
    UInt64(
      littleEndian: unsafe bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: offset, as: UInt64.self))
  }

  private static func tail(_ bytes: RawSpan, at offset: Int) -> UInt64 {
    var word: UInt64 = 0
    var index = min(bytes.byteCount, offset &+ 8)
    while index > offset {
      index &-= 1
      word = word &<< 8 | UInt64(bytes[index])
    }
    return word
  }

  /// The byte before `position` and the two from there on, the first one lowest; 0 for what is not
  /// there.
  @inline(__always)
  static func neighbours(_ bytes: RawSpan, of position: Int) -> UInt32 {
    guard position > 0, position &+ 3 <= bytes.byteCount else { return edge(bytes, position) }
    return UInt32(
      littleEndian: unsafe bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: position &- 1, as: UInt32.self))
  }

  @inline(never)
  private static func edge(_ bytes: RawSpan, _ position: Int) -> UInt32 {
    var word: UInt32 = 0
    for place in 0..<3 {
      let index = position &- 1 &+ place
      if index >= 0, index < bytes.byteCount { word |= UInt32(bytes[index]) &<< UInt32(8 &* place) }
    }
    return word
  }

  /// Whether there are control characters that no text has: below 20 but for 9 to D, or 7F.
  static func hasControls(_ bytes: RawSpan) -> Bool {
    var offset = 0
    while bytes.byteCount &- offset >= 32 {
      var found: UInt64 = 0
      for place in 0..<4 { found |= controls(wholeWord(bytes, at: offset &+ 8 &* place)) }
      if found != 0 { return true }
      offset &+= 32
    }
    while offset < bytes.byteCount {
      // Zeros beyond the end would be some.
      let missing = UInt64(max(0, offset &+ 8 &- bytes.byteCount))
      let word = word(bytes, at: offset) | highs & ~(.max >> (8 &* missing))
      if controls(word) != 0 { return true }
      offset &+= 8
    }
    return false
  }

  @inline(__always)
  private static func controls(_ word: UInt64) -> UInt64 {
    let low = word & (ones &* 0x7F)
    let below = (low &+ (ones &* (0x80 - 0x20))) ^ highs
    let blanks = (low &+ (ones &* (0x80 - 9))) ^ (low &+ (ones &* (0x80 - 0x0E)))
    return (below ^ blanks | (low &+ ones)) & (word ^ highs) & highs
  }

  /// Sixteen symbols of base64, of either alphabet, as twice 48 bits in the upper end of a word; nil
  /// when fewer are there or one is none.
  @inline(never)
  static func base64(_ bytes: RawSpan, at offset: Int) -> (UInt64, UInt64)? {
    guard bytes.byteCount &- offset >= 16 else { return nil }
    let block = SIMD2(wholeWord(bytes, at: offset), wholeWord(bytes, at: offset &+ 8))
    let highs = SIMD2(repeating: ByteScan.highs)
    let low = block & (ones &* 0x7F)
    let above = low &+ (ones &* (0x80 - 0x30))
    let capitals =
      ((low &+ (ones &* (0x80 - 0x41))) ^ (low &+ (ones &* (0x80 - 0x5B)))) & highs
    let letters =
      ((low &+ (ones &* (0x80 - 0x61))) ^ (low &+ (ones &* (0x80 - 0x7B)))) & highs
    let digits = (above ^ (low &+ (ones &* (0x80 - 0x3A)))) & highs
    let signs = ((low &+ (ones &* (0x80 - 0x2B))) ^ above) & (low &<< 7) & highs
    let lines = (((low ^ (ones &* 0x5F)) &+ (ones &* 0x7F)) ^ highs) & highs
    let known = (capitals | letters | digits | signs | lines) & (block ^ highs)
    guard known.x & known.y == ByteScan.highs else { return nil }
    // What is to be added, by the kind of symbol; of the sum six bits count.
    let steps =
      wide(capitals) & (ones &* 63) | wide(letters) & (ones &* 57) | wide(digits) & (ones &* 4)
    // Plus and hyphen are 62, slash and low line 63.
    let isSlash = (low &>> 1) & (low &>> 2) & ones
    let others = wide(signs) & (isSlash | (ones &* 62)) | wide(lines) & (ones &* 63)
    let others63 = wide(signs | lines)
    let values = (low &+ steps) & (others63 ^ (ones &* 63)) & (ones &* 63) | others
    return (packed(values.x.byteSwapped), packed(values.y.byteSwapped))
  }

  /// Seven ones for each high bit.
  @inline(__always)
  private static func wide(_ marks: SIMD2<UInt64>) -> SIMD2<UInt64> { marks &- (marks &>> 7) }

  /// Eight times six bits, the first in the highest byte, without what is between them.
  @inline(__always)
  private static func packed(_ symbols: UInt64) -> UInt64 {
    let twelves = (symbols & 0x3F00_3F00_3F00_3F00) &>> 2 | symbols & 0x003F_003F_003F_003F
    let groups = (twelves & 0x0FFF_0000_0FFF_0000) &>> 4 | twelves & 0x0000_0FFF_0000_0FFF
    return (groups &>> 32) &<< 40 | (groups & 0xFF_FFFF) &<< 16
  }
}
