import InspectCore
import Testing

@Suite struct SlabTests {
  @Test func aFullSlabRefuses() {
    var slab = Slab<Int>(capacity: 2)
    let places = [slab.insert(10), slab.insert(11), slab.insert(12)]
    #expect(places == [0, 1, nil])
    let isFull = slab.isFull
    #expect(isFull)
  }

  @Test func aRemovedPlaceIsUsedAgain() {
    var slab = Slab<Int>(capacity: 2)
    let first = slab.insert(10)!
    _ = slab.insert(11)
    let removed = slab.remove(first)
    let stillThere = slab.contains(first)
    let again = slab.insert(12)
    slab[first] += 1
    let (element, count) = (slab[first], slab.count)
    #expect(removed == 10)
    #expect(!stillThere)
    #expect(again == first)
    #expect(element == 13)
    #expect(count == 2)
  }

  /// Occupancy is kept in words of 64 bits.
  @Test(arguments: [63, 64, 65, 200])
  func everyPlaceIsKnownByItself(_ capacity: Int) {
    var slab = Slab<Int>(capacity: capacity)
    for number in 0..<capacity { #expect(slab.insert(number) == UInt32(number)) }
    for number in stride(from: 0, to: capacity, by: 3) { slab.discard(UInt32(number)) }
    for number in 0..<capacity {
      let isThere = slab.contains(UInt32(number))
      #expect(isThere == (number % 3 != 0))
    }
    let beyond = slab.contains(UInt32(capacity))
    let count = slab.count
    #expect(!beyond)
    #expect(count == capacity - (capacity + 2) / 3)
  }
}
