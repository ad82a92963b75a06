/// A type of handshake message (RFC 8446 §B.3), as far as it is looked at.
enum TLSHandshakeType {
  static var clientHello: UInt8 { 1 }
  static var serverHello: UInt8 { 2 }
  static var newSessionTicket: UInt8 { 4 }
  static var certificate: UInt8 { 11 }
  static var serverKeyExchange: UInt8 { 12 }
  static var serverHelloDone: UInt8 { 14 }
  /// What messages in clear text can be: hello request to end of early data, and the later ones.
  static func isKnown(_ type: UInt8) -> Bool {
    type <= 6 || type == 8 || (11...16).contains(type) || (20...25).contains(type) || type == 67
      || type == 254
  }
}

/// Numbers of an extension (IANA, "TLS ExtensionType Values").
public enum TLSExtensionType {
  public static let serverName: UInt16 = 0, supportedGroups: UInt16 = 10
  public static let ecPointFormats: UInt16 = 11, signatureAlgorithms: UInt16 = 13
  public static let applicationProtocols: UInt16 = 16, supportedVersions: UInt16 = 43
  public static let encryptedClientHello: UInt16 = 0xfe0d, encryptedServerName: UInt16 = 0xffce
}

/// What a client says first (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2).
///
///     version(2)  random(32)  n(1) session id(n)  n(2) cipher suites(n)  n(1) compression(n)
///     n(2) extensions(n)
///
/// The same message stands in the CRYPTO frames of QUIC (RFC 9001 §4.1). That of DTLS has a cookie,
/// behind one byte of length, before the cipher suites (RFC 6347 §4.2.1, RFC 9147 §5.3).
public struct TLSClientHello: ~Escapable {
  public let legacyVersion: TLSVersion
  public let random: RawSpan
  public let sessionID: RawSpan
  public let compressionMethods: RawSpan
  private let cipherSuiteBytes: RawSpan
  private let extensionBytes: RawSpan
  /// Whether all of it is here, and in order. What the end of the capture or a gap cut, or a wrong
  /// length, has only what is before that; it has no fingerprint.
  public let isComplete: Bool

  /// From the body of a handshake message, without its four bytes of type and length. What comes
  /// behind the random may be cut or broken.
  @_lifetime(copy body)
  public init(_ body: RawSpan, hasCookie: Bool = false) throws(WireError) {
    var reader = TLSReader(body)
    legacyVersion = TLSVersion(rawValue: try reader.number())
    random = try reader.bytes(32)
    var isWhole = true
    sessionID = reader.vectorOrNothing(lengthByteCount: 1, &isWhole)
    if hasCookie { _ = reader.vectorOrNothing(lengthByteCount: 1, &isWhole) }
    cipherSuiteBytes = reader.vectorOrNothing(lengthByteCount: 2, &isWhole)
    compressionMethods = reader.vectorOrNothing(lengthByteCount: 1, &isWhole)
    // TLS 1.1 and before need no extensions.
    guard isWhole, reader.rest.byteCount >= 2 else {
      extensionBytes = RawSpan()
      isComplete = isWhole && reader.rest.isEmpty
      return
    }
    let length = Int(try reader.number())
    extensionBytes = reader.rest.extracting(first: min(length, reader.rest.byteCount))
    var extensions = TLSExtensions(extensionBytes)
    while extensions.next() != nil {}
    isComplete = length <= reader.rest.byteCount && extensions.isAtEnd
  }

  public var cipherSuites: TLSNumbers {
    @_lifetime(copy self) get { TLSNumbers(cipherSuiteBytes) }
  }

  public var extensions: TLSExtensions {
    @_lifetime(copy self) get { TLSExtensions(extensionBytes) }
  }

  /// The data of the first extension with this number.
  @_lifetime(copy self)
  public func `extension`(_ type: UInt16) -> RawSpan? { extensions.first(type) }

  /// The host that the client wants (RFC 6066 §3). With `hasEncryptedClientHello` it is the name
  /// that everybody may see, perhaps not the one meant.
  public var serverName: RawSpan? {
    @_lifetime(copy self) get {
      guard let data = `extension`(TLSExtensionType.serverName), data.byteCount >= 2
      else { return nil }
      var rest = data.extracting(droppingFirst: 2)
      while rest.byteCount >= 3 {
        let end = 3 + Int(rest.load(1, as: UInt16.self))
        guard end <= rest.byteCount else { return nil }
        if rest[0] == 0 { return rest.extracting(3..<end) }
        rest = rest.extracting(droppingFirst: end)
      }
      return nil
    }
  }

  /// What the client wants to speak, best first (RFC 7301 §3.1).
  public var applicationProtocols: ShortStrings? {
    @_lifetime(copy self) get { extensions.applicationProtocols }
  }

  /// Encrypted ClientHello (RFC 9849), or its imitation: both look alike. Encrypted SNI, the drafts
  /// before it, counts too.
  public var hasEncryptedClientHello: Bool {
    `extension`(TLSExtensionType.encryptedClientHello) != nil
      || `extension`(TLSExtensionType.encryptedServerName) != nil
  }

  /// The versions that the client takes (RFC 8446 §4.2.1); empty before TLS 1.3.
  public var supportedVersions: TLSNumbers {
    @_lifetime(copy self) get {
      guard let data = `extension`(TLSExtensionType.supportedVersions), data.byteCount > 1
      else { return TLSNumbers(RawSpan()) }
      return TLSNumbers(data.extracting(droppingFirst: 1))
    }
  }

  /// The highest version that the client offers and we know, else the one of its head.
  public var version: TLSVersion {
    var best: TLSVersion?
    var numbers = supportedVersions
    while let number = numbers.next() {
      let version = TLSVersion(rawValue: number)
      guard let rank = version.rank, rank > best?.rank ?? -1 else { continue }
      best = version
    }
    return best ?? legacyVersion
  }
}

