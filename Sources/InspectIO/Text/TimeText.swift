import InspectCore

/// A date and a time of day in the proleptic Gregorian calendar, without a zone.
public struct CivilTime: Equatable, Sendable {
  public var year: Int
  public var month: Int
  public var day: Int
  public var hour = 0
  public var minute = 0
  /// 60 is a leap second and the same moment as the next minute's first.
  public var second = 0
  public var nanosecond = 0

  public init(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
    nanosecond: Int = 0
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.nanosecond = nanosecond
  }

  /// What the calendar and the clock show at `time` in the zone `offset` seconds east of UTC.
  public init(_ time: Timestamp, offset: Int = 0) {
    let (seconds, nanosecond) = floorDivide(Int(time.nanoseconds), 1_000_000_000)
    let (days, second) = floorDivide(seconds + offset, 86_400)
    // Days are counted from 1 March of the year 0, so that a leap day is the last of its year
    // (Hinnant, "chrono-compatible low-level date algorithms").
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    month = shifted < 10 ? shifted + 3 : shifted - 9
    day = dayOfYear - (153 * shifted + 2) / 5 + 1
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    hour = second / 3_600
    minute = second / 60 % 60
    self.second = second % 60
    self.nanosecond = nanosecond
  }

  /// The moment, in the zone `offset` seconds east of UTC; nil if there is no such date or time, or
  /// if it lies outside the years that a `Timestamp` holds (1678 to 2261).
  public func timestamp(offset: Int = 0) -> Timestamp? {
    guard (1...9_999).contains(year), (1...12).contains(month),
      day >= 1, day <= CivilTime.days(inMonth: month, of: year),
      (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second),
      (0..<1_000_000_000).contains(nanosecond), abs(offset) < 86_400
    else { return nil }
    let shiftedYear = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = floorDivide(shiftedYear, 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
    let (scaled, tooLarge) = Int64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow) = scaled.addingReportingOverflow(Int64(nanosecond))
    return tooLarge || overflow ? nil : Timestamp(nanoseconds: sum)
  }

