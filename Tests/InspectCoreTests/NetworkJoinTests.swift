import Testing

@testable import InspectCore

/// What a phone says when it joins a network anew: ARP probes and announcements (RFC 5227), DHCP
/// without an address (RFC 2131).
struct NetworkJoinTests {
  private static let phone: [UInt8] = [0, 0, 0x5E, 0, 0x53, 1]

  private static func arp(_ sender: [UInt8], _ target: [UInt8], operation: UInt8 = 1) -> [UInt8] {
    [0, 1, 8, 0, 6, 4, 0, operation] + phone + sender + [0, 0, 0, 0, 0, 0] + target
  }

  private static func dhcp(_ type: UInt8, ciaddr: [UInt8] = [0, 0, 0, 0]) -> [UInt8] {
    let zeros = { [UInt8](repeating: 0, count: $0) }
    return [1, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0, 0] + ciaddr + zeros(12) + phone + zeros(10)
      + zeros(192) + [0x63, 0x82, 0x53, 0x63, 0, 12, 2, 0x61, 0x62, 53, 1, type, 255]
  }

  /// Who joins; nil for no such packet.
  private static func joining(arp bytes: [UInt8]) -> (Bool, MACAddress)? {
    guard let packet = ARPPacket(bytes.span.bytes) else { return nil }
    return (packet.isJoining, packet.senderHardwareAddress)
  }

  private static func joining(dhcp bytes: [UInt8]) -> (Bool, MACAddress)? {
    guard let message = DHCPMessage(bytes.span.bytes) else { return nil }
    return (message.isJoining, message.chaddr)
  }

  @Test func probesAndAnnouncementsAreJoining() {
    for (sender, target, isJoining) in [
      ([0, 0, 0, 0], [10, 0, 0, 2], true), ([10, 0, 0, 2], [10, 0, 0, 2], true),
      ([10, 0, 0, 2], [10, 0, 0, 1], false),
    ] as [([UInt8], [UInt8], Bool)] {
      let bytes = Self.arp(sender, target)
      let packet = Self.joining(arp: bytes)
      #expect(packet ?? (false, .none) == (isJoining, MACAddress(rawValue: 0x0000_5E00_5301)))
    }
  }

  @Test func otherHardwareAndOtherProtocolsAreNotRead() {
    for offset in 0..<6 {
      var bytes = Self.arp([0, 0, 0, 0], [10, 0, 0, 2])
      bytes[offset] ^= 1
      let packet = Self.joining(arp: bytes)
      #expect(packet == nil)
    }
  }

  @Test func whoHasAnAddressRenewsIt() {
    for (message, isJoining) in [
      (Self.dhcp(1), true), (Self.dhcp(3), true), (Self.dhcp(3, ciaddr: [10, 0, 0, 2]), false),
      (Self.dhcp(7), false), ([2] + Self.dhcp(3).dropFirst(), false),
    ] {
      let read = Self.joining(dhcp: message)
      #expect(read ?? (false, .none) == (isJoining, MACAddress(rawValue: 0x0000_5E00_5301)))
    }
  }

  @Test func everyPrefixIsSafe() {
    let messages = [Self.arp([0, 0, 0, 0], [10, 0, 0, 2]), Self.dhcp(3)]
    for count in 0...messages[1].count {
      let arp = Self.joining(arp: Array(messages[0].prefix(count)))
      #expect((arp == nil) == (count < 28))
      let dhcp = Self.joining(dhcp: Array(messages[1].prefix(count)))
      #expect((dhcp == nil) == (count < 240))
      #expect((dhcp?.0 ?? false) == (count >= 248))
    }
  }

  /// An option may claim any length.
  @Test func everyByteMayBeAnything() {
    let message = Self.dhcp(3)
    for offset in 240..<message.count {
      for value: UInt8 in [0, 1, 53, 254, 255] {
        var bytes = message
        bytes[offset] = value
        _ = Self.joining(dhcp: bytes)
      }
    }
  }

  /// The case book is told, when wake-ups are to be inferred.
  @Test(arguments: [true, false])
  func theCaseBookIsTold(_ isAsked: Bool) {
    var configuration = InspectorConfiguration()
    configuration.cases.infersUnlocks = isAsked
    var network = Network(serverPort: 67, clientPort: 68, configuration: configuration)
    network.datagram(Self.dhcp(1))
    network.datagram(Self.dhcp(3, ciaddr: [10, 0, 0, 2]))
    let frame =
      [255, 255, 255, 255, 255, 255] + Self.phone + [8, 6] + Self.arp([0, 0, 0, 0], [10, 0, 0, 2])
    network.core.inspect(
      frame.span.bytes, at: Timestamp(nanoseconds: 1_772_352_009_000_000_000),
      originalByteCount: frame.count, linkType: .ethernet)
    network.finish()
    #expect(network.core.cases.joins.count == (isAsked ? 2 : 0))
    #expect(
      network.core.cases.joins.allSatisfy { $0.mac == MACAddress(rawValue: 0x0000_5E00_5301) })
    #expect(network.core.statistics.arp == 1)
  }
}
