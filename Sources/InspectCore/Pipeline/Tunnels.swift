/// A packet inside another.
struct Tunnel: ~Escapable {
  /// What its first header is.
  let layer: PacketDecoder.Layer
  /// The packet, from what its bytes are counted from: its first header behind the tunnel's.
  let bytes: RawSpan
  let kind: Kind

  enum Kind: UInt8 {
    case ip, gre, erspan, teredo, vxlan, geneve, gtp, l2tp

    static var count: Int { 8 }

    /// As in the statistics.
    var name: StaticString {
      switch self {
      case .ip: "ip_in_ip"
      case .gre: "gre"
      case .erspan: "erspan"
      case .teredo: "teredo"
      case .vxlan: "vxlan"
      case .geneve: "geneve"
      case .gtp: "gtp"
      case .l2tp: "l2tp"
      }
    }
  }

  @_lifetime(copy bytes)
  init(_ kind: Kind, _ bytes: RawSpan, _ layer: PacketDecoder.Layer) {
    self.kind = kind
    self.bytes = bytes
    self.layer = layer
  }
}

extension PacketDecoder.Datagram {
  /// Whether the packet is of a kind that may carry another, or the header of another protocol.
  @inline(__always)
  var mayCarry: Bool {
    switch protocolNumber {
    // TCP.
    case 6: false
    case 17: payload.byteCount >= 8 && (isTunnelPort(0) || isTunnelPort(2))
    // IPv4, IPv6, GRE, AH.
    case 4, 41, 47, 51: true
    default: false
    }
  }

  @inline(__always)
  private func isTunnelPort(_ offset: Int) -> Bool { TunnelPort.isOne(payload.load(offset)) }

  /// The packet inside, if there is one; nil for what is no tunnel after all, or holds no packet.
  @_lifetime(copy self)
  func tunnel() throws(WireError) -> Tunnel? {
    switch IPProtocol(rawValue: protocolNumber) {
    case .ipv4: return Tunnel(.ip, payload, .etherType(.ipv4))
    case .ipv6: return Tunnel(.ip, payload, .etherType(.ipv6))
    case .gre: return try genericRouting()
    case .udp: return datagramTunnel()
    case .hopByHopOptions, .icmp, .tcp, .routing, .fragment, .esp, .authentication, .icmpv6,
      .noNextHeader, .destinationOptions, .sctp, .mobility, .unknown:
      return nil
    }
  }

  @_lifetime(copy self)
  private func genericRouting() throws(WireError) -> Tunnel? {
    let packet = try GREPacket(payload)
    let content = packet.payload
    guard !content.isEmpty else { return nil }
    switch packet.protocolType {
    // Type I has no sequence number, and no header of its own.
    case .erspan where !packet.hasSequenceNumber: return Tunnel(.erspan, content, .ethernet)
    case .erspan, .erspan3: return Tunnel(.erspan, content, .erspan)
    // No protocol of IEEE 802: a keep-alive, for example.
    case .length, .unknown, .fabricPath: return nil
    case .ipv4, .arp, .ipv6, .customerTag, .serviceTag, .oldServiceTag, .backboneTag, .mpls,
      .mplsMulticast, .pppoeDiscovery, .pppoeSession, .transparentEthernet, .ppp:
      return Tunnel(.gre, content, .etherType(packet.protocolType))
    }
  }

  @_lifetime(copy self)
  private func datagramTunnel() -> Tunnel? {
    guard let datagram = try? UDPDatagram(payload) else { return nil }
    let content = datagram.payload
    if let port = TunnelPort(rawValue: datagram.destinationPort),
      let tunnel = port.tunnel(content)
    {
      return tunnel
    }
    guard let port = TunnelPort(rawValue: datagram.sourcePort) else { return nil }
    return port.tunnel(content)
  }

  /// Whether a datagram on the port for it is ESP (RFC 3948 §2.1, a security index that is not 0).
  var isEncapsulatedSecurityPayload: Bool {
    guard protocolNumber == 17, payload.byteCount >= 8 + 8 else { return false }
    let port = TunnelPort.securityPayload.rawValue
    return (payload.load(0) == port || payload.load(2) == port)
      && payload.load(8, as: UInt32.self) != 0
  }
}

/// The UDP ports on which tunnels are looked for (IANA; 8472 is Linux's for VXLAN).
enum TunnelPort: UInt16 {
  case l2tp = 1701
  case gtp = 2152
  case teredo = 3544
  case securityPayload = 4500
  case vxlan = 4789
  case geneve = 6081
  case linuxVXLAN = 8472

  /// Most ports lie outside of the range of these.
  @inline(__always)
  static func isOne(_ port: UInt16) -> Bool {
    port &- l2tp.rawValue <= linuxVXLAN.rawValue &- l2tp.rawValue
      && TunnelPort(rawValue: port) != nil
  }

  @_lifetime(copy content)
  func tunnel(_ content: RawSpan) -> Tunnel? {
    switch self {
    case .l2tp:
      guard let message = L2TPDataMessage(content) else { return nil }
      return Tunnel(.l2tp, message.payload, .ppp)
    case .gtp:
      guard let packet = GTPUserPacket(content) else { return nil }
      return Tunnel(.gtp, packet.payload, .ip)
    case .teredo:
      guard let packet = TeredoPacket(content) else { return nil }
      return Tunnel(.teredo, packet.payload, .etherType(.ipv6))
    case .vxlan, .linuxVXLAN:
      guard let packet = VXLANPacket(content) else { return nil }
      return Tunnel(.vxlan, packet.payload, .ethernet)
    case .geneve:
      guard let packet = GenevePacket(content) else { return nil }
      let type = packet.protocolType
      return type.isNetworkOrEthernet ? Tunnel(.geneve, packet.payload, .etherType(type)) : nil
    case .securityPayload:
      return nil
    }
  }
}

extension EtherType {
  fileprivate var isNetworkOrEthernet: Bool {
    switch self {
    case .ipv4, .ipv6, .arp, .transparentEthernet: true
    case .customerTag, .serviceTag, .oldServiceTag, .backboneTag, .mpls, .mplsMulticast,
      .pppoeDiscovery, .pppoeSession, .ppp, .erspan, .erspan3, .fabricPath, .length,
      .unknown:
      false
    }
  }
}

extension TunnelContext {
  /// The ends of the tunnel that a packet is of.
  init(_ datagram: PacketDecoder.Datagram) {
    let hasPorts = datagram.protocolNumber == 17 && datagram.payload.byteCount >= 4
    self.init(
      source: Endpoint(address: datagram.source, port: hasPorts ? datagram.payload.load(0) : 0),
      destination: Endpoint(
        address: datagram.destination, port: hasPorts ? datagram.payload.load(2) : 0),
      protocolNumber: datagram.protocolNumber)
  }
}
