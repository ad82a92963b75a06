/// What lies between the Ethernet header and a datagram: each is a benchmark of decoding.
enum Layers: String, CaseIterable {
  case ipv4 = "IPv4"
  case ipv6 = "IPv6 with hop-by-hop and destination options"
  case vlans = "802.1ad, 802.1Q, IPv4"
  case mpls = "two labels of MPLS, IPv4"
  case pppoe = "PPPoE, IPv4"
  case gre = "IPv4, GRE, IPv4"
  case vxlan = "IPv4, VXLAN, Ethernet, IPv4"

  /// So many packets of a hundred flows.
  func trace(_ packets: Int) -> Trace {
    let payload = [UInt8](repeating: 0xa5, count: 64)
    var trace = Trace()
    for number in 0..<packets {
      let datagram = Trace.udp(from: UInt16(1024 + number % 100), to: 9999, payload)
      trace.append(frame: around(datagram))
    }
    return trace
  }

  /// The frame from its EtherType on.
  private func around(_ datagram: [UInt8]) -> [UInt8] {
    let packet = Trace.ipv4(datagram, 17)
    switch self {
    case .ipv4: return [0x08, 0x00] + packet
    case .ipv6:
      let options: [UInt8] = [60, 0, 1, 4, 0, 0, 0, 0] + [17, 0, 1, 4, 0, 0, 0, 0]
      let count = UInt16(options.count + datagram.count)
      let prefix: [UInt8] = [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11)
      return [0x86, 0xdd, 0x60, 0, 0, 0] + octets(count) + [0, 64] + prefix + [1] + prefix + [2]
        + options + datagram
    case .vlans: return [0x88, 0xa8, 0, 1, 0x81, 0x00, 0, 2, 0x08, 0x00] + packet
    case .mpls: return [0x88, 0x47, 0x00, 0x01, 0x00, 64, 0x00, 0x02, 0x01, 64] + packet
    case .pppoe:
      return [0x88, 0x64, 0x11, 0, 0, 1] + octets(UInt16(2 + packet.count)) + [0x00, 0x21] + packet
    case .gre: return [0x08, 0x00] + Trace.ipv4([0, 0, 0x08, 0x00] + packet, 47)
    case .vxlan:
      let inner = [8, 0, 0, 0, 0, 0, 1, 0] + Trace.macs + [0x08, 0x00] + packet
      return [0x08, 0x00] + Trace.ipv4(Trace.udp(from: 50_000, to: 4789, inner), 17)
    }
  }
}
