/// A time on the phone's clock that the phone itself wrote into a message.
struct PhoneTime: Sendable {
  var time: Timestamp
  /// How coarse it is, in nanoseconds.
  var precision: Int64
  /// Without a zone: only what remains of it after quarters of an hour is known.
  var isLocal: Bool
  /// Of a request for the time, and not of an application's message.
  var isNTP = false

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
    isNTP = true
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

/// What a phone's clock is known from.
public struct ClockSources: Equatable, Sendable {
  /// Times that the phone wrote into messages in clear.
  public var messages = false
  /// The transmit times of its NTP requests.
  public var ntp = false
  /// What its destinations do after the unlocks.
  public var traffic = false

  public init() {}

  /// Nothing tells: the clocks are taken to agree.
  public var isNone: Bool { self == ClockSources() }
}

/// How a phone's clock runs against the capture's, by its own words.
public struct ClockAnchor: Equatable, Sendable {
  public var shift: ClockShift
  /// One standard deviation of the offset over the observed time, in seconds.
  public var uncertainty: Double
  public var sources: ClockSources

  public init(shift: ClockShift, uncertainty: Double, sources: ClockSources = ClockSources()) {
    self.shift = shift
    self.uncertainty = uncertainty
    self.sources = sources
  }
}

/// How far a phone's clock is ahead of the capture's, by what the phone itself wrote.
struct ClockAnchors {
  /// Words that are kept of each source; more say no more.
  private static let limit = 64
  /// What is further from the capture's time is no moment of sending, or random.
  private static let farthest: Int64 = 86_400_000_000_000
  private static let quarterHour: Int64 = 900_000_000_000
  /// Differences this near to each other agree.
  private static let agreement: Int64 = 3_000_000_000
  /// A time is written before it is sent; by how much in the mean is not known better than this,
  /// for messages and for NTP, in seconds.
  private static let latency = (messages: 0.2, ntp: 0.05)
  /// A drift that the words do not show is not larger than this, in parts of a million.
  private static let hiddenDrift = 30.0
  /// What is faster than this is no drift.
  private static let fastest = 200.0

  private struct Word {
    /// The phone's clock minus the capture's, in nanoseconds.
    var difference: Int64
    /// In seconds.
    var deviation: Double
    var isLocal: Bool
    var isNTP: Bool
    var time: Timestamp
    var server: IPAddress

    var weight: Double { 1 / (deviation * deviation) }
  }

  private var words: [Word] = []
  private var counts = (messages: 0, ntp: 0)

  mutating func note(_ phone: PhoneTime, to server: IPAddress, at time: Timestamp) {
    guard (phone.isNTP ? counts.ntp : counts.messages) < ClockAnchors.limit else { return }
    var difference = phone.time.nanoseconds(since: time)
    guard difference > -ClockAnchors.farthest, difference < ClockAnchors.farthest else { return }
    if phone.isNTP { counts.ntp += 1 } else { counts.messages += 1 }
    // A time cut to whole units is half a unit early in the mean, evenly up to a whole one.
    difference += phone.precision / 2
    let even = Double(phone.precision) / 1e9 / 12.0.squareRoot()
    words.append(
      Word(
        difference: difference, deviation: (even * even + 0.0025).squareRoot(),
        isLocal: phone.isLocal, isNTP: phone.isNTP, time: time, server: server))
  }

  /// What most words agree on; nil unless three do, and more than half of those with a zone, or
  /// where these say nothing, of all without one.
  ///
  /// - Parameters:
  ///   - observed: over which time the estimate must hold.
  ///   - server: whose words are left out.
  func anchor(
    over observed: ClosedRange<Timestamp>, without server: IPAddress? = nil
  ) -> ClockAnchor? {
    let words = words.filter { $0.server != server }
    let zoned = ClockAnchors.agreeing(words.filter { !$0.isLocal })
    let reference = zoned.map { ClockAnchors.middle($0) } ?? 0
    // Times without a zone are known but for quarters of an hour.
    let local = words.compactMap { word in
      guard word.isLocal else { return nil as Word? }
      var word = word
      var rest = (word.difference - reference) % ClockAnchors.quarterHour
      if rest > ClockAnchors.quarterHour / 2 { rest -= ClockAnchors.quarterHour }
      if rest < -ClockAnchors.quarterHour / 2 { rest += ClockAnchors.quarterHour }
      word.difference = reference + rest
      return word
    }
    if let zoned {
      let near = local.filter { abs($0.difference - reference) <= ClockAnchors.agreement }
      return ClockAnchors.line(through: zoned + near, observed)
    }
    return ClockAnchors.agreeing(local).map { ClockAnchors.line(through: $0, observed) }
  }

