/// Puts the fragments of IP packets together (RFC 791 §3.2, RFC 8200 §4.5).
///
/// Where fragments overlap, what came first stays. A packet whose last fragment never comes is
/// dropped after a time-out or when room is needed, and counted.
public struct FragmentTable: ~Copyable {
  /// What the fragments of one packet have in common.
  public struct Key: Equatable, Sendable {
    let source: IPAddress
    let destination: IPAddress
    let identification: UInt32
    let protocolNumber: UInt8
    let vlans: VLANStack
    let tunnelDepth: UInt8
  }

  public enum Outcome: Equatable, Sendable {
    /// More is needed.
    case waiting
    /// The packet at this place is whole; `take` it.
    case complete(UInt32)
    /// The fragment is of no use: it lies outside, it has no room, or it is one too many.
    case dropped
  }

  struct Limits: Sendable {
    /// Packets at a time.
    var packets = 1024
    /// A packet's longest payload (RFC 791: the total length has 16 bits).
    var packetBytes = 65_535
    /// Bytes in all.
    var bytes = 8 << 20
    /// Nanoseconds from the first fragment until a packet is given up.
    var timeout: Int64 = 30_000_000_000

    init() {}
  }

  /// A packet in parts.
  struct Assembly: ~Copyable {
    let key: Key
    let hash: UInt32
    let start: Timestamp
    var payload: ByteBuffer
    var ranges = RangeList()
    /// Known once the last fragment is there.
    var totalByteCount: Int?
    var previous = UInt32.max
    var next = UInt32.max
  }

  private var assemblies: Slab<Assembly>
  private var index: HashIndex
  private let function: SipHash13
  private let limits: Limits
  // Oldest first.
  private var first = UInt32.max
  private var last = UInt32.max
  /// Bytes that are held.
  private(set) var byteCount = 0
  /// Fragments that overlapped what came before them.
  private(set) var overlapping: UInt64 = 0
  /// Packets that were given up for time or room.
  public private(set) var abandoned: UInt64 = 0

  init(limits: Limits = Limits(), function: SipHash13) {
    self.limits = limits
    self.function = function
    assemblies = Slab(capacity: limits.packets)
    index = HashIndex(capacity: limits.packets)
  }

  /// Packets in parts.
  var count: Int { assemblies.count }

  /// Takes a fragment of a packet in. `bytes` belong at `offset` of the packet's payload.
  mutating func add(
    _ bytes: RawSpan, at offset: Int, moreFragments: Bool, of key: Key, time: Timestamp
  ) -> Outcome {
    expire(time)
    guard offset >= 0, offset + bytes.byteCount <= limits.packetBytes else { return .dropped }
    // Only a last fragment may have a length that is no multiple of eight.
    guard !moreFragments || (bytes.byteCount > 0 && bytes.byteCount % 8 == 0) else {
      return .dropped
    }
    guard let place = find(key) ?? begin(key, time) else { return .dropped }
    if !moreFragments {
      let total = offset + bytes.byteCount
      if let known = assemblies[place].totalByteCount, known != total { return .dropped }
      if assemblies[place].ranges.end > total { return .dropped }
      assemblies[place].totalByteCount = total
    } else if let total = assemblies[place].totalByteCount, offset + bytes.byteCount > total {
      return .dropped
    }
    let end = offset + bytes.byteCount
    if assemblies[place].ranges.firstMissing(from: offset, to: end) != offset..<end {
      overlapping &+= 1
    }
    makeRoom(for: end, besides: place)
    guard assemblies[place].take(bytes, at: offset, counting: &byteCount) else {
      abandoned &+= 1
      release(place)
      return .dropped
    }
    return assemblies[place].isComplete ? .complete(place) : .waiting
  }

  /// Ends the packet at `place` and gives its payload to the caller.
  mutating func take(_ place: UInt32) -> ByteBuffer {
    unlink(place)
    let assembly = assemblies.remove(place)
    byteCount -= assembly.payload.count
    index.remove(assembly.hash, element: place)
    return assembly.payload
  }

  /// The payload of a complete packet.
  subscript(place: UInt32) -> RawSpan {
    @_lifetime(borrow self) get { assemblies[place].payload.bytes }
  }

  /// Ends the packet at `place`.
  mutating func release(_ place: UInt32) { _ = take(place) }

  private func hash(_ key: Key) -> UInt32 {
    var state = function.begin()
    state.add(key.source.high)
    state.add(key.source.low)
    state.add(key.destination.high)
    state.add(key.destination.low)
    state.add(
      UInt64(key.identification) << 16 | UInt64(key.protocolNumber) << 8 | UInt64(key.tunnelDepth))
    return UInt32(truncatingIfNeeded: state.finish())
  }