/// What a server answers (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3).
///
///     version(2)  random(32)  n(1) session id(n)  cipher suite(2)  compression(1)
///     n(2) extensions(n)
public struct TLSServerHello: ~Escapable {
  public let legacyVersion: TLSVersion
  public let random: RawSpan
  public let cipherSuite: UInt16
  private let extensionBytes: RawSpan

  /// From the body of a handshake message, without its four bytes of type and length.
  @_lifetime(copy body)
  public init(_ body: RawSpan) throws(WireError) {
    var reader = TLSReader(body)
    legacyVersion = TLSVersion(rawValue: try reader.number())
    random = try reader.bytes(32)
    if case .tls13Draft(let number) = legacyVersion, number < 22 {
      // Before draft 22 neither session id nor compression were there.
      cipherSuite = try reader.number()
    } else {
      _ = try reader.vector(lengthByteCount: 1)
      cipherSuite = try reader.number()
      _ = try reader.bytes(1)
    }
    extensionBytes =
      reader.rest.isEmpty ? reader.rest : try reader.vector(lengthByteCount: 2)
  }

  public var extensions: TLSExtensions {
    @_lifetime(copy self) get { TLSExtensions(extensionBytes) }
  }

  /// The version that both will speak.
  public var version: TLSVersion {
    guard let data = extensions.first(TLSExtensionType.supportedVersions), data.byteCount == 2
    else { return legacyVersion }
    return TLSVersion(rawValue: data.load(0))
  }

  /// What both will speak, when it is in clear text (before TLS 1.3).
  public var applicationProtocol: RawSpan? {
    @_lifetime(copy self) get {
      guard var names = extensions.applicationProtocols else { return nil }
      return names.next()
    }
  }

  /// It only asks the client for another hello (RFC 8446 §4.1.3: SHA-256 of "HelloRetryRequest").
  public var isHelloRetryRequest: Bool {
    random.load(0, as: UInt64.self) == 0xcf21_ad74_e59a_6111
      && random.load(8, as: UInt64.self) == 0xbe1d_8c02_1e65_b891
      && random.load(16, as: UInt64.self) == 0xc2a2_1116_7abb_8c5e
      && random.load(24, as: UInt64.self) == 0x079e_09e2_c8a8_339c
  }
}

/// Extensions, one after the other (RFC 8446 §4.2); the walk ends before one that is not whole.
public struct TLSExtensions: ~Escapable {
  private var rest: RawSpan

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  @_lifetime(copy self)
  public mutating func next() -> TLSExtension? {
    guard rest.byteCount >= 4 else { return nil }
    let end = 4 + Int(rest.load(2, as: UInt16.self))
    guard end <= rest.byteCount else { return nil }
    let found = TLSExtension(type: rest.load(0), data: rest.extracting(4..<end))
    rest = rest.extracting(droppingFirst: end)
    return found
  }

  @_lifetime(copy self)
  func first(_ type: UInt16) -> RawSpan? {
    var extensions = self
    while let found = extensions.next() {
      if found.type == type { return found.data }
    }
    return nil
  }

  var applicationProtocols: ShortStrings? {
    @_lifetime(copy self) get {
      guard let data = first(TLSExtensionType.applicationProtocols), data.byteCount >= 2
      else { return nil }
      return ShortStrings(data.extracting(droppingFirst: 2))
    }
  }
}

public struct TLSExtension: ~Escapable {
  public let type: UInt16
  public let data: RawSpan

  @_lifetime(copy data)
  init(type: UInt16, data: RawSpan) {
    self.type = type
    self.data = data
  }
}

/// Numbers of two bytes, one after the other.
public struct TLSNumbers: ~Escapable {
  private let bytes: RawSpan
  private var offset = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  public mutating func next() -> UInt16? {
    guard bytes.byteCount - offset >= 2 else { return nil }
    offset += 2
    return bytes.load(offset - 2)
  }

  /// The next number that is no GREASE (RFC 8701 §2).
  mutating func nextMeaningful() -> UInt16? {
    while let number = next() {
      if !number.isGREASE { return number }
    }
    return nil
  }
}

extension UInt16 {
  /// Reserved so that nobody relies on not seeing it: 0x0a0a, 0x1a1a, ... 0xfafa (RFC 8701 §2).
  var isGREASE: Bool { self & 0x0f0f == 0x0a0a && self >> 8 == self & 0xff }
}

/// Takes a message apart from its front.
struct TLSReader: ~Escapable {
  private(set) var rest: RawSpan

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { rest = bytes }

  @_lifetime(copy self)
  mutating func bytes(_ count: Int) throws(WireError) -> RawSpan {
    try rest.require(count, for: .tls)
    let taken = rest.extracting(first: count)
    rest = rest.extracting(droppingFirst: count)
    return taken
  }

  mutating func number() throws(WireError) -> UInt16 { try bytes(2).load(0) }

  /// Bytes behind their own count (RFC 8446 §3.4).
  @_lifetime(copy self)
  mutating func vector(lengthByteCount: Int) throws(WireError) -> RawSpan {
    let length = try bytes(lengthByteCount)
    var count = 0
    for index in length.byteOffsets { count = count << 8 | Int(length[index]) }
    return try bytes(count)
  }

  /// The same; nothing, and `isWhole` false, when it is not all there or was not before.
  @_lifetime(copy self)
  mutating func vectorOrNothing(lengthByteCount: Int, _ isWhole: inout Bool) -> RawSpan {
    if isWhole, let found = try? vector(lengthByteCount: lengthByteCount) { return found }
    isWhole = false
    return RawSpan()
  }
}
