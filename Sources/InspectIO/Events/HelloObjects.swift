import Crypto
import InspectCore

extension JSONWriter {
  /// What a TLS session said, with the names of Suricata's fields.
  mutating func writeTLS(_ session: borrowing TLSSession) {
    beginObject("tls")
    if !session.subject.isEmpty { field("subject", session.subject) }
    if !session.issuer.isEmpty { field("issuerdn", session.issuer) }
    if !session.serialNumber.isEmpty {
      field("serial", Hexadecimal.joined(session.serialNumber).uppercased())
    }
    if !session.certificate.isEmpty { field("fingerprint", Fingerprint.sha1(session.certificate)) }
    if !session.serverName.isEmpty { field("sni", session.serverName) }
    field("version", session.version)
    if !session.notBefore.isEmpty { field("notbefore", session.notBefore) }
    if !session.notAfter.isEmpty { field("notafter", session.notAfter) }
    if !session.applicationProtocol.isEmpty { field("alpn", session.applicationProtocol) }
    if let names = session.clientProtocols { writeProtocols("client_alpns", names) }
    if session.hasEncryptedClientHello { field("ech", true) }
    if !session.ja3.isEmpty { writeHash("ja3", of: session.ja3) }
    if !session.ja4Prefix.isEmpty {
      field("ja4", Fingerprint.ja4(session.ja4Prefix, session.ja4Ciphers, session.ja4Extensions))
    }
    if !session.ja3s.isEmpty { writeHash("ja3s", of: session.ja3s) }
    endObject()
  }

  /// One hello of a QUIC handshake.
  mutating func writeQUIC(_ hello: QUICHello, _ version: QUICVersion) {
    var text = ByteBuffer(limit: 16_384)
    beginObject("quic")
    version.append(to: &text)
    field("version", text.bytes)
    switch hello {
    case .client(let hello): write(hello, &text)
    case .server(let hello):
      text.removeAll()
      hello.appendJA3S(to: &text)
      writeHash("ja3s", of: text.bytes)
    case .google(let hello):
      if let name = hello.serverName { field("sni", name) }
      if let agent = hello.userAgent { field("ua", agent) }
    }
    endObject()
  }

  private mutating func write(_ hello: TLSClientHello, _ text: inout ByteBuffer) {
    if let name = hello.serverName, !name.isEmpty { field("sni", name) }
    if let names = hello.applicationProtocols { writeProtocols("client_alpns", names) }
    if hello.hasEncryptedClientHello { field("ech", true) }
    guard hello.isComplete else { return }
    text.removeAll()
    hello.appendJA3(to: &text)
    writeHash("ja3", of: text.bytes)
    text.removeAll()
    hello.appendJA4Prefix(.quic, to: &text)
    let prefix = text.count
    guard hello.appendJA4CipherSuites(to: &text) else { return }
    let ciphers = text.count
    guard hello.appendJA4Extensions(to: &text) else { return }
    let bytes = text.bytes
    field(
      "ja4",
      Fingerprint.ja4(
        bytes.extracting(first: prefix), bytes.extracting(prefix..<ciphers),
        bytes.extracting(droppingFirst: ciphers)))
  }

  private mutating func writeProtocols(_ key: StaticString, _ names: ShortStrings) {
    var names = names
    var isFirst = true
    while let name = names.next() {
      if isFirst { beginArray(key) }
      isFirst = false
      element(name)
    }
    if !isFirst { endArray() }
  }

  private mutating func writeHash(_ key: StaticString, of text: RawSpan) {
    beginObject(key)
    field("hash", Fingerprint.md5(text))
    endObject()
  }
}

/// Fingerprints of TLS hellos; the core writes what is hashed.
enum Fingerprint {
  static func md5(_ text: RawSpan) -> String {
    text.withUnsafeBytes { Hexadecimal.text(Insecure.MD5.hash(data: $0)) }
  }

  /// The hash of a certificate, as Suricata writes it.
  static func sha1(_ certificate: RawSpan) -> String {
    certificate.withUnsafeBytes { bytes in
      let digest = Array(Insecure.SHA1.hash(data: bytes))
      return Hexadecimal.joined(digest.span.bytes)
    }
  }

  /// The first twelve digits; of nothing, zeros (FoxIO's specification of JA4).
  private static func short(_ text: RawSpan) -> String {
    guard !text.isEmpty else { return "000000000000" }
    return text.withUnsafeBytes { Hexadecimal.text(SHA256.hash(data: $0).prefix(6)) }
  }

  static func ja4(_ prefix: RawSpan, _ ciphers: RawSpan, _ extensions: RawSpan) -> String {
    let head = prefix.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    return "\(head)_\(short(ciphers))_\(short(extensions))"
  }
}
