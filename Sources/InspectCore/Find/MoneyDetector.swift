/// Payment cards (ISO/IEC 7812) and bank accounts (IBAN, ISO 13616).
enum MoneyDetector {
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    guard leaf.shape.digits >= 12 else { return nil }
    return card(leaf) ?? iban(leaf)
  }

  /// Of random numbers with 16 digits 2 % have an issuer and the check digit: without a name only
  /// one that is written as cards are (`4111 1111 1111 1111`) is alerted.
  private static func card(_ leaf: borrowing Leaf) -> Detection? {
    let isKeyed = leaf.meaning.group == .card
    guard leaf.shape.letters == 0, leaf.value.byteCount <= 23,
      isKeyed || leaf.meaning.group == .none || leaf.meaning.group == .other,
      let digits = Digits(leaf.value), digits.count >= 12, digits.count <= 19,
      !digits.areAllEqual, Luhn.isValid(digits.bytes), let issuer = Issuer(digits.bytes)
    else { return nil }
    if isKeyed {
      return Detection(.paymentCard, leaf.meaning.isStrong ? .high : .medium, as: .digits)
    }
    guard issuer != .other else { return nil }
    let isGrouped = leaf.shape.signs == 3 && isInFours(leaf.value)
    return Detection(.paymentCard, isGrouped ? .high : .low, as: .digits)
  }

  private static func isInFours(_ value: RawSpan) -> Bool {
    guard value.byteCount == 19 else { return false }
    return value[4] == value[9] && value[9] == value[14] && !value[4].isASCIIDigit
  }

  /// Whose card it is, by its first digits and how many there are.
  private enum Issuer {
    case visa, mastercard, americanExpress, discover, diners, jcb, unionPay, other

    init?(_ digits: RawSpan) {
      let first = Int(digits.decimal(at: 0)) &* 100 &+ Int(digits.decimal(at: 2))
      switch (first, digits.byteCount) {
      case (4000...4999, 13), (4000...4999, 16), (4000...4999, 19): self = .visa
      case (5100...5599, 16), (2221...2720, 16): self = .mastercard
      case (3400...3499, 15), (3700...3799, 15): self = .americanExpress
      case (6011, 16...19), (6440...6599, 16...19): self = .discover
      case (3000...3059, 14...19), (3600...3699, 14...19), (3800...3999, 14...19): self = .diners
      case (3528...3589, 16...19): self = .jcb
      case (6200...6299, 16...19): self = .unionPay
      // Maestro, Dankort and others.
      case (5000...5099, 12...19), (5600...6999, 12...19): self = .other
      default: return nil
      }
    }
  }

  // MARK: Accounts

  /// Country and length of its numbers (SWIFT IBAN registry).
  private static let lengths: StaticString = """
    AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24\
    FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32\
    LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24\
    RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30
    """

  private static func iban(_ leaf: borrowing Leaf) -> Detection? {
    guard leaf.shape.letters >= 2, leaf.value.byteCount <= 42, leaf.value[0].isASCIILetter,
      leaf.value[1].isASCIILetter
    else { return nil }
    var text = InlineArray<34, UInt8>(repeating: 0)
    var count = 0
    for index in leaf.value.byteOffsets {
      let byte = leaf.value[index]
      if byte.isAlphanumeric {
        guard count < text.count else { return nil }
        // Written in lower case it is a token, unless a name says otherwise.
        guard byte &- 0x61 >= 26 || leaf.meaning.group == .iban else { return nil }
        text[count] = byte & (byte.isASCIILetter ? 0xDF : 0xFF)
        count &+= 1
      } else if byte != 0x20 && byte != 0x2D {
        return nil
      }
    }
    let number = unsafe text.span.bytes.extracting(first: count)
    guard count >= 15, number[2].isASCIIDigit, number[3].isASCIIDigit, length(number) == count,
      Mod97.remainder(number, from: 4) == 1
    else { return nil }
    return Detection(.iban, .high, as: .lowercaseAlphanumeric)
  }

  /// How many characters the accounts of a country have; nil when it has none.
  private static func length(_ number: RawSpan) -> Int? {
    lengths.withUTF8Buffer { buffer in
      for place in stride(from: 0, to: buffer.count, by: 4) {
        let isIt = unsafe buffer[place] == number[0] && buffer[place &+ 1] == number[1]
        guard isIt else { continue }
        let tens = unsafe Int(buffer[place &+ 2] &- 0x30)
        return tens &* 10 &+ (unsafe Int(buffer[place &+ 3] &- 0x30))
      }
      return nil
    }
  }
}
