/// An ICMP (RFC 792) or ICMPv6 (RFC 4443) message, as far as flows need it.
public struct ICMPMessage: ~Escapable {
  private enum Offset {
    static let type = 0, code = 1, identifier = 4, body = 8
  }

  public enum Version: Sendable { case four, six }

  public let bytes: RawSpan
  public let version: Version

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, version: Version) throws(WireError) {
    try bytes.require(4, for: .icmp)
    self.bytes = bytes
    self.version = version
  }

  public var type: UInt8 { bytes[Offset.type] }
  public var code: UInt8 { bytes[Offset.code] }

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
