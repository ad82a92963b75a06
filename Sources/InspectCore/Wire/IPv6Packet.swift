/// An IPv6 packet (RFC 8200 §3).
///
///      0               1               2               3
///     +-------+---------------+---------------------------------------+
///     |Version| Traffic Class |               Flow Label              |
///     +-------+---------------+-------+---------------+---------------+
///     |         Payload Length        |  Next Header  |   Hop Limit   |
///     +-------------------------------+---------------+---------------+
///     |                    Source Address (16 octets)                 |
///     +---------------------------------------------------------------+
///     |                 Destination Address (16 octets)               |
///     +---------------------------------------------------------------+
public struct IPv6Packet: ~Escapable {
  private enum Offset {
    static let version = 0, payloadLength = 4, nextHeader = 6, hopLimit = 7
    static let source = 8, destination = 24, payload = 40
  }

  /// The packet without what the link padded it with.
  public let bytes: RawSpan
  /// What the header says that the packet has; more than `bytes` when the capture cut it.
  public let totalByteCount: Int

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.payload, for: .ipv6)
    guard bytes[Offset.version] >> 4 == 6 else { throw .malformed(.ipv6, .version) }
    let payloadLength = Int(bytes.load(Offset.payloadLength, as: UInt16.self))
    // 0 is a jumbogram (RFC 2675) or offloaded segmentation: as long as the capture says.
    totalByteCount = payloadLength == 0 ? bytes.byteCount : Offset.payload + payloadLength
    self.bytes = bytes.extracting(first: min(totalByteCount, bytes.byteCount))
  }

  public var nextHeader: UInt8 { bytes[Offset.nextHeader] }
  public var hopLimit: UInt8 { bytes[Offset.hopLimit] }
  public var source: IPAddress {
    IPAddress(high: bytes.load(Offset.source), low: bytes.load(Offset.source + 8))
  }
  public var destination: IPAddress {
    IPAddress(high: bytes.load(Offset.destination), low: bytes.load(Offset.destination + 8))
  }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: Offset.payload) }
  }
  /// The payload's bytes that the capture cut off.
  public var cutByteCount: Int { totalByteCount - bytes.byteCount }
}

/// What lies behind a packet's extension headers (RFC 8200 §4).
public struct IPv6Payload: ~Escapable {
  /// More headers than any sender needs; a longer chain is malformed.
  public static var maximumHeaders: Int { 16 }

  /// The fragment header (RFC 8200 §4.5), if there is one.
  public struct Fragment: Sendable {
    public let byteOffset: Int
    public let moreFragments: Bool
    public let identification: UInt32
  }

  public let protocolNumber: UInt8
  public let fragment: Fragment?
  public let bytes: RawSpan
  /// A routing header has segments left (RFC 8200 §4.4): the destination is not yet the last one.
  public private(set) var isUnderWay = false

  @_lifetime(copy packet)
  public init(_ packet: borrowing IPv6Packet) throws(WireError) {
    try self.init(packet.payload, nextHeader: packet.nextHeader)
  }

  /// Walks the chain that begins with a header of the kind `nextHeader`. It ends at a fragment
  /// header: what follows that may be the middle of anything.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, nextHeader: UInt8) throws(WireError) {
    var rest = bytes
    var next = nextHeader
    for _ in 0..<IPv6Payload.maximumHeaders {
      switch IPProtocol(rawValue: next) {
      case .hopByHopOptions, .routing, .destinationOptions, .mobility:
        try rest.require(8, for: .ipv6Extension)
        let byteCount = 8 + Int(rest[1]) * 8
        try rest.require(byteCount, for: .ipv6Extension)
        if next == IPProtocol.routing.rawValue, rest[3] != 0 { isUnderWay = true }
        next = rest[0]
        rest = rest.extracting(droppingFirst: byteCount)
      case .authentication:
        // RFC 4302 §2.2 counts in words of four octets, less two.
        try rest.require(8, for: .ipv6Extension)
        let byteCount = 8 + Int(rest[1]) * 4
        try rest.require(byteCount, for: .ipv6Extension)
        next = rest[0]
        rest = rest.extracting(droppingFirst: byteCount)
      case .fragment:
        try rest.require(8, for: .ipv6Extension)
        let offset: UInt16 = rest.load(2)
        let fragment = Fragment(
          byteOffset: Int(offset & 0xfff8), moreFragments: offset & 1 != 0,
          identification: rest.load(4))
        self.protocolNumber = rest[0]
        self.fragment = fragment
        self.bytes = rest.extracting(droppingFirst: 8)
        return
      case .icmp, .ipv4, .tcp, .udp, .ipv6, .gre, .esp, .icmpv6, .noNextHeader, .sctp, .unknown:
        self.protocolNumber = next
        self.fragment = nil
        self.bytes = rest
        return
      }
    }
    throw .malformed(.ipv6Extension, .option)
  }
}
