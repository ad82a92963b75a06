/// The numbers of a phone and of its SIM card (3GPP TS 23.003, ITU-T E.118), and its cell.
///
/// Digits alone tell little: of random 15-digit numbers 9.9 % pass for an IMEI. A key name makes a
/// finding; the check digit raises it.
enum TelephonyDetector {
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    switch leaf.meaning.group {
    case .cellID: return cell(leaf)
    case .phone: return phone(leaf)
    case .serial, .ssid, .email, .password, .latitude, .longitude: return nil
    default: break
    }
    if let digits = Digits(leaf.value) {
      return digits.areAllEqual ? nil : number(digits, leaf.meaning)
    }
    if leaf.meaning.group == .iccid, let last = leaf.value.byteCount.nonZero,
      leaf.value[last &- 1] | 0x20 == 0x66,
      let digits = Digits(leaf.value.extracting(first: last &- 1))
    {
      // The filler of an odd number of BCD digits.
      return iccid(digits, hasKey: true)
    }
    switch leaf.meaning.group {
    case .meid, .imei, .device: return hexadecimalMEID(leaf)
    default: return nil
    }
  }

  private static func number(_ digits: borrowing Digits, _ meaning: KeyMeaning) -> Detection? {
    switch (digits.count, meaning.group) {
    case (14, .imei), (14, .meid): return Detection(.imei, .medium, as: .digits)
    case (14, .imsi) where MobileCountryCode.begins(digits.bytes):
      return Detection(.imsi, .medium, as: .digits)
    case (15, _): return fifteen(digits, meaning)
    case (16, .imei), (16, .imeisv), (16, .meid): return Detection(.imeisv, .medium, as: .digits)
    case (18, .meid), (19, .meid): return decimalMEID(digits)
    case (18...20, .iccid): return iccid(digits, hasKey: true)
    case (19...20, _): return iccid(digits, hasKey: false)
    default: return nil
    }
  }

  /// An IMEI and an IMSI have as many digits: the key decides, then the check digit, then the
  /// country.
  private static func fifteen(_ digits: borrowing Digits, _ meaning: KeyMeaning) -> Detection? {
    let isIMEI = Luhn.isValid(digits.bytes)
    switch meaning.group {
    // Clients of the self-registration send the IMEI as `MEID`.
    case .imei, .meid, .imeisv: return Detection(.imei, isIMEI ? .high : .medium, as: .digits)
    case .imsi:
      let isKnown = MobileCountryCode.begins(digits.bytes)
      return Detection(.imsi, isKnown ? .high : .medium, as: .digits)
    case .device where isIMEI:
      return Detection(.imei, meaning.isStrong ? .high : .medium, as: .digits)
    default: return isIMEI ? Detection(.imei, .low, as: .digits) : nil
    }
  }

  /// The check digit raises the confidence and is not required: of 20 digits the last may be the
  /// issuer's own, and real cards fail it.
  private static func iccid(_ digits: borrowing Digits, hasKey: Bool) -> Detection? {
    let bytes = digits.bytes
    guard bytes.hasBytes("89"), bytes.byteCount >= 18 else { return nil }
    let isChecked =
      Luhn.isValid(bytes) || bytes.byteCount == 20 && Luhn.isValid(bytes.extracting(first: 19))
    if hasKey { return Detection(.iccid, isChecked ? .high : .medium, as: .digits) }
    return isChecked ? Detection(.iccid, .low, as: .digits) : nil
  }

  /// 14 hexadecimal digits of which the first is no decimal one, and perhaps a check digit
  /// (3GPP2 S.R0048-A).
  private static func hexadecimalMEID(_ leaf: borrowing Leaf) -> Detection? {
    guard let digits = Digits(leaf.value, radix: 16), digits.bytes[0].isASCIILetter,
      !digits.areAllEqual
    else { return nil }
    let isKeyed = leaf.meaning.group == .meid
    switch digits.count {
    case 14: return Detection(.meid, isKeyed ? .medium : .low, as: .hexadecimal)
    case 15 where Luhn.isValid(digits.bytes, radix: 16):
      return Detection(.meid, isKeyed ? .high : .low, as: .hexadecimal)
    default: return nil
    }
  }

  /// The same as decimal numbers of 32 and 24 bits, in 10 and 8 digits.
  private static func decimalMEID(_ digits: borrowing Digits) -> Detection? {
    guard let high = Digits(digits.bytes.extracting(first: 10))?.number,
      let low = Digits(digits.bytes.extracting(10..<18))?.number,
      high >= 0xA000_0000, high <= 0xFFFF_FFFF, low <= 0xFF_FFFF
    else { return nil }
    if digits.count == 18 { return Detection(.meid, .medium, as: .digits) }
    return Luhn.isValid(digits.bytes) ? Detection(.meid, .high, as: .digits) : nil
  }

  /// GSM 16 bits, UMTS 28, LTE 28, NR 36; decimal, or the four hexadecimal digits of older clients.
  /// A weak key (`cid`) is for `Siblings`.
  private static func cell(_ leaf: borrowing Leaf) -> Detection? {
    guard leaf.meaning.isStrong else { return nil }
    return cell(leaf.value)
  }

  static func cell(_ value: RawSpan) -> Detection? {
    if let digits = Digits(value), let number = digits.number, value.byteCount == digits.count {
      switch number {
      case 0, 0xFFFF, 0xFFF_FFFF, 0x7FFF_FFFF, 0xF_FFFF_FFFF: return nil
      // As a cell this small is rare, as a number of anything it is not.
      case 1..<256: return Detection(.cellID, .low, as: .digits)
      case 256..<0xF_FFFF_FFFF: return Detection(.cellID, .medium, as: .digits)
      default: return nil
      }
    }
    guard value.byteCount == 4, !value.isNullLike, let digits = Digits(value, radix: 16),
      digits.count == 4
    else { return nil }
    return Detection(.cellID, .medium, as: .hexadecimal)
  }

  /// A number in international form (ITU-T E.164), or another one under a name that says so.
  private static func phone(_ leaf: borrowing Leaf) -> Detection? {
    let isInternational = leaf.value.hasBytes("+") || leaf.value.hasBytes("00")
    let national = leaf.value.extracting(droppingFirst: leaf.value.hasBytes("+") ? 1 : 0)
    guard let digits = Digits(national), digits.count >= 8, !digits.areAllEqual,
      digits.count <= (leaf.value.hasBytes("00") ? 17 : 15)
    else { return nil }
    let isSure = leaf.meaning.isStrong || isInternational
    return Detection(.phoneNumber, isSure ? .medium : .low, as: .digits)
  }
}

extension Int {
  fileprivate var nonZero: Int? { self == 0 ? nil : self }
}
