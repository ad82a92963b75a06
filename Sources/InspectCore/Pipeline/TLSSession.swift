/// What a TLS connection said in clear text.
public struct TLSSession: ~Copyable {
  private struct Texts {
    var serverName = 0..<0
    var version = 0..<0
    var applicationProtocol = 0..<0
    var subject = 0..<0
    var issuer = 0..<0
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
    guard hasFingerprints else { return }
    ranges.ja3 = text { hello.appendJA3(to: &$0) }
    ranges.ja4Prefix = text { hello.appendJA4Prefix(.tcp, to: &$0) }
    ranges.ja4Ciphers = text { _ = hello.appendJA4CipherSuites(to: &$0) }
    ranges.ja4Extensions = text { _ = hello.appendJA4Extensions(to: &$0) }
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
    ranges.subject = text { certificate.subject.append(to: &$0) }
    ranges.issuer = text { certificate.issuer.append(to: &$0) }
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
  /// What the server chose (ALPN, RFC 7301).
  public var applicationProtocol: RawSpan {
    @_lifetime(borrow self) get { text(ranges.applicationProtocol) }
  }
  public var subject: RawSpan { @_lifetime(borrow self) get { text(ranges.subject) } }
  public var issuer: RawSpan { @_lifetime(borrow self) get { text(ranges.issuer) } }
  /// What is hashed for the fingerprints of the same names.
  public var ja3: RawSpan { @_lifetime(borrow self) get { text(ranges.ja3) } }
  public var ja3s: RawSpan { @_lifetime(borrow self) get { text(ranges.ja3s) } }
  public var ja4Prefix: RawSpan { @_lifetime(borrow self) get { text(ranges.ja4Prefix) } }
  public var ja4Ciphers: RawSpan { @_lifetime(borrow self) get { text(ranges.ja4Ciphers) } }
  public var ja4Extensions: RawSpan { @_lifetime(borrow self) get { text(ranges.ja4Extensions) } }

  @_lifetime(borrow self)
  private func text(_ range: Range<Int>) -> RawSpan { texts.bytes.extracting(range) }
}
