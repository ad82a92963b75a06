// Headers that captures put before a frame. They were never on the wire.

/// What a radio told of a frame: radiotap (https://www.radiotap.org), Prism, or AVS.
public struct RadioHeader: ~Escapable {
  public enum Format: Sendable { case radiotap, prism, avs }

  public let bytes: RawSpan
  public let headerByteCount: Int
  /// The frame's check sequence is there, at its end.
  public let hasCheckSequence: Bool
  /// The frame's header is filled up to a multiple of four octets.
  public let isPadded: Bool

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, format: Format) throws(WireError) {
    try bytes.require(8, for: .captureHeader)
    var flags: UInt8 = 0
    switch format {
    case .radiotap:
      guard bytes[0] == 0 else { throw .malformed(.captureHeader, .version) }
      headerByteCount = Int(bytes.loadLittleEndian(2, as: UInt16.self))
      guard headerByteCount >= 8 else { throw .malformed(.captureHeader, .length) }
      try bytes.require(headerByteCount, for: .captureHeader)
      flags = RadioHeader.flags(bytes.extracting(first: headerByteCount))
    case .prism, .avs:
      // Prism has the byte order of the capturing machine, AVS the network's; both their lengths
      // are small. A driver that promises Prism may send AVS.
      let length = bytes.load(4, as: UInt32.self)
      headerByteCount = Int(length > 0xffff ? length.byteSwapped : length)
      guard headerByteCount >= 8 else { throw .malformed(.captureHeader, .length) }
      try bytes.require(headerByteCount, for: .captureHeader)
    }
    hasCheckSequence = flags & 0x10 != 0
    isPadded = flags & 0x20 != 0
    self.bytes = bytes
  }

  /// The Flags field, which is the first or comes after the time (TSFT); 0 when there is none.
  private static func flags(_ header: RawSpan) -> UInt8 {
    let present: UInt32 = header.loadLittleEndian(4)
    guard present & 0x02 != 0 else { return 0 }
    // Each word of bits says whether another follows.
    var offset = 4
    while true {
      guard header.byteCount >= offset + 4 else { return 0 }
      let more = header.loadLittleEndian(offset, as: UInt32.self) & 0x8000_0000 != 0
      offset += 4
      if !more { break }
    }
    if present & 0x01 != 0 { offset = ((offset + 7) & ~7) + 8 }
    return offset < header.byteCount ? header[offset] : 0
  }

  /// The frame, without its check sequence.
  public var payload: RawSpan {
    @_lifetime(copy self) get {
      let frame = bytes.extracting(droppingFirst: headerByteCount)
      return hasCheckSequence ? frame.extracting(first: max(0, frame.byteCount - 4)) : frame
    }
  }
}

/// The header of CACE's Per-Packet Information (LINKTYPE_PPI).
///
///      0         1       2              4                8
///     +---------+-------+--------------+----------------+- - - -
///     | Version | Flags | Length       | Link Type      | Fields, to Length; then the frame
///     +---------+-------+--------------+----------------+- - - -
public struct PerPacketInformation: ~Escapable {
  public let bytes: RawSpan
  public let headerByteCount: Int

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(8, for: .captureHeader)
    guard bytes[0] == 0 else { throw .malformed(.captureHeader, .version) }
    headerByteCount = Int(bytes.loadLittleEndian(2, as: UInt16.self))
    guard headerByteCount >= 8 else { throw .malformed(.captureHeader, .length) }
    try bytes.require(headerByteCount, for: .captureHeader)
    self.bytes = bytes
  }

  public var linkTypeNumber: UInt32 { bytes.loadLittleEndian(4) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }
}

/// The header of Apple's packet tap (LINKTYPE_PKTAP), which iPhones' captures may have. Numbers are
/// in little-endian order.
///
///      0                4                8                12
///     +----------------+----------------+----------------+- - - -
///     | Length         | Record Type    | Link Type      | Fields, to Length; then the frame
///     +----------------+----------------+----------------+- - - -
public struct PacketTapHeader: ~Escapable {
  public let bytes: RawSpan
  public let headerByteCount: Int

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(12, for: .captureHeader)
    headerByteCount = Int(bytes.loadLittleEndian(0, as: UInt32.self))
    guard headerByteCount >= 12 else { throw .malformed(.captureHeader, .length) }
    try bytes.require(headerByteCount, for: .captureHeader)
    self.bytes = bytes
  }

  /// Whether the record is a packet, the only type there is.
  public var isPacket: Bool { bytes.loadLittleEndian(4, as: UInt32.self) == 1 }
  public var linkTypeNumber: UInt32 { bytes.loadLittleEndian(8) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }
}

/// A message of Linux's packet filter log (LINKTYPE_NFLOG): attributes, one of which is the packet.
///
///      0         1         2             4
///     +---------+---------+-------------+- - - -
///     | Family  | Version | Resource    | Attributes: Length 2, Type 2, Value, padding to four
///     +---------+---------+-------------+- - - -
public struct NetfilterLogMessage: ~Escapable {
  private enum Attribute {
    static let hardwareAddress: UInt16 = 8, payload: UInt16 = 9
  }

  /// The packet, from its IP header on; empty when there is none.
  public let payload: RawSpan
  /// The sender's address, if it was logged.
  public let source: MACAddress

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(4, for: .captureHeader)
    guard bytes[1] == 0 else { throw .malformed(.captureHeader, .version) }
    var rest = bytes.extracting(droppingFirst: 4)
    var found = bytes.extracting(0..<0)
    var source = MACAddress.none
    while rest.byteCount >= 4 {
      let length = Int(rest.loadLittleEndian(0, as: UInt16.self))
      guard length >= 4 else { throw .malformed(.captureHeader, .length) }
      let value = rest.extracting(first: length).extracting(droppingFirst: 4)
      switch rest.loadLittleEndian(2, as: UInt16.self) & 0x3fff {
      case Attribute.payload: found = value
      case Attribute.hardwareAddress where value.byteCount >= 10 && value[1] == 6:
        source = value.macAddress(4)
      default: break
      }
      rest = rest.extracting(droppingFirst: min((length + 3) & ~3, rest.byteCount))
    }
    payload = found
    self.source = source
  }
}
