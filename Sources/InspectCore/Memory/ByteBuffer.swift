/// Bytes that must outlive their packet, in memory that is used again.
///
/// It grows up to `limit` and never beyond: `append` says how much it took. Emptying it keeps the
/// memory, so that in the steady state nothing is allocated.
@safe
public struct ByteBuffer: ~Copyable {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0
  public private(set) var count = 0
  /// The most bytes it holds.
  public let limit: Int

  public init(limit: Int) {
    precondition(limit >= 0)
    self.limit = limit
  }

  deinit { unsafe base?.deallocate() }

  public var isEmpty: Bool { count == 0 }
  public var isFull: Bool { count == limit }

  /// The bytes, lent until the next change.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get {
      guard let base = unsafe base else { return RawSpan() }
      let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Appends as much of `source` as fits; returns how many bytes that were.
  @discardableResult
  public mutating func append(_ source: RawSpan) -> Int {
    let taken = min(source.byteCount, limit - count)
    guard taken > 0 else { return 0 }
    reserve(count + taken)
    unsafe source.withUnsafeBytes { bytes in
      unsafe base!.advanced(by: count).copyMemory(from: bytes.baseAddress!, byteCount: taken)
    }
    count += taken
    return taken
  }

  /// Appends one byte; false when it is full.
  @discardableResult
  public mutating func append(_ byte: UInt8) -> Bool {
    guard count < limit else { return false }
    reserve(count + 1)
    unsafe base!.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
    return true
  }

  /// Appends all of `source`, ASCII letters in lower case; false when there is no room for it.
  mutating func append(lowercasing source: RawSpan) -> Bool {
    let added = source.byteCount
    guard added <= limit - count else { return false }
    guard added > 0 else { return true }
    reserve(count + added)
    var offset = 0
    while added &- offset >= 8 {
      let word: UInt64 = source.load(offset)
      unsafe base!.storeBytes(
        of: word.lowercasedASCII.bigEndian, toByteOffset: count &+ offset, as: UInt64.self)
      offset &+= 8
    }
    while offset < added {
      unsafe base!.storeBytes(
        of: source[offset].lowercasedASCII, toByteOffset: count &+ offset, as: UInt8.self)
      offset &+= 1
    }
    count += added
    return true
  }

  /// Appends the first six bytes of two big-endian words; false when there is no room for sixteen.
  @inline(__always)
  mutating func append(sixOf first: UInt64, andOf second: UInt64) -> Bool {
    guard limit - count >= 16 else { return false }
    reserve(count + 16)
    unsafe base!.storeBytes(of: first.bigEndian, toByteOffset: count, as: UInt64.self)
    unsafe base!.storeBytes(of: second.bigEndian, toByteOffset: count + 6, as: UInt64.self)
    count += 12
    return true
  }

  /// Appends ASCII text, as much as fits.
  public mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { buffer in _ = append(unsafe buffer.span.bytes) }
  }

  /// Writes `source` at `offset`; what lies between the end so far and there becomes 0. As much as
  /// fits below the limit is written.
  public mutating func write(_ source: RawSpan, at offset: Int) {
    precondition(offset >= 0)
    let end = min(offset + source.byteCount, limit)
    guard end > offset else { return }
    if end > count {
      reserve(end)
      if offset > count {
        unsafe base!.advanced(by: count).initializeMemory(
          as: UInt8.self, repeating: 0, count: offset - count)
      }
      count = end
    }
    unsafe source.withUnsafeBytes { bytes in
      unsafe base!.advanced(by: offset).copyMemory(
        from: bytes.baseAddress!, byteCount: end - offset)
    }
  }

  public mutating func removeAll() { count = 0 }

  /// Drops the last bytes until `newCount` are left; nothing when there are fewer.
  public mutating func truncate(to newCount: Int) { count = min(count, max(newCount, 0)) }

  /// Drops the first `dropped` bytes; the rest moves to the front.
  public mutating func removeFirst(_ dropped: Int) {
    let dropped = min(max(dropped, 0), count)
    guard dropped > 0 else { return }
    count -= dropped
    if count > 0 { unsafe base!.copyMemory(from: base!.advanced(by: dropped), byteCount: count) }
  }

  /// Gives memory beyond `kept` bytes back; the content is dropped.
  public mutating func shrink(to kept: Int) {
    count = 0
    guard capacity > kept else { return }
    unsafe base?.deallocate()
    unsafe base = nil
    capacity = 0
  }

  @inline(__always)
  private mutating func reserve(_ needed: Int) {
    if needed > capacity { grow(needed) }
  }

  @inline(never)
  private mutating func grow(_ needed: Int) {
    let grown = min(max(needed, capacity * 2, 64), limit)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
    if let base = unsafe base {
      unsafe moved.copyMemory(from: base, byteCount: count)
      unsafe base.deallocate()
    }
    unsafe base = moved
    capacity = grown
  }
}
