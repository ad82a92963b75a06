/// A frame of Logical Link Control (IEEE 802.2 §3.2), with its Subnetwork Access Protocol extension
/// (IEEE 802 §9.2, RFC 1042) if it has one.
///
///      0        1        2         3              6           8
///     +--------+--------+---------+--------------+-----------+---------
///     | DSAP   | SSAP   | Control | Organization | Protocol  | Payload
///     +--------+--------+---------+--------------+-----------+---------
public struct LogicalLinkFrame: ~Escapable {
  private enum Offset {
    static let destination = 0, source = 1, control = 2, payload = 3
    static let organization = 3, protocolIdentifier = 6, extendedPayload = 8
  }

  public let bytes: RawSpan
  /// Whether the SNAP header is there.
  public let isExtended: Bool

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.payload, for: .llc)
    // The lowest bit of the source says command or response.
    isExtended =
      bytes[Offset.destination] == 0xaa && bytes[Offset.source] & 0xfe == 0xaa
      && bytes[Offset.control] == 0x03
    if isExtended { try bytes.require(Offset.extendedPayload, for: .llc) }
    self.bytes = bytes
  }

  /// What follows, where it has an EtherType; nil for the protocols of LLC and of vendors.
  public var etherType: EtherType? {
    guard isExtended else {
      // The access point of the Internet Protocol (RFC 948).
      let isIP = bytes[Offset.destination] == 0x06 && bytes[Offset.source] & 0xfe == 0x06
      return isIP && bytes[Offset.control] == 0x03 ? .ipv4 : nil
    }
    let organization = bytes.load(Offset.organization, as: UInt32.self) >> 8
    // Encapsulated Ethernet, and what bridges make of it (RFC 1042, IEEE 802.1H).
    guard organization == 0 || organization == 0x0000f8 else { return nil }
    let type = EtherType(rawValue: bytes.load(Offset.protocolIdentifier))
    if case .length = type { return nil }
    return type
  }

  public var payload: RawSpan {
    @_lifetime(copy self) get {
      bytes.extracting(droppingFirst: isExtended ? Offset.extendedPayload : Offset.payload)
    }
  }
}
