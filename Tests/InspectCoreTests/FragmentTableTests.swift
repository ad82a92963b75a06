import Testing

@testable import InspectCore

@Suite struct FragmentTableTests {
  /// A table, a clock, and what became of the packets.
  private struct Bench: ~Copyable {
    var table: FragmentTable
    var now = Timestamp(nanoseconds: 0)

    init(_ limits: FragmentTable.Limits = FragmentTable.Limits()) {
      table = FragmentTable(limits: limits, function: SipHash13(key0: 1, key1: 2))
    }

    static func key(
      _ identification: UInt32, protocolNumber: UInt8 = 17, vlan: UInt16? = nil, depth: UInt8 = 0
    ) -> FragmentTable.Key {
      var vlans = VLANStack()
      if let vlan { vlans.append(vlan) }
      return FragmentTable.Key(
        source: IPAddress(ipv4: 0xc000_0201), destination: IPAddress(ipv4: 0xc633_6402),
        identification: identification, protocolNumber: protocolNumber, vlans: vlans,
        tunnelDepth: depth)
    }

    /// Adds a fragment; the packet when it is whole, else `waiting` or `dropped`.
    mutating func add(
      _ bytes: [UInt8], at offset: Int, more: Bool, of key: FragmentTable.Key = Bench.key(1)
    ) -> String {
      switch table.add(bytes.span.bytes, at: offset, moreFragments: more, of: key, time: now) {
      case .waiting: return "waiting"
      case .dropped: return "dropped"
      case .complete(let place):
        let text = Bench.text(place, in: table)
        table.release(place)
        return text
      }
    }

    private static func text(_ place: UInt32, in table: borrowing FragmentTable) -> String {
      let bytes = table[place]
      return String(decoding: bytes.byteOffsets.map { bytes[$0] }, as: UTF8.self)
    }

    mutating func add(
      _ text: String, at offset: Int, more: Bool, of key: FragmentTable.Key = Bench.key(1)
    ) -> String {
      add(Array(text.utf8), at: offset, more: more, of: key)
    }
  }

  private static let parts: [(text: String, offset: Int, more: Bool)] = [
    ("abcdefgh", 0, true), ("ijklmnop", 8, true), ("qrstuvwx", 16, true), ("yz", 24, false),
  ]

  @Test func everyOrderGivesTheSamePacket() {
    var random = HTTPRandom(state: 1)
    for _ in 0..<50 {
      var bench = Bench()
      let order = Self.parts.shuffled(using: &random)
      for (number, part) in order.enumerated() {
        let outcome = bench.add(part.text, at: part.offset, more: part.more)
        #expect(outcome == (number == 3 ? "abcdefghijklmnopqrstuvwxyz" : "waiting"))
      }
      let abandoned = bench.table.abandoned
      #expect(abandoned == 0)
    }
  }

  @Test func repetitionChangesNothing() {
    var bench = Bench()
    for part in Self.parts.dropLast() {
      for _ in 0..<3 {
        let outcome = bench.add(part.text, at: part.offset, more: part.more)
        #expect(outcome == "waiting")
      }
    }
    let whole = bench.add("yz", at: 24, more: false)
    #expect(whole == "abcdefghijklmnopqrstuvwxyz")
  }

  @Test func whereFragmentsOverlapTheFirstWins() {
    var bench = Bench()
    let outcomes = [
      bench.add("abcdefgh", at: 0, more: true), bench.add("QRSTUVWX", at: 16, more: true),
      bench.add("????????ijklmnop????????", at: 0, more: true),
      bench.add("yz", at: 24, more: false),
    ]
    #expect(outcomes == ["waiting", "waiting", "waiting", "abcdefghijklmnopQRSTUVWXyz"])
  }

