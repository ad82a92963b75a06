/// The check digit of ISO/IEC 7812-1 annex B ("Luhn"), over decimal digits (IMEI, ICCID) and over
/// hexadecimal ones (MEID, 3GPP2 S.R0048-A).
public enum Luhn {
  /// Whether `text`, check digit included, holds only digits of `radix` (10 or 16) and its check
  /// digit is right. Fewer than two digits are never valid.
  public static func isValid(_ text: RawSpan, radix: UInt = 10) -> Bool {
    guard text.byteCount >= 2, let sum = sum(text, radix: radix, doublingLast: false) else {
      return false
    }
    return sum % radix == 0
  }

  /// The digit to append to `text`, as its value; nil when there are bytes that are no digits.
  public static func checkDigit(of text: RawSpan, radix: UInt = 10) -> UInt8? {
    guard let sum = sum(text, radix: radix, doublingLast: true) else { return nil }
    return UInt8(truncatingIfNeeded: (radix &- sum % radix) % radix)
  }

  private static func sum(_ text: RawSpan, radix: UInt, doublingLast: Bool) -> UInt? {
    var sum: UInt = 0
    var doubles = doublingLast
    var index = text.byteCount
    while index > 0 {
      index -= 1
      guard let digit = text[index].hexDigitValue, UInt(digit) < radix else { return nil }
      let weighted = doubles ? 2 &* UInt(digit) : UInt(digit)
      sum &+= weighted / radix &+ weighted % radix
      doubles.toggle()
    }
    return sum
  }
}
