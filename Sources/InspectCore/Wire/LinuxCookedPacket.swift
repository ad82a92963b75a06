/// A packet of Linux's `any` interface: LINKTYPE_LINUX_SLL, or LINKTYPE_LINUX_SLL2.
///
///     SLL:   Packet Type 2, ARPHRD_ 2, Address Length 2, Address 8, Protocol 2, Payload
///     SLL2:  Protocol 2, Reserved 2, Interface 4, ARPHRD_ 2, Packet Type 1, Address Length 1,
///            Address 8, Payload
public struct LinuxCookedPacket: ~Escapable {
  public enum Version: Sendable { case one, two }

  /// The protocol number of LLC frames (Linux's ETH_P_802_2); it is no EtherType.
  public static var logicalLink: UInt16 { 4 }

  public let bytes: RawSpan
  public let version: Version

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, version: Version) throws(WireError) {
    try bytes.require(version == .one ? 16 : 20, for: .linuxCooked)
    self.bytes = bytes
    self.version = version
  }

  public var protocolType: EtherType {
    EtherType(rawValue: bytes.load(version == .one ? 14 : 0))
  }

  /// Whether this machine sent it (packet type PACKET_OUTGOING).
  public var isOutgoing: Bool {
    version == .one ? bytes.load(0, as: UInt16.self) == 4 : bytes[10] == 4
  }

  /// The sender's address, where the link has addresses of six octets.
  public var source: MACAddress {
    switch version {
    case .one:
      bytes.load(4, as: UInt16.self) == 6 ? bytes.macAddress(6) : .none
    case .two:
      bytes[11] == 6 ? bytes.macAddress(12) : .none
    }
  }

  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: version == .one ? 16 : 20) }
  }
}

/// A packet of a BSD loopback interface: LINKTYPE_NULL (the address family in the byte order of the
/// machine that captured it) or LINKTYPE_LOOP (in network order).
public struct LoopbackPacket: ~Escapable {
  public let bytes: RawSpan

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(4, for: .loopback)
    self.bytes = bytes
  }

  /// The address family. It is below 65536 in either byte order, which tells the order.
  public var family: UInt32 {
    let value: UInt32 = bytes.load(0)
    return value > 0xffff ? value.byteSwapped : value
  }

  /// AF_INET is 2 everywhere; AF_INET6 is 24, 28 or 30 on the BSDs and 10 on Linux. Some writers
  /// put an EtherType there.
  public var protocolType: EtherType {
    switch family {
    case 2: .ipv4
    case 10, 24, 28, 30: .ipv6
    case let other: EtherType(rawValue: UInt16(truncatingIfNeeded: other))
    }
  }

  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: 4) }
  }
}
