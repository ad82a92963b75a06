/// Telephone numbers: the international form (ITU-T E.164), and the forms that a name makes one.
enum PhoneNumber {
  /// Country code, fewest and most digits of a national (significant) number, as one number:
  /// 45 08 08 is Denmark. In ascending order. ITU-T E.164 annex D and the national plans.
  private static let plans: InlineArray<210, UInt32> = [
    11010, 71010, 200810, 270509, 301010, 310911, 320809, 330909, 340909, 360809, 390612, 400909,
    410909, 430613, 440710, 450808, 460710, 470808, 480909, 490613, 510809, 521010, 530608, 541011,
    551011, 560909, 570810, 581010, 600810, 610909, 620812, 630810, 640810, 650808, 660809, 810910,
    820811, 840810, 861011, 901010, 911010, 920910, 930909, 940909, 950710, 981010, 2_110_909,
    2_120_909, 2_130_809, 2_160_808, 2_180_809, 2_200_707, 2_210_909, 2_220_808, 2_230_808,
    2_240_809, 2_250_810,
    2_260_808, 2_270_808, 2_280_808, 2_290_810, 2_300_708, 2_310_709, 2_320_808, 2_330_909,
    2_340_810, 2_350_808,
    2_360_808, 2_370_909, 2_380_707, 2_390_707, 2_400_909, 2_410_708, 2_420_909, 2_430_909,
    2_440_909, 2_450_709,
    2_460_707, 2_470_406, 2_480_707, 2_490_909, 2_500_909, 2_510_909, 2_520_709, 2_530_808,
    2_540_910, 2_550_909,
    2_560_909, 2_570_808, 2_580_809, 2_600_909, 2_610_909, 2_620_909, 2_630_910, 2_640_809,
    2_650_709, 2_660_808,
    2_670_708, 2_680_808, 2_690_707, 2_900_405, 2_910_707, 2_970_707, 2_980_606, 2_990_606,
    3_500_808, 3_510_909,
    3_520_611, 3_530_709, 3_540_709, 3_550_809, 3_560_808, 3_570_808, 3_580_612, 3_590_709,
    3_700_808, 3_710_808,
    3_720_708, 3_730_808, 3_740_808, 3_750_910, 3_760_609, 3_770_809, 3_780_610, 3_800_909,
    3_810_710, 3_820_808,
    3_830_809, 3_850_809, 3_860_808, 3_870_809, 3_890_808, 4_200_909, 4_210_909, 4_230_709,
    5_000_505, 5_010_707,
    5_020_808, 5_030_808, 5_040_808, 5_050_808, 5_060_808, 5_070_708, 5_080_609, 5_090_808,
    5_900_909, 5_910_808,
    5_920_707, 5_930_809, 5_940_909, 5_950_709, 5_960_909, 5_970_607, 5_980_708, 5_990_708,
    6_700_708, 6_720_606,
    6_730_707, 6_740_707, 6_750_708, 6_760_507, 6_770_507, 6_780_507, 6_790_707, 6_800_707,
    6_810_606, 6_820_505,
    6_830_407, 6_850_507, 6_860_508, 6_870_606, 6_880_506, 6_890_608, 6_900_407, 6_910_707,
    6_920_707, 8_500_810,
    8_520_808, 8_530_808, 8_550_809, 8_560_810, 8_700_912, 8_800_810, 8_810_809, 8_820_712,
    8_830_712, 8_860_809,
    9_600_707, 9_610_708, 9_620_809, 9_630_809, 9_640_810, 9_650_808, 9_660_909, 9_670_709,
    9_680_808, 9_700_809,
    9_710_809, 9_720_809, 9_730_808, 9_740_808, 9_750_708, 9_760_808, 9_770_810, 9_920_909,
    9_930_808, 9_940_909,
    9_950_909, 9_960_909, 9_980_909,
  ]

  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    guard leaf.shape.digits >= 7, leaf.value.byteCount <= 32 else { return nil }
    let isURI = leaf.value.hasPrefixIgnoringCase("tel:")
    let value = leaf.value.extracting(droppingFirst: isURI ? 4 : 0)
    let isKeyed = leaf.meaning.group == .phone || isURI
    guard isKeyed || leaf.meaning.group == .none || leaf.meaning.group == .other,
      isKeyed || value.hasBytes("+") || value.hasBytes("00"),
      let digits = digits(of: value), !digits.areAllEqual,
      !digits.bytes.hasBytes("123456789"), !digits.bytes.hasBytes("012345678")
    else { return nil }
    if value.hasBytes("+") {
      guard isInternational(digits.bytes) || isKeyed else { return nil }
      return Detection(.phoneNumber, .medium, as: .digits)
    }
    if value.hasBytes("00"), isInternational(digits.bytes.extracting(droppingFirst: 2)) {
      // Unnamed, it is as well a number filled up with zeros.
      return Detection(.phoneNumber, isKeyed ? .medium : .low, as: .digits)
    }
    guard isKeyed, digits.count >= 8, digits.count <= 15 else { return nil }
    return Detection(.phoneNumber, .medium, as: .digits)
  }

  /// The digits between which people write spaces, hyphens, points, slashes and parentheses.
  private static func digits(of text: RawSpan) -> Digits? {
    var digits = Digits()
    var separators = 0
    for index in text.byteOffsets {
      let byte = text[index]
      if byte.isASCIIDigit {
        guard digits.append(byte) else { return nil }
        separators = 0
        continue
      }
      switch byte {
      case 0x2B where index == 0: continue
      case 0x20, 0x2D, 0x2E, 0x2F, 0x28, 0x29: separators &+= 1
      default: return nil
      }
      guard separators <= 2 else { return nil }
    }
    return digits.count > 0 ? digits : nil
  }

  /// Whether `digits` begin with a country's code and are as long as its numbers are.
  static func isInternational(_ digits: RawSpan) -> Bool {
    var code: UInt32 = 0
    for count in 1...3 {
      guard digits.byteCount > count else { return false }
      code = code &* 10 &+ UInt32(digits[count &- 1] &- 0x30)
      guard let plan = plan(of: code) else { continue }
      let national = digits.byteCount &- count
      guard national >= Int(plan / 100 % 100), national <= Int(plan % 100) else { return false }
      // The North American plan has no area and no exchange that begins with 0 or 1.
      return code != 1 || digits[1] >= 0x32 && digits[4] >= 0x32
    }
    return false
  }

  /// Whether a text is a number with its country, of ten digits and more, or has a sign that numbers of
  /// things do not have.
  static func isLong(_ text: RawSpan) -> Bool {
    for index in text.byteOffsets where !text[index].isASCIIDigit { return true }
    return text.hasBytes("00") || text.byteCount >= 10 && isInternational(text)
  }

  /// Whether `digits` begin with the code of a country.
  static func beginsWithCountry(_ digits: RawSpan) -> Bool {
    var code: UInt32 = 0
    for count in 1...3 where digits.byteCount >= count {
      code = code &* 10 &+ UInt32(digits[count &- 1] &- 0x30)
      if plan(of: code) != nil { return true }
    }
    return false
  }

  private static func plan(of code: UInt32) -> UInt32? {
    var low = 0
    var high = plans.count
    while low < high {
      let middle = (low &+ high) / 2
      let plan = plans[middle]
      if plan / 10_000 == code { return plan }
      if plan / 10_000 < code { low = middle &+ 1 } else { high = middle }
    }
    return nil
  }
}
