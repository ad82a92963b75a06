/// An ISO 3166-1 alpha-2 country code: two capital ASCII letters.
///
/// Codes that registries use beside the standard (`EU`, `XK`) are kept as they come.
public struct CountryCode: Hashable, Sendable {
  /// The two letters, the first one in the high byte.
  public let rawValue: UInt16

  /// Nil unless both are capital ASCII letters.
  public init?(_ first: UInt8, _ second: UInt8) {
    guard first &- 0x41 < 26, second &- 0x41 < 26 else { return nil }
    rawValue = UInt16(first) << 8 | UInt16(second)
  }

  /// Nil unless `bytes` are two capital ASCII letters and nothing else.
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount == 2 else { return nil }
    self.init(bytes[0], bytes[1])
  }

  public var first: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 8) }
  public var second: UInt8 { UInt8(truncatingIfNeeded: rawValue) }
}
