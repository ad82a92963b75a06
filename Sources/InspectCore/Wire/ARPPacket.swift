/// An Address Resolution Protocol packet (RFC 826) that asks for IPv4 addresses on Ethernet.
///
///      0               1               2               3
///     +-------------------------------+-------------------------------+
///     |       Hardware Type = 1       |    Protocol Type = 0x0800     |
///     +---------------+---------------+-------------------------------+
///     |   HLEN = 6    |   PLEN = 4    |           Operation           |
///     +---------------+---------------+-------------------------------+
///     |  Sender Hardware Address (6), Sender Protocol Address (4)     |
///     |  Target Hardware Address (6), Target Protocol Address (4)     |
///     +---------------------------------------------------------------+
public struct ARPPacket: ~Escapable {
  private enum Offset {
    static let sizes = 0, senderHardwareAddress = 8, senderProtocolAddress = 14
    static let targetProtocolAddress = 24, end = 28
  }

  public let bytes: RawSpan

  /// Nil for other hardware or protocols, and for what is cut short.
  @_lifetime(copy bytes)
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= Offset.end,
      bytes.load(Offset.sizes, as: UInt64.self) >> 16 == 0x0001_0800_0604
    else { return nil }
    self.bytes = bytes.extracting(first: Offset.end)
  }

  public var senderHardwareAddress: MACAddress {
    // The six bytes and two of the next field.
    MACAddress(rawValue: bytes.load(Offset.senderHardwareAddress, as: UInt64.self) >> 16)
  }
  public var senderProtocolAddress: UInt32 { bytes.load(Offset.senderProtocolAddress) }
  public var targetProtocolAddress: UInt32 { bytes.load(Offset.targetProtocolAddress) }

  /// A probe (nobody's address asks) or an announcement (it asks for itself): the sender has just
  /// joined the network (RFC 5227 §1.1).
  public var isJoining: Bool {
    senderProtocolAddress == 0 || senderProtocolAddress == targetProtocolAddress
  }
}
