/// A Dynamic Host Configuration Protocol message (RFC 2131 §2; options: RFC 2132).
///
///      0               1               2               3
///     +---------------+---------------+---------------+---------------+
///     |      op       |     htype     |     hlen      |     hops      |
///     +---------------+---------------+---------------+---------------+
///     |                  xid (4), secs (2), flags (2)                 |
///     |            ciaddr (4), yiaddr (4), siaddr (4), giaddr (4)     |
///     |            chaddr (16), sname (64), file (128)                |
///     +---------------------------------------------------------------+
///     |          magic cookie 99.130.83.99, then options              |
///     +---------------------------------------------------------------+
public struct DHCPMessage: ~Escapable {
  private enum Offset {
    static let ciaddr = 12, chaddr = 28, cookie = 236, options = 240
  }

  private enum Option {
    static let pad: UInt8 = 0, messageType: UInt8 = 53, end: UInt8 = 255
  }

  public let bytes: RawSpan

  /// Nil when it is none, or not of an Ethernet client.
  @_lifetime(copy bytes)
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= Offset.options, bytes[1] == 1, bytes[2] == 6,
      bytes.load(Offset.cookie, as: UInt32.self) == 0x6382_5363
    else { return nil }
    self.bytes = bytes
  }

  public var isRequest: Bool { bytes[0] == 1 }
  /// The client's address, if it has one already.
  public var ciaddr: UInt32 { bytes.load(Offset.ciaddr) }
  public var chaddr: MACAddress {
    MACAddress(rawValue: bytes.load(Offset.chaddr, as: UInt64.self) >> 16)
  }

  /// DISCOVER is 1, REQUEST 3 (RFC 2132 §9.6); nil when the options do not say.
  public var messageType: UInt8? {
    var offset = Offset.options
    while offset < bytes.byteCount {
      switch bytes[offset] {
      case Option.pad: offset += 1
      case Option.end: return nil
      case let code:
        guard bytes.byteCount - offset > 2 else { return nil }
        if code == Option.messageType { return bytes[offset + 2] }
        offset += 2 + Int(bytes[offset + 1])
      }
    }
    return nil
  }

  /// A client without an address asks for one: it has just joined the network. Who renews a lease
  /// has one (RFC 2131 §4.3.2).
  public var isJoining: Bool {
    isRequest && ciaddr == 0 && (messageType == 1 || messageType == 3)
  }
}
