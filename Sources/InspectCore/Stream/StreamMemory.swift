/// What the last bytes of a direction were: a byte of a keyed hash for every eight of them.
///
/// It shows that a retransmission says something else than what was handed on, without keeping a
/// copy. What differs in whole groups of eight is missed once in 128 times at most, and a group is
/// missed that the retransmission covers only in part; the last bytes, and whole segments at the
/// beginning of a stream, are compared exactly or in whole groups.
struct StreamMemory {
  /// How far back it goes, in bytes.
  static var byteCount: Int { 4096 }
  private static var groups: Int { byteCount / 8 }
  private static var words: Int { groups / 4 }

  /// Four groups in a word, the first one lowest.
  private var digests = InlineArray<128, UInt32>(repeating: 0)
  /// The last bytes, fewer than eight, the first one lowest.
  private var rest: UInt64 = 0
  /// Bytes since the beginning, or since the last gap.
  private var count = 0
  /// An odd multiplier that senders do not know (Dietzfelbinger et al. 1997).
  private let key: UInt64

  init(key: UInt64) { self.key = key | 1 }

  @inline(__always)
  private func digest(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: (word &* key) >> 56) }

  /// The digests of four groups.
  @inline(__always)
  private func digests(of bytes: RawSpan, at offset: Int) -> UInt32 {
    let words = ByteScan.fourWords(of: bytes, at: offset)
    return digest(words.0) | digest(words.1) << 8 | digest(words.2) << 16 | digest(words.3) << 24
  }

  /// Adds bytes that follow those before.
  mutating func append(_ bytes: RawSpan) {
    var offset = 0
    while count & 7 != 0, offset < bytes.byteCount {
      append(bytes[offset])
      offset &+= 1
    }
    // Of a very long segment only the end can stay.
    let surplus = max(0, bytes.byteCount &- offset &- StreamMemory.byteCount) & ~7
    offset &+= surplus
    count &+= surplus
    while count & 31 != 0, bytes.byteCount &- offset >= 8 { appendGroup(of: bytes, &offset) }
    // This is done for every byte that somebody reads: four groups at a time, which lie together.
    while bytes.byteCount &- offset >= 32 {
      digests[(count >> 5) & (StreamMemory.words - 1)] = digests(of: bytes, at: offset)
      offset &+= 32
      count &+= 32
    }
    while bytes.byteCount &- offset >= 8 { appendGroup(of: bytes, &offset) }
    while offset < bytes.byteCount {
      append(bytes[offset])
      offset &+= 1
    }
  }

  @inline(__always)
  private mutating func appendGroup(of bytes: RawSpan, _ offset: inout Int) {
    put(digest(bytes.loadLittleEndian(offset)))
    offset &+= 8
    count &+= 8
  }

  /// Puts the digest of the group that `count` is in to its place.
  @inline(__always)
  private mutating func put(_ digest: UInt32) {
    let shift = UInt32(truncatingIfNeeded: count & 24)
    let word = (count >> 5) & (StreamMemory.words - 1)
    digests[word] = digests[word] & ~(0xff << shift) | digest << shift
  }

  private mutating func append(_ byte: UInt8) {
    let place = UInt64(truncatingIfNeeded: count & 7)
    if place == 0 { rest = 0 }
    rest |= UInt64(byte) << (place * 8)
    if place == 7 { put(digest(rest)) }
    count &+= 1
  }

  /// Bytes are missing: what came before is forgotten.
  mutating func removeAll() { count = 0 }

  /// Whether `bytes`, which begin `distance` before the end of what was added, are the same as far
  /// as that is known.
  func agrees(with bytes: RawSpan, from distance: Int) -> Bool {
    // The array itself would be copied.
    let digests = digests.span
    let start = count - distance
    let end = min(start + bytes.byteCount, count)
    let whole = count >> 3
    var group = max(max(start + 7, 0) >> 3, whole - StreamMemory.groups)
    while group < whole, group * 8 + 8 <= end {
      let word: UInt64 = bytes.loadLittleEndian(group * 8 - start)
      let known = digests[(group >> 2) & (StreamMemory.words - 1)] >> UInt32((group & 3) * 8)
      if known & 0xff != digest(word) { return false }
      group += 1
    }
    var position = max(whole * 8, start, 0)
    while position < end {
      let known = UInt8(truncatingIfNeeded: rest >> UInt64((position & 7) * 8))
      if bytes[position - start] != known { return false }
      position += 1
    }
    return true
  }
}

