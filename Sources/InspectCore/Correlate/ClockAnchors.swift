/// A time on the phone's clock that the phone itself wrote into a message.
struct PhoneTime {
  var time: Timestamp
  /// How coarse it is, in nanoseconds.
  var precision: Int64
  /// Without a zone: only what remains of it after quarters of an hour is known.
  var isLocal: Bool

  /// A leaf of a message: Unix seconds or milliseconds, or `yyyy-MM-dd HH:mm:ss`, under a name that
  /// says that it is a time (`ts`, `time`, `REGDATE`, ...).
  init?(_ value: RawSpan, key: RawSpan) {
    switch value.byteCount {
    case 10, 13: self.init(unix: value)
    case 19: self.init(civil: value)
    default: return nil
    }
    guard PhoneTime.isTime(key) else { return nil }
  }

  /// The transmit timestamp of a client's NTP request (RFC 5905 section 7.3). Many clients send
  /// random bits there; who compares times with the capture's sees that.
  init?(ntp message: RawSpan) {
    guard message.byteCount >= 48, message[0] & 7 == 3, message[0] >> 3 & 7 >= 1 else { return nil }
    let seconds = message.load(40, as: UInt32.self)
    let fraction = message.load(44, as: UInt32.self)
    guard seconds != 0 else { return nil }
    // Era 0 ends in 2036; small numbers are of era 1 (RFC 4330 section 3).
    let era: Int64 = seconds & 0x8000_0000 == 0 ? 1 << 32 : 0
    let unix = Int64(seconds) + era - 2_208_988_800
    let nanoseconds = Int64((UInt64(fraction) &* 1_000_000_000) >> 32)
    self.init(
      time: Timestamp(nanoseconds: unix * 1_000_000_000 + nanoseconds), precision: 1_000_000,
      isLocal: false)
  }

  private init(time: Timestamp, precision: Int64, isLocal: Bool) {
    self.time = time
    self.precision = precision
    self.isLocal = isLocal
  }

  private init?(unix value: RawSpan) {
    var number: Int64 = 0
    for index in value.byteOffsets {
      guard value[index].isASCIIDigit else { return nil }
      number = number &* 10 &+ Int64(value[index] &- 0x30)
    }
    let isCoarse = value.byteCount == 10
    let unit: Int64 = isCoarse ? 1_000_000_000 : 1_000_000
    self.init(
      time: Timestamp(nanoseconds: number &* unit), precision: unit, isLocal: false)
  }

  private init?(civil value: RawSpan) {
    func number(_ start: Int, _ count: Int) -> Int64? {
      var number: Int64 = 0
      for index in start..<(start &+ count) {
        guard value[index].isASCIIDigit else { return nil }
        number = number &* 10 &+ Int64(value[index] &- 0x30)
      }
      return number
    }
    guard value[4] == 0x2D, value[7] == 0x2D, value[10] == 0x20 || value[10] == 0x54,
      value[13] == 0x3A, value[16] == 0x3A, let year = number(0, 4), let month = number(5, 2),
      let day = number(8, 2), let hour = number(11, 2), let minute = number(14, 2),
      let second = number(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24,
      minute < 60, second < 61
    else { return nil }
    // Days since 1970 in the Gregorian calendar, the year beginning in March.
    let shifted = month <= 2 ? year - 1 : year
    let months = month <= 2 ? month + 9 : month - 3
    let days =
      365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * months + 2) / 5 + day
      - 719_469
    let seconds = (days * 24 + hour) * 3_600 + minute * 60 + second
    guard (0..<9_000_000_000).contains(seconds) else { return nil }
    self.init(
      time: Timestamp(nanoseconds: seconds * 1_000_000_000), precision: 1_000_000_000,
      isLocal: true)
  }

  /// Names of moments of sending, not of other moments.
  private static func isTime(_ key: RawSpan) -> Bool {
    switch key.byteCount {
    case 1: key.equalsIgnoringCase("t")
    case 2: key.equalsIgnoringCase("ts")
    case 3: key.equalsIgnoringCase("now")
    case 4: key.equalsIgnoringCase("time")
    case 7: key.equalsIgnoringCase("regdate")
    case 8: key.equalsIgnoringCase("sendtime") || key.equalsIgnoringCase("sent_at")
    case 9: key.equalsIgnoringCase("timestamp") || key.equalsIgnoringCase("send_time")
    case 10: key.equalsIgnoringCase("clienttime") || key.equalsIgnoringCase("devicetime")
    case 11: key.equalsIgnoringCase("client_time") || key.equalsIgnoringCase("device_time")
    default: false
    }
  }
}

/// How far a phone's clock is ahead of the capture's, by what the phone itself wrote.
struct ClockAnchors {
  /// Pairs that are kept; more say no more.
  private static let limit = 64
  /// What is further from the capture's time is no moment of sending, or random.
  private static let farthest: Int64 = 86_400_000_000_000
  private static let quarterHour: Int64 = 900_000_000_000
  /// Differences this near to each other agree.
  private static let agreement: Int64 = 3_000_000_000

  private var differences: [Int64] = []
  private var isAnyWithZone = false

  mutating func note(_ phone: PhoneTime, at time: Timestamp) {
    guard differences.count < ClockAnchors.limit else { return }
    var difference = phone.time.nanoseconds(since: time)
    guard difference > -ClockAnchors.farthest, difference < ClockAnchors.farthest else { return }
    // A time cut to whole units is half a unit early in the mean.
    difference += phone.precision / 2
    if phone.isLocal {
      guard !isAnyWithZone else { return }
      difference %= ClockAnchors.quarterHour
      if difference > ClockAnchors.quarterHour / 2 { difference -= ClockAnchors.quarterHour }
      if difference < -ClockAnchors.quarterHour / 2 { difference += ClockAnchors.quarterHour }
    } else if !isAnyWithZone {
      isAnyWithZone = true
      differences.removeAll()
    }
    differences.append(difference)
  }

  /// The offset on which most agree; nil unless three do, and more than half.
  var shift: ClockShift? {
    let sorted = differences.sorted()
    var best = 0..<0
    var start = 0
    for end in sorted.indices {
      while sorted[end] - sorted[start] > ClockAnchors.agreement { start += 1 }
      if end + 1 - start > best.count { best = start..<(end + 1) }
    }
    guard best.count >= 3, best.count * 2 > sorted.count else { return nil }
    return ClockShift(offset: sorted[best.lowerBound + best.count / 2])
  }
}
