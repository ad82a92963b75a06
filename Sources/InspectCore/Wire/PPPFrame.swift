/// A frame of the Point-to-Point Protocol (RFC 1661 §2), with or without the address and control
/// fields of its HDLC-like framing (RFC 1662 §3.1).
///
///      0         1         2            4
///     +---------+---------+------------+---------
///     | 0xff    | 0x03    | Protocol   | Payload        (the first two may be left out,
///     +---------+---------+------------+---------        Protocol may be compressed to one)
public struct PPPFrame: ~Escapable {
  public let bytes: RawSpan
  public let protocolNumber: UInt16
  public let headerByteCount: Int

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    let isFramed = bytes.byteCount >= 2 && bytes[0] == 0xff && bytes[1] == 0x03
    let start = isFramed ? 2 : 0
    try bytes.require(start + 1, for: .ppp)
    // The octet that ends the field is odd, one before it is even (RFC 1661 §6.5).
    if bytes[start] & 1 != 0 {
      protocolNumber = UInt16(bytes[start])
      headerByteCount = start + 1
    } else {
      try bytes.require(start + 2, for: .ppp)
      protocolNumber = bytes.load(start)
      headerByteCount = start + 2
    }
    self.bytes = bytes
  }

  /// Whether the number can be one of a protocol: its low octet is odd, its high octet even.
  public var isPlausible: Bool { protocolNumber & 0x0101 == 0x0001 }

  public var content: PPPProtocol { PPPProtocol(rawValue: protocolNumber) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }
}

/// An assigned protocol number of PPP (IANA).
public enum PPPProtocol: Equatable, Sendable {
  case ipv4, ipv6, mpls, mplsMulticast
  /// Encrypted (RFC 1968), or compressed, which is how MPPE's encryption is sent (RFC 3078 §2).
  case encrypted
  case unknown(UInt16)

  public init(rawValue: UInt16) {
    switch rawValue {
    case 0x0021: self = .ipv4
    case 0x0057: self = .ipv6
    case 0x0053, 0x0055, 0x00fb, 0x00fd: self = .encrypted
    case 0x0281: self = .mpls
    case 0x0283: self = .mplsMulticast
    default: self = .unknown(rawValue)
    }
  }
}

/// A packet of PPP over Ethernet (RFC 2516 §4).
///
///      0        1        2             4          6
///     +--------+--------+-------------+----------+---------
///     |Ver|Type| Code   | Session     | Length   | Payload
///     +--------+--------+-------------+----------+---------
public struct PPPoEPacket: ~Escapable {
  private enum Offset {
    static let versionAndType = 0, code = 1, session = 2, length = 4, payload = 6
  }

  public let bytes: RawSpan

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.payload, for: .pppoe)
    guard bytes[Offset.versionAndType] == 0x11 else { throw .malformed(.pppoe, .version) }
    self.bytes = bytes
  }

  public var code: UInt8 { bytes[Offset.code] }
  public var session: UInt16 { bytes.load(Offset.session) }
  /// Without what the link padded it with.
  public var payload: RawSpan {
    @_lifetime(copy self) get {
      bytes.extracting(droppingFirst: Offset.payload)
        .extracting(first: Int(bytes.load(Offset.length, as: UInt16.self)))
    }
  }
}

/// A frame of Cisco's HDLC.
///
///      0         1         2            4
///     +---------+---------+------------+---------
///     | Address | Control | EtherType  | Payload
///     +---------+---------+------------+---------
public struct CiscoHDLCFrame: ~Escapable {
  private enum Offset {
    static let address = 0, control = 1, protocolType = 2, payload = 4
  }

  public let bytes: RawSpan

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.payload, for: .ciscoHDLC)
    self.bytes = bytes
  }

  /// Whether the bytes begin like such a frame (unicast or multicast) and not like one of PPP.
  public static func begins(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= Offset.payload && bytes[Offset.control] == 0
      && (bytes[Offset.address] == 0x0f || bytes[Offset.address] == 0x8f)
  }

  public var protocolType: EtherType { EtherType(rawValue: bytes.load(Offset.protocolType)) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: Offset.payload) }
  }
}
