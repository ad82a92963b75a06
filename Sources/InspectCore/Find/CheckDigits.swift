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

/// ISO/IEC 7064 MOD 97-10 over letters and digits, `A` being 10 (IBAN, EID).
enum Mod97 {
  /// The remainder of the number that `text` writes, beginning at `start` and going round; nil when
  /// there is anything but letters and digits.
  static func remainder(_ text: RawSpan, from start: Int = 0) -> UInt32? {
    var remainder: UInt32 = 0
    for step in text.byteOffsets {
      let place = (start &+ step) % text.byteCount
      let byte = text[place].lowercasedASCII
      if byte.isASCIIDigit {
        remainder = (remainder &* 10 &+ UInt32(byte &- 0x30)) % 97
      } else if byte.isASCIILetter {
        remainder = (remainder &* 100 &+ UInt32(byte &- 0x61) &+ 10) % 97
      } else {
        return nil
      }
    }
    return remainder
  }
}

/// A weighted sum of decimal digits, as national numbers are checked (mod 11).
enum WeightedSum {
  /// The sum of each digit of `digits` times its weight; a weight is a hexadecimal digit. The caller
  /// has seen that there are as many digits as weights.
  static func of(_ digits: RawSpan, weights: StaticString) -> Int {
    weights.withUTF8Buffer { buffer in
      var sum = 0
      for index in 0..<min(buffer.count, digits.byteCount) {
        let weight = unsafe buffer[index].hexDigitValue ?? 0
        sum &+= Int(weight) &* Int(digits[index] &- 0x30)
      }
      return sum
    }
  }
}
