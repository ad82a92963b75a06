/// DNS messages in one direction of a TCP connection: two bytes of length before each (RFC 1035
/// §4.2.2, RFC 7766 §8).
///
///     +---------------+---------------+---------------
///     |            length             | message ...
///     +---------------+---------------+---------------
///
/// A message that is whole in the bytes given is lent as it lies there; one in pieces is put together
/// in a buffer that keeps its memory.
public struct DNSStream: ~Copyable {
  private static var lengthByteCount: Int { 2 }

  private var partial = ByteBuffer(limit: lengthByteCount + Int(UInt16.max))
  /// Bytes of a damaged message that are still to come.
  private var skipped = 0
  /// Where messages start is unknown since a gap.
  public private(set) var isLost = false
  /// Messages that a gap damaged.
  public private(set) var damagedMessages = 0

  public init() {}

  /// Calls `body` with each message that ends in these bytes, which follow the ones before.
  public mutating func consume(_ bytes: RawSpan, _ body: (RawSpan) -> Void) {
    var rest = bytes
    if isLost { isLost = !DNSStream.startsWithMessage(bytes) }
    guard !isLost else { return }
    let dropped = min(skipped, rest.byteCount)
    skipped -= dropped
    rest = rest.extracting(droppingFirst: dropped)
    while !rest.isEmpty {
      if partial.isEmpty, let end = DNSStream.end(of: rest), end <= rest.byteCount {
        body(rest.extracting(DNSStream.lengthByteCount..<end))
        rest = rest.extracting(droppingFirst: end)
        continue
      }
      let end = DNSStream.end(of: partial.bytes) ?? DNSStream.lengthByteCount
      let taken = min(end - partial.count, rest.byteCount)
      partial.append(rest.extracting(first: taken))
      rest = rest.extracting(droppingFirst: taken)
      if DNSStream.end(of: partial.bytes) == partial.count {
        body(partial.bytes.extracting(droppingFirst: DNSStream.lengthByteCount))
        partial.removeAll()
      }
    }
  }

  /// Says that `byteCount` bytes are missing here. Within one message only that one is damaged; beyond
  /// its end the stream is lost until bytes start with a plausible message.
  public mutating func gap(_ byteCount: Int) {
    guard !isLost, byteCount > 0 else { return }
    let end = DNSStream.end(of: partial.bytes)
    let pending = skipped > 0 ? skipped : end.map { $0 - partial.count } ?? 0
    if !partial.isEmpty { damagedMessages += 1 }
    partial.removeAll()
    isLost = byteCount > pending
    skipped = isLost ? 0 : pending - byteCount
  }

  /// For the next connection. Memory beyond `keptByteCount` is given back.
  public mutating func reset(keptByteCount: Int = 4096) {
    partial.shrink(to: keptByteCount)
    skipped = 0
    isLost = false
    damagedMessages = 0
  }

  /// Whether bytes start with a whole message that looks like one, its length before it.
  public static func startsWithMessage(_ bytes: RawSpan) -> Bool {
    guard let end = end(of: bytes), end <= bytes.byteCount else { return false }
    return DNSMessage.isPlausible(bytes.extracting(lengthByteCount..<end))
  }

  enum Opening {
    case needMore, no, yes
  }

  /// Whether a connection's first bytes are DNS. On the port of DNS a header that makes sense is
  /// enough; elsewhere all of the first message is needed, and nothing about it may be strange.
  static func open(_ bytes: RawSpan, onItsPort isOnItsPort: Bool) -> Opening {
    guard let end = end(of: bytes) else { return isOnItsPort ? .needMore : .no }
    let message = bytes.extracting(droppingFirst: lengthByteCount)
    let byteCount = end - lengthByteCount
    if !isOnItsPort {
      guard end <= bytes.byteCount else { return .no }
      return DNSMessage.isCertain(message.extracting(first: byteCount)) ? .yes : .no
    }
    guard DNSMessage.mayBegin(message, of: byteCount) else { return .no }
    return message.byteCount >= DNSMessage.headerByteCount ? .yes : .needMore
  }

  /// Where the message ends whose length `bytes` start with; nil when the length is not there yet.
  private static func end(of bytes: RawSpan) -> Int? {
    guard bytes.byteCount >= lengthByteCount else { return nil }
    return lengthByteCount + Int(bytes.load(0, as: UInt16.self))
  }
}
