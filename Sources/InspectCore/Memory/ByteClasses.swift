/// What each of 64 bytes is, found out at once: a bit for each byte, the first one lowest.
struct ByteClasses {
  /// Letters, digits, and bytes of letters beyond ASCII (80 to FD).
  private(set) var words: UInt64 = 0
  /// The symbols of base64, of either alphabet (RFC 4648 §4, §5).
  private(set) var symbols: UInt64 = 0
  /// Percent signs and backslashes.
  private(set) var escapes: UInt64 = 0
  /// What stands in numbers and between their digits: no letters but hexadecimal ones, none of the
  /// usual signs of structure (`"`, `&`, `;`, `=`).
  private(set) var numbers: UInt64 = 0

  /// Of the bytes from `offset` on; beyond the end there is nothing.
  @inline(__always)
  init(of bytes: RawSpan, at offset: Int) {
    if bytes.byteCount &- offset >= 64 {
      for place in 0..<4 { add(ByteBlock(whole: bytes, at: offset &+ 16 &* place), place) }
    } else {
      addRest(bytes, offset)
    }
  }

  @inline(never)
  private mutating func addRest(_ bytes: RawSpan, _ offset: Int) {
    var place = 0
    while offset &+ 16 &* place < bytes.byteCount {
      add(ByteBlock(of: bytes, at: offset &+ 16 &* place), place)
      place &+= 1
    }
  }

  @inline(__always)
  private mutating func add(_ block: ByteBlock, _ place: Int) {
    let alphanumerics = block.letters() | block.digits
    let shift = UInt64(truncatingIfNeeded: 16 &* place)
    words |= (alphanumerics | block.between(0x80, 0xFE)) &<< shift
    symbols |= block.symbols &<< shift
    escapes |= (block.equal(to: 0x25) | block.equal(to: 0x5C)) &<< shift
    let others = block.letters() & ~block.letters(below: 0x67)
    let breaks =
      block.equal(to: 0x22) | block.equal(to: 0x26) | block.equal(to: 0x3B) | block.equal(to: 0x3D)
    numbers |= (others | breaks) &<< shift ^ 0xFFFF &<< shift
  }

  /// Where eight of `numbers` follow each other, or six; what is behind the last one may be one.
  @inline(__always)
  func numbersBegin(_ count: Int) -> UInt64 {
    let two = numbers & (numbers &>> 1 | 1 &<< 63)
    let four = two & (two &>> 2 | 3 &<< 62)
    return count < 8 ? four & (two &>> 4 | 15 &<< 60) : four & (four &>> 4 | 15 &<< 60)
  }

  /// Letters, digits, and bytes of letters beyond ASCII among eight bytes, as the high bit of each.
  ///
  /// A sum with `0x80 - limit` has the high bit when a byte of seven bits is not below the limit;
  /// where two such sums differ, it is between their limits.
  @inline(__always)
  static func words(in block: UInt64) -> UInt64 {
    let ones = ByteScan.ones
    let highs = ByteScan.highs
    let low = block & (ones &* 0x7F)
    let folded = low | (ones &* 0x20)
    let letters = (folded &+ (ones &* (0x80 - 0x61))) ^ (folded &+ (ones &* (0x80 - 0x7B)))
    let digits = (low &+ (ones &* (0x80 - 0x30))) ^ (low &+ (ones &* (0x80 - 0x3A)))
    return (letters | digits | block & ((low &+ (ones &* 2)) ^ highs)) & highs
  }
}

/// The six bits of each of 64 symbols of base64, a word for a bit, and so what the bytes are that they
/// encode, at each alignment: a bit for each symbol with which a group of four may begin.
struct SymbolBits {
  private var bits = InlineArray<6, UInt64>(repeating: 0)

  /// Of the bytes from `offset` on; beyond the end there is nothing.
  init(of bytes: RawSpan, at offset: Int) {
    for place in 0..<4 {
      let start = offset &+ 16 &* place
      guard start < bytes.byteCount else { break }
      let block = ByteBlock(of: bytes, at: start).base64
      let shift = UInt64(truncatingIfNeeded: 16 &* place)
      bits[0] |= block.bit(0) &<< shift
      bits[1] |= block.bit(1) &<< shift
      bits[2] |= block.bit(2) &<< shift
      bits[3] |= block.bit(3) &<< shift
      bits[4] |= block.bit(4) &<< shift
      bits[5] |= block.bit(5) &<< shift
    }
  }

  /// Where one group, or two after each other, are text of ASCII: from 20 to 7F, or every other byte
  /// zero.
  func text(groups: Int) -> UInt64 {
    let (printable, outer, inner, ascii) = (printable, outerZeros, innerZeros, ascii)
    guard groups == 2 else { return (printable | outer | inner) & ascii }
    let double = outer & inner &>> 4 | inner & outer &>> 4
    return (printable & printable &>> 4 | double) & ascii & ascii &>> 4
  }

