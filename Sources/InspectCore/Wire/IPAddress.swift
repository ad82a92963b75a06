/// An IPv4 or IPv6 address. IPv4 is kept in its mapped form (`::ffff:a.b.c.d`, RFC 4291 §2.5.5.2),
/// so that both are 16 bytes and compare as integers.
public struct IPAddress: Hashable, Comparable, Sendable {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  public init(ipv4 address: UInt32) {
    high = 0
    low = 0xffff_0000_0000 | UInt64(address)
  }

  public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

  /// The IPv4 address as a number; the low 32 bits of an IPv6 one.
  public var ipv4: UInt32 { UInt32(truncatingIfNeeded: low) }

  public static func < (left: IPAddress, right: IPAddress) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }

  /// The byte at `index`, in network order, of the 16.
  public func byte(_ index: Int) -> UInt8 {
    let half = index < 8 ? high : low
    return UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * (index & 7)))
  }
}

/// An IEEE 802 MAC-48 address, in the low 48 bits.
public struct MACAddress: Hashable, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue & 0xffff_ffff_ffff }

  /// Nothing was seen: the link carries no address.
  public static var none: MACAddress { MACAddress(rawValue: 0) }

  /// The group bit (IEEE 802-2014 §8.2): multicast and broadcast.
  public var isGroup: Bool { rawValue & 0x0100_0000_0000 != 0 }
}
