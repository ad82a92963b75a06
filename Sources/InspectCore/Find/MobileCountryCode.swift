/// The mobile country codes (ITU-T E.212): the first three digits of an IMSI.
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
    guard digits.byteCount >= 3 else { return false }
    var code = 0
    for index in 0..<3 {
      guard digits[index].isASCIIDigit else { return false }
      code = code &* 10 &+ Int(digits[index] &- 0x30)
    }
    return assigned[code / 64] >> UInt64(code % 64) & 1 == 1
  }
}
