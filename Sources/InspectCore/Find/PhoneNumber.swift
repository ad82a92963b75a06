/// Telephone numbers: the international form (ITU-T E.164), and the forms that a name makes one.
enum PhoneNumber {
  /// Country code, fewest and most digits of a national (significant) number, as one number:
  /// 45 08 08 is Denmark. In ascending order. ITU-T E.164 annex D and the national plans.
  private static let plans: InlineArray<210, UInt32> = [
    11010, 71010, 200810, 270509, 301010, 310911, 320809, 330909, 340909, 360809, 390612, 400909,
    410909, 430613, 440710, 450808, 460710, 470808, 480909, 490613, 510809, 521010, 530608, 541011,
    551011, 560909, 570810, 581010, 600810, 610909, 620812, 630810, 640810, 650808, 660809, 810910,
    820811, 840810, 861011, 901010, 911010, 920910, 930909, 940909, 950710, 981010, 2110909,
    2120909, 2130809, 2160808, 2180809, 2200707, 2210909, 2220808, 2230808, 2240809, 2250810,
    2260808, 2270808, 2280808, 2290810, 2300708, 2310709, 2320808, 2330909, 2340810, 2350808,
    2360808, 2370909, 2380707, 2390707, 2400909, 2410708, 2420909, 2430909, 2440909, 2450709,
    2460707, 2470406, 2480707, 2490909, 2500909, 2510909, 2520709, 2530808, 2540910, 2550909,
    2560909, 2570808, 2580809, 2600909, 2610909, 2620909, 2630910, 2640809, 2650709, 2660808,
    2670708, 2680808, 2690707, 2900405, 2910707, 2970707, 2980606, 2990606, 3500808, 3510909,
    3520611, 3530709, 3540709, 3550809, 3560808, 3570808, 3580612, 3590709, 3700808, 3710808,
    3720708, 3730808, 3740808, 3750910, 3760609, 3770809, 3780610, 3800909, 3810710, 3820808,
    3830809, 3850809, 3860808, 3870809, 3890808, 4200909, 4210909, 4230709, 5000505, 5010707,
    5020808, 5030808, 5040808, 5050808, 5060808, 5070708, 5080609, 5090808, 5900909, 5910808,
    5920707, 5930809, 5940909, 5950709, 5960909, 5970607, 5980708, 5990708, 6700708, 6720606,
    6730707, 6740707, 6750708, 6760507, 6770507, 6780507, 6790707, 6800707, 6810606, 6820505,
    6830407, 6850507, 6860508, 6870606, 6880506, 6890608, 6900407, 6910707, 6920707, 8500810,
    8520808, 8530808, 8550809, 8560810, 8700912, 8800810, 8810809, 8820712, 8830712, 8860809,
    9600707, 9610708, 9620809, 9630809, 9640810, 9650808, 9660909, 9670709, 9680808, 9700809,
    9710809, 9720809, 9730808, 9740808, 9750708, 9760808, 9770810, 9920909, 9930808, 9940909,
    9950909, 9960909, 9980909,
  ]

  static func detect(_ leaf: borrowing Leaf) -> Detection? {
    guard leaf.shape.digits >= 7, leaf.value.byteCount <= 32 else { return nil }
    let isURI = leaf.value.hasPrefixIgnoringCase("tel:")
    let value = leaf.value.extracting(droppingFirst: isURI ? 4 : 0)
    let isKeyed = leaf.meaning.group == .phone || isURI
    // `cell` is a telephone as well, and some call a number `serial` or `deviceId`.
    let mayBe =
      switch leaf.meaning.group {
      case .none, .other: value.hasBytes("+") || value.hasBytes("00")
      case .cellGlobalID, .cellID, .serial, .device, .email: value.hasBytes("+")
      default: false
      }
    guard isKeyed || mayBe,
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
        separators = 0
        if isTrunkPrefix(text, at: index) { continue }
        guard digits.append(byte) else { return nil }
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

  /// The zero in `+44 (0)7700 900123` is for those who dial within the country.
  private static func isTrunkPrefix(_ text: RawSpan, at index: Int) -> Bool {
    text[index] == 0x30 && text[0] == 0x2B && text[index &- 1] == 0x28
      && index &+ 1 < text.byteCount && text[index &+ 1] == 0x29
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