  @Test func packetsAreToldApart() {
    var bench = Bench()
    let keys = [
      Bench.key(1), Bench.key(2), Bench.key(1, protocolNumber: 6), Bench.key(1, vlan: 7),
      Bench.key(1, depth: 1),
    ]
    for (number, key) in keys.enumerated() {
      let outcome = bench.add(String(repeating: "\(number)", count: 8), at: 0, more: true, of: key)
      #expect(outcome == "waiting")
    }
    for (number, key) in keys.enumerated() {
      let outcome = bench.add("!", at: 8, more: false, of: key)
      #expect(outcome == String(repeating: "\(number)", count: 8) + "!")
    }
  }

  // MARK: What is of no use

  @Test func onlyTheLastFragmentMayBeOdd() {
    var bench = Bench()
    let outcomes = [
      bench.add("abc", at: 0, more: true), bench.add("", at: 0, more: true),
      bench.add("abc", at: 0, more: false),
    ]
    #expect(outcomes == ["dropped", "dropped", "abc"])
  }

  @Test func nothingLiesBeyondTheEnd() {
    var bench = Bench()
    let outcomes = [
      bench.add("yz", at: 24, more: false), bench.add("????????", at: 24, more: true),
      bench.add("abcdefgh", at: 32, more: true), bench.add("??", at: 32, more: false),
      bench.add("abcdefghijklmnopqrstuvwx", at: 0, more: true),
    ]
    #expect(
      outcomes == ["waiting", "dropped", "dropped", "dropped", "abcdefghijklmnopqrstuvwxyz"])
  }

  @Test func theEndIsNotBeforeWhatIsThere() {
    var bench = Bench()
    let outcomes = [
      bench.add("abcdefghijklmnop", at: 0, more: true), bench.add("", at: 8, more: false),
      bench.add("!", at: 16, more: false),
    ]
    #expect(outcomes == ["waiting", "dropped", "abcdefghijklmnop!"])
  }

  @Test func aPacketHas65535BytesAtMost() {
    var bench = Bench()
    let part = [UInt8](repeating: 0x61, count: 65_528)
    let outcomes = [
      bench.add(part, at: 0, more: true), bench.add("12345678", at: 65_528, more: false),
      bench.add("1234567", at: 65_528, more: false),
    ]
    #expect(outcomes[0] == "waiting")
    #expect(outcomes[1] == "dropped")
    #expect(outcomes[2].utf8.count == 65_535)
  }

  @Test func tooManyPartsAreGivenUp() {
    var bench = Bench()
    for index in 0..<RangeList.capacity {
      let outcome = bench.add("abcdefgh", at: index * 16, more: true)
      #expect(outcome == "waiting")
    }
    let outcome = bench.add("abcdefgh", at: RangeList.capacity * 16, more: true)
    let abandoned = bench.table.abandoned
    #expect(outcome == "dropped")
    #expect(abandoned == 1)
    // A part that joins others is none too many: the packet begins anew here.
    let again = bench.add("abcdefgh", at: 0, more: true)
    #expect(again == "waiting")
  }

  // MARK: Time and room

  @Test func anUnfinishedPacketIsGivenUpAfterHalfAMinute() {
    var bench = Bench()
    _ = bench.add("abcdefgh", at: 0, more: true)
    bench.now = bench.now.advanced(byNanoseconds: 29_000_000_000)
    _ = bench.add("ijklmnop", at: 8, more: true)
    bench.now = bench.now.advanced(byNanoseconds: 2_000_000_000)
    // The time runs from the first fragment; what comes now begins another packet.
    let outcome = bench.add("!", at: 16, more: false)
    let abandoned = bench.table.abandoned
    #expect(outcome == "waiting")
    #expect(abandoned == 1)
  }

  @Test func theOldestGivesItsPlace() {
    var limits = FragmentTable.Limits()
    limits.packets = 3
    var bench = Bench(limits)
    for number: UInt32 in 1...4 {
      let outcome = bench.add("abcdefgh", at: 0, more: true, of: Bench.key(number))
      #expect(outcome == "waiting")
    }
    let abandoned = bench.table.abandoned
    #expect(abandoned == 1)
    let kept = bench.add("!", at: 8, more: false, of: Bench.key(2))
    let lost = bench.add("!", at: 8, more: false, of: Bench.key(1))
    #expect(kept == "abcdefgh!")
    #expect(lost == "waiting")
  }

  @Test func bytesInAllAreBounded() {
    var limits = FragmentTable.Limits()
    limits.bytes = 4096
    var bench = Bench(limits)
    let part = [UInt8](repeating: 0x61, count: 1024)
    for number: UInt32 in 1...10 {
      _ = bench.add(part, at: 0, more: true, of: Bench.key(number))
    }
    let abandoned = bench.table.abandoned
    #expect(abandoned >= 6)
    let newest = bench.add("!", at: 1024, more: false, of: Bench.key(10))
    #expect(newest.utf8.count == 1025)
  }

  /// One packet alone is never given up for room: it may have all there is.
  @Test func aPacketMayBeAsLongAsAllowed() {
    var limits = FragmentTable.Limits()
    limits.bytes = 1024
    var bench = Bench(limits)
    let part = [UInt8](repeating: 0x61, count: 2048)
    let first = bench.add(part, at: 0, more: true)
    let last = bench.add("!", at: 2048, more: false)
    #expect(first == "waiting")
    #expect(last.utf8.count == 2049)
  }

  /// Fragments of hostile sizes and offsets, many of them: every one costs a look at 64 parts at
  /// most, and all room is given back in the end.
  @Test func hostileFragmentsLeaveNothing() {
    var random = HTTPRandom(state: 99)
    var limits = FragmentTable.Limits()
    limits.packets = 16
    limits.bytes = 1 << 16
    var bench = Bench(limits)
    var completed = 0
    for step in 0..<20_000 {
      let offset = Int.random(in: -8...70_000, using: &random) & ~7
      let count = Int.random(in: 0...200, using: &random)
      let outcome = bench.add(
        [UInt8](repeating: 0x61, count: count), at: offset,
        more: Bool.random(using: &random), of: Bench.key(UInt32(step % 40)))
      if outcome != "waiting", outcome != "dropped" { completed += 1 }
    }
    bench.now = bench.now.advanced(byNanoseconds: 60_000_000_000)
    _ = bench.add("x", at: 0, more: false, of: Bench.key(1000))
    let (packets, bytes) = (bench.table.count, bench.table.byteCount)
    #expect(packets == 0)
    #expect(bytes == 0)
    #expect(completed >= 0)
  }

  // MARK: The list of parts

  @Test func partsJoin() {
    var list = RangeList()
    for range in [8..<16, 32..<40, 0..<8, 16..<24] {
      let isTaken = list.insert(range)
      #expect(isTaken)
    }
    #expect(list.count == 2)
    #expect(list.end == 40)
    #expect(!list.covers(40))
    #expect(list.firstMissing(from: 0, to: 40) == 24..<32)
    #expect(list.firstMissing(from: 4, to: 24) == 24..<24)
    #expect(list.firstMissing(from: 40, to: 48) == 40..<48)
    let isTaken = list.insert(20..<36)
    #expect(isTaken)
    #expect(list.count == 1)
    #expect(list.covers(40))
    #expect(!list.covers(41))
  }

  @Test func partsAgreeWithASet() {
    var random = HTTPRandom(state: 3)
    for _ in 0..<40 {
      var list = RangeList()
      var set = Set<Int>()
      for _ in 0..<60 {
        let start = Int.random(in: 0..<200, using: &random)
        let end = start + Int.random(in: 0..<12, using: &random)
        guard list.insert(start..<end) else { break }
        set.formUnion(start..<end)
        let probe = Int.random(in: 0..<200, using: &random)
        let missing = list.firstMissing(from: probe, to: 212)
        let expected = (probe..<212).first { !set.contains($0) } ?? 212
        #expect(missing.lowerBound == expected)
        #expect(!missing.contains { set.contains($0) })
      }
    }
  }
}
