import Crypto
import CryptoExtras
import InspectCore

/// Opens QUIC's Initial packets by swift-crypto.
public struct AESCipher: PacketCipher, ~Copyable {
  /// The code under the key that was asked for last: its key schedule is most of the work, and what
  /// is derived from one secret, or with one salt, comes in a row.
  private var codes = (salt: KeyedCode(key: []), secret: KeyedCode(key: []))
  /// What a packet's box is put together in.
  private var combined: [UInt8] = []

  public init() {}

  public mutating func extract(salt: RawSpan, from material: RawSpan) -> PacketKeys.Secret {
    if !codes.salt.has(salt) { codes.salt = KeyedCode(salt) }
    return codes.salt.code(of: material)
  }

  /// One block of HKDF is all that is asked for: T(1) of RFC 5869 §2.3.
  public mutating func expand(_ secret: PacketKeys.Secret, info: RawSpan) -> PacketKeys.Secret {
    let key = secret.span.bytes
    if !codes.secret.has(key) { codes.secret = KeyedCode(key) }
    return codes.secret.code(of: info, and: 1)
  }

  public mutating func encrypt(
    _ block: PacketKeys.Block, key: PacketKeys.Block
  ) -> PacketKeys.Block {
    var bytes = block.indices.map { block[$0] }
    // It throws for other sizes than these only.
    guard (try? AES.permute(&bytes, key: AESCipher.key(key.span))) != nil else { return block }
    return AESCipher.words(bytes)
  }

  public mutating func open(
    _ sealed: RawSpan, key: PacketKeys.Block, nonce: PacketKeys.Nonce,
    authenticating header: RawSpan, into output: inout ByteBuffer
  ) -> Bool {
    guard sealed.byteCount >= 16 else { return false }
    combined.removeAll(keepingCapacity: true)
    for index in nonce.indices { combined.append(nonce[index]) }
    sealed.withUnsafeBytes { combined.append(contentsOf: $0) }
    return header.withUnsafeBytes { header in
      guard let box = try? AES.GCM.SealedBox(combined: combined),
        let text = try? AES.GCM.open(
          box, using: AESCipher.key(key.span), authenticating: header)
      else { return false }
      return text.withUnsafeBytes { output.append($0.bytes) == $0.count }
    }
  }

  private static func key(_ bytes: Span<UInt8>) -> SymmetricKey {
    bytes.withUnsafeBytes { SymmetricKey(data: $0) }
  }

  private static func words<let count: Int>(
    _ bytes: some Sequence<UInt8>
  ) -> InlineArray<count, UInt8> {
    var iterator = bytes.makeIterator()
    return InlineArray { _ in iterator.next() ?? 0 }
  }
}

/// HMAC-SHA-256 (RFC 2104) under one key, ready to be used again: the two digests are begun with the
/// key. swift-crypto's own takes three times as long for codes of a few bytes.
private struct KeyedCode {
  private static let blockByteCount = 64

  private let key: [UInt8]
  private let inner: SHA256
  private let outer: SHA256

  init(_ key: RawSpan) { self.init(key: key.withUnsafeBytes { Array($0) }) }

  /// A key longer than a block would have to be hashed first; QUIC's have 20 and 32 octets.
  init(key: [UInt8]) {
    precondition(key.count <= KeyedCode.blockByteCount)
    self.key = key
    inner = KeyedCode.begin(key, with: 0x36)
    outer = KeyedCode.begin(key, with: 0x5c)
  }

  private static func begin(_ key: [UInt8], with pad: UInt8) -> SHA256 {
    var block = [UInt8](repeating: pad, count: blockByteCount)
    for index in key.indices { block[index] ^= key[index] }
    var digest = SHA256()
    block.withUnsafeBytes { digest.update(bufferPointer: $0) }
    return digest
  }

  func has(_ other: RawSpan) -> Bool { key.span.bytes.equals(other) }

  /// The code of `bytes`, and of the octet behind them where there is one.
  func code(of bytes: RawSpan, and octet: UInt8? = nil) -> PacketKeys.Secret {
    var digest = inner
    bytes.withUnsafeBytes { digest.update(bufferPointer: $0) }
    if let octet { withUnsafeBytes(of: octet) { digest.update(bufferPointer: $0) } }
    var code = outer
    digest.finalize().withUnsafeBytes { code.update(bufferPointer: $0) }
    return code.finalize().withUnsafeBytes { bytes in InlineArray { bytes[$0] } }
  }
}
