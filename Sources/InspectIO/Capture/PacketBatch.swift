import InspectCore

/// Packets that follow one another in the captures, and the memory that they lie in.
///
/// Who fills it changes it; then it is only read, by as many threads as like.
@safe
final class PacketBatch: @unchecked Sendable {
  /// The most packets, and about how many bytes of them.
  private static let packetLimit = 512
  private static let byteLimit = 1 << 16
  /// The most packets for one user alone: the headers of so many stay in the smallest cache until they
  /// are looked at.
  private static let packetLimitOfOne = 64

  struct Entry {
    let place: PacketPlace
    /// The number of the capture.
    let source: UInt16
    let glance: PacketGlance

    /// Good as long as the batch is not filled again.
    var packet: CapturedPacket {
      @_lifetime(borrow self) get { CapturedPacket(at: place) }
    }
  }

  private let entries = UnsafeMutablePointer<Entry>.allocate(capacity: PacketBatch.packetLimit)
  private(set) var count = 0
  private var memories: [WindowMemory] = []

  init() {}

  deinit { entries.deallocate() }

  /// Precondition: `index` is less than `count`.
  subscript(index: Int) -> Entry {
    precondition(index >= 0 && index < count)
    return entries[index]
  }

  /// Takes packets of the timeline that pass the filter, the next one first, or the current one where
  /// nobody has taken it. `users` is how many look at them, and `shards` how many share them. Says
  /// whether there may be more.
  func fill(
    _ timeline: inout CaptureTimeline, fromCurrent: Bool, _ filter: PacketFilter?, users: Int,
    shards: Int
  ) -> Bool {
    guard fromCurrent || timeline.advance() else { return false }
    // Nothing is read below, so that packets lie in no other memory.
    timeline.append(memoriesTo: &memories)
    let limit = users == 1 ? PacketBatch.packetLimitOfOne : PacketBatch.packetLimit
    var count = 0
    var byteCount = 0
    repeat {
      let place = timeline.place
      byteCount += place.byteCount
      let packet = CapturedPacket(at: place)
      if filter?.passes(packet) ?? true {
        let glance =
          shards == 1
          ? .everybodys
          : PacketGlance(packet.bytes, linkType: place.linkType, shards: shards)
        (entries + count).initialize(
          to: Entry(place: place, source: timeline.source, glance: glance))
        count += 1
      }
    } while count < limit && byteCount < PacketBatch.byteLimit && timeline.advanceAtHand()
    self.count = count
    return true
  }

  /// Forgets the packets, so that their memory can be used again.
  func removeAll() {
    count = 0
    memories.removeAll(keepingCapacity: true)
  }
}