  /// The servers without whose words there would be no anchor, or quite another.
  func witnesses(over observed: ClosedRange<Timestamp>) -> [IPAddress] {
    guard let all = anchor(over: observed) else { return [] }
    var asked: [IPAddress] = []
    var found: [IPAddress] = []
    for word in words where !asked.contains(word.server) {
      asked.append(word.server)
      let others = anchor(over: observed, without: word.server)
      let isSame = others.map {
        Double(($0.shift.offset - all.shift.offset).magnitude) / 1e9
          <= 3 * ($0.uncertainty + all.uncertainty)
      }
      if isSame != true { found.append(word.server) }
    }
    return found
  }

  /// The most that lie within the same three seconds.
  private static func agreeing(_ words: [Word]) -> [Word]? {
    let sorted = words.sorted { $0.difference < $1.difference }
    var best = 0..<0
    var start = 0
    for end in sorted.indices {
      while sorted[end].difference - sorted[start].difference > agreement { start += 1 }
      if end + 1 - start > best.count { best = start..<(end + 1) }
    }
    guard best.count >= 3, best.count * 2 > sorted.count else { return nil }
    return Array(sorted[best])
  }

  /// `words` are in the order of their differences.
  private static func middle(_ words: [Word]) -> Int64 { words[words.count / 2].difference }

  /// Weighted least squares over the words, by their precision; a drift only where it is plain.
  private static func line(
    through words: [Word], _ observed: ClosedRange<Timestamp>
  ) -> ClockAnchor {
    let start = observed.lowerBound
    let half = observed.upperBound.seconds(since: start) / 2
    let reference = words[0].difference
    func difference(_ word: Word) -> Double { Double(word.difference - reference) / 1e9 }
    let weight = words.reduce(0) { $0 + $1.weight }
    func mean(_ value: (Word) -> Double) -> Double {
      words.reduce(0) { $0 + $1.weight * value($1) } / weight
    }
    let centre = mean { $0.time.seconds(since: start) }
    let offset = mean(difference)
    let spread = mean { square($0.time.seconds(since: start) - centre) }
    var slope = 0.0
    // In seconds a second.
    var slopeError = hiddenDrift / 1e6
    if words.count >= 4, spread > 0 {
      let rise =
        mean { ($0.time.seconds(since: start) - centre) * (difference($0) - offset) } / spread
      let rest = mean {
        square(difference($0) - offset - rise * ($0.time.seconds(since: start) - centre))
      }
      let error = (max(1, rest * weight / Double(words.count)) / (weight * spread)).squareRoot()
      if abs(rise) > 3 * error, abs(rise) <= fastest / 1e6 { slope = rise }
      slopeError = slope != 0 ? error : min(slopeError, error)
    }
    let rest = mean {
      square(difference($0) - offset - slope * ($0.time.seconds(since: start) - centre))
    }
    // From the scatter, where it is larger than the words' own precision.
    let scatter = max(1, rest * weight / Double(words.count)) / weight
    let distance = square(half - centre) + square(half) / 3
    let delay = mean { $0.isNTP ? latency.ntp : latency.messages }
    var sources = ClockSources()
    sources.messages = words.contains { !$0.isNTP }
    sources.ntp = words.contains { $0.isNTP }
    let atMiddle = offset + slope * (half - centre)
    return ClockAnchor(
      shift: ClockShift(
        offset: reference + Int64(max(-1e14, min(1e14, atMiddle * 1e9))), drift: slope * 1e6),
      uncertainty: (scatter + square(slopeError) * distance + square(delay)).squareRoot(),
      sources: sources)
  }

  private static func square(_ value: Double) -> Double { value * value }
}
