import InspectCore
import Testing

/// Packets in packets, and what is counted where nothing can be read.
@Suite struct TunnelTests {
  /// A packet of UDP from 10.0.0.2 to 192.0.2.1.
  private static func datagram(_ port: Int, _ body: [UInt8]) -> [UInt8] {
    ip(17, word(40_000) + word(port) + word(8 + body.count) + [0, 0] + body)
  }

  private static func ip(_ protocolNumber: UInt8, _ body: [UInt8]) -> [UInt8] {
    [0x45, 0] + word(20 + body.count) + [0, 0, 0, 0, 64, protocolNumber, 0, 0]
      + [10, 0, 0, 2, 192, 0, 2, 1] + body
  }

  private static func frame(_ type: Int, _ body: [UInt8]) -> [UInt8] {
    [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] + word(type) + body
  }

  private static func word(_ value: Int) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
  }

  private static let vxlanHeader: [UInt8] = [8, 0, 0, 0, 0, 0, 5, 0]
  private static let geneveHeader: [UInt8] = [0, 0, 0x65, 0x58, 0, 0, 5, 0]
  private static let gtpHeader: [UInt8] = [0x30, 0xff, 0, 37, 0, 0, 0, 1]

  /// A datagram in GTP-U in PPP in GRE in an Ethernet frame in Geneve, in VXLAN, behind tags, labels
  /// and PPPoE.
  static let mixed: [UInt8] = {
    let user = datagram(2152, gtpHeader + datagram(9, [1, 2, 3, 4, 5, 6, 7, 8, 9]))
    let gre = ip(47, [0, 0, 0x88, 0x0b, 0xff, 0x03, 0x00, 0x21] + user)
    let geneve = datagram(6081, geneveHeader + frame(0x0800, gre))
    let labelled = frame(0x8847, [0, 1, 0, 64, 0, 1, 1, 64] + geneve)
    let vxlan = datagram(4789, vxlanHeader + labelled)
    let session: [UInt8] = [0x11, 0, 0, 7] + word(vxlan.count + 2) + [0x00, 0x21] + vxlan
    return frame(0x88a8, word(100) + word(0x8100) + word(7) + word(0x8864) + session)
  }()

  private func inspect(_ packets: [[UInt8]], linkType: LinkType = .ethernet) -> InspectorCounters {
    var network = Network(serverPort: 9)
    for (index, packet) in packets.enumerated() {
      network.core.inspect(
        packet.span.bytes, at: Timestamp(nanoseconds: 1_772_352_000_000_000_000 + Int64(index)),
        originalByteCount: packet.count, linkType: linkType)
    }
    network.finish()
    return network.core.statistics
  }

  @Test func everyLayerIsTakenOff() {
    let seen = inspect([Self.mixed])
    // VXLAN, Geneve, GRE, GTP-U, and the datagram inside.
    #expect(seen.flows == 5)
    #expect(seen.malformed == 0)
    #expect(seen.packetsInTunnels.map(\.packets).reduce(0, +) == 4)
  }

  /// A snap length may cut anywhere: the flows that are seen are those whose headers are there.
  @Test func everyPrefixIsSafe() {
    var last: UInt64 = 0
    for count in 0...Self.mixed.count {
      let seen = inspect([Array(Self.mixed.prefix(count))])
      #expect(seen.flows >= last && seen.flows <= 5, "\(count) bytes")
      last = seen.flows
    }
    #expect(last == 5)
  }

  @Test func everyByteMayBeAnything() {
    var packets: [[UInt8]] = []
    for offset in Self.mixed.indices {
      for value: UInt8 in [0, 1, 0x04, 0x29, 0x2f, 0x33, 0x45, 0x60, 0x88, 0xff] {
        packets.append(Self.mixed)
        packets[packets.count - 1][offset] = value
      }
    }
    let seen = inspect(packets)
    #expect(seen.packets == UInt64(packets.count))
    #expect(seen.packetsInTunnels.map(\.packets).reduce(0, +) > UInt64(packets.count))
  }

  @Test(arguments: 0...20)
  func tunnelsInEachOtherAreFollowedSoFar(_ depth: Int) {
    var packet = Self.datagram(9, [1])
    for _ in 0..<depth { packet = Self.ip(4, packet) }
    let seen = inspect([Self.frame(0x0800, packet)])
    // Eight tunnels are followed; the packet in the ninth is one of its flow, and not entered.
    #expect(seen.flows == UInt64(min(depth, 8) + 1))
    #expect(seen.tooManyLayers == (depth > 8 ? 1 : 0))
  }

  @Test func aStackOfTagsWithoutEndIsCounted() {
    let tags = Array(repeating: Self.word(7) + Self.word(0x8100), count: 300).flatMap { $0 }
    let seen = inspect([Self.frame(0x8100, tags)])
    #expect(seen.tooManyLayers == 1)
    #expect(seen.flows == 0)
  }

  @Test func aMalformedInnerPacketDoesNotTakeTheOuterFlowAway() {
    var inner = Self.datagram(9, [1])
    inner[0] = 0x42
    let seen = inspect([Self.frame(0x0800, Self.ip(4, inner))])
    #expect(seen.flows == 1)
    #expect(seen.malformed == 1)
  }

  /// What is on a tunnel's port and is none is a datagram like others.
  @Test(arguments: [1701, 2152, 3544, 4789, 6081, 8472])
  func otherContentOnThePortOfATunnelIsADatagram(_ port: Int) {
    for count in 0..<64 {
      let seen = inspect([
        Self.frame(0x0800, Self.datagram(port, [UInt8](repeating: 0xa5, count: count)))
      ])
      #expect(seen.flows == 1)
      #expect(seen.malformed == 0)
      #expect(seen.packetsInTunnels.allSatisfy { $0.packets == 0 })
    }
  }

  @Test func encryptedPayloadInUDPIsCounted() {
    let key: [UInt8] = [0, 0, 0, 0, 1, 2, 3, 4]
    let sealed: [UInt8] = [0, 0, 0x10, 0x01, 0, 0, 0, 1, 9, 9]
    let seen = inspect([
      Self.frame(0x0800, Self.datagram(4500, key)), Self.frame(0x0800, Self.datagram(4500, sealed)),
    ])
    #expect(seen.securityPayloadsInUDP == 1)
    #expect(seen.flows == 1)
  }

  @Test func linkTypesAreCountedByNumberWithinABound() {
    var counts = Network(serverPort: 9)
    for number: UInt32 in 0..<20 {
      for _ in 0...number {
        counts.core.inspect(
          [0, 1].span.bytes, at: Timestamp(nanoseconds: 0), originalByteCount: 2,
          linkType: .unknown(1000 + number))
      }
    }
    let seen = counts.core.statistics.unknownLinkTypes
    #expect(seen.count == LinkTypeCounts.capacity)
    #expect(seen.total == 210)
    #expect(seen[7].number == 1007)
    #expect(seen[7].packets == 8)
  }

  @Test func everyLinkTypeTakesAnyBytes() {
    let packets = [0, 1, 3, 7, 8, 24, 40, 144].flatMap { count in
      [0, 0x08, 0x45, 0xff].map { [UInt8](repeating: $0, count: count) }
    }
    for number: UInt32 in [
      0, 1, 9, 11, 12, 14, 50, 51, 100, 101, 104, 105, 108, 113, 119, 127, 163, 192, 204, 205, 226,
      228, 229, 239, 258, 276,
    ] {
      let type = LinkType(rawValue: number)
      #expect(type != .unknown(number))
      #expect(inspect(packets, linkType: type).packets == UInt64(packets.count))
    }
  }
}
