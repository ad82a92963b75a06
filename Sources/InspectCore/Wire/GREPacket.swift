/// A packet of Generic Routing Encapsulation (RFC 2784 §2, RFC 2890 §2; with routing RFC 1701), or
/// of its enhanced version 1 for PPP (RFC 2637 §4.1).
///
///      0 1 2 3 4     8 9      13          16                          32
///     +-+-+-+-+-+-----+-+------+-----------+---------------------------+
///     |C|R|K|S|s|Recur|A|Flags | Version   |       Protocol Type       |
///     +-+-+-+-+-+-----+-+------+-----------+---------------------------+
///     |  Checksum and Offset, if C or R    |  Key, if K                |
///     |  (1: Payload Length and Call)      |  Sequence Number, if S    |
///     |  Acknowledgment Number, if A       |  Routing, if R            |
///     +------------------------------------+---------------------------+
public struct GREPacket: ~Escapable {
  private enum Offset {
    static let flagsAndVersion = 0, protocolType = 2, optional = 4, payloadLength = 4
  }

  private enum Flag {
    static let checksum: UInt16 = 0x8000, routing: UInt16 = 0x4000, key: UInt16 = 0x2000
    static let sequence: UInt16 = 0x1000, acknowledgment: UInt16 = 0x0080
  }

  public let bytes: RawSpan
  public let headerByteCount: Int

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.optional, for: .gre)
    let flags: UInt16 = bytes.load(Offset.flagsAndVersion)
    var end = Offset.optional
    switch flags & 0x0007 {
    case 0:
      if flags & (Flag.checksum | Flag.routing) != 0 { end += 4 }
      if flags & Flag.key != 0 { end += 4 }
      if flags & Flag.sequence != 0 { end += 4 }
      if flags & Flag.routing != 0 { end = try GREPacket.skipRouting(bytes, from: end) }
    case 1:
      // The key is there always: it holds the payload's length and the call.
      guard flags & Flag.key != 0, flags & (Flag.checksum | Flag.routing) == 0 else {
        throw .malformed(.gre, .option)
      }
      end += 4
      if flags & Flag.sequence != 0 { end += 4 }
      if flags & Flag.acknowledgment != 0 { end += 4 }
    default: throw .malformed(.gre, .version)
    }
    try bytes.require(end, for: .gre)
    headerByteCount = end
    self.bytes = bytes
  }

  /// Source route entries (RFC 1701): address family 2, offset 1, length 1; one of zeros ends them.
  private static func skipRouting(_ bytes: RawSpan, from start: Int) throws(WireError) -> Int {
    var end = start
    while true {
      try bytes.require(end + 4, for: .gre)
      let family: UInt16 = bytes.load(end)
      let length = Int(bytes[end + 3])
      end += 4
      if family == 0, length == 0 { return end }
      end += length
    }
  }

  public var version: UInt8 { bytes[1] & 0x07 }
  public var hasSequenceNumber: Bool {
    bytes.load(Offset.flagsAndVersion, as: UInt16.self) & Flag.sequence != 0
  }
  public var protocolType: EtherType { EtherType(rawValue: bytes.load(Offset.protocolType)) }
  /// In version 1 as long as its header says; an acknowledgment alone has none.
  public var payload: RawSpan {
    @_lifetime(copy self) get {
      let rest = bytes.extracting(droppingFirst: headerByteCount)
      guard version == 1 else { return rest }
      return rest.extracting(first: Int(bytes.load(Offset.payloadLength, as: UInt16.self)))
    }
  }
}

/// A mirrored frame: Encapsulated Remote Switched Port Analyzer, type II or III
/// (draft-foschiano-erspan-03 §4.2, §4.3).
///
///      0    4                16                    32                    64
///     +----+----------------+---------------------+----------------------+- - - -
///     |Ver | VLAN           | COS, En, T, Session | II: Index            | III: 8 more, and a
///     |    |                |                     | III: Timestamp       | subheader of 8 if O
///     +----+----------------+---------------------+----------------------+- - - -
public struct ERSPANPacket: ~Escapable {
  public let bytes: RawSpan
  public let headerByteCount: Int

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(8, for: .erspan)
    switch bytes[0] >> 4 {
    case 1: headerByteCount = 8
    case 2:
      try bytes.require(12, for: .erspan)
      headerByteCount = bytes[11] & 0x01 != 0 ? 20 : 12
      try bytes.require(headerByteCount, for: .erspan)
    default: throw .malformed(.erspan, .version)
    }
    self.bytes = bytes
  }

  /// The VLAN of the mirrored frame, whose tag was taken off; 0 when it had none.
  public var vlanIdentifier: UInt16 { bytes.load(0, as: UInt16.self) & 0x0fff }
  /// The mirrored Ethernet frame.
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }
}
