/// A User Datagram Protocol datagram (RFC 768).
///
///      0               1               2               3
///     +-------------------------------+-------------------------------+
///     |          Source Port          |       Destination Port        |
///     +-------------------------------+-------------------------------+
///     |            Length             |           Checksum            |
///     +-------------------------------+-------------------------------+
public struct UDPDatagram: ~Escapable {
  private enum Offset {
    static let sourcePort = 0, destinationPort = 2, length = 4, checksum = 6, payload = 8
  }

  /// The datagram as far as it was captured, without padding.
  public let bytes: RawSpan
  /// Whether the header promises more than there is.
  public let isCut: Bool

  @inline(__always)
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.payload, for: .udp)
    var length = Int(bytes.load(Offset.length, as: UInt16.self))
    // 0 is a jumbogram (RFC 2675 §4) or offloaded segmentation: as long as the packet.
    if length == 0 { length = bytes.byteCount }
    guard length >= Offset.payload else { throw .malformed(.udp, .length) }
    isCut = length > bytes.byteCount
    self.bytes = bytes.extracting(first: min(length, bytes.byteCount))
  }

  /// Of bytes that were seen to have a whole datagram.
  @inline(__always)
  @_lifetime(copy bytes)
  init(whole bytes: RawSpan) {
    isCut = false
    self.bytes = bytes.extracting(first: Int(bytes.load(Offset.length, as: UInt16.self)))
  }

  public var sourcePort: UInt16 { bytes.load(Offset.sourcePort) }
  public var destinationPort: UInt16 { bytes.load(Offset.destinationPort) }
  /// 0: the sender computed none.
  public var checksum: UInt16 { bytes.load(Offset.checksum) }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: Offset.payload) }
  }
}
