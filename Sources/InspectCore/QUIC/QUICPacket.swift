/// A packet with a long header (RFC 9000 §17.2).
///
///     first(1)  version(4)  n(1) destination id(n)  n(1) source id(n)  ...
///     Initial:             token length(i)  token  length(i)  number(1...4)  payload
///     0-RTT, Handshake:                            length(i)  number(1...4)  payload
///     Retry:               token  integrity tag(16), to the end of the datagram
///     Version Negotiation: versions(4 each), to the end of the datagram
///
/// Several packets may share a datagram (§12.2). The number and the payload are protected.
public struct QUICPacket: ~Escapable {
  public enum Kind: Sendable {
    case initial, zeroRTT, handshake, retry, versionNegotiation
  }

  public enum Limit {
    /// Bytes of a connection's identifier, in the versions that we know (RFC 9000 §17.2).
    public static let connectionIDByteCount = 20
  }

  private enum Offset {
    static let version = 1, destinationID = 5
  }

  public let version: QUICVersion
  public let kind: Kind
  public let destinationID: RawSpan
  public let sourceID: RawSpan
  /// The packet alone.
  public let bytes: RawSpan
  /// Where the packet's number starts in `bytes`; at the end of a packet that has none.
  let numberOffset: Int
  /// Where it goes on behind the identifiers.
  let tokenOffset: Int
  /// What follows the packet in its datagram.
  public let rest: RawSpan

  /// Whether a datagram begins with a long header; nothing more is looked at.
  static func hasLongHeader(_ datagram: RawSpan) -> Bool {
    datagram.byteCount > Offset.destinationID && datagram[0] & 0x80 != 0
  }

  /// Takes the first packet off a datagram. What has a short header, or a version whose form nobody
  /// knows, is refused.
  @_lifetime(copy datagram)
  public init(_ datagram: RawSpan) throws(WireError) {
    try datagram.require(Offset.destinationID + 1, for: .quic)
    guard datagram[0] & 0x80 != 0 else { throw .malformed(.quic, .option) }
    version = QUICVersion(rawValue: datagram.load(Offset.version))
    guard let kind = Kind(firstByte: datagram[0], version) else {
      throw .malformed(.quic, .version)
    }
    self.kind = kind
    var reader = QUICReader(datagram, from: Offset.destinationID)
    let limit = kind == .versionNegotiation ? Int(UInt8.max) : Limit.connectionIDByteCount
    destinationID = try reader.identifier(limit: limit)
    sourceID = try reader.identifier(limit: limit)
    tokenOffset = reader.offset
    if kind == .initial { _ = try reader.bytes(reader.number()) }
    switch kind {
    case .initial, .zeroRTT, .handshake:
      let length = try reader.number()
      numberOffset = reader.offset
      _ = try reader.bytes(length)
    case .retry, .versionNegotiation:
      numberOffset = datagram.byteCount
      _ = try reader.bytes(UInt64(datagram.byteCount - reader.offset))
    }
    bytes = datagram.extracting(first: reader.offset)
    rest = datagram.extracting(droppingFirst: reader.offset)
  }
}

extension QUICPacket.Kind {
  /// The type is in two bits whose meaning RFC 9369 §3.2 turned round.
  init?(firstByte: UInt8, _ version: QUICVersion) {
    let type = firstByte >> 4 & 3
    switch version {
    case .negotiation:
      self = .versionNegotiation
    case .one, .draft(22...), .mvfst, .reserved, .google(50), .googleTLS(50...51):
      self = type == 0 ? .initial : type == 1 ? .zeroRTT : type == 2 ? .handshake : .retry
    case .two, .draftOfTwo:
      self = type == 1 ? .initial : type == 2 ? .zeroRTT : type == 3 ? .handshake : .retry
    case .draft, .google, .googleTLS, .unknown:
      return nil
    }
  }
}

/// Takes numbers and bytes off their front, with QUIC's integers of variable length (RFC 9000 §16).
struct QUICReader: ~Escapable {
  private let all: RawSpan
  private(set) var offset: Int

  /// `offset` lies in `bytes`, or at its end.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, from offset: Int = 0) {
    all = bytes
    self.offset = offset
  }

  var isAtEnd: Bool { offset == all.byteCount }

  /// The two highest bits of the first byte say how many there are: 1, 2, 4 or 8.
  mutating func number() throws(WireError) -> UInt64 {
    let first = try bytes(1)[0]
    var value = UInt64(first & 0x3f)
    let others = try bytes(1 << UInt64(first >> 6) - 1)
    for index in others.byteOffsets { value = value << 8 | UInt64(others[index]) }
    return value
  }

  @_lifetime(copy self)
  mutating func bytes(_ count: UInt64) throws(WireError) -> RawSpan {
    let count = Int(clamping: count)
    guard count <= all.byteCount - offset else {
      throw .truncated(.quic, needed: count, available: all.byteCount - offset)
    }
    let start = offset
    offset += count
    return all.extracting(start..<offset)
  }

  /// A connection's identifier behind its length.
  @_lifetime(copy self)
  mutating func identifier(limit: Int) throws(WireError) -> RawSpan {
    let count = try bytes(1)[0]
    guard count <= limit else { throw .malformed(.quic, .length) }
    return try bytes(UInt64(count))
  }

  /// Steps over the zeros here.
  mutating func skipZeros() {
    // Padding is most of a packet.
    while all.byteCount - offset >= 8, all.load(offset, as: UInt64.self) == 0 { offset += 8 }
    while offset < all.byteCount, all[offset] == 0 { offset += 1 }
  }
}

/// Whether a datagram is QUIC, whatever the port. No cryptography: a version that we know, and
/// lengths that fit.
public enum QUICRecognizer {
  public static func recognize(_ datagram: RawSpan) -> Bool {
    if GoogleQUICPacket.recognizes(datagram) { return true }
    guard let packet = try? QUICPacket(datagram) else { return false }
    return packet.kind != .versionNegotiation || offersKnownVersion(packet)
  }

  /// Four zeros are a weak sign: one of the versions on offer must be known.
  private static func offersKnownVersion(_ packet: QUICPacket) -> Bool {
    let versions = packet.bytes.extracting(droppingFirst: packet.tokenOffset)
    guard versions.byteCount % 4 == 0 else { return false }
    for offset in stride(from: 0, to: min(versions.byteCount, 64), by: 4) {
      switch QUICVersion(rawValue: versions.load(offset)) {
      case .one, .two, .draft, .draftOfTwo, .mvfst, .google, .googleTLS: return true
      case .reserved, .negotiation, .unknown: continue
      }
    }
    return false
  }
}
