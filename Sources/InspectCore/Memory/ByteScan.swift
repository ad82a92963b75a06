/// Looks for a byte, sixteen at a time. All the `unsafe` of wide loads is here; none goes past the end.
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
    while count - offset >= ByteBlock.byteCount {
      let block = ByteBlock(whole: bytes, at: offset)
      let hits = block.equal(to: first) | block.equal(to: second) | block.equal(to: third)
      if hits != 0 { return offset &+ hits.trailingZeroBitCount }
      offset &+= ByteBlock.byteCount
    }
    if offset < count, count >= ByteBlock.byteCount {
      // The last sixteen, without those before.
      let block = ByteBlock(whole: bytes, at: count &- ByteBlock.byteCount)
      let hits = block.equal(to: first) | block.equal(to: second) | block.equal(to: third)
      let rest = hits &>> UInt64(truncatingIfNeeded: offset &+ ByteBlock.byteCount &- count)
      return rest == 0 ? nil : offset &+ rest.trailingZeroBitCount
    }
    guard offset < count else { return nil }
    let block = ByteBlock(of: bytes, at: offset)
    let hits = block.equal(to: first) | block.equal(to: second) | block.equal(to: third)
    // Zeros beyond the end are none.
    let rest = hits & (1 &<< UInt64(truncatingIfNeeded: count &- offset) &- 1)
    return rest == 0 ? nil : offset &+ rest.trailingZeroBitCount
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
    while count - offset >= ByteBlock.byteCount {
      guard ByteBlock(whole: bytes, at: offset).arePrintable else { return false }
      offset &+= ByteBlock.byteCount
    }
    if offset < count, count >= ByteBlock.byteCount {
      return ByteBlock(whole: bytes, at: count &- ByteBlock.byteCount).arePrintable
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
    // Without high bits nothing is carried into the next byte: from DEL upwards one more sets the
    // bit, from a space upwards 60 (hexadecimal) more do.
    let beyond = word | (word &+ ones)
    return beyond & highs == 0 && (word &+ ones &* 0x60) & highs == highs
  }

  /// With twice the same byte the second comparison falls away when this is inlined.
  @inline(__always)
  private static func scan(
    _ bytes: RawSpan, from start: Int, _ first: UInt8, _ second: UInt8
  ) -> Int? {
    var offset = max(start, 0)
    let count = bytes.byteCount
    while count - offset >= ByteBlock.byteCount {
      let block = ByteBlock(whole: bytes, at: offset)
      let hits = block.equal(to: first) | block.equal(to: second)
      if hits != 0 { return offset &+ hits.trailingZeroBitCount }
      offset &+= ByteBlock.byteCount
    }
    if offset < count, count >= ByteBlock.byteCount {
      // The last sixteen, without those before.
      let block = ByteBlock(whole: bytes, at: count &- ByteBlock.byteCount)
      let hits = block.equal(to: first) | block.equal(to: second)
      let rest = hits &>> UInt64(truncatingIfNeeded: offset &+ ByteBlock.byteCount &- count)
      return rest == 0 ? nil : offset &+ rest.trailingZeroBitCount
    }
    guard offset < count else { return nil }
    let block = ByteBlock(of: bytes, at: offset)
    let hits = block.equal(to: first) | block.equal(to: second)
    // Zeros beyond the end are none.
    let rest = hits & (1 &<< UInt64(truncatingIfNeeded: count &- offset) &- 1)
    return rest == 0 ? nil : offset &+ rest.trailingZeroBitCount
  }
}
