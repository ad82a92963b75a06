/// A Transmission Control Protocol segment (RFC 9293 §3.1).
///
///      0               1               2               3
///     +-------------------------------+-------------------------------+
///     |          Source Port          |       Destination Port        |
///     +-------------------------------+-------------------------------+
///     |                        Sequence Number                        |
///     +---------------------------------------------------------------+
///     |                     Acknowledgment Number                     |
///     +-------+-------+---------------+-------------------------------+
///     | DOffs |Reservd|     Flags     |            Window             |
///     +-------+-------+---------------+-------------------------------+
///     |           Checksum            |         Urgent Pointer        |
///     +-------------------------------+-------------------------------+
///     |                           Options                             |
///     +---------------------------------------------------------------+
public struct TCPSegment: ~Escapable {
  private enum Offset {
    static let sourcePort = 0, destinationPort = 2, sequenceNumber = 4, acknowledgmentNumber = 8
    static let dataOffset = 12, flags = 13, window = 14, options = 20
  }

  public let bytes: RawSpan
  public let headerByteCount: Int

  @inline(__always)
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.options, for: .tcp)
    headerByteCount = Int(bytes[Offset.dataOffset] >> 4) * 4
    guard headerByteCount >= Offset.options else { throw .malformed(.tcp, .length) }
    try bytes.require(headerByteCount, for: .tcp)
    self.bytes = bytes
  }

  /// Of bytes that were seen to have a whole header.
  @inline(__always)
  @_lifetime(copy bytes)
  init(whole bytes: RawSpan) {
    headerByteCount = Int(bytes[Offset.dataOffset] >> 4) * 4
    self.bytes = bytes
  }

  public var sourcePort: UInt16 { bytes.load(Offset.sourcePort) }
  public var destinationPort: UInt16 { bytes.load(Offset.destinationPort) }
  public var sequenceNumber: UInt32 { bytes.load(Offset.sequenceNumber) }
  public var acknowledgmentNumber: UInt32 { bytes.load(Offset.acknowledgmentNumber) }
  public var flags: TCPFlags { TCPFlags(rawValue: bytes[Offset.flags]) }
  public var window: UInt16 { bytes.load(Offset.window) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }

  /// The shift of the Window Scale option (RFC 7323 §2.2), at most 14; nil when there is none.
  public var windowShift: UInt8? {
    var offset = Offset.options
    while offset < headerByteCount {
      switch bytes[offset] {
      case 0: return nil
      case 1: offset += 1
      case let kind:
        guard offset + 1 < headerByteCount else { return nil }
        let length = Int(bytes[offset + 1])
        guard length >= 2, offset + length <= headerByteCount else { return nil }
        if kind == 3, length == 3 { return min(bytes[offset + 2], 14) }
        offset += length
      }
    }
    return nil
  }
}

/// The control bits (RFC 9293 §3.1). No `OptionSet`: its array literal allocates.
public struct TCPFlags: RawRepresentable, Equatable, Sendable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public var fin: Bool { rawValue & 0x01 != 0 }
  public var syn: Bool { rawValue & 0x02 != 0 }
  public var rst: Bool { rawValue & 0x04 != 0 }
  public var psh: Bool { rawValue & 0x08 != 0 }
  public var ack: Bool { rawValue & 0x10 != 0 }
  public var urg: Bool { rawValue & 0x20 != 0 }
  public var ece: Bool { rawValue & 0x40 != 0 }
  public var cwr: Bool { rawValue & 0x80 != 0 }

  /// SYN, FIN or RST.
  var beginsOrEnds: Bool { rawValue & 0x07 != 0 }

  public static var fin: TCPFlags { TCPFlags(rawValue: 0x01) }
  public static var rst: TCPFlags { TCPFlags(rawValue: 0x04) }

  public mutating func formUnion(_ other: TCPFlags) { rawValue |= other.rawValue }
  public mutating func subtract(_ other: TCPFlags) { rawValue &= ~other.rawValue }
}