  /// Where the three bytes of a group are from 20 to 7F: their highest bit is none, and of the next
  /// two one is set.
  private var printable: UInt64 {
    let first = ~bits[5] & (bits[4] | bits[3])
    let second = ~bits[3] & (bits[2] | bits[1])
    let third = ~bits[1] & (bits[0] | bits[5] &>> 1)
    return first & second &>> 1 & third &>> 2
  }

  /// Where the first and the third byte of a group are zero.
  private var outerZeros: UInt64 {
    let all = ~(bits[5] | bits[4] | bits[3] | bits[2] | bits[1] | bits[0])
    return all & ~(bits[5] | bits[4]) &>> 1 & ~(bits[1] | bits[0]) &>> 2 & all &>> 3
  }

  /// Where its second byte is.
  private var innerZeros: UInt64 {
    ~(bits[3] | bits[2] | bits[1] | bits[0]) &>> 1
      & ~(bits[5] | bits[4] | bits[3] | bits[2]) &>> 2
  }

  /// Where all bytes of a group are below 80.
  private var ascii: UInt64 { ~bits[5] & ~bits[3] &>> 1 & ~bits[1] &>> 2 }
}

/// Where numbers of two digits a byte may begin among 64 bytes: a bit for each, the first one lowest.
struct PackedMarks {
  static var byteCount: Int { 64 }
  /// The next 64 bytes begin so much later; what is in the first and the last of them is looked at
  /// with those before and behind it.
  static var step: Int { 56 }
  private static let before = 2

  /// Six bytes and more of digits.
  private(set) var long: UInt64 = 0
  /// Three and more, behind their length (5 to 20) and a type (80 to FF).
  private(set) var typed: UInt64 = 0
  /// Zeros between zeros, of which there are many.
  private(set) var empty: UInt64 = 0

  /// Of the bytes from `offset` on, which is 0 or a multiple of `step`.
  init(of bytes: RawSpan, at offset: Int) {
    var digits: UInt64 = 0
    var types: UInt64 = 0
    var lengths: UInt64 = 0
    var zeros: UInt64 = 0
    let count = min(bytes.byteCount &- offset, PackedMarks.byteCount)
    for place in 0..<4 where 16 &* place < count {
      let block = ByteBlock(of: bytes, at: offset &+ 16 &* place)
      let shift = UInt64(truncatingIfNeeded: 16 &* place)
      digits |= block.packedDigits &<< shift
      types |= block.beyond &<< shift
      lengths |= block.between(5, 21) &<< shift
      zeros |= block.equal(to: 0) &<< shift
    }
    // Zeros beyond the end would be some.
    digits &= .max &>> UInt64(truncatingIfNeeded: 64 &- count)
    let three = digits & digits &>> 1 & digits &>> 2
    let own: UInt64 =
      (1 &<< UInt64(PackedMarks.step &+ PackedMarks.before)) &- (offset == 0 ? 1 : 4)
    empty = zeros & zeros &<< 1 & zeros &>> 1
    long = three & three &>> 3 & own
    typed = three & types &<< 1 & lengths &<< 2 & own
  }
}

/// Four ranges that bytes of a set are in, and few others.
struct ByteRanges: Sendable {
  private(set) var firsts = InlineArray<4, UInt8>(repeating: 0)
  /// How many bytes there are from each first one on; 0 for an empty range.
  private(set) var counts = InlineArray<4, UInt8>(repeating: 0)

  /// All bytes that are in `set`, which has a place for each.
  init(_ set: [Bool]) {
    var ranges: [Range<Int>] = []
    for byte in 0..<256 where set[byte] {
      if let last = ranges.last, last.upperBound == byte {
        ranges[ranges.count - 1] = last.lowerBound..<(byte + 1)
      } else {
        ranges.append(byte..<(byte + 1))
      }
    }
    while ranges.count > 4 {
      // The two with the fewest strangers between them become one.
      var place = 0
      for other in 1..<(ranges.count - 1)
      where ranges[other + 1].lowerBound - ranges[other].upperBound
        < ranges[place + 1].lowerBound - ranges[place].upperBound
      {
        place = other
      }
      ranges[place] = ranges[place].lowerBound..<ranges[place + 1].upperBound
      ranges.remove(at: place + 1)
    }
    for (place, range) in ranges.enumerated() {
      // No byte is 0 when the bit of the case is set.
      let first = max(range.lowerBound, 1)
      firsts[place] = UInt8(first)
      counts[place] = UInt8(max(0, range.upperBound - first))
    }
  }

