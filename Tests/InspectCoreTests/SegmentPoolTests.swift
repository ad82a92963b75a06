import Testing

@testable import InspectCore

@Suite struct SegmentPoolTests {
  private let time = Timestamp(nanoseconds: 5)

  @Test func itHoldsACopyAtMostABlock() {
    var pool = SegmentPool(byteCount: 2 * SegmentPool.blockByteCount)
    var bytes = [UInt8](repeating: 7, count: 3000)
    let place = pool.hold(bytes.span.bytes, sequenceNumber: 42, at: time)!
    bytes[0] = 8
    let (count, first, entry) = (pool.bytes(place).byteCount, pool.bytes(place)[0], pool[place])
    #expect(count == SegmentPool.blockByteCount)
    #expect(first == 7)
    #expect(entry.sequenceNumber == 42)
    #expect(entry.byteCount == SegmentPool.blockByteCount)
    #expect(entry.time == time)
  }

  @Test func itIsFullAfterItsBlocksAndTakesThemAgain() {
    var pool = SegmentPool(byteCount: 3 * SegmentPool.blockByteCount)
    let bytes: [UInt8] = [1, 2, 3]
    let places = (0..<4).map { pool.hold(bytes.span.bytes, sequenceNumber: $0, at: time) }
    let isFull = pool.isFull
    #expect(places.compactMap { $0 }.count == 3)
    #expect(places[3] == nil)
    #expect(isFull)
    pool.release(places[1]!)
    let again = pool.hold(bytes.span.bytes, sequenceNumber: 9, at: time)
    let count = pool.count
    #expect(again == places[1])
    #expect(count == 3)
  }

  @Test func nothingIsNotHeld() {
    var pool = SegmentPool(byteCount: 1)
    let empty: [UInt8] = []
    let place = pool.hold(empty.span.bytes, sequenceNumber: 0, at: time)
    // Less than a block is one block.
    let one = pool.hold([1].span.bytes, sequenceNumber: 0, at: time)
    #expect(place == nil)
    #expect(one != nil)
  }

  @Test func blocksDoNotTouchEachOther() {
    var pool = SegmentPool(byteCount: 4 * SegmentPool.blockByteCount)
    let places = (0..<4).map { value in
      pool.hold(
        [UInt8](repeating: UInt8(value), count: SegmentPool.blockByteCount).span.bytes,
        sequenceNumber: 0, at: time)!
    }
    for (value, place) in places.enumerated() {
      let bytes = pool.bytes(place)
      let isWhole = bytes.byteOffsets.allSatisfy { bytes[$0] == UInt8(value) }
      #expect(isWhole)
    }
  }
}
