import Testing

@testable import InspectCore

@Suite struct FlowTableTests {
  private static func table(
    flows: Int = 100, function: SipHash13 = SipHash13(key0: 1, key1: 2)
  ) -> FlowTable {
    var limits = FlowLimits()
    limits.flows = flows
    return FlowTable(limits: limits, function: function)
  }

  private static func endpoint(_ address: UInt32, _ port: UInt16) -> Endpoint {
    Endpoint(address: IPAddress(ipv4: address), port: port)
  }

  private static func key(_ number: UInt32, protocolNumber: UInt8 = 17) -> FlowKey {
    FlowKey(
      source: endpoint(0x0a00_0000 + number, 1000), destination: endpoint(0xc000_0201, 53),
      protocolNumber: protocolNumber, vlans: VLANStack(), tunnelDepth: 0)
  }

  private static func seconds(_ count: Double) -> Timestamp {
    Timestamp(nanoseconds: 1_700_000_000_000_000_000).advanced(byNanoseconds: Int64(count * 1e9))
  }

  private static func insert(
    _ number: UInt32, _ list: FlowTable.Lifetime, at time: Double, turn: UInt64? = nil,
    into table: inout FlowTable
  ) -> UInt32? {
    let key = key(number)
    table.turn = turn ?? table.turn &+ 1
    table.advance(to: seconds(time))
    let context = FlowContext(
      client: endpoint(0x0a00_0000 + number, 1000), server: endpoint(0xc000_0201, 53),
      clientMAC: .none, serverMAC: .none, protocolNumber: 17, tunnelDepth: 0, vlans: VLANStack(),
      source: 0, start: seconds(time))
    return table.insert(key, context, in: list)
  }

  private static func find(_ number: UInt32, in table: inout FlowTable) -> UInt32? {
    table.find(key(number))
  }

  private static func remove(
    _ place: UInt32, from table: inout FlowTable
  ) -> (client: UInt32, key: FlowKey) {
    let removed = (table[place].context.client.address.ipv4, table[place].key)
    table.remove(place)
    return removed
  }

  /// The flows that are over at `time`, in the order in which they end.
  private static func expired(at time: Double, in table: inout FlowTable) -> [UInt32] {
    guard table.advance(to: seconds(time)) else { return [] }
    var ended: [UInt32] = []
    for list in 0..<FlowTable.Lifetime.count {
      for place in table.takeExpired(list) {
        ended.append(Self.remove(place, from: &table).client & 0xffff)
      }
    }
    return ended
  }

  // MARK: Keys

  @Test func bothDirectionsHaveOneKey() {
    let (a, b) = (Self.endpoint(0x0a00_0001, 5000), Self.endpoint(0x0a00_0002, 53))
    let one = FlowKey(
      source: a, destination: b, protocolNumber: 17, vlans: VLANStack(), tunnelDepth: 0)
    let other = FlowKey(
      source: b, destination: a, protocolNumber: 17, vlans: VLANStack(), tunnelDepth: 0)
    #expect(one == other)
    let function = SipHash13(key0: 5, key1: 6)
    #expect(one.hash(function) == other.hash(function))
  }

