/// Header fields that were looked at and had nothing: a device says who it is (`User-Agent`), where it
/// comes from and which cookies it has again with each request. What was said before in the very
/// same bytes has nothing again.
///
/// A small table without chains: the field that was seen last takes the place of another.
struct SilentFields: ~Copyable {
  /// What looking at a field took, which is counted each time: it does not depend on what was seen
  /// before.
  struct Work {
    var facts = MessageFacts()
    /// Tokens that were held against lists of HMACs.
    var hmacs: UInt64 = 0
  }

  private struct Entry {
    var keyCount = 0
    var valueCount = 0
    /// What was done to look at it.
    var work = Work()
  }

  private static let places = 64
  /// The most bytes of a name and its value.
  private static let longest = 512

  private var entries = [Entry](repeating: Entry(), count: places)
  private var bytes = ByteBuffer(limit: places &* longest)

  init() {}

  /// What looking at the field took when it had nothing; nil when it is not known.
  func work(_ key: RawSpan, _ value: RawSpan) -> Work? {
    guard let place = SilentFields.place(key, value) else { return nil }
    let entry = entries[place]
    guard entry.keyCount == key.byteCount, entry.valueCount == value.byteCount else { return nil }
    let start = place &* SilentFields.longest
    let middle = start &+ entry.keyCount
    let known = bytes.bytes
    guard known.extracting(middle..<(middle &+ entry.valueCount)).equals(value),
      known.extracting(start..<middle).equals(key)
    else { return nil }
    return entry.work
  }

  mutating func insert(_ key: RawSpan, _ value: RawSpan, _ work: Work) {
    guard let place = SilentFields.place(key, value) else { return }
    let start = place &* SilentFields.longest
    bytes.write(key, at: start)
    bytes.write(value, at: start &+ key.byteCount)
    entries[place] = Entry(keyCount: key.byteCount, valueCount: value.byteCount, work: work)
  }

  /// By its length and its last bytes, which differ most. Nil for one that is too short to be worth
  /// it, or too long.
  private static func place(_ key: RawSpan, _ value: RawSpan) -> Int? {
    let count = value.byteCount
    guard count >= 16, key.byteCount &+ count <= longest else { return nil }
    var hash = value.loadLittleEndian(count &- 8, as: UInt64.self) &* 0x9E37_79B9_7F4A_7C15
    hash ^= value.loadLittleEndian(count &- 16, as: UInt64.self)
    hash = (hash ^ UInt64(count &+ key.byteCount)) &* 0x9E37_79B9_7F4A_7C15
    return Int(hash >> 58)
  }
}
