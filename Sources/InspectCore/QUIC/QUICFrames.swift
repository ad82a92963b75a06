/// The frames of an Initial packet, of which only CRYPTO is of use (RFC 9000 §12.4: PADDING, PING,
/// ACK, CRYPTO, CONNECTION_CLOSE).
struct QUICFrames: ~Escapable {
  struct Crypto: ~Escapable {
    let offset: UInt64
    let data: RawSpan

    @_lifetime(copy data)
    init(offset: UInt64, data: RawSpan) {
      self.offset = offset
      self.data = data
    }
  }

  private enum FrameType {
    static let ping: UInt8 = 0x01, acknowledgment: UInt8 = 0x02
    static let acknowledgmentWithECN: UInt8 = 0x03, crypto: UInt8 = 0x06
    /// Google's number of CRYPTO, in Q050.
    static let googleCrypto: UInt8 = 0x08
  }

  private var reader: QUICReader

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { reader = QUICReader(bytes) }

  /// The next CRYPTO frame; nil at the end, and where a frame is broken or of another type. A packet
  /// holds fewer frames than bytes, so this ends.
  @_lifetime(copy self)
  mutating func next() -> Crypto? {
    do throws(WireError) {
      while true {
        reader.skipZeros()
        guard !reader.isAtEnd else { return nil }
        switch try reader.bytes(1)[0] {
        case FrameType.ping:
          continue
        case FrameType.acknowledgment:
          try skipAcknowledgment()
        case FrameType.acknowledgmentWithECN:
          try skipAcknowledgment()
          for _ in 0..<3 { _ = try reader.number() }
        case FrameType.crypto, FrameType.googleCrypto:
          let offset = try reader.number()
          return Crypto(offset: offset, data: try reader.bytes(reader.number()))
        default:
          return nil
        }
      }
    } catch {
      return nil
    }
  }

  /// Largest acknowledged, delay, count of ranges, first range, then pairs of gap and length.
  private mutating func skipAcknowledgment() throws(WireError) {
    _ = try reader.number()
    _ = try reader.number()
    let ranges = try reader.number()
    _ = try reader.number()
    // Each takes two bytes at least: the end of the packet bounds the loop.
    var index: UInt64 = 0
    while index < ranges {
      _ = try reader.number()
      _ = try reader.number()
      index += 1
    }
  }
}
