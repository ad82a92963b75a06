/// The cryptography that QUIC's Initial packets take (RFC 9001 §5): AEAD_AES_128_GCM and HKDF with
/// SHA-256. Whoever makes an inspector brings it; the core has none.
///
/// Their keys follow from what everybody sees, so that opening them breaks no secret.
public protocol PacketCipher: ~Copyable {
  /// HKDF-Extract (RFC 5869 §2.2).
  mutating func extract(salt: RawSpan, from material: RawSpan) -> PacketKeys.Secret

  /// HKDF-Expand (RFC 5869 §2.3): the first 32 bytes.
  mutating func expand(_ secret: PacketKeys.Secret, info: RawSpan) -> PacketKeys.Secret

  /// A block of AES-128 (FIPS 197), of which header protection takes its mask (RFC 9001 §5.4.3).
  mutating func encrypt(_ block: PacketKeys.Block, key: PacketKeys.Block) -> PacketKeys.Block

  /// Opens what AEAD_AES_128_GCM (RFC 5116 §5.1) sealed, its tag of 16 bytes at the end, and appends
  /// the plaintext to `output`. False, and nothing appended, when it is not genuine.
  mutating func open(
    _ sealed: RawSpan, key: PacketKeys.Block, nonce: PacketKeys.Nonce,
    authenticating header: RawSpan, into output: inout ByteBuffer
  ) -> Bool
}

/// What opens the packets of one side.
public struct PacketKeys: Sendable {
  public typealias Secret = InlineArray<32, UInt8>
  public typealias Block = InlineArray<16, UInt8>
  public typealias Nonce = InlineArray<12, UInt8>

  public let key: Block
  public let initializationVector: Nonce
  public let headerKey: Block
}