  static func days(inMonth month: Int, of year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return switch month {
    case 2: isLeap ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// The quotient rounded down and the remainder, which has the sign of `divisor`.
private func floorDivide(_ dividend: Int, _ divisor: Int) -> (quotient: Int, remainder: Int) {
  let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// Moments as text: RFC 3339, the form of EVE, and Unix time.
public enum TimeText {
  /// A moment that was read, and how exactly it was written.
  public struct Moment: Equatable, Sendable {
    /// As if in UTC, when the text named no zone.
    public var time: Timestamp
    /// The value of the last written digit, in nanoseconds.
    public var precision: Int64
    public var hasZone: Bool
  }

  // MARK: Reading

  /// Reads a date and time of RFC 3339 (section 5.6), which may also have a space for the `T`, no
  /// colon in the offset, as EVE has it, or no zone at all: `hasZone` says so. Digits after the
  /// ninth of the fraction are dropped; a leap second is the next second. Nil for all else.
  public static func read(_ text: ArraySlice<UInt8>) -> Moment? {
    var cursor = TextCursor(text)
    guard let moment = cursor.moment(), cursor.isAtEnd else { return nil }
    return moment
  }

  /// See `read(_:)` for bytes.
  public static func read(_ text: String) -> Moment? { read(Array(text.utf8)[...]) }

  /// Reads Unix seconds or, from 100,000,000,000 on, milliseconds, both with or without a fraction.
  public static func readUnix(_ text: ArraySlice<UInt8>) -> Moment? {
    var cursor = TextCursor(text)
    guard let whole = cursor.number(digits: 1...15) else { return nil }
    let isMilliseconds = whole >= 100_000_000_000
    let unit: Int64 = isMilliseconds ? 1_000_000 : 1_000_000_000
    var fraction = (nanoseconds: 0, precision: Int64(1_000_000_000))
    if cursor.skip(UInt8(ascii: ".")) {
      guard let digits = cursor.fraction() else { return nil }
      fraction = digits
    }
    let (scaled, tooLarge) = Int64(whole).multipliedReportingOverflow(by: unit)
    let part = Int64(fraction.nanoseconds) / (isMilliseconds ? 1_000 : 1)
    let (sum, overflow) = scaled.addingReportingOverflow(part)
    guard cursor.isAtEnd, !tooLarge, !overflow else { return nil }
    return Moment(
      time: Timestamp(nanoseconds: sum),
      precision: max(1, fraction.precision / (isMilliseconds ? 1_000 : 1)), hasZone: true)
  }

  // MARK: Writing

  /// Appends `2026-03-01T08:00:01.234567+0000`, the form of EVE's `timestamp`.
  public static func appendEVE(_ time: Timestamp, to bytes: inout [UInt8]) {
    append(time, fractionDigits: 6, to: &bytes)
    bytes.append(contentsOf: "+0000".utf8)
  }

  /// Appends `2026-03-01T08:00:01Z` with `fractionDigits` (0 to 9) of the fraction; more are cut.
  public static func appendRFC3339(
    _ time: Timestamp, fractionDigits: Int = 6, to bytes: inout [UInt8]
  ) {
    append(time, fractionDigits: fractionDigits, to: &bytes)
    bytes.append(UInt8(ascii: "Z"))
  }

  /// `2026-03-01T08:00:01.234567+0000`
  public static func eve(_ time: Timestamp) -> String {
    var bytes: [UInt8] = []
    appendEVE(time, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `2026-03-01T08:00:01.234567Z`
  public static func rfc3339(_ time: Timestamp, fractionDigits: Int = 6) -> String {
    var bytes: [UInt8] = []
    appendRFC3339(time, fractionDigits: fractionDigits, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func append(
    _ time: Timestamp, fractionDigits: Int, to bytes: inout [UInt8]
  ) {
    let civil = CivilTime(time)
    append(civil.year, digits: 4, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    append(civil.month, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    append(civil.day, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: "T"))
    append(civil.hour, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    append(civil.minute, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    append(civil.second, digits: 2, to: &bytes)
    let digits = min(max(0, fractionDigits), 9)
    guard digits > 0 else { return }
    bytes.append(UInt8(ascii: "."))
    append(civil.nanosecond, digits: 9, to: &bytes)
    bytes.removeLast(9 - digits)
  }

  private static func append(_ number: Int, digits: Int, to bytes: inout [UInt8]) {
    var divisor = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }
}

/// Reads small pieces of text from the front.
struct TextCursor {
  private(set) var rest: ArraySlice<UInt8>

  init(_ text: ArraySlice<UInt8>) { rest = text }

  var isAtEnd: Bool { rest.isEmpty }

  /// Takes `byte` if it is next.
  mutating func skip(_ byte: UInt8) -> Bool {
    guard rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  mutating func skipSpaces() {
    while skip(UInt8(ascii: " ")) || skip(UInt8(ascii: "\t")) {}
  }

  /// Takes all the digits that are next; nil (and none is taken) unless their number is allowed.
  mutating func number(digits allowed: ClosedRange<Int>) -> Int? {
    let digits = rest.prefix(while: \.isDigit)
    guard allowed.contains(digits.count), digits.count <= 18 else { return nil }
    rest = rest.dropFirst(digits.count)
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }

  /// Takes exactly `digits` digits, whatever follows.
  mutating func fixed(digits count: Int) -> Int? {
    let digits = rest.prefix(count)
    guard digits.count == count, digits.allSatisfy(\.isDigit) else { return nil }
    rest = rest.dropFirst(count)
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }

  /// Takes the digits after a decimal point: at least one, in nanoseconds of a second.
  mutating func fraction() -> (nanoseconds: Int, precision: Int64)? {
    let digits = rest.prefix(while: \.isDigit)
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    var nanoseconds = 0
    var precision: Int64 = 1_000_000_000
    for digit in digits.prefix(9) {
      nanoseconds = nanoseconds * 10 + Int(digit - UInt8(ascii: "0"))
      precision /= 10
    }
    return (nanoseconds * Int(precision), precision)
  }

  /// Takes `08:00:01` or `08:00:01.234` into `time`; the precision, in nanoseconds.
  mutating func timeOfDay(into time: inout CivilTime) -> Int64? {
    guard let hour = fixed(digits: 2), skip(UInt8(ascii: ":")),
      let minute = fixed(digits: 2), skip(UInt8(ascii: ":")), let second = fixed(digits: 2)
    else { return nil }
    time.hour = hour
    time.minute = minute
    time.second = second
    guard skip(UInt8(ascii: ".")) else { return 1_000_000_000 }
    guard let fraction = fraction() else { return nil }
    time.nanosecond = fraction.nanoseconds
    return fraction.precision
  }

  /// Takes `Z`, `+02:00` or `+0200`, in seconds east of UTC; nil if none of them is next.
  mutating func zone() -> Int? {
    if skip(UInt8(ascii: "Z")) || skip(UInt8(ascii: "z")) { return 0 }
    let start = rest
    let isWest = rest.first == UInt8(ascii: "-")
    guard skip(UInt8(ascii: "-")) || skip(UInt8(ascii: "+")), let hours = fixed(digits: 2) else {
      rest = start
      return nil
    }
    _ = skip(UInt8(ascii: ":"))
    guard let minutes = fixed(digits: 2), hours <= 23, minutes <= 59 else {
      rest = start
      return nil
    }
    return (hours * 60 + minutes) * (isWest ? -60 : 60)
  }

  /// Takes a date, a time and, if one is there, a zone; what follows is left.
  mutating func moment() -> TimeText.Moment? {
    guard let year = fixed(digits: 4), skip(UInt8(ascii: "-")),
      let month = fixed(digits: 2), skip(UInt8(ascii: "-")), let day = fixed(digits: 2),
      skip(UInt8(ascii: "T")) || skip(UInt8(ascii: "t")) || skip(UInt8(ascii: " "))
    else { return nil }
    var civil = CivilTime(year: year, month: month, day: day)
    guard let precision = timeOfDay(into: &civil) else { return nil }
    let offset = zone()
    guard let time = civil.timestamp(offset: offset ?? 0) else { return nil }
    return TimeText.Moment(time: time, precision: precision, hasZone: offset != nil)
  }
}

extension UInt8 {
  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
}
