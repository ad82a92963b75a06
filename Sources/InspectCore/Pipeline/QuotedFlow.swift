/// The flow that an ICMP error quotes a packet of.
struct QuotedFlow {
  let key: FlowKey
  /// Who sent the packet.
  let source: Endpoint

  /// Nil when what is quoted does not tell the flow.
  init?(_ quoted: RawSpan, _ version: ICMPMessage.Version, _ frame: Frame) {
    do throws(WireError) {
      let packet =
        version == .four
        ? PacketDecoder.Datagram(try IPv4Packet(quoted))
        : try PacketDecoder.Datagram(try IPv6Packet(quoted))
      // Only the first fragment has what tells flows apart.
      guard packet.fragment?.byteOffset ?? 0 == 0, let marks = packet.marks else { return nil }
      key = FlowKey(
        source: Endpoint(address: packet.source, port: marks.0),
        destination: Endpoint(address: packet.destination, port: marks.1),
        protocolNumber: packet.protocolNumber, vlans: frame.link.vlans,
        tunnelDepth: frame.tunnelDepth)
      let hasPorts = IPProtocol(rawValue: packet.protocolNumber).hasPorts
      source = Endpoint(address: packet.source, port: hasPorts ? marks.0 : 0)
    } catch {
      return nil
    }
  }
}

extension PacketDecoder.Datagram {
  /// What the keys of flows have in the place of ports; nil when it is not all here.
  var marks: (UInt16, UInt16)? {
    switch IPProtocol(rawValue: protocolNumber) {
    case .tcp, .udp, .sctp, .esp:
      // Of ESP, the two halves of the index.
      return payload.byteCount >= 4 ? (payload.load(0), payload.load(2)) : nil
    case .icmp: return messageMarks(.four)
    case .icmpv6: return messageMarks(.six)
    case .hopByHopOptions, .ipv4, .ipv6, .routing, .fragment, .gre, .authentication, .noNextHeader,
      .destinationOptions, .mobility, .unknown:
      return (0, 0)
    }
  }

  private func messageMarks(_ version: ICMPMessage.Version) -> (UInt16, UInt16)? {
    guard !payload.isEmpty else { return nil }
    let counterpart = ICMPMessage.counterpart(of: payload[0], version)
    return (UInt16(payload[0]), UInt16(counterpart ?? 0))
  }
}
