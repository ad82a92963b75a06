/// Copies of segments that came too early, in blocks of one size, within a bound for all connections.
@safe
struct SegmentPool: ~Copyable {
  /// The bytes of a block; a longer segment takes several.
  static var blockByteCount: Int { 2048 }

  struct Held: Sendable {
    var sequenceNumber: UInt32
    var byteCount: Int
    var time: Timestamp
    /// The next in order of the same direction.
    var next = UInt32.max
  }

  private var held: Slab<Held>
  private let blocks: UnsafeMutableRawPointer

  /// `byteCount` is the most that is held in all; memory is touched only as it is needed.
  init(byteCount: Int) {
    let count = max(1, byteCount / SegmentPool.blockByteCount)
    held = Slab(capacity: count)
    unsafe blocks = .allocate(byteCount: count * SegmentPool.blockByteCount, alignment: 64)
  }

  deinit { unsafe blocks.deallocate() }

  var isFull: Bool { held.isFull }
  /// Blocks in use.
  var count: Int { held.count }

  subscript(place: UInt32) -> Held {
    get { held[place] }
    set { held[place] = newValue }
  }

  /// Copies at most a block of `bytes`; nil when there is no room.
  mutating func hold(_ bytes: RawSpan, sequenceNumber: UInt32, at time: Timestamp) -> UInt32? {
    let count = min(bytes.byteCount, SegmentPool.blockByteCount)
    guard count > 0 else { return nil }
    let entry = Held(sequenceNumber: sequenceNumber, byteCount: count, time: time)
    guard let place = held.insert(entry) else { return nil }
    let offset = Int(place) * SegmentPool.blockByteCount
    unsafe bytes.withUnsafeBytes { source in
      unsafe blocks.advanced(by: offset).copyMemory(from: source.baseAddress!, byteCount: count)
    }
    return place
  }

  @_lifetime(borrow self)
  func bytes(_ place: UInt32) -> RawSpan {
    let offset = Int(place) * SegmentPool.blockByteCount
    let span = unsafe RawSpan(
      _unsafeStart: UnsafeRawPointer(blocks.advanced(by: offset)), byteCount: held[place].byteCount)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  mutating func release(_ place: UInt32) { held.remove(place) }
}
