/// Looks for a byte, 32 at a time. All the `unsafe` of wide loads is here; none goes past the end.
public enum ByteScan {
  /// The offset of the first `byte` at or after `start`, if there is one.
  @inline(__always)
  public static func firstOffset(
    of byte: UInt8, in bytes: RawSpan, from start: Int = 0
  ) -> Int? {
    scan(bytes, from: start, byte, byte)
  }

  /// The offset of the first `byte` or `other`, whichever is earlier, at or after `start`.
  @inline(__always)
  public static func firstOffset(
    of byte: UInt8, or other: UInt8, in bytes: RawSpan, from start: Int = 0
  ) -> Int? {
    scan(bytes, from: start, byte, other)
  }

  /// The offset of the first of three bytes, whichever is earliest, at or after `start`.
  @inline(__always)
  public static func firstOffset(
    of first: UInt8, or second: UInt8, or third: UInt8, in bytes: RawSpan, from start: Int = 0
  ) -> Int? {
    var offset = max(start, 0)
    let count = bytes.byteCount
    while count - offset >= 8 {
      let raw = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
      let word = UInt64(littleEndian: raw)
      let zeros = zeroBytes(word, first) | zeroBytes(word, second) | zeroBytes(word, third)
      if zeros != 0 { return offset &+ lane(zeros) }
      offset &+= 8
    }
    while offset < count {
      let byte = bytes[offset]
      if byte == first || byte == second || byte == third { return offset }
      offset &+= 1
    }
    return nil
  }

  /// The 32 bytes at `offset` as little-endian words, their bounds checked once.
  @inline(__always)
  static func fourWords(
    of bytes: RawSpan, at offset: Int
  ) -> (UInt64, UInt64, UInt64, UInt64) {
    precondition(offset >= 0 && bytes.byteCount &- offset >= 32)
    func word(_ index: Int) -> UInt64 {
      UInt64(
        littleEndian: unsafe bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: offset &+ 8 &* index, as: UInt64.self))
    }
    return (word(0), word(1), word(2), word(3))
  }

  /// Whether all bytes are printable ASCII, space included.
  public static func isPrintable(_ bytes: RawSpan) -> Bool {
    var offset = 0
    let count = bytes.byteCount
    // In words: comparisons of order are no vector operations in Swift 6.3.
    while count - offset >= 32 {
      let words = fourWords(of: bytes, at: offset)
      guard isPrintable(words.0, words.1, words.2, words.3) else { return false }
      offset &+= 32
    }
    while count - offset >= 8 {
      guard isPrintable(bytes, at: offset) else { return false }
      offset &+= 8
    }
    guard offset < count else { return true }
    // The last eight, some of them again.
    if count >= 8 { return isPrintable(bytes, at: count - 8) }
    while offset < count {
      if bytes[offset] &- 0x20 >= 0x5f { return false }
      offset &+= 1
    }
    return true
  }

  /// The caller has seen that 8 bytes are there.
  @inline(__always)
  private static func isPrintable(_ bytes: RawSpan, at offset: Int) -> Bool {
    let word = bytes.load(offset, as: UInt64.self)
    return isPrintable(word, word, word, word)
  }

  @inline(__always)
  private static func isPrintable(
    _ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64
  ) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs = ones &* 0x80
    // Without high bits nothing is carried into the next byte: from DEL upwards one more sets the
    // bit, from a space upwards 60 (hexadecimal) more do.
    let deletes =
      (first &+ ones) | (second &+ ones) | (third &+ ones) | (fourth &+ ones)
    let beyond = first | second | third | fourth | deletes
    let spaces = ones &* 0x60
    let from = (first &+ spaces) & (second &+ spaces) & (third &+ spaces) & (fourth &+ spaces)
    return beyond & highs == 0 && from & highs == highs
  }

  /// With twice the same byte the second comparison falls away when this is inlined.
  @inline(__always)
  private static func scan(
    _ bytes: RawSpan, from start: Int, _ first: UInt8, _ second: UInt8
  ) -> Int? {
    var offset = max(start, 0)
    let count = bytes.byteCount
    let firsts = SIMD4(repeating: ones &* UInt64(first))
    let seconds = SIMD4(repeating: ones &* UInt64(second))
    while count - offset >= 32 {
      if let hit = hit(bytes, at: offset, firsts, seconds) { return hit }
      offset &+= 32
    }
    while count - offset >= 8 {
      if let hit = hit(bytes, at: offset, first, second) { return hit }
      offset &+= 8
    }
    if offset < count, count >= 8 {
      // The last eight, without those before.
      let missing = offset &+ 8 &- count
      let raw = unsafe bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: count &- 8, as: UInt64.self)
      let word = UInt64(littleEndian: raw) &>> UInt64(8 &* missing)
      let zeros = zeroBytes(word, first) | zeroBytes(word, second)
      guard zeros != 0, lane(zeros) < 8 &- missing else { return nil }
      return offset &+ lane(zeros)
    }
    while offset < count {
      let byte = bytes[offset]
      if byte == first || byte == second { return offset }
      offset &+= 1
    }
    return nil
  }

  /// The caller has seen that 32 bytes are there. As with `zeroBytes`, the lowest set bit of a word is
  /// right; comparisons of lanes would be a loop over them (Swift 6.3.1).
  @inline(__always)
  private static func hit(
    _ bytes: RawSpan, at offset: Int, _ first: SIMD4<UInt64>, _ second: SIMD4<UInt64>
  ) -> Int? {
    let block = unsafe bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: offset, as: SIMD4<UInt64>.self)
    let one = block ^ first
    let other = block ^ second
    let words = ((one &- ones) & ~one | (other &- ones) & ~other) & highs
    guard words.x | words.y | words.z | words.w != 0 else { return nil }
    if words.x != 0 { return offset &+ lane(words.x) }
    if words.y != 0 { return offset &+ 8 &+ lane(words.y) }
    if words.z != 0 { return offset &+ 16 &+ lane(words.z) }
    return offset &+ 24 &+ lane(words.w)
  }

  /// The caller has seen that 8 bytes are there.
  @inline(__always)
  private static func hit(
    _ bytes: RawSpan, at offset: Int, _ first: UInt8, _ second: UInt8
  ) -> Int? {
    let raw = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    let word = UInt64(littleEndian: raw)
    let zeros = zeroBytes(word, first) | zeroBytes(word, second)
    return zeros == 0 ? nil : offset &+ lane(zeros)
  }

  /// The lowest set bit is the high bit of the first byte of `word` that is `byte`; those above it
  /// may be borrowed.
  @inline(__always)
  private static func zeroBytes(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let difference = word ^ (ones &* UInt64(byte))
    return (difference &- ones) & ~difference & (ones &* 0x80)
  }

  @inline(__always)
  private static func lane(_ word: UInt64) -> Int {
    UInt64(littleEndian: word).trailingZeroBitCount &>> 3
  }
}
