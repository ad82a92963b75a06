/// A table of a fixed capacity that owns its elements and never moves them.
///
/// The memory is reserved at the start and touched only as it fills, so that a large capacity costs
/// nothing until it is used. A removed element's place is given to the next one.
@safe
public struct Slab<Element: ~Copyable>: ~Copyable {
  private let elements: UnsafeMutableRawPointer
  /// Per free place: the next one, or `end`.
  private let links: UnsafeMutablePointer<UInt32>
  /// A bit for each place that has an element. Each access asks it: it is small enough to stay in the
  /// cache, as the links are not.
  private let occupied: UnsafeMutablePointer<UInt64>
  private var firstFree = Slab.end
  /// Places at and above this were never used.
  private var used: UInt32 = 0

  /// The most elements there can be.
  public let capacity: Int
  /// The elements that are there now.
  public private(set) var count = 0

  private static var end: UInt32 { .max }

  // Large elements begin with a cache line, where that wastes little: their first fields are what is
  // asked for most.
  private static var cacheLine: Int { 64 }
  private static var stride: Int {
    let stride = MemoryLayout<Element>.stride
    let rounded = (stride + cacheLine - 1) / cacheLine * cacheLine
    return stride >= 4 * cacheLine && (rounded - stride) * 32 <= stride ? rounded : stride
  }
  private static var alignment: Int {
    stride % cacheLine == 0 ? cacheLine : MemoryLayout<Element>.alignment
  }

  @inline(__always)
  private func place(_ index: UInt32) -> UnsafeMutablePointer<Element> {
    unsafe (elements + Int(index) &* Slab.stride).assumingMemoryBound(to: Element.self)
  }

  public init(capacity: Int) {
    precondition(capacity >= 0 && capacity < Int(UInt32.max) - 1)
    self.capacity = capacity
    unsafe elements = .allocate(
      byteCount: max(1, capacity) * Slab.stride, alignment: Slab.alignment)
    unsafe links = .allocate(capacity: capacity)
    unsafe occupied = .allocate(capacity: capacity / 64 + 1)
  }

  deinit {
    for index in 0..<used where contains(index) {
      unsafe place(index).deinitialize(count: 1)
    }
    unsafe elements.deallocate()
    unsafe links.deallocate()
    unsafe occupied.deallocate()
  }

  public var isFull: Bool { count == capacity }

  /// Takes `element` in and says where; nil (and `element` is gone) when the slab is full.
  public mutating func insert(_ element: consuming Element) -> UInt32? {
    let index: UInt32
    if firstFree != Slab.end {
      index = firstFree
      unsafe firstFree = links[Int(index)]
    } else if Int(used) < capacity {
      index = used
      used += 1
      if index & 63 == 0 { unsafe occupied[Int(index >> 6)] = 0 }
    } else {
      return nil
    }
    unsafe occupied[Int(index >> 6)] |= Slab.bit(index)
    unsafe place(index).initialize(to: element)
    count += 1
    return index
  }

  /// Gives the element at `index` back to the caller.
  @discardableResult
  public mutating func remove(_ index: UInt32) -> Element {
    precondition(contains(index), "no element there")
    let element = unsafe place(index).move()
    free(index)
    return element
  }

  /// Ends the element at `index` where it is.
  public mutating func discard(_ index: UInt32) {
    precondition(contains(index), "no element there")
    unsafe place(index).deinitialize(count: 1)
    free(index)
  }

  private mutating func free(_ index: UInt32) {
    unsafe occupied[Int(index >> 6)] &= ~Slab.bit(index)
    unsafe links[Int(index)] = firstFree
    firstFree = index
    count -= 1
  }

  @inline(__always)
  private static func bit(_ index: UInt32) -> UInt64 { 1 << UInt64(index & 63) }

  @inline(__always)
  public func contains(_ index: UInt32) -> Bool {
    unsafe index < used && occupied[Int(index >> 6)] & Slab.bit(index) != 0
  }

  public subscript(index: UInt32) -> Element {
    @inline(__always)
    unsafeAddress {
      precondition(contains(index), "no element there")
      return unsafe UnsafePointer(place(index))
    }
    @inline(__always)
    unsafeMutableAddress {
      precondition(contains(index), "no element there")
      return unsafe place(index)
    }
  }
}
