/// Which flows are looked at by one of several shards.
public struct ShardNumber: Sendable {
  /// From 0.
  public let index: Int
  public let count: Int

  /// Precondition: `index` is less than `count`.
  public init(_ index: Int, of count: Int) {
    precondition(index >= 0 && index < count && count < 1 << 16)
    self.index = index
    self.count = count
  }

  /// There is one, which looks at all.
  public static var only: ShardNumber { ShardNumber(0, of: 1) }

  @inline(__always)
  var isOnly: Bool { count == 1 }

  /// Whether the flow between these ends is this shard's; which end is which makes no difference.
  @inline(__always)
  func owns(_ one: Endpoint, _ other: Endpoint) -> Bool {
    ShardNumber.owner(one, other, of: count) == index
  }

  /// The index of the shard, of so many, whose the flow between these ends is.
  @inline(__always)
  static func owner(_ one: Endpoint, _ other: Endpoint, of count: Int) -> Int {
    let spread = UInt64(UInt32(truncatingIfNeeded: (one.mixed &+ other.mixed) >> 32))
    return Int(truncatingIfNeeded: (spread &* UInt64(truncatingIfNeeded: count)) >> 32)
  }
}

extension Endpoint {
  /// Its bits, well mixed. No secret is in them: who makes all flows one shard's takes only the gain of
  /// the others away.
  @inline(__always)
  fileprivate var mixed: UInt64 {
    var mixed = ((address.high &+ address.low) ^ (UInt64(port) << 48)) &* 0x9E37_79B9_7F4A_7C15
    mixed ^= mixed >> 32
    return mixed &* 0xBF58_476D_1CE4_E5B9
  }
}