/// The memories of all directions whose retransmissions are compared.
///
/// What a direction sent is forgotten when it was silent for longer than most retransmissions take, and
/// another direction may have its memory then: connections that nobody closed wait for an hour.
struct StreamMemories: ~Copyable {
  /// Two minutes: twice the least bound that RFC 6298 §2.5 lets a sender set on the time it waits.
  static var silence: Int64 { 120_000_000_000 }
  /// How many memories are looked at for one of a silent direction.
  private static var looks: Int { 4 }
  /// The place of a direction that found no room.
  private static var noRoom: UInt32 { .max - 1 }

  // Not private: Swift 6.3 emits broken code for it in other files, without optimisation.
  struct Entry {
    var memory: StreamMemory
    /// The direction that it is of, which may not know yet that it is no more; `nobody` for none.
    var owner: UInt64
    var lastUsed: Timestamp

    static var nobody: UInt64 { .max }

    /// Nanoseconds since the last use.
    @inline(__always)
    func silence(at time: Timestamp) -> Int64 { time.nanoseconds(since: lastUsed) }
  }

  private var entries: Slab<Entry>
  /// Those that were used and are not: to move them in and out would cost more than to keep them.
  private var free: [UInt32] = []
  /// Where a silent direction is looked for next.
  private var next: UInt32 = 0
  private let key: UInt64
  /// Directions that found no room.
  private(set) var uncompared: UInt64 = 0

  init(capacity: Int, key: UInt64) {
    entries = Slab(capacity: capacity)
    self.key = key
  }

  var count: Int { entries.count - free.count }

  /// The name of a direction of a flow.
  @inline(__always)
  private static func owner(_ direction: Direction, _ flow: borrowing Flow) -> UInt64 {
    flow.id << 1 | UInt64(direction.rawValue)
  }

  /// Where the direction's memory is; nil for none.
  @inline(__always)
  private func place(_ direction: Direction, _ flow: borrowing Flow) -> UInt32? {
    let place = flow.tcp[direction].memory
    guard place < StreamMemories.noRoom,
      entries[place].owner == StreamMemories.owner(direction, flow)
    else { return nil }
    return place
  }

  /// Adds what is handed on of a direction.
  @inline(__always)
  mutating func append(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, at time: Timestamp
  ) {
    guard flow.tcp[direction].memory != StreamMemories.noRoom,
      let place = place(direction, flow) ?? begin(direction, &flow, at: time)
    else { return }
    if entries[place].silence(at: time) > StreamMemories.silence {
      entries[place].memory.removeAll()
    }
    entries[place].lastUsed = time
    entries[place].memory.append(bytes)
  }

  private mutating func begin(
    _ direction: Direction, _ flow: inout Flow, at time: Timestamp
  ) -> UInt32? {
    let owner = StreamMemories.owner(direction, flow)
    if let place = free.popLast() ?? takeSilent(at: time) {
      entries[place].memory.removeAll()
      entries[place].owner = owner
      flow.tcp[direction].memory = place
    } else if let place = entries.insert(
      Entry(memory: StreamMemory(key: key), owner: owner, lastUsed: time))
    {
      flow.tcp[direction].memory = place
    } else {
      // It is asked once: whether there is room changes all the time.
      flow.tcp[direction].memory = StreamMemories.noRoom
      uncompared &+= 1
      return nil
    }
    return flow.tcp[direction].memory
  }

  /// The memory of a direction that was silent for long. None is free.
  private mutating func takeSilent(at time: Timestamp) -> UInt32? {
    for _ in 0..<min(StreamMemories.looks, entries.count) {
      let place = next
      next = Int(next) + 1 < entries.count ? next + 1 : 0
      if entries[place].silence(at: time) > StreamMemories.silence { return place }
    }
    return nil
  }

  /// Bytes are missing: what came before is forgotten.
  mutating func skip(_ direction: Direction, _ flow: borrowing Flow) {
    if let place = place(direction, flow) { entries[place].memory.removeAll() }
  }

  mutating func forget(_ direction: Direction, _ flow: inout Flow) {
    let place = place(direction, flow)
    flow.tcp[direction].memory = UInt32.max
    guard let place else { return }
    entries[place].owner = Entry.nobody
    free.append(place)
  }

  /// Whether `bytes`, which begin `distance` before the end of what was handed on, are the same as far
  /// as that is known.
  func agree(
    with bytes: RawSpan, from distance: Int, _ direction: Direction, _ flow: borrowing Flow,
    at time: Timestamp
  ) -> Bool {
    guard let place = place(direction, flow),
      entries[place].silence(at: time) <= StreamMemories.silence
    else { return true }
    return entries[place].memory.agrees(with: bytes, from: distance)
  }
}
