/// A coordinate as it is written: decimal degrees, millionths of degrees or ten-millionths as an
/// integer, or degrees, minutes and seconds; with a sign or a letter of the hemisphere.
struct Coordinate {
  /// Millionths of a degree.
  private(set) var microdegrees: Int64 = 0
  /// Digits after the point of a degree, or as many as are worth as much.
  private(set) var decimals = 0
  /// Written as an integer that counts parts of a degree.
  private(set) var isScaled = false

  /// Nil when `text` is none of them, or more than `limit` degrees on either side of zero.
  init?(_ text: RawSpan, limit: Int64) {
    let (number, isSouthOrWest) = Coordinate.withoutHemisphere(text, limit: limit)
    guard number.byteCount > 0, number.byteCount <= 40 else { return nil }
    var isNegative = isSouthOrWest
    var start = 0
    if number[0] == 0x2D || number[0] == 0x2B {
      isNegative = number[0] == 0x2D
      start = 1
    }
    let magnitude = number.extracting(droppingFirst: start)
    guard readDecimal(magnitude, limit: limit) || readSexagesimal(magnitude, limit: limit) else {
      return nil
    }
    if isNegative { microdegrees = 0 &- microdegrees }
  }

  @_lifetime(copy text)
  private static func withoutHemisphere(
    _ text: RawSpan, limit: Int64
  ) -> (number: RawSpan, isSouthOrWest: Bool) {
    guard text.byteCount >= 2 else { return (text, false) }
    let positive: UInt8 = limit == 90 ? 0x6E : 0x65
    let negative: UInt8 = limit == 90 ? 0x73 : 0x77
    let last = text.byteCount &- 1
    switch (text[0] | 0x20, text[last] | 0x20) {
    case (positive, _): return (text.extracting(droppingFirst: 1).trimmingWhitespace, false)
    case (negative, _): return (text.extracting(droppingFirst: 1).trimmingWhitespace, true)
    case (_, positive): return (text.extracting(first: last).trimmingWhitespace, false)
    case (_, negative): return (text.extracting(first: last).trimmingWhitespace, true)
    default: return (text, false)
    }
  }

  private mutating func readDecimal(_ text: RawSpan, limit: Int64) -> Bool {
    var index = 0
    var whole: Int64 = 0
    while index < text.byteCount, text[index].isASCIIDigit {
      guard index < 10 else { return false }
      whole = whole &* 10 &+ Int64(text[index] &- 0x30)
      index &+= 1
    }
    guard index > 0 else { return false }
    if whole > limit {
      // Millionths where they fit, else ten-millionths.
      guard index == text.byteCount, index >= 6 else { return false }
      microdegrees = whole <= limit &* 1_000_000 ? whole : whole / 10
      isScaled = true
      decimals = 6
      return microdegrees <= limit &* 1_000_000
    }
    var fraction: Int64 = 0
    var unit: Int64 = 1_000_000
    if index < text.byteCount {
      // With a comma, as half of Europe writes it, when more follows than minutes would have.
      guard text[index] == 0x2E || text[index] == 0x2C && text.byteCount &- index > 4,
        text.byteCount &- index <= 20
      else { return false }
      index &+= 1
      while index < text.byteCount, text[index].isASCIIDigit {
        unit /= 10
        fraction &+= unit &* Int64(text[index] &- 0x30)
        decimals &+= 1
        index &+= 1
      }
    }
    guard index == text.byteCount else { return false }
    microdegrees = whole &* 1_000_000 &+ fraction
    return microdegrees <= limit &* 1_000_000
  }

  /// `55°40'34.5"`, `55 40 34`, `55:40:34`, `55° 40.575'`: any signs between the numbers.
  private mutating func readSexagesimal(_ text: RawSpan, limit: Int64) -> Bool {
    var parts = InlineArray<3, Int64>(repeating: 0)
    var count = 0
    var fractionDigits = 0
    var index = 0
    while index < text.byteCount {
      guard text[index].isASCIIDigit else {
        guard Coordinate.isSeparator(text[index]) else { return false }
        index &+= 1
        continue
      }
      // A fraction ends it.
      guard count < 3, fractionDigits == 0 else { return false }
      let (value, end, digits) = Coordinate.number(text, at: index)
      guard end > index else { return false }
      parts[count] = value
      fractionDigits = digits
      count &+= 1
      index = end
    }
    let million: Int64 = 1_000_000
    guard count >= 2, parts[0] <= limit &* million, parts[0] % million == 0,
      parts[1] < 60 &* million, parts[2] < 60 &* million
    else { return false }
    microdegrees = parts[0] &+ parts[1] / 60 &+ parts[2] / 3600
    // A minute is worth between one and two decimals, a second between three and four.
    decimals = (count == 2 ? 2 : 3) &+ fractionDigits
    return microdegrees <= limit &* million
  }

  /// A number of at most three digits and its fraction, in millionths.
  private static func number(
    _ text: RawSpan, at start: Int
  ) -> (value: Int64, end: Int, fractionDigits: Int) {
    var index = start
    var value: Int64 = 0
    while index < text.byteCount, text[index].isASCIIDigit {
      guard index &- start < 3 else { return (0, start, 0) }
      value = value &* 10 &+ Int64(text[index] &- 0x30)
      index &+= 1
    }
    value &*= 1_000_000
    guard index &+ 1 < text.byteCount, text[index] == 0x2E, text[index &+ 1].isASCIIDigit else {
      return (value, index, 0)
    }
    index &+= 1
    var unit: Int64 = 1_000_000
    var digits = 0
    while index < text.byteCount, text[index].isASCIIDigit {
      unit /= 10
      value &+= unit &* Int64(text[index] &- 0x30)
      digits &+= 1
      index &+= 1
    }
    return (value, index, digits)
  }

  /// Spaces, `' " : - _`, `d m s`, and the bytes of ° ′ ″ ’ ” in UTF-8 and Latin-1.
  private static func isSeparator(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x22, 0x27, 0x3A, 0x64, 0x6D, 0x73, 0xB0, 0xC2, 0xE2, 0x80, 0xB2, 0xB3, 0x99, 0x9D:
      true
    default: false
    }
  }
}
