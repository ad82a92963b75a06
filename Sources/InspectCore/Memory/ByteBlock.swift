import Builtin

/// Sixteen bytes, and what each of them is: a bit for each, the first one lowest.
///
/// The standard library's comparisons of vectors become a loop over their lanes (Swift 6.3.1). These
/// are the processor's own: two to four instructions for sixteen bytes. Hence the compiler's module
/// here, and nowhere else (decision 21).
struct ByteBlock {
  private let bytes: SIMD16<UInt8>

  static var byteCount: Int { 16 }

  /// The sixteen bytes from `offset` on; the caller has seen that they are there.
  @inline(__always)
  init(whole bytes: RawSpan, at offset: Int) {
    self.bytes = unsafe bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: offset, as: SIMD16<UInt8>.self)
  }

  /// The bytes from `offset` on, with zeros for those that are not there.
  @inline(__always)
  init(of bytes: RawSpan, at offset: Int) {
    if bytes.byteCount &- offset >= ByteBlock.byteCount {
      self.init(whole: bytes, at: offset)
    } else {
      self.init(ByteScan.word(bytes, at: offset), ByteScan.word(bytes, at: offset &+ 8))
    }
  }

  /// The bytes of two words, the first one lowest.
  @inline(__always)
  init(_ first: UInt64, _ second: UInt64) {
    let words = SIMD2<UInt64>(first.littleEndian, second.littleEndian)
    var bytes = SIMD16<UInt8>()
    bytes._storage._value = Builtin.bitcast_Vec2xInt64_Vec16xInt8(words._storage._value)
    self.bytes = bytes
  }

  @inline(__always)
  func equal(to byte: UInt8) -> UInt64 {
    let other = SIMD16<UInt8>(repeating: byte)
    return ByteBlock.bits(
      Builtin.cmp_eq_Vec16xInt8(bytes._storage._value, other._storage._value))
  }

  /// Those from `first` up to but not `end`.
  @inline(__always)
  func between(_ first: UInt8, _ end: UInt8) -> UInt64 {
    ByteBlock.below(bytes &- SIMD16(repeating: first), end &- first)
  }

  /// Letters of ASCII from `A` up to but not `end`, a lower-case letter, in either case.
  @inline(__always)
  func letters(below end: UInt8 = 0x7B) -> UInt64 {
    let folded = bytes | SIMD16(repeating: 0x20)
    return ByteBlock.below(folded &- SIMD16(repeating: 0x61), end &- 0x61)
  }

  @inline(__always)
  var digits: UInt64 { between(0x30, 0x3A) }

  /// Those in one of the ranges, in either case.
  @inline(__always)
  func folded(in ranges: ByteRanges) -> UInt64 {
    let folded = bytes | SIMD16(repeating: 0x20)
    func isIn(_ place: Int) -> UInt64 {
      ByteBlock.below(folded &- SIMD16(repeating: ranges.firsts[place]), ranges.counts[place])
    }
    return isIn(0) | isIn(1) | isIn(2) | isIn(3)
  }

  /// Whether all are printable ASCII, space included.
  @inline(__always)
  var arePrintable: Bool { between(0x20, 0x7F) == 0xFFFF }

  /// Control characters that no text has: below 20 but for 9 to D, or 7F.
  @inline(__always)
  var controls: UInt64 { between(0, 0x20) & ~between(9, 0x0E) | equal(to: 0x7F) }

  /// Symbols of base64, of either alphabet (RFC 4648 §4, §5).
  @inline(__always)
  var symbols: UInt64 {
    letters() | digits | equal(to: 0x2B) | equal(to: 0x2D) | equal(to: 0x2F) | equal(to: 0x5F)
  }

  /// The first eight bytes and the others, the first one lowest.
  @inline(__always)
  var words: (UInt64, UInt64) {
    var words = SIMD2<UInt64>()
    words._storage._value = Builtin.bitcast_Vec16xInt8_Vec2xInt64(bytes._storage._value)
    return (UInt64(littleEndian: words.x), UInt64(littleEndian: words.y))
  }

  /// Two decimal digits in four bits each.
  @inline(__always)
  var packedDigits: UInt64 {
    ByteBlock.below(bytes & SIMD16(repeating: 15), 10) & between(0, 0xA0)
  }

  /// Those beyond ASCII.
  @inline(__always)
  var beyond: UInt64 { between(0x80, 0) }

  /// The six bits of each symbol of base64; of other bytes anything.
  @inline(__always)
  var base64: ByteBlock {
    var steps = lanes(between: 0x41, 0x5B) & SIMD16(repeating: 0 &- 0x41)
    steps |= lanes(between: 0x61, 0x7B) & SIMD16(repeating: 0 &- 0x47)
    steps |= lanes(between: 0x30, 0x3A) & SIMD16(repeating: 4)
    steps |= lanes(equalTo: 0x2B) & SIMD16(repeating: 62 - 0x2B)
    steps |= lanes(equalTo: 0x2D) & SIMD16(repeating: 62 - 0x2D)
    steps |= lanes(equalTo: 0x2F) & SIMD16(repeating: 63 - 0x2F)
    steps |= lanes(equalTo: 0x5F) & SIMD16(repeating: 63 &- 0x5F)
    return ByteBlock(bytes &+ steps)
  }

  /// A bit of each byte, 0 being the lowest.
  @inline(__always)
  func bit(_ number: UInt8) -> UInt64 {
    let one = SIMD16<UInt8>(repeating: 1 << number)
    let ones = bytes & one
    return ByteBlock.bits(Builtin.cmp_eq_Vec16xInt8(ones._storage._value, one._storage._value))
  }

  @inline(__always)
  private init(_ bytes: SIMD16<UInt8>) { self.bytes = bytes }

  /// All bits of those bytes that are between.
  @inline(__always)
  private func lanes(between first: UInt8, _ end: UInt8) -> SIMD16<UInt8> {
    let moved = bytes &- SIMD16(repeating: first)
    let limits = SIMD16<UInt8>(repeating: end &- first)
    return ByteBlock.wide(
      Builtin.cmp_ult_Vec16xInt8(moved._storage._value, limits._storage._value))
  }

  @inline(__always)
  private func lanes(equalTo byte: UInt8) -> SIMD16<UInt8> {
    let other = SIMD16<UInt8>(repeating: byte)
    return ByteBlock.wide(
      Builtin.cmp_eq_Vec16xInt8(bytes._storage._value, other._storage._value))
  }

  @inline(__always)
  private static func wide(_ lanes: Builtin.Vec16xInt1) -> SIMD16<UInt8> {
    var bytes = SIMD16<UInt8>()
    bytes._storage._value = Builtin.sext_Vec16xInt1_Vec16xInt8(lanes)
    return bytes
  }

  @inline(__always)
  private static func below(_ bytes: SIMD16<UInt8>, _ limit: UInt8) -> UInt64 {
    let limits = SIMD16<UInt8>(repeating: limit)
    return bits(Builtin.cmp_ult_Vec16xInt8(bytes._storage._value, limits._storage._value))
  }

  @inline(__always)
  private static func bits(_ lanes: Builtin.Vec16xInt1) -> UInt64 {
    UInt64(UInt16(Builtin.bitcast_Vec16xInt1_Int16(lanes)))
  }
}
