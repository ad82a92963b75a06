/// The numbers of a phone and of its SIM card (3GPP TS 23.003, ITU-T E.118), and its cell.
///
/// Digits alone tell little: of random 15-digit numbers 9.9 % pass for an IMEI. A key name makes a
/// finding; the check digit raises it.
enum TelephonyDetector {
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    switch leaf.meaning.group {
    case .cellID: return cell(leaf)
    case .cellGlobalID: return cellGlobal(leaf)
    case .serial, .ssid, .email, .password, .latitude, .longitude, .geohash, .signal, .card,
      .iban, .phone, .authorization:
      return nil
    default: break
    }
    guard leaf.shape.digits >= 4 else { return nil }
    let isNamed = leaf.meaning.group == .imei || leaf.meaning.group == .imeisv
    if let digits = Digits(leaf.value, allowsPoints: isNamed) {
      return digits.areAllEqual ? nil : number(digits, leaf)
    }
    if leaf.shape.hexLetters == 1, leaf.meaning.group == .iccid || leaf.value.byteCount == 20,
      leaf.value[leaf.value.byteCount &- 1] | 0x20 == 0x66,
      let digits = Digits(leaf.value.extracting(first: leaf.value.byteCount &- 1))
    {
      // The filler of an odd number of BCD digits.
      return iccid(digits, leaf.meaning)
    }
    switch leaf.meaning.group {
    case .meid, .imei, .device: return hexadecimalMEID(leaf)
    default: return nil
    }
  }

  private static func number(
    _ digits: borrowing Digits, _ leaf: borrowing Leaf
  ) -> Detection? {
    let meaning = leaf.meaning
    switch (digits.count, meaning.group) {
    case (14, .imei), (14, .meid): return Detection(.imei, .medium, as: .digits)
    case (14, .imsi):
      // With a network code of three digits one more would be missing.
      guard let network = MobileCountryCode.networkDigits(of: digits.bytes) else { return nil }
      return network.lowerBound == 2 ? Detection(.imsi, .medium, as: .digits) : nil
    case (15, _): return fifteen(digits, leaf)
    case (16, .imei), (16, .imeisv), (16, .meid): return Detection(.imeisv, .medium, as: .digits)
    case (18, .meid), (19, .meid): return decimalMEID(digits)
    case (18...20, .iccid): return iccid(digits, meaning)
    case (19...20, _): return iccid(digits, meaning)
    case (32, _): return embeddedSIM(digits)
    default: return nil
    }
  }

  /// An IMEI and an IMSI have as many digits: the key decides, then the check digit, then the
  /// country.
  private static func fifteen(
    _ digits: borrowing Digits, _ leaf: borrowing Leaf
  ) -> Detection? {
    let isIMEI = Luhn.isValid(digits.bytes)
    switch leaf.meaning.group {
    // Clients of the self-registration send the IMEI as `MEID`.
    case .imei, .meid, .imeisv: return Detection(.imei, isIMEI ? .high : .medium, as: .digits)
    case .imsi:
      let isKnown = MobileCountryCode.begins(digits.bytes)
      return Detection(.imsi, isKnown ? .high : .medium, as: .digits)
    case .device where isIMEI:
      return Detection(.imei, leaf.meaning.isStrong ? .high : .medium, as: .digits)
    default: break
    }
    guard isIMEI else {
      guard leaf.shape.isNumber, leaf.meaning.group == .none,
        MobileCountryCode.begins(digits.bytes)
      else { return nil }
      return Detection(.imsi, .low, as: .digits)
    }
    // One random number in 500 has the check digit and begins as most of the phones' do.
    let isCommon = hasCommonReportingBody(digits.bytes)
    let isTelling = leaf.shape.isNumber && leaf.meaning.isOpen && isCommon
    return Detection(.imei, isTelling ? .medium : .low, as: .digits)
  }

  /// The first two digits of a type allocation code name who allocated it: of phones in use most
  /// are from 35 (BABT, GSMA) and 86 (TAF, China).
  private static func hasCommonReportingBody(_ digits: RawSpan) -> Bool {
    digits.hasBytes("35") || digits.hasBytes("86")
  }

  /// The check digit raises the confidence and is not required: of 20 digits the last may be the
  /// issuer's own, and real cards fail it. Without a name one random number in 500 passes.
  private static func iccid(_ digits: borrowing Digits, _ meaning: KeyMeaning) -> Detection? {
    let bytes = digits.bytes
    guard bytes.hasBytes("89"), bytes.byteCount >= 18 else { return nil }
    let isChecked =
      Luhn.isValid(bytes) || bytes.byteCount == 20 && Luhn.isValid(bytes.extracting(first: 19))
    if meaning.group == .iccid {
      return Detection(.iccid, isChecked ? .high : .medium, as: .digits)
    }
    guard isChecked, PhoneNumber.beginsWithCountry(bytes.extracting(droppingFirst: 2)) else {
      return nil
    }
    return Detection(.iccid, meaning.isOpen ? .medium : .low, as: .digits)
  }

  /// An EID, the number of an embedded SIM (GSMA SGP.29): 32 digits that begin with 89, mod 97 = 1.
  private static func embeddedSIM(_ digits: borrowing Digits) -> Detection? {
    guard digits.bytes.hasBytes("89"), Mod97.remainder(digits.bytes) == 1 else { return nil }
    return Detection(.iccid, .high, as: .digits)
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

  // MARK: Cells

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

  /// A cell global identity (3GPP TS 23.003 §4.3.1, §19.6): `460-00-4660-26385429`, the numbers
  /// with any one sign between them.
  private static func cellGlobal(_ leaf: borrowing Leaf) -> Detection? {
    let value = leaf.value
    var parts = 0
    var start = 0
    for index in 0...value.byteCount {
      if index < value.byteCount, value[index].isASCIIDigit { continue }
      let part = value.extracting(start..<index)
      if index < value.byteCount {
        switch value[index] {
        case 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3B, 0x5F, 0x7C, 0x20: break
        default: return nil
        }
      }
      switch parts {
      case 0: guard part.byteCount == 3, MobileCountryCode.begins(part) else { return nil }
      case 1: guard part.byteCount >= 1, part.byteCount <= 3 else { return nil }
      default: guard part.byteCount >= 1, part.byteCount <= 11 else { return nil }
      }
      parts &+= 1
      start = index &+ 1
    }
    guard parts == 4 || parts == 3 else { return nil }
    return Detection(.cellID, .medium, as: .verbatim)
  }
}
