/// An Ethernet II frame (IEEE 802.3 §3.1.1), without its check sequence.
///
///      0                   6                  12          14
///     +-------------------+-------------------+-----------+---------
///     |    Destination    |      Source       | EtherType | Payload
///     +-------------------+-------------------+-----------+---------
public struct EthernetFrame: ~Escapable {
  private enum Offset {
    static let destination = 0, source = 6, etherType = 12, payload = 14
  }

  public let bytes: RawSpan

  @inline(__always)
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.payload, for: .ethernet)
    self.bytes = bytes
  }

  public var destination: MACAddress {
    @inline(__always) get { bytes.macAddress(Offset.destination) }
  }
  public var source: MACAddress {
    @inline(__always) get { bytes.macAddress(Offset.source) }
  }
  public var etherType: EtherType { EtherType(rawValue: bytes.load(Offset.etherType)) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: Offset.payload) }
  }
}

/// A VLAN tag (IEEE 802.1Q §9.6), from behind the EtherType that announced it.
///
///      0      3 4                     16                    32
///     +--------+----------------------+---------------------+---------
///     | PCP/DEI| VLAN Identifier      | EtherType           | Payload
///     +--------+----------------------+---------------------+---------
public struct VLANTag: ~Escapable {
  private enum Offset {
    static let controlInformation = 0, etherType = 2, payload = 4
  }

  public let bytes: RawSpan

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.payload, for: .vlan)
    self.bytes = bytes
  }

  public var identifier: UInt16 {
    bytes.load(Offset.controlInformation, as: UInt16.self) & 0x0fff
  }
  public var etherType: EtherType { EtherType(rawValue: bytes.load(Offset.etherType)) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: Offset.payload) }
  }
}

extension RawSpan {
  /// Loads the six octets at `offset`; its bounds are checked.
  @inline(__always)
  func macAddress(_ offset: Int) -> MACAddress {
    MACAddress(
      rawValue: UInt64(load(offset, as: UInt16.self)) << 32
        | UInt64(load(offset + 2, as: UInt32.self)))
  }
}
