import Testing

@testable import InspectCore

/// What is decoded at one go is what comes out layer by layer.
@Suite struct PlainPacketTests {
  private static func ethernet(_ type: [UInt8], _ content: [UInt8]) -> [UInt8] {
    [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] + type + content
  }

  private static func ipv4(
    _ protocolNumber: UInt8, _ payload: [UInt8], fragment: [UInt8] = [0x40, 0],
    first: UInt8 = 0x45, options: [UInt8] = [], padding: Int = 0
  ) -> [UInt8] {
    let count = 20 + options.count + payload.count
    let header: [UInt8] =
      [first, 0, UInt8(count >> 8), UInt8(count & 0xff), 0, 1] + fragment
      + [64, protocolNumber, 0, 0, 10, 0, 0, 2, 192, 0, 2, 1] + options
    return ethernet([8, 0], header + payload + [UInt8](repeating: 0, count: padding))
  }

  private static func ipv6(_ nextHeader: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let source: [UInt8] = [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [2]
    let destination: [UInt8] = [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 7, count: 12)
    return ethernet(
      [0x86, 0xdd],
      [0x60, 0, 0, 0, 0, UInt8(payload.count), nextHeader, 64] + source + destination + payload)
  }

  private static func tcp(_ ports: [UInt8], _ payload: [UInt8], header: UInt8 = 0x50) -> [UInt8] {
    ports + [0, 0, 0, 1, 0, 0, 0, 2, header, 0x18, 1, 0, 0, 0, 0, 0] + payload
  }

  private static func udp(_ ports: [UInt8], _ payload: [UInt8], length: UInt8? = nil) -> [UInt8] {
    ports + [0, length ?? UInt8(8 + payload.count), 0, 0] + payload
  }

  private static let web: [UInt8] = [0x9c, 0x40, 0, 80]

  static let plain: [[UInt8]] = [
    ipv4(6, tcp(web, [1, 2, 3])), ipv4(6, tcp(web, []), padding: 6), ipv4(17, udp(web, [1, 2, 3])),
    ipv4(6, tcp(web, [UInt8](repeating: 1, count: 12) + [9], header: 0x80)),
    ipv6(6, tcp(web, [1, 2, 3])), ipv6(17, udp(web, [])),
    // Longer than its datagram: the rest is nobody's.
    ipv4(17, udp(web, [1, 2, 3, 4], length: 10)),
    ipv4(17, udp([0, 53, 0x9c, 0x40], [1, 2])),
  ]

  static let others: [[UInt8]] = [
    // With options, a fragment, a first fragment, of another protocol, in a VLAN, a tunnel.
    ipv4(6, tcp(web, [1]), first: 0x46, options: [1, 1, 1, 1]),
    ipv4(17, udp(web, [1]), fragment: [0, 9]), ipv4(17, udp(web, [1]), fragment: [0x20, 0]),
    ipv4(1, [8, 0, 0, 0, 0, 1, 0, 1]), ipv4(47, [0, 0, 8, 0, 0x45, 0, 0, 0]),
    ethernet([0x81, 0], [0, 5] + Array(ipv4(6, tcp(web, [1]))[12...])),
    ipv4(17, udp([0x9c, 0x40, 0x12, 0xb5], [8, 0, 0, 0, 0, 0, 1, 0])),
    ipv6(44, [6, 0, 0, 1, 0, 0, 0, 1] + tcp(web, [])),
    ipv6(0, [6, 0, 1, 4, 0, 0, 0, 0] + tcp(web, [])),
    // Malformed, or cut.
    ipv4(6, tcp(web, [1], header: 0x40)), ipv4(6, tcp(web, [1], header: 0xf0)),
    ipv4(17, udp(web, [1], length: 7)), ipv4(17, udp(web, [1], length: 90)),
    ipv4(6, Array(tcp(web, []).prefix(12))), Array(ipv4(6, tcp(web, [1, 2, 3])).dropLast()),
    ethernet([8, 6], [UInt8](repeating: 0, count: 28)),
  ]

  /// What comes out layer by layer, unless it is anything but plain; the expectation of all below.
  private func describe(layersOf frame: [UInt8]) -> String? {
    var link = PacketDecoder.Link()
    let bytes = frame.span.bytes
    do throws(WireError) {
      switch try PacketDecoder.network(of: bytes, linkType: .ethernet, link: &link) {
      case .ipv4(let content):
        let packet = try IPv4Packet(content)
        return try describe(PacketDecoder.Datagram(packet))
      case .ipv6(let content):
        return try describe(PacketDecoder.Datagram(try IPv6Packet(content)))
      case .aggregate, .arp, .encrypted, .other, .unknownLinkType, .tooManyLayers: return nil
      }
    } catch {
      return nil
    }
  }

  private func describe(_ datagram: PacketDecoder.Datagram) throws(WireError) -> String? {
    guard datagram.fragment == nil, !datagram.mayCarry, datagram.cutByteCount == 0 else {
      return nil
    }
    switch datagram.protocolNumber {
    case 6:
      let segment = try TCPSegment(datagram.payload)
      return "tcp \(datagram.source) \(segment.sourcePort) \(datagram.destination) "
        + "\(segment.destinationPort) \(text(segment.payload))"
    case 17:
      let inner = try UDPDatagram(datagram.payload)
      return "udp \(datagram.source) \(inner.sourcePort) \(datagram.destination) "
        + "\(inner.destinationPort) \(text(inner.payload))"
    default: return nil
    }
  }

  private func describe(plain frame: [UInt8]) throws -> String? {
    guard let packet = PlainPacket(frame.span.bytes) else { return nil }
    let ends =
      "\(packet.source.address) \(packet.source.port) \(packet.destination.address) "
      + "\(packet.destination.port)"
    if packet.protocolNumber == 6 {
      return "tcp \(ends) \(text(try TCPSegment(packet.transport).payload))"
    }
    return "udp \(ends) \(text(try UDPDatagram(packet.transport).payload))"
  }

  private func text(_ bytes: RawSpan) -> String {
    (0..<bytes.byteCount).map { String(bytes[$0]) }.joined(separator: ",")
  }

  @Test(arguments: plain) func thePlainAreTaken(_ frame: [UInt8]) throws {
    let found = try #require(try describe(plain: frame))
    #expect(found == describe(layersOf: frame))
  }

  @Test(arguments: others) func othersAreLeftToTheLayers(_ frame: [UInt8]) throws {
    #expect(try describe(plain: frame) == nil)
  }

  /// Each prefix and each change of a byte is either left to the layers or the same there.
  @Test(arguments: plain + others) func whatIsTakenIsTheSame(_ frame: [UInt8]) throws {
    var taken = 0
    func check(_ frame: [UInt8]) throws {
      guard let found = try describe(plain: frame) else { return }
      taken += 1
      #expect(found == describe(layersOf: frame))
    }
    for count in 0...frame.count { try check(Array(frame.prefix(count))) }
    for index in frame.indices {
      for value: UInt8 in [0, 1, 4, 6, 17, 20, 0x40, 0x45, 0x50, 0x60, 0x7f, 0xff] {
        var other = frame
        other[index] = value
        try check(other)
      }
    }
    if Self.plain.contains(frame) { #expect(taken > frame.count) }
  }

  // MARK: Glances

  @Test func aGlanceTellsWhoseAPacketIs() {
    for frame in Self.plain.dropLast() {
      let packet = PlainPacket(frame.span.bytes)!
      let glance = PacketGlance(frame.span.bytes, linkType: .ethernet, shards: 3)
      for index in 0..<3 {
        let number = ShardNumber(index, of: 3)
        #expect(glance.concerns(number) == number.owns(packet.source, packet.destination))
      }
      #expect(glance.isIPv4 == packet.source.address.isIPv4)
    }
  }

  @Test func whatIsNotPlainOrTellsNamesConcernsAll() {
    let names = Self.ipv4(17, Self.udp([0, 53, 0x9c, 0x40], [1, 2]))
    func glance(_ frame: [UInt8], _ linkType: LinkType = .ethernet) -> PacketGlance {
      PacketGlance(frame.span.bytes, linkType: linkType, shards: 3)
    }
    let glances =
      (Self.others + [names]).map { glance($0) } + [glance(Self.plain[0], .raw), .everybodys]
    for glance in glances {
      for index in 0..<3 { #expect(glance.concerns(ShardNumber(index, of: 3))) }
    }
  }
}
