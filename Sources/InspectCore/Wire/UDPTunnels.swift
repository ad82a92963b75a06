// What is sent inside UDP datagrams. The ports are hints only: each view says nil to content that
// is not its own, and the datagram is then an ordinary one.

/// An IPv6 packet in a Teredo tunnel (RFC 4380 §5.1.1): perhaps authentication, perhaps an origin
/// indication, then the packet.
public struct TeredoPacket: ~Escapable {
  /// The IPv6 packet.
  public let payload: RawSpan

  @_lifetime(copy bytes)
  public init?(_ bytes: RawSpan) {
    var rest = bytes
    // Authentication: 0x0001, lengths of client and value, both, nonce 8, confirmation 1.
    if rest.byteCount >= 4, rest[0] == 0, rest[1] == 1 {
      rest = rest.extracting(droppingFirst: 4 + Int(rest[2]) + Int(rest[3]) + 9)
    }
    // Origin: 0x0000, port, address.
    if rest.byteCount >= 2, rest[0] == 0, rest[1] == 0 {
      rest = rest.extracting(droppingFirst: 8)
    }
    // An IPv6 packet that ends with the datagram, or before its trailers (RFC 6081 §4.1).
    guard rest.byteCount >= 40, rest[0] >> 4 == 6,
      40 + Int(rest.load(4, as: UInt16.self)) <= rest.byteCount
    else { return nil }
    payload = rest
  }
}

/// An Ethernet frame in a Virtual Extensible LAN (RFC 7348 §5).
///
///      0        1              4                    7          8
///     +--------+--------------+--------------------+----------+---------
///     | Flags  | Reserved     | Network Identifier | Reserved | Payload
///     +--------+--------------+--------------------+----------+---------
public struct VXLANPacket: ~Escapable {
  public let bytes: RawSpan

  @_lifetime(copy bytes)
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= 8 + 14, bytes[7] == 0 else { return nil }
    switch bytes[0] {
    case 0x08: guard bytes.load(0, as: UInt32.self) & 0x00ff_ffff == 0 else { return nil }
    // With a group policy (draft-smith-vxlan-group-policy §2.1).
    case 0x88: break
    default: return nil
    }
    self.bytes = bytes
  }

  public var networkIdentifier: UInt32 { bytes.load(4, as: UInt32.self) >> 8 }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: 8) }
  }
}

/// A packet of Generic Network Virtualization Encapsulation (RFC 8926 §3.4).
///
///      0              8          16                      32
///     +----+---------+----------+-----------------------+
///     |Ver | Opt Len | O C Rsvd |     Protocol Type     |
///     +----+---------+----------+--------------+--------+
///     |  Virtual Network Identifier            | Rsvd   |
///     +----------------------------------------+--------+
///     |  Options: Class 2, Type 1, Length 1 (5 bits), Data
///     +-------------------------------------------------
public struct GenevePacket: ~Escapable {
  public let bytes: RawSpan
  public let headerByteCount: Int

  @_lifetime(copy bytes)
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= 8, bytes[0] >> 6 == 0, bytes[1] & 0x3f == 0, bytes[7] == 0 else {
      return nil
    }
    headerByteCount = 8 + Int(bytes[0] & 0x3f) * 4
    guard bytes.byteCount >= headerByteCount else { return nil }
    var offset = 8
    while offset < headerByteCount { offset += 4 + Int(bytes[offset + 3] & 0x1f) * 4 }
    guard offset == headerByteCount else { return nil }
    self.bytes = bytes
  }

  public var protocolType: EtherType { EtherType(rawValue: bytes.load(2)) }
  public var networkIdentifier: UInt32 { bytes.load(4, as: UInt32.self) >> 8 }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }
}

/// User data of the GPRS Tunnelling Protocol (GTP-U version 1, 3GPP TS 29.281 §5.1): a G-PDU, and
/// in it an IP packet of a subscriber.
///
///      0              1              2                    4                    8
///     +---+--+-+-+-+-+--------------+--------------------+--------------------+
///     |Ver|PT|*|E|S|N| Message Type |      Length        | Tunnel Endpoint Id |
///     +---+--+-+-+-+-+--------------+------+-------------+--------------------+
///     | Sequence Number 2, N-PDU 1, Next Extension 1: when E, S or N is set
///     | Extensions: Length 1 (in words of four octets), Content, Next 1
///     +---------------------------------
public struct GTPUserPacket: ~Escapable {
  public let bytes: RawSpan
  public let headerByteCount: Int

  @_lifetime(copy bytes)
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= 8, bytes[0] & 0xf0 == 0x30, bytes[1] == 255 else { return nil }
    let end = 8 + Int(bytes.load(2, as: UInt16.self))
    var offset = 8
    if bytes[0] & 0x07 != 0 {
      guard bytes.byteCount >= 12 else { return nil }
      var next = bytes[0] & 0x04 != 0 ? bytes[11] : 0
      offset = 12
      while next != 0 {
        guard offset < bytes.byteCount, bytes[offset] > 0 else { return nil }
        offset += Int(bytes[offset]) * 4
        guard offset <= bytes.byteCount else { return nil }
        next = bytes[offset - 1]
      }
    }
    // The capture may have cut the packet: what counts is that it begins within its length.
    guard offset < min(end, bytes.byteCount), bytes[offset] >> 4 == 4 || bytes[offset] >> 4 == 6
    else { return nil }
    headerByteCount = offset
    self.bytes = bytes.extracting(first: end)
  }

  public var tunnelEndpointIdentifier: UInt32 { bytes.load(4) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }
}

/// A data message of the Layer Two Tunneling Protocol, version 2 (RFC 2661 §3.1): a PPP frame.
///
///      0 1     4   6 7      12    16
///     +-+-+---+-+-+-+-+----+-----+- - - -
///     |T|L|   |S| |O|P|    | Ver | Length 2 if L, Tunnel 2, Session 2, Ns 2 and Nr 2 if S,
///     +-+-+---+-+-+-+-+----+-----+ Offset Size 2 and so much padding if O
public struct L2TPDataMessage: ~Escapable {
  private enum Flag {
    static let control: UInt16 = 0x8000, length: UInt16 = 0x4000, sequence: UInt16 = 0x0800
    static let offset: UInt16 = 0x0200
  }

  public let bytes: RawSpan
  public let headerByteCount: Int

  @_lifetime(copy bytes)
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= 6 else { return nil }
    let flags: UInt16 = bytes.load(0)
    // Reserved bits are 0 (mask 0x34f0).
    guard flags & 0x34ff == 0x0002, flags & Flag.control == 0 else { return nil }
    var offset = 6
    var whole = bytes
    if flags & Flag.length != 0 {
      offset += 2
      let length = Int(bytes.load(2, as: UInt16.self))
      guard length >= offset else { return nil }
      whole = bytes.extracting(first: length)
    }
    if flags & Flag.sequence != 0 { offset += 4 }
    if flags & Flag.offset != 0 {
      guard whole.byteCount >= offset + 2 else { return nil }
      offset += 2 + Int(whole.load(offset, as: UInt16.self))
    }
    guard whole.byteCount > offset,
      let frame = try? PPPFrame(whole.extracting(droppingFirst: offset)), frame.isPlausible
    else { return nil }
    headerByteCount = offset
    self.bytes = whole
  }

  /// The PPP frame.
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }
}
