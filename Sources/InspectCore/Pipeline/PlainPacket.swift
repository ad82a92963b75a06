/// A packet as most are: a whole TCP segment or UDP datagram over IP in Ethernet, without options of
/// IP, VLANs, tunnels or fragments. Its headers have been looked at as far as they could be malformed.
///
/// It is decoded at one go, for what it takes to put each layer's view into the next adds up.
struct PlainPacket: ~Escapable {
  enum Version {
    case four, six
  }

  let version: Version
  let source: Endpoint
  let destination: Endpoint
  /// That of TCP or UDP.
  let protocolNumber: UInt8
  /// From the transport's header to the end of the packet.
  let transport: RawSpan

  /// Nil for a frame that must be looked at layer by layer.
  @inline(__always)
  @_lifetime(copy frame)
  init?(_ frame: RawSpan) {
    guard frame.byteCount >= Offset.network + Offset.ipv4Header + Offset.leastTransport else {
      return nil
    }
    let source: IPAddress
    let destination: IPAddress
    let start: Int
    let end: Int
    switch frame.load(Offset.etherType, as: UInt16.self) {
    case 0x0800:
      // Without options, and no fragment.
      guard frame[Offset.network] == 0x45,
        frame.load(Offset.network + 6, as: UInt16.self) & 0x3fff == 0
      else { return nil }
      version = .four
      end = Offset.network + Int(frame.load(Offset.network + 2, as: UInt16.self))
      protocolNumber = frame[Offset.network + 9]
      source = IPAddress(ipv4: frame.load(Offset.network + 12))
      destination = IPAddress(ipv4: frame.load(Offset.network + 16))
      start = Offset.network + Offset.ipv4Header
    case 0x86dd:
      guard frame.byteCount >= Offset.network + Offset.ipv6Header, frame[Offset.network] >> 4 == 6
      else { return nil }
      version = .six
      start = Offset.network + Offset.ipv6Header
      end = start + Int(frame.load(Offset.network + 4, as: UInt16.self))
      protocolNumber = frame[Offset.network + 6]
      source = IPAddress(
        high: frame.load(Offset.network + 8), low: frame.load(Offset.network + 16))
      destination = IPAddress(
        high: frame.load(Offset.network + 24), low: frame.load(Offset.network + 32))
    default:
      return nil
    }
    guard end <= frame.byteCount, end >= start + Offset.leastTransport else { return nil }
    let transport = frame.extracting(start..<end)
    self.source = Endpoint(address: source, port: transport.load(0))
    self.destination = Endpoint(address: destination, port: transport.load(2))
    switch protocolNumber {
    case 6:
      guard transport.byteCount >= 20 else { return nil }
      let headerByteCount = Int(transport[12] >> 4) * 4
      guard headerByteCount >= 20, headerByteCount <= transport.byteCount else { return nil }
    case 17:
      let byteCount = Int(transport.load(4, as: UInt16.self))
      guard byteCount >= 8, byteCount <= transport.byteCount,
        !TunnelPort.isOne(self.source.port), !TunnelPort.isOne(self.destination.port)
      else { return nil }
    default:
      return nil
    }
    self.transport = transport
  }

  @inline(__always)
  var isTCP: Bool { protocolNumber == IPProtocol.tcp.rawValue }

  /// Whether it may tell the names of hosts, which concern more than its flow.
  @inline(__always)
  var mayTellNames: Bool {
    isTCP
      ? source.port == NamePort.dns
      : NamePort.isOne(source.port) || NamePort.isOne(destination.port)
  }

  private enum Offset {
    static var etherType: Int { 12 }
    static var network: Int { 14 }
    static var ipv4Header: Int { 20 }
    static var ipv6Header: Int { 40 }
    static var leastTransport: Int { 8 }
  }
}

/// What is quickly seen of a packet, so that shards need not look at those of others' flows.
public struct PacketGlance: Sendable {
  /// The shard whose flow the packet is of; `everybody` where all must look.
  private let owner: UInt16
  /// 4 or 6; 0 where it was not looked at.
  private let version: UInt8

  private static var everybody: UInt16 { .max }

  /// A packet that all must look at.
  public static var everybodys: PacketGlance { PacketGlance(owner: everybody, version: 0) }

  private init(owner: UInt16, version: UInt8) {
    self.owner = owner
    self.version = version
  }

  /// Of a packet that so many shards share. Checksums are not looked at.
  @inline(never)
  public init(_ bytes: RawSpan, linkType: LinkType, shards: Int) {
    guard linkType == .ethernet, let packet = PlainPacket(bytes), !packet.mayTellNames else {
      self = .everybodys
      return
    }
    owner = UInt16(
      truncatingIfNeeded: ShardNumber.owner(packet.source, packet.destination, of: shards))
    switch packet.version {
    case .four: version = 4
    case .six: version = 6
    }
  }

  @inline(__always)
  func concerns(_ number: ShardNumber) -> Bool {
    owner == PacketGlance.everybody || Int(owner) == number.index
  }

  @inline(__always)
  var isIPv4: Bool { version == 4 }
}
