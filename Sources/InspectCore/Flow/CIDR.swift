/// A network: an address and how many of its leading bits count (RFC 4632 §3.1, RFC 4291 §2.3).
///
/// IPv4 and IPv6 networks are apart: `::/0` holds no IPv4 address, although ours are kept in their
/// mapped form.
public struct CIDR: Hashable, Sendable {
  /// The network's first address.
  public let base: IPAddress
  /// How many bits count: 0...32 for IPv4, 0...128 for IPv6.
  public let prefixLength: Int
  // The bits that count.
  private let highMask: UInt64
  private let lowMask: UInt64

  /// Bits of `address` beyond the prefix are cleared. Nil when there are not that many bits.
  public init?(_ address: IPAddress, prefixLength: Int) {
    guard prefixLength >= 0, prefixLength <= (address.isIPv4 ? 32 : 128) else { return nil }
    self.prefixLength = prefixLength
    let kept = prefixLength + (address.isIPv4 ? 96 : 0)
    highMask = kept >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(kept))
    lowMask = kept <= 64 ? 0 : ~(UInt64.max >> UInt64(kept - 64))
    base = IPAddress(high: address.high & highMask, low: address.low & lowMask)
  }

  public var isIPv4: Bool { base.isIPv4 }

  public func contains(_ address: IPAddress) -> Bool {
    let difference =
      (address.high ^ base.high) & highMask | (address.low ^ base.low) & lowMask
    return difference == 0 && address.isIPv4 == isIPv4
  }
}
