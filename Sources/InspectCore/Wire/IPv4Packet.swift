/// An IPv4 packet (RFC 791 §3.1).
///
///      0               1               2               3
///     +-------+-------+---------------+-------------------------------+
///     |Version|  IHL  |Type of Service|          Total Length         |
///     +-------+-------+---------------+-----+-------------------------+
///     |         Identification        |Flags|     Fragment Offset     |
///     +---------------+---------------+-----+-------------------------+
///     | Time to Live  |   Protocol    |        Header Checksum        |
///     +---------------+---------------+-------------------------------+
///     |                        Source Address                         |
///     +---------------------------------------------------------------+
///     |                      Destination Address                      |
///     +---------------------------------------------------------------+
///     |                      Options and Padding                      |
///     +---------------------------------------------------------------+
public struct IPv4Packet: ~Escapable {
  private enum Offset {
    static let versionAndIHL = 0, totalLength = 2, identification = 4, flagsAndOffset = 6
    static let timeToLive = 8, protocolNumber = 9, source = 12, destination = 16, options = 20
  }

  /// The packet without what the link padded it with.
  public let bytes: RawSpan
  public let headerByteCount: Int
  /// What the header says that the packet has; more than `bytes` when the capture cut it.
  public let totalByteCount: Int

  @inline(__always)
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(WireError) {
    try bytes.require(Offset.options, for: .ipv4)
    let first = bytes[Offset.versionAndIHL]
    guard first >> 4 == 4 else { throw .malformed(.ipv4, .version) }
    headerByteCount = Int(first & 0x0f) * 4
    guard headerByteCount >= Offset.options else { throw .malformed(.ipv4, .headerLength) }
    try bytes.require(headerByteCount, for: .ipv4)
    let totalLength = Int(bytes.load(Offset.totalLength, as: UInt16.self))
    // Segmentation offload leaves 0 here: the packet is then as long as the capture says.
    totalByteCount = totalLength == 0 ? bytes.byteCount : totalLength
    guard totalByteCount >= headerByteCount else { throw .malformed(.ipv4, .length) }
    self.bytes = bytes.extracting(first: min(totalByteCount, bytes.byteCount))
  }

  public var identification: UInt16 { bytes.load(Offset.identification) }
  public var moreFragments: Bool { bytes[Offset.flagsAndOffset] & 0x20 != 0 }
  /// The fragment's place in the original payload.
  public var fragmentByteOffset: Int {
    Int(bytes.load(Offset.flagsAndOffset, as: UInt16.self) & 0x1fff) * 8
  }
  public var isFragment: Bool {
    bytes.load(Offset.flagsAndOffset, as: UInt16.self) & 0x3fff != 0
  }
  public var timeToLive: UInt8 { bytes[Offset.timeToLive] }
  public var protocolNumber: UInt8 { bytes[Offset.protocolNumber] }
  public var source: IPAddress { IPAddress(ipv4: bytes.load(Offset.source)) }
  public var destination: IPAddress { IPAddress(ipv4: bytes.load(Offset.destination)) }
  /// Whether the header's checksum is right. Cards that segment for the system leave it to be filled in.
  public var hasValidChecksum: Bool {
    var checksum = InternetChecksum()
    checksum.add(bytes.extracting(first: headerByteCount))
    return checksum.isValid
  }
  public var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(droppingFirst: headerByteCount) }
  }
  /// The payload's bytes that the capture cut off.
  public var cutByteCount: Int { totalByteCount - bytes.byteCount }
}