  @Test func everythingInAKeyCounts() {
    let (a, b) = (Self.endpoint(0x0a00_0001, 5000), Self.endpoint(0x0a00_0001, 53))
    var vlans = VLANStack()
    vlans.append(7)
    let keys = [
      FlowKey(source: a, destination: b, protocolNumber: 17, vlans: VLANStack(), tunnelDepth: 0),
      FlowKey(source: a, destination: b, protocolNumber: 6, vlans: VLANStack(), tunnelDepth: 0),
      FlowKey(source: a, destination: b, protocolNumber: 17, vlans: vlans, tunnelDepth: 0),
      FlowKey(source: a, destination: b, protocolNumber: 17, vlans: VLANStack(), tunnelDepth: 1),
      FlowKey(source: a, destination: a, protocolNumber: 17, vlans: VLANStack(), tunnelDepth: 0),
    ]
    for first in keys.indices {
      for second in keys.indices where first != second { #expect(keys[first] != keys[second]) }
    }
  }

  /// The flow of the packet before is asked without making the key of this one.
  @Test func aPacketIsOfAFlowWhenTheirKeysAreTheSame() {
    var vlans = VLANStack()
    vlans.append(7)
    var packets: [FlowEnds] = []
    let ends = [
      Self.endpoint(0x0a00_0001, 53), Self.endpoint(0x0a00_0001, 5000),
      Self.endpoint(0x0a00_0002, 53), Self.endpoint(0x0a00_0002, 5000),
      Endpoint(address: IPAddress(high: 0x2001_0db8 << 32, low: 1), port: 53),
      Endpoint(address: IPAddress(high: 0x2001_0db8 << 32, low: 2), port: 53),
    ]
    for source in ends {
      for destination in ends {
        for (number, vlans, depth) in [
          (17, VLANStack(), 0), (6, VLANStack(), 0), (17, vlans, 0), (17, VLANStack(), 1),
        ] as [(UInt8, VLANStack, UInt8)] {
          packets.append(
            FlowEnds(
              source: source, destination: destination, protocolNumber: number, vlans: vlans,
              tunnelDepth: depth))
        }
      }
    }
    for packet in packets {
      let key = packet.key
      for other in packets {
        let goesForth = key.goesForth(other)
        #expect((goesForth != nil) == (key == other.key))
        if let goesForth { #expect((goesForth ? key.lower : key.upper) == other.source) }
      }
    }
  }

  @Test func vlansAreKeptInOrder() {
    var vlans = VLANStack()
    for identifier: UInt16 in [0, 100, 4095, 7, 9] { vlans.append(identifier) }
    #expect(vlans.count == VLANStack.capacity)
    #expect((0..<4).map { vlans[$0] } == [0, 100, 4095, 7])
  }

  /// Who does not know the key cannot choose flows that fall together: the same keys that collide
  /// under one hash key are spread under another.
  @Test func collisionsOfOneKeyAreNoneOfAnother() {
    let known = SipHash13(key0: 0, key1: 0)
    let secret = SipHash13(key0: 0x0123_4567_89ab_cdef, key1: 0xfedc_ba98_7654_3210)
    var hostile: [UInt32] = []
    for number: UInt32 in 0..<40_000 where Self.key(number).hash(known) & 0xff == 0x42 {
      hostile.append(number)
    }
    #expect(hostile.count > 100)
    let places = Set(hostile.map { Self.key($0).hash(secret) & 0xff })
    // Thrown at random into 256 places, some 160 keys fall into about 120 different ones.
    #expect(places.count > 80)
  }

  /// The table works all the same when all hashes fall into the same few places.
  @Test func collidingFlowsAreToldApart() {
    let known = SipHash13(key0: 0, key1: 0)
    var table = Self.table(flows: 200, function: known)
    let hostile = (0..<40_000 as Range<UInt32>).filter { Self.key($0).hash(known) & 0xff == 0x42 }
    for number in hostile {
      let place = Self.insert(number, .datagramNew, at: 0, into: &table)
      #expect(place != nil)
    }
    for number in hostile.reversed() {
      let place = Self.find(number, in: &table)
      #expect(place != nil)
      if let place {
        let removed = Self.remove(place, from: &table).key
        #expect(removed == Self.key(number))
      }
      let gone = Self.find(number, in: &table)
      #expect(gone == nil)
    }
    let count = table.count
    #expect(count == 0)
  }

  // MARK: Time

  @Test(
    arguments: [
      (FlowTable.Lifetime.tcpClosed, 30.0), (.tcpNew, 60), (.datagramNew, 60),
      (.datagramEstablished, 300), (.tcpEstablished, 3600),
    ])
  func aFlowEndsAfterItsTimeOut(_ list: FlowTable.Lifetime, _ timeout: Double) {
    var table = Self.table()
    _ = Self.insert(1, list, at: 0, into: &table)
    let before = Self.expired(at: timeout - 1, in: &table)
    let after = Self.expired(at: timeout + 1, in: &table)
    #expect(before == [])
    #expect(after == [1])
  }

  @Test func aPacketKeepsAFlowAlive() {
    var table = Self.table()
    let place = Self.insert(1, .datagramNew, at: 0, into: &table)!
    table[place].count(.toServer, frameBytes: 60, at: Self.seconds(50))
    // Its turn comes after a minute; it was seen since, and waits for another one.
    let still = Self.expired(at: 100, in: &table)
    let over = Self.expired(at: 161, in: &table)
    #expect(still == [])
    #expect(over == [1])
  }

  @Test func flowsEndInTheOrderOfTheirSilence() {
    var table = Self.table()
    for number: UInt32 in 1...5 {
      _ = Self.insert(number, .tcpNew, at: Double(number), into: &table)
    }
    // The second spoke again: it goes to the back.
    let second = Self.find(2, in: &table)!
    table[second].count(.toServer, frameBytes: 60, at: Self.seconds(40))
    let ended = Self.expired(at: 70, in: &table)
    let last = Self.expired(at: 131, in: &table)
    #expect(ended == [1, 3, 4, 5])
    #expect(last == [2])
  }

  @Test func movingToAnotherListChangesTheTimeOut() {
    var table = Self.table()
    let place = Self.insert(1, .tcpEstablished, at: 0, into: &table)!
    table.move(place, to: .tcpClosed)
    let ended = Self.expired(at: 31, in: &table)
    #expect(ended == [1])
  }

  @Test func aPacketAfterTheTimeOutIsTooLate() {
    var table = Self.table()
    let place = Self.insert(1, .datagramNew, at: 0, into: &table)!
    let (early, late) = (
      table.isExpired(place, at: Self.seconds(59)), table.isExpired(place, at: Self.seconds(61))
    )
    #expect(!early)
    #expect(late)
  }

  /// A little disorder does not turn time back; one packet from the future must not end everything
  /// for good.
  @Test func timeFollowsThePackets() {
    var table = Self.table()
    table.advance(to: Self.seconds(100))
    table.advance(to: Self.seconds(90))
    var now = table.now
    #expect(now == Self.seconds(100))
    table.advance(to: Self.seconds(1e6))
    table.advance(to: Self.seconds(101))
    now = table.now
    #expect(now == Self.seconds(101))
  }

  /// A packet without a time of its own (a Simple Packet Block) does not let its flow end.
  @Test func noTimeIsNoSilence() {
    var table = Self.table()
    let place = Self.insert(1, .datagramNew, at: 0, into: &table)!
    table[place].lastSeen = Timestamp(nanoseconds: 0)
    let isLate = table.isExpired(place, at: Self.seconds(1e5))
    #expect(!isLate)
  }

  // MARK: Room

  @Test func aFullTableTakesNoMore() {
    var table = Self.table(flows: 3)
    for number: UInt32 in 1...3 {
      let place = Self.insert(number, .tcpNew, at: 0, into: &table)
      #expect(place != nil)
    }
    let isFull = table.isFull
    let place = Self.insert(4, .tcpNew, at: 0, into: &table)
    #expect(isFull)
    #expect(place == nil)
  }

  /// Closed flows go first, then those never answered, then those that wait longest.
  @Test func theLeastImportantIsGivenUpFirst() {
    var table = Self.table()
    let lists: [FlowTable.Lifetime] = [
      .tcpEstablished, .datagramEstablished, .datagramNew, .tcpNew, .tcpClosed, .tcpClosed,
    ]
    for (number, list) in lists.enumerated() {
      _ = Self.insert(UInt32(number), list, at: Double(number), into: &table)
    }
    var order: [UInt32] = []
    while let victim = table.victim() {
      order.append(Self.remove(victim, from: &table).client & 0xff)
    }
    #expect(order == [4, 5, 3, 2, 1, 0])
  }

  /// Flows of one turn end in an order that depends on them alone, so that it is the same whichever
  /// others are in the table.
  @Test func flowsOfOneTurnEndInTheOrderOfTheirNames() {
    var orders: [[UInt32]] = []
    for numbers: [UInt32] in [[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]] {
      var table = Self.table()
      for number in numbers { _ = Self.insert(number, .tcpNew, at: 0, turn: 1, into: &table) }
      _ = Self.insert(7, .tcpNew, at: 0, turn: 2, into: &table)
      let order = table.oldest(Int(FlowTable.Lifetime.tcpNew.rawValue)).map {
        table[$0].context.client.address.ipv4 & 0xff
      }
      #expect(order.last == 7)
      orders.append(order)
      #expect(Self.expired(at: 1000, in: &table) == order)
    }
    #expect(orders[0] == orders[1])
    #expect(orders[0].count == 7)
  }

  /// Random insertions, removals, moves and time-outs, beside a dictionary that cannot be wrong.
  @Test func theTableAgreesWithADictionary() {
    var random = HTTPRandom(state: 2026)
    var table = Self.table(flows: 64)
    var known: [UInt32: UInt32] = [:]
    for step in 0..<20_000 {
      let number = UInt32.random(in: 0..<200, using: &random)
      let found = Self.find(number, in: &table)
      #expect(found == known[number])
      switch Int.random(in: 0..<3, using: &random) {
      case 0 where found == nil:
        let list = FlowTable.Lifetime(rawValue: UInt8.random(in: 0..<5, using: &random))!
        let place = Self.insert(number, list, at: Double(step) / 100, into: &table)
        #expect((place == nil) == (known.count == 64))
        known[number] = place
      case 1:
        guard let found else { continue }
        table.remove(found)
        known[number] = nil
      default:
        guard let found else { continue }
        table.move(
          found, to: FlowTable.Lifetime(rawValue: UInt8.random(in: 0..<5, using: &random))!)
      }
      for list in 0..<FlowTable.Lifetime.count {
        for place in table.takeExpired(list) {
          known[Self.remove(place, from: &table).client & 0xffff] = nil
        }
      }
      let count = table.count
      #expect(count == known.count)
    }
  }

  // MARK: Port reuse

  /// What a SYN with this number is for the flow.
  private func judge(
    _ script: inout StreamScript, _ number: UInt32, _ direction: Direction = .toServer,
    accepting: UInt32? = nil
  ) -> Flow.Synchronisation {
    let bytes = TCPBytes.segment(
      sequenceNumber: number, acknowledgmentNumber: accepting.map { $0 &+ 1 } ?? 0,
      flags: accepting == nil ? 0x02 : 0x12, window: 1000, options: [], payload: [])
    let context = script.flow.context
    guard let segment = try? TCPSegment(bytes.span.bytes) else {
      Issue.record("not a segment")
      return .part
    }
    return script.flow.judge(
      segment, from: direction == .toServer ? context.client : context.server)
  }

  @Test func aSynWithTheSameNumberIsARetransmission() {
    var script = StreamScript()
    script.send([], at: -1, flags: 0x02)
    #expect(judge(&script, 1000) == .part)
    // Nobody answered the first: this is another attempt.
    #expect(judge(&script, 77_777) == .another)
  }

  @Test func aSynIntoAnOpenConnectionCountsWhenItIsAccepted() {
    var script = StreamScript()
    script.handshake()
    #expect(judge(&script, 1000) == .part)
    #expect(judge(&script, 4999, .toClient, accepting: 1000) == .part)
    #expect(judge(&script, 77_777) == .doubtful)
    #expect(judge(&script, 9999, .toClient, accepting: 66_666) == .part)
    #expect(judge(&script, 9999, .toClient, accepting: 77_777) == .another)
    // The latest one is what can be accepted.
    #expect(judge(&script, 88_888) == .doubtful)
    #expect(judge(&script, 9999, .toClient, accepting: 77_777) == .part)
    #expect(judge(&script, 1000) == .part)
    #expect(judge(&script, 9999, .toClient, accepting: 88_888) == .part)
  }

  @Test func aSynAfterTheCloseIsANewFlow() {
    var script = StreamScript()
    script.handshake()
    script.send([], at: 0, flags: 0x04)
    #expect(judge(&script, 1000) == .another)
  }

  @Test func aSynBehindItsDataIsNoNewFlow() {
    var script = StreamScript()
    script.send("abc", at: 0)
    #expect(judge(&script, 1000) == .part)
    #expect(judge(&script, 900_000) == .another)
  }

  @Test func theOtherSidesSynIsNoNewFlow() {
    var script = StreamScript()
    script.send([], at: -1, flags: 0x02)
    #expect(judge(&script, 5000, .toClient) == .part)
  }

  // MARK: The last packets' flows

  private static func ends(_ source: Endpoint, _ destination: Endpoint) -> FlowEnds {
    FlowEnds(
      source: source, destination: destination, protocolNumber: 17, vlans: VLANStack(),
      tunnelDepth: 0)
  }

  private static func insert(_ ends: FlowEnds, into table: inout FlowTable) -> UInt32? {
    table.turn &+= 1
    let context = FlowContext(
      client: ends.source, server: ends.destination, clientMAC: .none, serverMAC: .none,
      protocolNumber: 17, tunnelDepth: 0, vlans: VLANStack(), source: 0, start: seconds(0))
    return table.insert(ends.key, context, in: .datagramNew)
  }

  /// Between the same hosts with ports the other way round, few bits of the ends are the same.
  @Test func endsThatLookAlikeAreToldApart() throws {
    var table = Self.table()
    let (a, b) = (0x0a00_0001 as UInt32, 0xc000_0201 as UInt32)
    let one = Self.ends(Self.endpoint(a, 1), Self.endpoint(b, 2))
    let other = Self.ends(Self.endpoint(a, 2), Self.endpoint(b, 1))
    #expect(one.mixed == other.mixed)
    let place = try #require(Self.insert(one, into: &table))
    for _ in 0..<3 {
      let found = table.findWithWay(one)
      #expect(found?.place == place && found?.goesForth == true)
      let missing = table.findWithWay(other)
      #expect(missing == nil)
    }
    let otherPlace = try #require(Self.insert(other, into: &table))
    for _ in 0..<3 {
      let first = table.findWithWay(one)
      #expect(first?.place == place)
      let found = table.findWithWay(other)
      #expect(found?.place == otherPlace)
      let back = table.findWithWay(Self.ends(other.destination, other.source))
      #expect(back?.place == otherPlace && back?.goesForth == false)
    }
  }

  /// A flow's place may be another's when it is over.
  @Test func aPlaceThatIsAnothersIsNotTaken() throws {
    var table = Self.table()
    let one = Self.ends(Self.endpoint(0x0a00_0001, 1), Self.endpoint(0xc000_0201, 2))
    let place = try #require(Self.insert(one, into: &table))
    let found = table.findWithWay(one)
    #expect(found?.place == place)
    table.remove(place)
    let missing = table.findWithWay(one)
    #expect(missing == nil)
    let other = Self.ends(Self.endpoint(0x0a00_0001, 3), Self.endpoint(0xc000_0201, 4))
    let otherPlace = try #require(Self.insert(other, into: &table))
    #expect(otherPlace == place)
    let stillMissing = table.findWithWay(one)
    #expect(stillMissing == nil)
  }
}
