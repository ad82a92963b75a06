/// The numbers that the Nordic countries give to their people.
///
///     Denmark   DDMMYY-SSSS     weights 4327654321 mod 11, abandoned in 2007
///     Norway    DDMMYY III KK   weights 3761894 52 and 5432765432 mod 11
///     Sweden    [YY]YYMMDD-NNNC Luhn over the last ten digits
///     Finland   DDMMYYcNNNX     DDMMYYNNN mod 31
enum NationalIdentity {
  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    let count = leaf.value.byteCount
    guard count >= 10, count <= 14, leaf.shape.digits >= 9 else { return nil }
    if let finnish = finnish(leaf) { return finnish }
    guard leaf.shape.letters == 0 else { return nil }
    let group = leaf.meaning.group
    switch group {
    case .none, .other, .nationalDenmark, .nationalNorway, .nationalSweden, .nationalID: break
    default: return nil
    }
    // `+` in place of the hyphen: a Swede of a hundred years or more.
    guard let number = Number(leaf.value) else { return nil }
    let isKeyed = group == .nationalID
    switch number.digits.count {
    case 10:
      let danish = danish(number, leaf, isKeyed: group == .nationalDenmark || isKeyed)
      let swedish = swedish(number, leaf, isKeyed: group == .nationalSweden || isKeyed)
      // Of a name that says only that it is one, the check digit says whose.
      guard let danish, group != .nationalSweden else { return swedish }
      guard let swedish, group != .nationalDenmark else { return danish }
      let isDanish = isCheckedDanish(number.digits.bytes)
      let isSwedish = Luhn.isValid(number.digits.bytes)
      if swedish.confidence > danish.confidence { return swedish }
      return isSwedish && !isDanish ? swedish : danish
    case 11: return norwegian(number, leaf, isKeyed: group == .nationalNorway || isKeyed)
    case 12: return swedish(number, leaf, isKeyed: group == .nationalSweden || isKeyed)
    default: return nil
    }
  }

  /// Digits with at most one sign between them.
  private struct Number: ~Copyable {
    var digits = Digits()
    var sign: UInt8 = 0
    /// How many digits stand before the sign.
    var signPlace = 0

    init?(_ text: RawSpan) {
      for index in text.byteOffsets {
        let byte = text[index]
        if byte.isASCIIDigit {
          guard digits.append(byte) else { return nil }
          continue
        }
        guard sign == 0, byte == 0x2D || byte == 0x2B || byte == 0x20 else { return nil }
        sign = byte
        signPlace = digits.count
      }
      guard !digits.areAllEqual, sign == 0 || signPlace == 6 || signPlace == 8 else { return nil }
    }
  }

  // MARK: Denmark

  /// Digit 7 and the year give the century (CPR-kontoret, "Personnummeret i CPR-systemet"). Numbers
  /// that were given to people of other countries have 60 more as the day.
  private static func danish(
    _ number: borrowing Number, _ leaf: borrowing Leaf, isKeyed: Bool
  ) -> Detection? {
    let digits = number.digits.bytes
    let hasSign = number.signPlace == 6 && number.sign != 0x2B
    guard number.sign == 0 || hasSign else { return nil }
    var day = Int(digits.decimal(at: 0))
    if isKeyed, day > 60 { day &-= 60 }
    let short = Int(digits.decimal(at: 4))
    let century: Int
    switch digits[6] {
    case 0x30...0x33: century = 1900
    case 0x34, 0x39: century = short <= 36 ? 2000 : 1900
    default: century = short <= 57 ? 2000 : 1800
    }
    guard Day.exists(day, Int(digits.decimal(at: 2)), century &+ short) else { return nil }
    if isKeyed { return Detection(.nationalIDDenmark, .high, as: .digits) }
    // 0.28 % of random numbers have a date and the check digit, 3.2 % a date.
    let isChecked = isCheckedDanish(digits)
    let isWritten = hasSign || leaf.shape.isNumber && leaf.meaning.group == .none
    let isSure = isChecked && isWritten
    return Detection(.nationalIDDenmark, isSure ? .high : .low, as: .digits)
  }

  private static func isCheckedDanish(_ digits: RawSpan) -> Bool {
    WeightedSum.of(digits, weights: "4327654321") % 11 == 0
  }

  // MARK: Norway

  /// A D-number has 40 more as the day, an H-number and test persons 40 or 80 more as the month; an
  /// FH-number begins with 8 or 9 and has no date.
  private static func norwegian(
    _ number: borrowing Number, _ leaf: borrowing Leaf, isKeyed: Bool
  ) -> Detection? {
    let digits = number.digits.bytes
    guard number.sign == 0 || number.signPlace == 6 && number.sign != 0x2B else { return nil }
    guard WeightedSum.of(digits, weights: "3761894521") % 11 == 0,
      (WeightedSum.of(digits, weights: "5432765432") &+ Int(digits[10] &- 0x30)) % 11 == 0
    else { return nil }
    if digits[0] >= 0x38 {
      return Detection(.nationalIDNorway, isKeyed ? .high : .low, as: .digits)
    }
    var day = Int(digits.decimal(at: 0))
    var month = Int(digits.decimal(at: 2))
    let isSynthetic = month > 80
    if day > 40 { day &-= 40 }
    month = month > 80 ? month &- 80 : month > 40 ? month &- 40 : month
    // 29 February passes in any year: the individual number says which century it was.
    guard Day.exists(day, month, 2000) else { return nil }
    let isSure = isKeyed || !isSynthetic && leaf.meaning.group != .other
    return Detection(.nationalIDNorway, isSure ? .high : .low, as: .digits)
  }

  // MARK: Sweden

  /// A coordination number has 60 more as the day.
  private static func swedish(
    _ number: borrowing Number, _ leaf: borrowing Leaf, isKeyed: Bool
  ) -> Detection? {
    let digits = number.digits.bytes
    let isLong = digits.byteCount == 12
    guard number.sign == 0 || number.signPlace == (isLong ? 8 : 6) else { return nil }
    let short = digits.extracting(droppingFirst: isLong ? 2 : 0)
    let century = isLong ? Int(digits.decimal(at: 0)) : 19
    guard century >= 18, century <= 20 else { return nil }
    var day = Int(short.decimal(at: 4))
    if day > 60 { day &-= 60 }
    let year = century &* 100 &+ Int(short.decimal(at: 0))
    // Of a short number the century is open: 1900 was no leap year, 2000 was.
    guard Day.exists(day, Int(short.decimal(at: 2)), isLong ? year : year &+ 100) else {
      return nil
    }
    let isChecked = Luhn.isValid(short)
    if isKeyed { return Detection(.nationalIDSweden, isChecked ? .high : .medium, as: .digits) }
    guard isChecked else { return nil }
    let isSure: Bool =
      if number.sign == 0x2D || number.sign == 0x2B {
        true
      } else {
        // Twelve digits are a date and a time of day, too.
        isLong && number.sign == 0 && leaf.meaning.group == .none && year < 2010
      }
    return Detection(.nationalIDSweden, isSure ? .high : .low, as: .digits)
  }

  // MARK: Finland

  private static func finnish(_ leaf: borrowing Leaf) -> Detection? {
    let value = leaf.value
    guard value.byteCount == 11 else { return nil }
    let century: Int
    switch value[6] {
    case 0x2B: century = 1800
    // `-`, and since 2023 the letters from Y back to U.
    case 0x2D, 0x55...0x59: century = 1900
    case 0x41...0x46: century = 2000
    default: return nil
    }
    var remainder = 0
    for index in 0..<10 where index != 6 {
      guard value[index].isASCIIDigit else { return nil }
      remainder = (remainder &* 10 &+ Int(value[index] &- 0x30)) % 31
    }
    let marks: StaticString = "0123456789abcdefhjklmnprstuvwxy"
    let isChecked = marks.withUTF8Buffer { buffer in
      unsafe buffer[remainder] == value[10].lowercasedASCII
    }
    guard isChecked, value.decimal(at: 7) > 0 || value[9] >= 0x32,
      Day.exists(
        Int(value.decimal(at: 0)), Int(value.decimal(at: 2)),
        century &+ Int(value.decimal(at: 4)))
    else { return nil }
    return Detection(.nationalIDFinland, .high, as: .lowercase)
  }
}

/// Days of the Gregorian calendar.
enum Day {
  static func exists(_ day: Int, _ month: Int, _ year: Int) -> Bool {
    guard day >= 1, month >= 1, month <= 12 else { return false }
    switch month {
    case 2: return day <= (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28)
    case 4, 6, 9, 11: return day <= 30
    default: return day <= 31
    }
  }
}

extension RawSpan {
  /// The two decimal digits at `index`, as a number. The caller has seen that they are digits.
  func decimal(at index: Int) -> UInt8 {
    (self[index] &- 0x30) &* 10 &+ (self[index &+ 1] &- 0x30)
  }
}
