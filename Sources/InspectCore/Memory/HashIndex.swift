/// From a hash to the place of an element that is kept elsewhere: open addressing with linear probes.
///
/// The caller brings the hash, which must be keyed where senders choose the keys, and says whether a
/// candidate is the one. It grows with its content, up to `capacity` elements.
@safe
public struct HashIndex: ~Copyable {
  private struct Slot {
    var hash: UInt32
    var element: UInt32
  }

  private static var free: UInt32 { .max }

  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  public private(set) var count = 0
  /// The most elements it takes; half of the slots stay free.
  public let capacity: Int

  public init(capacity: Int) {
    precondition(capacity >= 0 && capacity < 1 << 30)
    self.capacity = capacity
    mask = 63
    unsafe slots = HashIndex.makeSlots(64)
  }

  deinit { unsafe slots.deallocate() }

  private static func makeSlots(_ count: Int) -> UnsafeMutablePointer<Slot> {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
    unsafe slots.initialize(repeating: Slot(hash: 0, element: free), count: count)
    return unsafe slots
  }

  /// The element with this hash that `matches`.
  @inline(__always)
  public func find(_ hash: UInt32, where matches: (UInt32) -> Bool) -> UInt32? {
    var position = Int(hash) & mask
    while true {
      let slot = unsafe slots[position]
      if slot.element == HashIndex.free { return nil }
      if slot.hash == hash, matches(slot.element) { return slot.element }
      position = (position + 1) & mask
    }
  }

  /// Adds an element that is not there yet; false when the index is full.
  public mutating func insert(_ hash: UInt32, element: UInt32) -> Bool {
    guard count < capacity else { return false }
    if (count + 1) * 2 > mask + 1 { grow() }
    place(Slot(hash: hash, element: element))
    count += 1
    return true
  }

  /// Takes an element out; false when it is not there.
  @discardableResult
  public mutating func remove(_ hash: UInt32, element: UInt32) -> Bool {
    var position = Int(hash) & mask
    while true {
      let slot = unsafe slots[position]
      if slot.element == HashIndex.free { return false }
      if slot.element == element { break }
      position = (position + 1) & mask
    }
    close(position)
    count -= 1
    return true
  }

  /// Moves later slots of the run forward, so that no probe ends at the hole too early.
  private mutating func close(_ start: Int) {
    var hole = start
    var position = start
    while true {
      position = (position + 1) & mask
      let slot = unsafe slots[position]
      if slot.element == HashIndex.free { break }
      let home = Int(slot.hash) & mask
      // It may move when its home is not between the hole and its place.
      if (position - home) & mask >= (position - hole) & mask {
        unsafe slots[hole] = slot
        hole = position
      }
    }
    unsafe slots[hole].element = HashIndex.free
  }

  private mutating func place(_ slot: Slot) {
    var position = Int(slot.hash) & mask
    while unsafe slots[position].element != HashIndex.free { position = (position + 1) & mask }
    unsafe slots[position] = slot
  }

  private mutating func grow() {
    let old = unsafe slots
    let oldCount = mask + 1
    unsafe slots = HashIndex.makeSlots(oldCount * 2)
    mask = oldCount * 2 - 1
    for position in 0..<oldCount where unsafe old[position].element != HashIndex.free {
      place(unsafe old[position])
    }
    unsafe old.deallocate()
  }
}
