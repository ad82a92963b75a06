/// A network: an address and how many of its leading bits count (RFC 4632 §3.1, RFC 4291 §2.3).
///
/// IPv4 and IPv6 networks are apart: `::/0` holds no IPv4 address, although ours are kept in their
/// mapped form.
public struct CIDR: Hashable, Sendable {
  /// The network's first address.
  public let base: IPAddress
  /// How many bits count: 0...32 for IPv4, 0...128 for IPv6.
  public let prefixLength: Int

  /// Bits of `address` beyond the prefix are cleared. Nil when there are not that many bits.
  public init?(_ address: IPAddress, prefixLength: Int) {
    guard prefixLength >= 0, prefixLength <= (address.isIPv4 ? 32 : 128) else { return nil }
    self.prefixLength = prefixLength
    let kept = prefixLength + (address.isIPv4 ? 96 : 0)
    let high = kept >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(kept))
    let low = kept <= 64 ? 0 : ~(UInt64.max >> UInt64(kept - 64))
    base = IPAddress(high: address.high & high, low: address.low & low)
  }

  public var isIPv4: Bool { base.isIPv4 }

  public func contains(_ address: IPAddress) -> Bool {
    guard address.isIPv4 == isIPv4 else { return false }
    let kept = prefixLength + (isIPv4 ? 96 : 0)
    // A shift by the whole width gives zero: no bit of that half counts.
    let high = (address.high ^ base.high) >> UInt64(64 - min(kept, 64))
    let low = (address.low ^ base.low) >> UInt64(64 - max(kept - 64, 0))
    return high | low == 0
  }
}
