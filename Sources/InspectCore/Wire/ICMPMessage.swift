/// An ICMP (RFC 792) or ICMPv6 (RFC 4443) message, as far as flows need it.
///
///      0        1        2            4                8
///     +--------+--------+------------+----------------+- - - -
///     | Type   | Code   | Checksum   | by type        | of an error: the packet it is about
///     +--------+--------+------------+----------------+- - - -
public struct ICMPMessage: ~Escapable {
  private enum Offset {
    static let type = 0, code = 1, identifier = 4, body = 8
  }

  public enum Version: Sendable { case four, six }

  public let bytes: RawSpan
  public let version: Version

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, version: Version) throws(WireError) {
    try bytes.require(4, for: version == .four ? .icmp : .icmpv6)
    self.bytes = bytes
    self.version = version
  }

  public var type: UInt8 { bytes[Offset.type] }
  public var code: UInt8 { bytes[Offset.code] }

  /// The type of message that answers this, or that this answers; nil where there is none.
  public static func counterpart(of type: UInt8, _ version: Version) -> UInt8? {
    switch version {
    case .four:
      switch type {
      // Echo, timestamp, information, router advertisement, address mask.
      case 8: 0
      case 0: 8
      case 13, 15, 17: type + 1
      case 14, 16, 18: type - 1
      case 9: 10
      case 10: 9
      default: nil
      }
    case .six:
      switch type {
      // Echo, router, neighbour, node information, home agent; listener query and report.
      case 128, 133, 135, 139, 144: type + 1
      case 129, 134, 136, 140, 145: type - 1
      case 130: 131
      case 131: 130
      default: nil
      }
    }
  }

  /// Whether who sends this has just joined the network: it asks for routers (RFC 4861 section
  /// 6.3.7), or without an address whether anybody has the one that it is about to take (RFC 4862
  /// section 5.4.2).
  public func isJoining(from source: IPAddress) -> Bool {
    version == .six
      && (type == 133 || type == 135 && source == IPAddress(high: 0, low: 0))
  }

  /// The packet that an error message quotes, from its IP header on; nil for other messages.
  public var quotedPacket: RawSpan? {
    @_lifetime(copy self) get {
      let isError =
        switch version {
        // Destination unreachable, source quench, redirect, time exceeded, parameter problem.
        case .four: type == 3 || type == 4 || type == 5 || type == 11 || type == 12
        case .six: type >= 1 && type <= 4
        }
      guard isError, bytes.byteCount > Offset.body else { return nil }
      return bytes.extracting(droppingFirst: Offset.body)
    }
  }
}
