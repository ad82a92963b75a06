/// The Internet checksum (RFC 1071): the ones' complement of the sum of all 16-bit words.
///
/// What a sender covered together with its checksum adds up to all ones.
public struct InternetChecksum: Sendable {
  private var sum: UInt64 = 0

  public init() {}

  /// Adds bytes; only the last that are added may be odd in number.
  public mutating func add(_ bytes: RawSpan) {
    var offset = 0
    // Words of 32 bits fold to the same (§2 (B)); 2³² of them would be needed to overflow.
    while bytes.byteCount &- offset >= 4 {
      sum &+= UInt64(bytes.load(offset, as: UInt32.self))
      offset &+= 4
    }
    if bytes.byteCount &- offset >= 2 {
      sum &+= UInt64(bytes.load(offset, as: UInt16.self))
      offset &+= 2
    }
    if offset < bytes.byteCount { sum &+= UInt64(bytes[offset]) << 8 }
  }

  public mutating func add(_ word: UInt32) { sum &+= UInt64(word) }

  /// Adds the header that TCP, UDP and ICMPv6 pretend to have (RFC 9293 §3.1, RFC 8200 §8.1).
  public mutating func addPseudoHeader(
    source: IPAddress, destination: IPAddress, protocolNumber: UInt8, byteCount: Int
  ) {
    add(source)
    add(destination)
    add(UInt32(truncatingIfNeeded: byteCount))
    add(UInt32(protocolNumber))
  }

  private mutating func add(_ address: IPAddress) {
    guard !address.isIPv4 else { return add(address.ipv4) }
    add(UInt32(truncatingIfNeeded: address.high >> 32))
    add(UInt32(truncatingIfNeeded: address.high))
    add(UInt32(truncatingIfNeeded: address.low >> 32))
    add(UInt32(truncatingIfNeeded: address.low))
  }

  public var isValid: Bool {
    var folded = sum
    while folded > 0xffff { folded = folded >> 16 &+ folded & 0xffff }
    return folded == 0xffff
  }
}
