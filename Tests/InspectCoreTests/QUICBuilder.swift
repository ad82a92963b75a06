@testable import InspectCore

/// Seals nothing: the text stays readable, and the tag is the key. Keys follow from salt, identifier
/// and label, so that other ones are refused as real ones are.
struct ToyCipher: PacketCipher, ~Copyable {
  static func mix(_ bytes: [UInt8]) -> PacketKeys.Secret {
    let hash = SipHash13(key0: 1, key1: 2).hash(bytes.span.bytes)
    return InlineArray { UInt8(truncatingIfNeeded: hash >> UInt64($0 % 8 * 8)) &+ UInt8($0) }
  }

  static func bytes(_ span: RawSpan) -> [UInt8] { span.byteOffsets.map { span[$0] } }

  mutating func extract(salt: RawSpan, from material: RawSpan) -> PacketKeys.Secret {
    Self.mix(Self.bytes(salt) + Self.bytes(material))
  }

  mutating func expand(_ secret: PacketKeys.Secret, info: RawSpan) -> PacketKeys.Secret {
    Self.mix(secret.indices.map { secret[$0] } + Self.bytes(info))
  }

  mutating func encrypt(
    _ block: PacketKeys.Block, key: PacketKeys.Block
  ) -> PacketKeys.Block { PacketKeys.Block(repeating: 0) }

  mutating func open(
    _ sealed: RawSpan, key: PacketKeys.Block, nonce: PacketKeys.Nonce,
    authenticating header: RawSpan, into output: inout ByteBuffer
  ) -> Bool {
    guard sealed.byteCount >= 16 else { return false }
    let text = sealed.extracting(droppingLast: 16)
    let tag = sealed.extracting(droppingFirst: text.byteCount)
    for index in 0..<16 where tag[index] != key[index] { return false }
    return output.append(text) == text.byteCount
  }
}

/// Writes QUIC packets, as `ToyCipher` would seal them.
enum QUICBuilder {
  static func number(_ value: Int) -> [UInt8] {
    value < 64
      ? [UInt8(value)]
      : value < 16_384
        ? TLSBuilder.number(value | 0x4000, 2) : TLSBuilder.number(value | 0x8000_0000, 4)
  }

  static func crypto(_ bytes: [UInt8], at offset: Int = 0) -> [UInt8] {
    [6] + number(offset) + number(bytes.count) + bytes
  }

  static func long(
    _ type: UInt8, version: UInt32, destination: [UInt8], source: [UInt8] = []
  ) -> [UInt8] {
    [0xc0 | type << 4] + TLSBuilder.number(Int(version), 4)
      + TLSBuilder.vector(1, destination) + TLSBuilder.vector(1, source)
  }

  /// An Initial packet of a client or a server; `key` is the identifier that the keys follow from,
  /// where it is not the destination's.
  static func initial(
    _ frames: [UInt8], version: UInt32 = 1, destination: [UInt8], source: [UInt8] = [],
    key: [UInt8]? = nil, keyVersion: UInt32? = nil, isServer: Bool = false, token: [UInt8] = []
  ) -> [UInt8] {
    let type: UInt8 = version == 0x6b33_43cf || version == 0x709a_50c4 ? 1 : 0
    let known = QUICVersion(rawValue: keyVersion ?? version)
    let origin = key ?? destination
    var opener = InitialOpener(ToyCipher())
    let keys = opener.keys(
      known.protection ?? .one, origin.span.bytes, isServer ? .server : .client)
    let text = frames + [UInt8](repeating: 0, count: max(0, 40 - frames.count))
    return long(type, version: version, destination: destination, source: source)
      + number(token.count) + token + number(1 + text.count + 16) + [0] + text
      + keys.key.indices.map { keys.key[$0] }
  }

  static func clientHello(_ name: String, padding: Int = 0) -> [UInt8] {
    TLSBuilder.message(
      1,
      TLSBuilder.clientHelloBody(extensions: [
        TLSBuilder.extension(21, [UInt8](repeating: 0, count: padding)),
        TLSBuilder.serverName(name),
      ]))
  }

  static let serverHello = TLSBuilder.message(
    2, TLSBuilder.serverHelloBody(cipherSuite: 0x1301, extensions: []))
}

/// Writes down which hellos it is told.
struct QUICRecorder: QUICHandler {
  var lines: [String] = []

  mutating func quic(_ hello: QUICHello, _ version: QUICVersion, _ client: Direction) {
    var line = "\(client) \(tlsText { version.append(to: &$0) })"
    switch hello {
    case .client(let hello): line += hello.isComplete ? " client" : " cut client"
    case .server(let hello): line += " server \(hello.cipherSuite)"
    case .google(let hello):
      line += " google"
      if let agent = hello.userAgent { line += " \(tlsText { $0.append(agent) })" }
    }
    if let name = hello.serverName { line += " \(tlsText { $0.append(name) })" }
    lines.append(line)
  }
}
