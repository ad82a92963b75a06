/// Opens Initial packets (RFC 9001 §5): derives their keys, takes the protection off the header, and
/// decrypts the payload into memory that is used again.
public struct InitialOpener<Cipher: PacketCipher & ~Copyable>: ~Copyable {
  enum Side: Sendable { case client, server }

  private var cipher: Cipher
  private var input = ByteBuffer(limit: 64)
  private var header = ByteBuffer(limit: 1 << 16)
  private var plaintext = ByteBuffer(limit: 1 << 16)

  public init(_ cipher: consuming Cipher) { self.cipher = cipher }

  /// The frames of the packet that was opened last.
  var frames: RawSpan { @_lifetime(borrow self) get { plaintext.bytes } }

  /// The keys of one side of a connection that began with this identifier (RFC 9001 §5.2).
  mutating func keys(
    _ protection: InitialProtection, _ connectionID: RawSpan, _ side: Side
  ) -> PacketKeys {
    input.removeAll()
    for index in protection.salt.indices { input.append(protection.salt[index]) }
    let initial = InitialOpener.extract(&cipher, &input, connectionID)
    let secret = expand(initial, side == .client ? "client in" : "server in", count: 32)
    let isTwo = protection.usesLabelsOfTwo
    let key = expand(secret, isTwo ? "quicv2 key" : "quic key", count: 16)
    let vector = expand(secret, isTwo ? "quicv2 iv" : "quic iv", count: 12)
    let headerKey = expand(secret, isTwo ? "quicv2 hp" : "quic hp", count: 16)
    return PacketKeys(
      key: InlineArray { key[$0] }, initializationVector: InlineArray { vector[$0] },
      headerKey: InlineArray { headerKey[$0] })
  }

  /// HKDF-Expand-Label (RFC 8446 §7.1), without a context.
  private mutating func expand(
    _ secret: PacketKeys.Secret, _ label: StaticString, count: UInt8
  ) -> PacketKeys.Secret {
    input.removeAll()
    input.append(0)
    input.append(count)
    input.append(UInt8(6 + label.utf8CodeUnitCount))
    input.append("tls13 ")
    input.append(label)
    input.append(0)
    return InitialOpener.expand(&cipher, secret, &input)
  }

  /// Opens a packet. False when these keys did not seal it; `frames` is empty then.
  mutating func open(_ packet: QUICPacket, _ keys: PacketKeys) -> Bool {
    plaintext.removeAll()
    let number = packet.numberOffset
    // The sample begins where a number of four bytes would end (RFC 9001 §5.4.2).
    guard packet.bytes.byteCount >= number + 4 + 16 else { return false }
    let sample = packet.bytes.extracting(number + 4..<number + 20)
    let mask = cipher.encrypt(InlineArray { sample[$0] }, key: keys.headerKey)
    let first = packet.bytes[0] ^ (mask[0] & 0x0f)
    let length = Int(first & 3) + 1
    header.removeAll()
    header.append(first)
    header.append(packet.bytes.extracting(1..<number))
    // An observer does not know the number before; those of Initial packets are small, so that the
    // bytes sent are all of it (RFC 9000 §17.1).
    var nonce = keys.initializationVector
    for index in 0..<length {
      let byte = packet.bytes[number + index] ^ mask[1 + index]
      header.append(byte)
      nonce[12 - length + index] ^= byte
    }
    let sealed = packet.bytes.extracting(droppingFirst: number + length)
    return InitialOpener.open(&cipher, sealed, keys.key, nonce, &header, into: &plaintext)
  }

  // Functions of their own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func extract(
    _ cipher: inout Cipher, _ salt: inout ByteBuffer, _ material: RawSpan
  ) -> PacketKeys.Secret {
    cipher.extract(salt: salt.bytes, from: material)
  }

  private static func expand(
    _ cipher: inout Cipher, _ secret: PacketKeys.Secret, _ info: inout ByteBuffer
  ) -> PacketKeys.Secret {
    cipher.expand(secret, info: info.bytes)
  }

  private static func open(
    _ cipher: inout Cipher, _ sealed: RawSpan, _ key: PacketKeys.Block, _ nonce: PacketKeys.Nonce,
    _ header: inout ByteBuffer, into output: inout ByteBuffer
  ) -> Bool {
    cipher.open(sealed, key: key, nonce: nonce, authenticating: header.bytes, into: &output)
  }
}
