/// A packet of Google's own QUIC in its handshake, up to Q046 (Hamilton et al., "QUIC: A UDP-Based
/// Secure and Reliable Transport for HTTP/2", 2016; Chromium).
///
///     to Q043: flags(1)  connection id(8)  version(4)  number(1, 2, 4 or 6)  hash(12)  frames
///              before Q034 one byte of private flags stands between hash and frames
///     from Q044: first(1)  version(4)  lengths(1)  ids  number(1...4)  hash(12)  frames
///
/// The frames of the first packets are in clear text; the hash only finds damage.
struct GoogleQUICPacket: ~Escapable {
  private enum Flag {
    static let version: UInt8 = 0x01, connectionID: UInt8 = 0x08, numberLength: UInt8 = 0x30
  }
  private static var hashByteCount: Int { 12 }

  let version: QUICVersion
  let frames: RawSpan

  /// Nil when it is none, or none of a client: only its packets say the version.
  @_lifetime(copy datagram)
  init?(_ datagram: RawSpan) {
    guard let version = GoogleQUICPacket.version(of: datagram) else { return nil }
    self.version = version
    let number = version.rawValue & 0xff &- 0x30 &+ (version.rawValue >> 8 & 0xff &- 0x30) &* 10
    var offset: Int
    if datagram[0] & 0x80 == 0 {
      let length = Int((datagram[0] & Flag.numberLength) >> 4)
      offset = 13 + (length == 0 ? 1 : 2 * length) + GoogleQUICPacket.hashByteCount
      if number < 34 { offset += 1 }
    } else {
      // Lengths of identifiers are in four bits each: 0, or three less than they are.
      let (destination, source) = (Int(datagram[5] >> 4), Int(datagram[5] & 15))
      let identifiers =
        (destination == 0 ? 0 : destination + 3) + (source == 0 ? 0 : source + 3)
      let length = number < 46 ? 4 : Int(datagram[0] & 3) + 1
      offset = 6 + identifiers + length + GoogleQUICPacket.hashByteCount
    }
    guard offset <= datagram.byteCount else { return nil }
    frames = datagram.extracting(droppingFirst: offset)
  }

  static func recognizes(_ datagram: RawSpan) -> Bool { version(of: datagram) != nil }

  /// Whether the first octet, of a short header, announces a version behind an identifier.
  static func hasFlags(_ first: UInt8) -> Bool {
    let flags = Flag.version | Flag.connectionID
    return first & flags == flags
  }

  private static func version(of datagram: RawSpan) -> QUICVersion? {
    guard datagram.byteCount >= 14 else { return nil }
    let hasLongHeader = datagram[0] & 0x80 != 0
    guard hasLongHeader || hasFlags(datagram[0]) else { return nil }
    let version = QUICVersion(rawValue: datagram.load(hasLongHeader ? 1 : 9))
    guard case .google(let number) = version else { return nil }
    return hasLongHeader == (44...46).contains(number) && number <= 46 ? version : nil
  }

  /// The client's hello, if it is in this packet.
  ///
  /// The frames before it (acknowledgments, padding) changed with each version; the hello begins with
  /// its tag, so that is looked for, in the first bytes.
  var clientHello: GoogleClientHello? {
    @_lifetime(copy self) get {
      let limit = min(frames.byteCount, 256)
      var offset = 0
      while let found = frames.firstOffset(of: UInt8(ascii: "C"), from: offset), found < limit {
        let rest = frames.extracting(droppingFirst: found)
        if let hello = GoogleClientHello(rest) { return hello }
        offset = found + 1
      }
      return nil
    }
  }
}

/// What a client says first in Google's own handshake (Langley and Chang, "QUIC Crypto", 2016).
///
///     "CHLO"  count(2)  0(2)  count times: tag(4) end(4)  values
///
/// Numbers are little-endian; an end counts from the start of the values.
public struct GoogleClientHello: ~Escapable {
  private enum Offset { static let count = 4, entries = 8 }
  /// Entries of a hello.
  private static var entryLimit: Int { 128 }

  let bytes: RawSpan
  private let count: Int
  /// Of the whole message.
  let byteCount: Int

  /// Nil when there is no such message, or not all of it.
  @_lifetime(copy bytes)
  init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= Offset.entries, bytes.hasBytes("CHLO"),
      bytes.load(6, as: UInt16.self) == 0
    else { return nil }
    count = Int(bytes.loadLittleEndian(Offset.count, as: UInt16.self))
    let values = Offset.entries + 8 * count
    guard (1...GoogleClientHello.entryLimit).contains(count), values <= bytes.byteCount
    else { return nil }
    var end = 0
    for index in 0..<count {
      let next = Int(bytes.loadLittleEndian(Offset.entries + 8 * index + 4, as: UInt32.self))
      guard next >= end, next <= bytes.byteCount - values else { return nil }
      end = next
    }
    byteCount = values + end
    self.bytes = bytes.extracting(first: byteCount)
  }

  /// The host that the client wants.
  public var serverName: RawSpan? { @_lifetime(copy self) get { value(of: "SNI\0") } }
  /// What the client calls itself.
  public var userAgent: RawSpan? { @_lifetime(copy self) get { value(of: "UAID") } }

  @_lifetime(copy self)
  private func value(of tag: StaticString) -> RawSpan? {
    let values = bytes.extracting(droppingFirst: Offset.entries + 8 * count)
    var start = 0
    for index in 0..<count {
      let entry = Offset.entries + 8 * index
      let end = Int(bytes.loadLittleEndian(entry + 4, as: UInt32.self))
      if bytes.hasBytes(tag, at: entry) {
        return end > start ? values.extracting(start..<end) : nil
      }
      start = end
    }
    return nil
  }
}
