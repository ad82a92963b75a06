import Testing

@testable import InspectCore

@Suite struct ShardNumberTests {
  private static func ends(_ number: UInt32) -> (Endpoint, Endpoint) {
    (
      Endpoint(address: IPAddress(ipv4: 0x0a00_0000 + number % 7), port: 40_000),
      Endpoint(address: IPAddress(ipv4: 0xc000_0200 + number), port: UInt16(number % 500))
    )
  }

  /// Each flow is one shard's, and the flows are shared out about evenly.
  @Test(arguments: [1, 2, 3, 8])
  func eachFlowIsOneShards(_ count: Int) {
    var owned = [Int](repeating: 0, count: count)
    for number: UInt32 in 0..<8000 {
      let (one, other) = Self.ends(number)
      let owners = (0..<count).filter { ShardNumber($0, of: count).owns(one, other) }
      #expect(owners == (0..<count).filter { ShardNumber($0, of: count).owns(other, one) })
      #expect(owners.count == 1)
      for owner in owners { owned[owner] += 1 }
    }
    // Thrown at random, one in ten thousand trials is four standard deviations off.
    for share in owned { #expect(abs(share - 8000 / count) < 400) }
  }

  @Test func oneShardIsTheOnlyOne() {
    #expect(ShardNumber.only.isOnly)
    #expect(!ShardNumber(0, of: 2).isOnly)
  }

  /// What one shard may take, times their number, is what one alone may, and what spans flows is whole.
  @Test func limitsAreShared() {
    let limits = InspectorLimits()
    let part = limits.shared(by: 3)
    #expect(part.flows.flows == 87_382)
    #expect(part.bodyBytes * 3 >= limits.bodyBytes)
    #expect(part.names == limits.names)
    #expect(part.contacts == limits.contacts)
  }

  /// No counter is forgotten when those of shards are added: all are words.
  @Test func allCountersAreAdded() {
    var counters = InspectorCounters()
    counters.unknownLinkTypes.add(147)
    let link = counters.unknownLinkTypes
    let size = MemoryLayout<InspectorCounters>.size
    unsafe withUnsafeMutableBytes(of: &counters) { bytes in
      for offset in stride(from: 0, to: size, by: 8) {
        unsafe bytes.storeBytes(of: 3, toByteOffset: offset, as: UInt64.self)
      }
    }
    counters.unknownLinkTypes = link
    var sum = counters
    sum.add(counters)
    #expect(sum.unknownLinkTypes.total == 2)
    #expect(sum.unknownLinkTypes.count == 1)
    #expect(sum.unknownLinkTypes[0].packets == 2)
    // Set to one value, so that what is left differs only where a counter was forgotten.
    sum.unknownLinkTypes = LinkTypeCounts()
    var forgotten: [Int] = []
    let links = MemoryLayout<InspectorCounters>.offset(of: \.unknownLinkTypes)!
    let end = links + MemoryLayout<LinkTypeCounts>.size
    unsafe withUnsafeBytes(of: &sum) { bytes in
      for offset in stride(from: 0, to: size, by: 8) where !(links..<end).contains(offset) {
        if unsafe bytes.load(fromByteOffset: offset, as: UInt64.self) != 6 {
          forgotten.append(offset)
        }
      }
    }
    #expect(forgotten == [])
  }

  @Test func momentsAreInOrder() {
    let moments = [
      Moment(), Moment(beforePacket: 1), Moment(step: 1 << 16 | 6), Moment(beforePacket: 2),
      Moment(step: 2 << 16, turn: 1, flow: 9), Moment(step: 2 << 16, turn: 2, flow: 3),
      Moment(step: 2 << 16, turn: 2, flow: 4), Moment.end,
    ]
    #expect(moments.sorted() == moments)
    for index in moments.indices.dropFirst() { #expect(moments[index - 1] < moments[index]) }
  }
}
