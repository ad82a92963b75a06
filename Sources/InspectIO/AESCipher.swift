import Crypto
import CryptoExtras
import InspectCore

/// Opens QUIC's Initial packets by swift-crypto.
public struct AESCipher: PacketCipher, ~Copyable {
  public init() {}

  public mutating func extract(salt: RawSpan, from material: RawSpan) -> PacketKeys.Secret {
    salt.withUnsafeBytes { salt in
      material.withUnsafeBytes { material in
        AESCipher.words(
          HKDF<SHA256>.extract(inputKeyMaterial: SymmetricKey(data: material), salt: salt))
      }
    }
  }

  public mutating func expand(_ secret: PacketKeys.Secret, info: RawSpan) -> PacketKeys.Secret {
    info.withUnsafeBytes { info in
      let key = HKDF<SHA256>.expand(
        pseudoRandomKey: AESCipher.key(secret.span), info: info, outputByteCount: 32)
      return key.withUnsafeBytes { AESCipher.words($0) }
    }
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
    let tag = sealed.byteCount - 16
    guard tag >= 0 else { return false }
    return sealed.withUnsafeBytes { sealed in
      header.withUnsafeBytes { header in
        guard
          let nonce = try? AES.GCM.Nonce(data: nonce.indices.map { nonce[$0] }),
          let box = try? AES.GCM.SealedBox(
            nonce: nonce, ciphertext: sealed[..<tag], tag: sealed[tag...]),
          let text = try? AES.GCM.open(
            box, using: AESCipher.key(key.span), authenticating: header)
        else { return false }
        return text.withUnsafeBytes { output.append($0.bytes) == $0.count }
      }
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
