/// The mobile country codes (ITU-T E.212): the first three digits of an IMSI, and how many digits
/// its network code has.
enum MobileCountryCode {
  /// A bit a code: the assigned ones, 901 (international), and the test networks 001 and 999.
  private static let assigned: InlineArray<16, UInt64> = [
    0x0000000000000002, 0x0000000000000000, 0x0000000000000000, 0x85D54DD67D715400,
    0x1FD042F75D55545A, 0x01557D5555545400, 0x0375FF7FF4770000, 0x42400000014C33D4,
    0x00000FFFFB05210C, 0xFFFFFFFFFC000000, 0x40000000000EFFEF, 0x0000555554141555,
    0x0000000000000000, 0x0000000000000000, 0x0000000000000020, 0x0000008000000000,
  ]

  /// Whether the three digits that `digits` begins with are a code in use.
  static func begins(_ digits: RawSpan) -> Bool {
    guard let code = code(digits) else { return false }
    return assigned[code / 64] >> UInt64(code % 64) & 1 == 1
  }

  /// How many digits the networks of the country have: 2 or 3, both in a few countries; nil when
  /// `digits` begins with no code in use.
  static func networkDigits(of digits: RawSpan) -> ClosedRange<Int>? {
    guard begins(digits), let code = code(digits) else { return nil }
    switch code {
    // Canada, the United States and the Caribbean; Mexico; Honduras, Argentina, Colombia; Falklands.
    case 302, 310...316, 330, 334, 342, 344, 348, 352, 354, 356, 358, 360, 365, 366, 376, 708, 722,
      732, 750:
      return 3...3
    // Jamaica, Cayman, Bermuda, Trinidad; India, Malaysia; Panama, Guyana.
    case 338, 346, 350, 374, 405, 502, 714, 738: return 2...3
    default: return 2...2
    }
  }

  private static func code(_ digits: RawSpan) -> Int? {
    guard digits.byteCount >= 3 else { return nil }
    var code = 0
    for index in 0..<3 {
      guard digits[index].isASCIIDigit else { return nil }
      code = code &* 10 &+ Int(digits[index] &- 0x30)
    }
    return code
  }
}
