import InspectCore

/// Writes handshake messages and records for tests.
enum TLSBuilder {
  static func number(_ value: Int, _ byteCount: Int) -> [UInt8] {
    (0..<byteCount).map { UInt8(value >> (8 * (byteCount - 1 - $0)) & 0xff) }
  }

  static func vector(_ lengthByteCount: Int, _ bytes: [UInt8]) -> [UInt8] {
    number(bytes.count, lengthByteCount) + bytes
  }

  static func numbers(_ values: [Int]) -> [UInt8] { values.flatMap { number($0, 2) } }

  static func `extension`(_ type: Int, _ data: [UInt8] = []) -> [UInt8] {
    number(type, 2) + vector(2, data)
  }

  static func serverName(_ name: String) -> [UInt8] {
    `extension`(0, vector(2, [0] + vector(2, Array(name.utf8))))
  }

  static func applicationProtocols(_ names: [String]) -> [UInt8] {
    `extension`(16, vector(2, names.flatMap { vector(1, Array($0.utf8)) }))
  }

  static func clientHelloBody(
    version: Int = 0x0303, cipherSuites: [Int] = [0x1301], extensions: [[UInt8]]?
  ) -> [UInt8] {
    number(version, 2) + [UInt8](repeating: 7, count: 32) + [0]
      + vector(2, numbers(cipherSuites)) + [1, 0]
      + (extensions.map { vector(2, $0.flatMap { $0 }) } ?? [])
  }

  static func serverHelloBody(
    version: Int = 0x0303, random: [UInt8] = [UInt8](repeating: 9, count: 32), cipherSuite: Int,
    extensions: [[UInt8]]?
  ) -> [UInt8] {
    number(version, 2) + random + [0] + number(cipherSuite, 2) + [0]
      + (extensions.map { vector(2, $0.flatMap { $0 }) } ?? [])
  }

  static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [type] + vector(3, body) }

  /// `bytes` in records of at most `size` bytes.
  static func records(_ bytes: [UInt8], type: UInt8 = 22, size: Int = 1 << 14) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: size).flatMap { start in
      [type, 3, 3] + vector(2, Array(bytes[start..<min(start + size, bytes.count)]))
    }
  }
}

/// Writes down what it is told.
struct TLSRecorder: TLSHandler {
  var lines: [String] = []

  mutating func clientHello(_ hello: TLSClientHello, _ direction: Direction) {
    var line = "\(direction) client \(tlsText { hello.version.append(to: &$0) })"
    if let name = hello.serverName { line += " sni \(tlsText { $0.append(name) })" }
    if var names = hello.applicationProtocols {
      while let name = names.next() { line += " alpn \(tlsText { $0.append(name) })" }
    }
    if hello.hasEncryptedClientHello { line += " ech" }
    if !hello.isComplete { line += " cut" }
    _ = tlsText { hello.appendJA3(to: &$0) }
    _ = tlsText { hello.appendJA4Prefix(.tcp, to: &$0) }
    _ = tlsText { _ = hello.appendJA4CipherSuites(to: &$0) }
    _ = tlsText { _ = hello.appendJA4Extensions(to: &$0) }
    lines.append(line)
  }

  mutating func serverHello(_ hello: TLSServerHello, _ direction: Direction) {
    var line = "\(direction) server \(tlsText { hello.version.append(to: &$0) })"
    line += " cipher \(hello.cipherSuite)"
    if let name = hello.applicationProtocol { line += " alpn \(tlsText { $0.append(name) })" }
    if hello.isHelloRetryRequest { line += " retry" }
    _ = tlsText { hello.appendJA3S(to: &$0) }
    lines.append(line)
  }

  mutating func ssl2Hello(_ version: TLSVersion, isClient: Bool, _ direction: Direction) {
    let name = tlsText { version.append(to: &$0) }
    lines.append("\(direction) \(isClient ? "client" : "server") \(name) in SSLv2's form")
  }

  mutating func certificate(_ certificate: X509Certificate, _ direction: Direction) {
    lines.append("\(direction) subject \(tlsText { certificate.subject.append(to: &$0) })")
    lines.append("\(direction) issuer \(tlsText { certificate.issuer.append(to: &$0) })")
  }

  mutating func damaged(_ error: WireError, _ direction: Direction) {
    lines.append("\(direction) damaged")
  }
}

func tlsText(_ write: (inout ByteBuffer) -> Void) -> String {
  var buffer = ByteBuffer(limit: 1 << 18)
  write(&buffer)
  let bytes = buffer.bytes
  return String(decoding: bytes.byteOffsets.map { bytes[$0] }, as: UTF8.self)
}
