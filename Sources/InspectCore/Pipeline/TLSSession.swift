/// What a TLS connection said in clear text.
public struct TLSSession: ~Copyable {
  private struct Texts {
    var serverName = 0..<0
    var version = 0..<0
    var clientProtocols = 0..<0
    var applicationProtocol = 0..<0
    var subject = 0..<0
    var issuer = 0..<0
    var serialNumber = 0..<0
    var notBefore = 0..<0
    var notAfter = 0..<0
    var ja3 = 0..<0
    var ja3s = 0..<0
    var ja4Prefix = 0..<0
    var ja4Ciphers = 0..<0
    var ja4Extensions = 0..<0
  }

  public let start: Timestamp
  private let hasFingerprints: Bool
  public private(set) var hasClientHello = false
  public private(set) var hasServerHello = false
  /// The client hid the name of the server (RFC 9849); `serverName` is that of the outer hello.
  public private(set) var hasEncryptedClientHello = false
  private var texts = ByteBuffer(limit: 16_384)
  private var ranges = Texts()
  private var server = ByteBuffer(limit: 8192)

  /// With `hasFingerprints`, it keeps what JA3 and JA4 are made of.
  init(start: Timestamp, hasFingerprints: Bool) {
    self.start = start
    self.hasFingerprints = hasFingerprints
  }

  var isEmpty: Bool { !hasClientHello && !hasServerHello }

  mutating func note(_ hello: TLSClientHello) {
    guard !hasClientHello else { return }
    hasClientHello = true
    hasEncryptedClientHello = hello.hasEncryptedClientHello
    if let name = hello.serverName { ranges.serverName = texts.keep(name, limit: 255) }
    if !hasServerHello { ranges.version = text { hello.version.append(to: &$0) } }
    if let names = hello.applicationProtocols {
      ranges.clientProtocols = texts.keep(names.bytes, limit: 1024)
    }
    guard hasFingerprints, hello.isComplete else { return }
    ranges.ja3 = text { hello.appendJA3(to: &$0) }
    var isSorted = true
    ranges.ja4Ciphers = text { isSorted = hello.appendJA4CipherSuites(to: &$0) && isSorted }
    ranges.ja4Extensions = text { isSorted = hello.appendJA4Extensions(to: &$0) && isSorted }
    if isSorted { ranges.ja4Prefix = text { hello.appendJA4Prefix(.tcp, to: &$0) } }
  }

  /// The hello of SSLv2.
  mutating func note(_ version: TLSVersion, isClient: Bool) {
    if isClient {
      guard !hasClientHello else { return }
      hasClientHello = true
      if hasServerHello { return }
    } else {
      hasServerHello = true
    }
    ranges.version = text { version.append(to: &$0) }
  }

  mutating func note(_ hello: TLSServerHello) {
    guard !hello.isHelloRetryRequest else { return }
    hasServerHello = true
    ranges.version = text { hello.version.append(to: &$0) }
    if let chosen = hello.applicationProtocol {
      ranges.applicationProtocol = texts.keep(chosen, limit: 255)
    }
    guard hasFingerprints else { return }
    ranges.ja3s = text { hello.appendJA3S(to: &$0) }
  }

  mutating func note(_ certificate: X509Certificate) {
    guard server.isEmpty else { return }
    ranges.subject = text { certificate.subject.append(to: &$0) }
    ranges.issuer = text { certificate.issuer.append(to: &$0) }
    ranges.serialNumber = texts.keep(certificate.serialNumber, limit: 64)
    ranges.notBefore = text { certificate.notBefore.append(to: &$0) }
    ranges.notAfter = text { certificate.notAfter.append(to: &$0) }
    // A part of it would have another fingerprint.
    if server.append(certificate.bytes) < certificate.bytes.byteCount { server.removeAll() }
  }

  private mutating func text(_ write: (inout ByteBuffer) -> Void) -> Range<Int> {
    let start = texts.count
    write(&texts)
    return start..<texts.count
  }

  /// The name that the client asked for (SNI, RFC 6066 §3), as sent; empty when there is none.
  public var serverName: RawSpan { @_lifetime(borrow self) get { text(ranges.serverName) } }
  /// The negotiated version, else the client's.
  public var version: RawSpan { @_lifetime(borrow self) get { text(ranges.version) } }
  /// What the client offered (ALPN, RFC 7301), best first.
  public var clientProtocols: ShortStrings? {
    @_lifetime(borrow self) get { ShortStrings(text(ranges.clientProtocols)) }
  }
  /// What the server chose (ALPN), when it said so in clear text.
  public var applicationProtocol: RawSpan {
    @_lifetime(borrow self) get { text(ranges.applicationProtocol) }
  }
  public var subject: RawSpan { @_lifetime(borrow self) get { text(ranges.subject) } }
  public var issuer: RawSpan { @_lifetime(borrow self) get { text(ranges.issuer) } }
  /// The server's certificate (DER); empty when there was none, or it was too large to keep.
  public var certificate: RawSpan { @_lifetime(borrow self) get { server.bytes } }
  /// Its number, most significant byte first.
  public var serialNumber: RawSpan { @_lifetime(borrow self) get { text(ranges.serialNumber) } }
  /// When it begins and ceases to be valid: `2026-03-01T08:00:00`, UTC.
  public var notBefore: RawSpan { @_lifetime(borrow self) get { text(ranges.notBefore) } }
  public var notAfter: RawSpan { @_lifetime(borrow self) get { text(ranges.notAfter) } }
  /// What is hashed for the fingerprints of the same names; empty when the hello was not whole.
  public var ja3: RawSpan { @_lifetime(borrow self) get { text(ranges.ja3) } }
  public var ja3s: RawSpan { @_lifetime(borrow self) get { text(ranges.ja3s) } }
  public var ja4Prefix: RawSpan { @_lifetime(borrow self) get { text(ranges.ja4Prefix) } }
  public var ja4Ciphers: RawSpan { @_lifetime(borrow self) get { text(ranges.ja4Ciphers) } }
  public var ja4Extensions: RawSpan { @_lifetime(borrow self) get { text(ranges.ja4Extensions) } }

  @_lifetime(borrow self)
  private func text(_ range: Range<Int>) -> RawSpan { texts.bytes.extracting(range) }
}