  /// Which of the 64 bytes from `offset` on are in them, in either case; all, where fewer are there.
  @inline(__always)
  func marks(of bytes: RawSpan, at offset: Int) -> UInt64 {
    guard bytes.byteCount &- offset >= 64 else { return .max }
    var marks: UInt64 = 0
    for place in 0..<4 {
      let block = ByteBlock(whole: bytes, at: offset &+ 16 &* place)
      marks |= block.folded(in: self) &<< UInt64(truncatingIfNeeded: 16 &* place)
    }
    return marks
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

  /// Of the bytes from `offset` on; beyond the end there is nothing.
  @inline(__always)
  init(of bytes: RawSpan, at offset: Int) {
    if bytes.byteCount &- offset >= NumberMarks.byteCount {
      for place in 0..<4 { add(ByteBlock(whole: bytes, at: offset &+ 16 &* place), place) }
    } else {
      var place = 0
      while offset &+ 16 &* place < bytes.byteCount {
        add(ByteBlock(of: bytes, at: offset &+ 16 &* place), place)
        place &+= 1
      }
    }
  }

  @inline(__always)
  private mutating func add(_ block: ByteBlock, _ place: Int) {
    let shift = UInt64(truncatingIfNeeded: 16 &* place)
    digits |= block.digits &<< shift
    colons |= block.equal(to: 0x3A) &<< shift
    hyphens |= block.equal(to: 0x2D) &<< shift
    spaces |= block.equal(to: 0x20) &<< shift
  }

  /// Whether six digits follow each other, or four and a space or a hyphen, or five separators are as
  /// far from each other as those of a hardware address.
  @inline(__always)
  var mayBeNumbers: Bool {
    let pairs = digits & digits &>> 1
    let fours = pairs & pairs &>> 2
    let numbers = fours & (pairs &>> 4 | (spaces | hyphens) &>> 4)
    return numbers != 0 || NumberMarks.areInAddress(colons) || NumberMarks.areInAddress(hyphens)
  }

  @inline(__always)
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
    let missing = offset &+ 8 &- bytes.byteCount
    guard missing < 8 else { return 0 }
    if bytes.byteCount >= 8 {
      return wholeWord(bytes, at: bytes.byteCount &- 8)
        &>> UInt64(truncatingIfNeeded: 8 &* missing)
    }
    let count = bytes.byteCount &- offset
    // Two loads, which overlap.
    switch count {
    case 4...:
      let first = UInt64(bytes.loadLittleEndian(offset, as: UInt32.self))
      let last = UInt64(bytes.loadLittleEndian(bytes.byteCount &- 4, as: UInt32.self))
      return first | last &<< UInt64(truncatingIfNeeded: 8 &* (count &- 4))
    case 2...:
      let first = UInt64(bytes.loadLittleEndian(offset, as: UInt16.self))
      let last = UInt64(bytes[bytes.byteCount &- 1])
      return first | last &<< UInt64(truncatingIfNeeded: 8 &* (count &- 1))
    case 1: return UInt64(bytes[offset])
    default: return 0
    }
  }

  /// Whether there are control characters that no text has: below 20 but for 9 to D, or 7F.
  static func hasControls(_ bytes: RawSpan) -> Bool {
    var offset = 0
    while bytes.byteCount &- offset >= ByteBlock.byteCount {
      if ByteBlock(whole: bytes, at: offset).controls != 0 { return true }
      offset &+= ByteBlock.byteCount
    }
    guard offset < bytes.byteCount else { return false }
    // Zeros beyond the end would be some.
    let beyond = UInt64.max &<< UInt64(truncatingIfNeeded: bytes.byteCount &- offset)
    return ByteBlock(of: bytes, at: offset).controls & ~beyond != 0
  }

  /// Sixteen symbols of base64, of either alphabet, as twice 48 bits in the upper end of a word; nil
  /// when fewer are there or one is none.
  @inline(never)
  static func base64(_ bytes: RawSpan, at offset: Int) -> (UInt64, UInt64)? {
    guard bytes.byteCount &- offset >= 16 else { return nil }
    let block = ByteBlock(whole: bytes, at: offset)
    guard block.symbols == 0xFFFF else { return nil }
    let (first, second) = block.base64.words
    return (packed(first.byteSwapped), packed(second.byteSwapped))
  }

  /// Eight times six bits, the first in the highest byte, without what is between them.
  @inline(__always)
  static func packed(_ symbols: UInt64) -> UInt64 {
    let twelves = (symbols & 0x3F00_3F00_3F00_3F00) &>> 2 | symbols & 0x003F_003F_003F_003F
    let groups = (twelves & 0x0FFF_0000_0FFF_0000) &>> 4 | twelves & 0x0000_0FFF_0000_0FFF
    return (groups &>> 32) &<< 40 | (groups & 0xFF_FFFF) &<< 16
  }
}
