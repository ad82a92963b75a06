/// A frame of a wireless LAN (IEEE 802.11-2020 §9.2.3), as far as data needs it.
///
///      0        2          4           10          16          22         24
///     +--------+----------+-----------+-----------+-----------+----------+- - - -
///     |Control | Duration | Address 1 | Address 2 | Address 3 | Sequence | Address 4,
///     +--------+----------+-----------+-----------+-----------+----------+- - - -
///     QoS Control 2, HT Control 4, Frame Body
///
/// The fields of the second line are there when the first ones say so. All numbers are in
/// little-endian order.
public struct WirelessFrame: ~Escapable {
  public enum Content: Sendable {
    case data
    /// No body, or one that no packet is in: management, control, null functions.
    case other
  }

  private enum Offset {
    static let control = 0, flags = 1, address1 = 4, address2 = 10, address3 = 16, sequence = 22
    static let address4 = 24
  }

  public let bytes: RawSpan
  public let content: Content
  /// Of a frame with data; else 0.
  public let headerByteCount: Int
  /// Whether the body is several MSDUs (an A-MSDU, §9.3.2.2).
  public let isAggregate: Bool

  /// `isPadded`: the header is filled up to a multiple of four octets (a flag of radiotap).
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, isPadded: Bool = false) throws(WireError) {
    try bytes.require(2, for: .wireless)
    let control = bytes[Offset.control]
    guard control & 0x03 == 0 else { throw .malformed(.wireless, .version) }
    let isData = control & 0x0c == 0x08
    // Bits of a data frame's subtype: QoS, and no data.
    let hasQoS = control & 0x80 != 0
    guard isData, control & 0x40 == 0 else {
      content = .other
      headerByteCount = 0
      isAggregate = false
      self.bytes = bytes
      return
    }
    content = .data
    let flags = bytes[Offset.flags]
    let qosOffset = flags & 0x03 == 0x03 ? Offset.address4 + 6 : Offset.address4
    var end = qosOffset
    if hasQoS { end += flags & 0x80 != 0 ? 6 : 2 }
    if isPadded { end = (end + 3) & ~3 }
    try bytes.require(end, for: .wireless)
    headerByteCount = end
    isAggregate = hasQoS && bytes[qosOffset] & 0x80 != 0
    self.bytes = bytes
  }

  public var isProtected: Bool { bytes[Offset.flags] & 0x40 != 0 }
  /// Whether this is a part of a frame.
  public var isFragment: Bool {
    guard content == .data else { return false }
    return bytes[Offset.flags] & 0x04 != 0 || bytes[Offset.sequence] & 0x0f != 0
  }

  /// DA (§9.3.2.1, table 9-30).
  public var destination: MACAddress {
    guard content == .data else { return .none }
    return bytes.macAddress(
      bytes[Offset.flags] & 0x01 != 0 ? Offset.address3 : Offset.address1)
  }

  /// SA.
  public var source: MACAddress {
    guard content == .data else { return .none }
    return switch bytes[Offset.flags] & 0x03 {
    case 0x02: bytes.macAddress(Offset.address3)
    case 0x03: bytes.macAddress(Offset.address4)
    default: bytes.macAddress(Offset.address2)
    }
  }

  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }
}

/// One of the MSDUs of an A-MSDU (IEEE 802.11-2020 §9.3.2.2.2).
///
///      0             6        12       14
///     +-------------+--------+--------+---------
///     | Destination | Source | Length | MSDU, then padding to a multiple of four
///     +-------------+--------+--------+---------
public struct AggregatedFrame: ~Escapable {
  private enum Offset {
    static let destination = 0, source = 6, length = 12, payload = 14
  }

  /// Without the padding.
  public let bytes: RawSpan
  /// Of the whole, with the padding.
  public let paddedByteCount: Int

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.payload, for: .wireless)
    let end = Offset.payload + Int(bytes.load(Offset.length, as: UInt16.self))
    try bytes.require(end, for: .wireless)
    self.bytes = bytes.extracting(first: end)
    paddedByteCount = min((end + 3) & ~3, bytes.byteCount)
  }

  public var destination: MACAddress { bytes.macAddress(Offset.destination) }
  public var source: MACAddress { bytes.macAddress(Offset.source) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: Offset.payload) }
  }
}
