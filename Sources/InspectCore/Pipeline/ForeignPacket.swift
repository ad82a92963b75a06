/// A packet of which it is quickly seen that it is of another shard's flow, and nothing that shards look
/// at alike: whole TCP or UDP over IP in Ethernet, no tunnel and no names. Most packets are such.
///
/// Its headers have been looked at as far as they could be malformed, so that it needs no other look.
struct ForeignPacket {
  enum Version {
    case four, six
  }

  let version: Version

  /// Nil for what must be looked at in full.
  @inline(__always)
  init?(_ frame: RawSpan, of number: ShardNumber) {
    guard frame.byteCount >= Offset.ipv4 + Offset.ipv4Header + Offset.leastTransport else {
      return nil
    }
    let source: IPAddress
    let destination: IPAddress
    let transport: Int
    let end: Int
    let protocolNumber: UInt8
    switch frame.load(Offset.etherType, as: UInt16.self) {
    case 0x0800:
      // Without options, and no fragment.
      guard frame[Offset.ipv4] == 0x45,
        frame.load(Offset.ipv4 + 6, as: UInt16.self) & 0x3fff == 0
      else { return nil }
      version = .four
      end = Offset.ipv4 + Int(frame.load(Offset.ipv4 + 2, as: UInt16.self))
      protocolNumber = frame[Offset.ipv4 + 9]
      source = IPAddress(ipv4: frame.load(Offset.ipv4 + 12))
      destination = IPAddress(ipv4: frame.load(Offset.ipv4 + 16))
      transport = Offset.ipv4 + Offset.ipv4Header
    case 0x86dd:
      guard frame.byteCount >= Offset.ipv4 + Offset.ipv6Header, frame[Offset.ipv4] >> 4 == 6 else {
        return nil
      }
      version = .six
      transport = Offset.ipv4 + Offset.ipv6Header
      end = transport + Int(frame.load(Offset.ipv4 + 4, as: UInt16.self))
      protocolNumber = frame[Offset.ipv4 + 6]
      source = IPAddress(
        high: frame.load(Offset.ipv4 + 8), low: frame.load(Offset.ipv4 + 16))
      destination = IPAddress(
        high: frame.load(Offset.ipv4 + 24), low: frame.load(Offset.ipv4 + 32))
    default:
      return nil
    }
    guard end <= frame.byteCount, end >= transport + Offset.leastTransport else { return nil }
    let sourcePort: UInt16 = frame.load(transport)
    let destinationPort: UInt16 = frame.load(transport + 2)
    switch protocolNumber {
    case 6:
      guard end >= transport + 20, sourcePort != NamePort.dns else { return nil }
      let headerByteCount = Int(frame[transport + 12] >> 4) * 4
      guard headerByteCount >= 20, transport + headerByteCount <= end else { return nil }
    case 17:
      let byteCount = Int(frame.load(transport + 4, as: UInt16.self))
      guard byteCount >= 8, transport + byteCount <= end,
        !NamePort.isOne(sourcePort), !NamePort.isOne(destinationPort),
        TunnelPort(rawValue: sourcePort) == nil, TunnelPort(rawValue: destinationPort) == nil
      else { return nil }
    default:
      return nil
    }
    let isOwn = number.owns(
      Endpoint(address: source, port: sourcePort),
      Endpoint(address: destination, port: destinationPort))
    if isOwn { return nil }
  }

  private enum Offset {
    static var etherType: Int { 12 }
    static var ipv4: Int { 14 }
    static var ipv4Header: Int { 20 }
    static var ipv6Header: Int { 40 }
    static var leastTransport: Int { 8 }
  }
}
