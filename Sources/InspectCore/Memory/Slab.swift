/// A table of a fixed capacity that owns its elements and never moves them.
///
/// The memory is reserved at the start and touched only as it fills, so that a large capacity costs
/// nothing until it is used. A removed element's place is given to the next one.
@safe
public struct Slab<Element: ~Copyable>: ~Copyable {
  private let elements: UnsafeMutablePointer<Element>
  /// Per place: the next free place, `end`, or `occupied`.
  private let links: UnsafeMutablePointer<UInt32>
  private var firstFree = Slab.end
  /// Places at and above this were never used.
  private var used: UInt32 = 0

  /// The most elements there can be.
  public let capacity: Int
  /// The elements that are there now.
  public private(set) var count = 0

  private static var end: UInt32 { .max }
  private static var occupied: UInt32 { .max - 1 }

  public init(capacity: Int) {
    precondition(capacity >= 0 && capacity < Int(UInt32.max) - 1)
    self.capacity = capacity
    unsafe elements = .allocate(capacity: capacity)
    unsafe links = .allocate(capacity: capacity)
  }

  deinit {
    for index in 0..<Int(used) where unsafe links[index] == Slab.occupied {
      unsafe (elements + index).deinitialize(count: 1)
    }
    unsafe elements.deallocate()
    unsafe links.deallocate()
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
    } else {
      return nil
    }
    unsafe links[Int(index)] = Slab.occupied
    unsafe (elements + Int(index)).initialize(to: element)
    count += 1
    return index
  }

  /// Gives the element at `index` back to the caller.
  @discardableResult
  public mutating func remove(_ index: UInt32) -> Element {
    precondition(contains(index), "no element there")
    let element = unsafe (elements + Int(index)).move()
    unsafe links[Int(index)] = firstFree
    firstFree = index
    count -= 1
    return element
  }

  public func contains(_ index: UInt32) -> Bool {
    unsafe index < used && links[Int(index)] == Slab.occupied
  }

  public subscript(index: UInt32) -> Element {
    unsafeAddress {
      precondition(contains(index), "no element there")
      return unsafe UnsafePointer(elements + Int(index))
    }
    unsafeMutableAddress {
      precondition(contains(index), "no element there")
      return unsafe elements + Int(index)
    }
  }
}