  private func find(_ key: Key) -> UInt32? {
    index.find(hash(key)) { assemblies[$0].key == key }
  }

  private mutating func begin(_ key: Key, _ time: Timestamp) -> UInt32? {
    if assemblies.isFull { giveUpOldest() }
    let hash = hash(key)
    guard
      let place = assemblies.insert(
        Assembly(
          key: key, hash: hash, start: time, payload: ByteBuffer(limit: limits.packetBytes)))
    else { return nil }
    guard index.insert(hash, element: place) else {
      assemblies.remove(place)
      return nil
    }
    assemblies[place].previous = last
    if last == UInt32.max { first = place } else { assemblies[last].next = place }
    last = place
    return place
  }

  private mutating func makeRoom(for needed: Int, besides place: UInt32) {
    while byteCount + needed > limits.bytes, first != UInt32.max, first != place { giveUpOldest() }
  }

  private mutating func expire(_ now: Timestamp) {
    while first != UInt32.max,
      now.nanoseconds(since: assemblies[first].start) > limits.timeout
    {
      giveUpOldest()
    }
  }

  private mutating func giveUpOldest() {
    guard first != UInt32.max else { return }
    abandoned &+= 1
    release(first)
  }

  private mutating func unlink(_ place: UInt32) {
    let (before, after) = (assemblies[place].previous, assemblies[place].next)
    if before == UInt32.max { first = after } else { assemblies[before].next = after }
    if after == UInt32.max { last = before } else { assemblies[after].previous = before }
  }
}

extension FragmentTable.Assembly {
  var isComplete: Bool {
    guard let total = totalByteCount else { return false }
    return ranges.covers(total)
  }

  /// Copies what is new of `bytes` to its place; false when the parts are too many.
  mutating func take(_ bytes: RawSpan, at offset: Int, counting total: inout Int) -> Bool {
    let before = payload.count
    var position = offset
    let end = offset + bytes.byteCount
    while position < end {
      let gap = ranges.firstMissing(from: position, to: end)
      if gap.isEmpty { break }
      payload.write(
        bytes.extracting((gap.lowerBound - offset)..<(gap.upperBound - offset)),
        at: gap.lowerBound)
      position = gap.upperBound
    }
    total += payload.count - before
    return ranges.insert(offset..<end)
  }
}

/// The parts of a packet that are there: a short sorted list without overlaps.
struct RangeList {
  static var capacity: Int { 64 }

  private var starts = InlineArray<64, Int32>(repeating: 0)
  private var ends = InlineArray<64, Int32>(repeating: 0)
  private(set) var count = 0

  /// The end of the last part.
  var end: Int { count == 0 ? 0 : Int(ends[count - 1]) }

  /// Whether everything below `total` is there.
  func covers(_ total: Int) -> Bool {
    total == 0 || (count == 1 && starts[0] == 0 && Int(ends[0]) >= total)
  }

  /// The first part of `start..<end` that is missing; empty when all is there.
  func firstMissing(from start: Int, to end: Int) -> Range<Int> {
    var position = start
    for index in 0..<count {
      let (rangeStart, rangeEnd) = (Int(starts[index]), Int(ends[index]))
      if rangeEnd <= position { continue }
      if rangeStart > position { return position..<min(rangeStart, end) }
      position = rangeEnd
      if position >= end { return end..<end }
    }
    return position..<max(position, end)
  }

  /// Adds a part and joins it with its neighbours; false when the list is full.
  mutating func insert(_ range: Range<Int>) -> Bool {
    guard !range.isEmpty else { return true }
    var low = Int32(range.lowerBound)
    var high = Int32(range.upperBound)
    var kept = 0
    var insertion = 0
    var joined = RangeList()
    for index in 0..<count {
      if ends[index] < low {
        joined.append(starts[index], ends[index])
        insertion = joined.count
      } else if starts[index] > high {
        joined.append(starts[index], ends[index])
      } else {
        low = min(low, starts[index])
        high = max(high, ends[index])
      }
    }
    kept = joined.count
    guard kept < RangeList.capacity else { return false }
    var index = kept
    while index > insertion {
      joined.starts[index] = joined.starts[index - 1]
      joined.ends[index] = joined.ends[index - 1]
      index -= 1
    }
    joined.starts[insertion] = low
    joined.ends[insertion] = high
    joined.count = kept + 1
    self = joined
    return true
  }

  private mutating func append(_ start: Int32, _ end: Int32) {
    starts[count] = start
    ends[count] = end
    count += 1
  }
}
