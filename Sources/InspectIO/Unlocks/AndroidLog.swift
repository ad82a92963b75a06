import InspectCore

/// What Android itself writes down: the event log (`logcat -b events`), `dumpsys usagestats`, and a
/// bug report, which has both. They contain much else, so lines that say nothing here are passed
/// over.
struct AndroidLog {
  private let name: String
  private let hints: UnlockLog.Hints
  private var collector: UnlockCollector
  private var hasEventLog = false
  private var hasUsageStats = false
  private var hasReport = false
  /// When the bug report was made, on the phone's clock: no line in it is later.
  private var reported: Timestamp?
  private var user = 0
  /// Files of the usage statistics count from the time that is their name.
  private var fileStart: Timestamp?
  private var isKeyguardShowing: Bool?

  private init(name: String, hints: UnlockLog.Hints) {
    self.name = name
    self.hints = hints
    collector = UnlockCollector(name: name, hints: hints)
  }

  /// Nil if nothing in `text` is Android's.
  static func read(
    _ text: ArraySlice<UInt8>, name: String, hints: UnlockLog.Hints
  ) throws(UnlockLogError) -> UnlockLog? {
    var log = AndroidLog(name: name, hints: hints)
    var lines = Lines(text)
    while let line = lines.next() { try log.take(line) }
    let format: UnlockLog.Format
    switch (log.hasReport, log.hasEventLog, log.hasUsageStats) {
    case (true, _, _), (_, true, true): format = .bugReport
    case (_, true, _): format = .androidEvents
    case (_, _, true): format = .usageStats
    default: return nil
    }
    return log.collector.log(format, collapsing: true)
  }

  private mutating func take(_ line: Lines.Line) throws(UnlockLogError) {
    let text = line.text.trimmed
    if text.starts(with: "--------- beginning of".utf8) {
      hasEventLog = true
    } else if text.starts(with: "== dumpstate: ".utf8) {
      hasReport = true
      var cursor = TextCursor(text.dropFirst("== dumpstate: ".utf8.count))
      reported = cursor.moment()?.time
    } else if text.starts(with: "user=".utf8) {
      var cursor = TextCursor(text.dropFirst(5))
      if let number = cursor.number(digits: 1...9), cursor.isAtEnd { user = number }
    } else if text.range(of: "<usagestats") != nil {
      hasUsageStats = true
      fileStart = AndroidLog.start(ofFile: name)
    } else if text.starts(with: "DUMP OF SERVICE".utf8) {
      user = 0
    } else if text.starts(with: "Last 24 hour events".utf8) {
      hasUsageStats = true
    } else if let type = attribute("type=", of: text), let time = attribute("time=", of: text) {
      try takeUsage(type: type, time: time, line: line.number)
    } else if let type = attribute("type: ", of: text), let time = attribute("time_ms: ", of: text)
    {
      try takeUsage(type: type, time: time, line: line.number)
    } else if let value = value(of: "screen_toggled", in: text) {
      try takeScreenToggled(value, text, line: line.number)
    } else if let value = value(of: "wm_set_keyguard_shown", in: text) {
      try takeKeyguard(value, text, line: line.number)
    }
  }

  // MARK: Usage statistics

  /// The value after `name` (a whole word and its `=`), with or without quotation marks.
  private func attribute(
    _ name: StaticString, of text: ArraySlice<UInt8>
  ) -> ArraySlice<UInt8>? {
    var rest = text
    while let range = rest.range(of: name) {
      let isWord = range.lowerBound == text.startIndex || text[range.lowerBound - 1] == 0x20
      rest = rest[range.upperBound...]
      guard isWord else { continue }
      guard rest.first == UInt8(ascii: "\"") else {
        return rest.prefix { $0 != UInt8(ascii: " ") }
      }
      return rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
    }
    return nil
  }

  /// The constants of `UsageEvents.Event`, by name or number. SCREEN_INTERACTIVE is no unlock: a
  /// notification lights the screen. USER_UNLOCKED is the first unlock after the start.
  static func usageKind(_ type: ArraySlice<UInt8>) -> UnlockKind? {
    switch type.prefix(32).text {
    case "KEYGUARD_HIDDEN", "18", "USER_UNLOCKED", "28": .unlock
    case "KEYGUARD_SHOWN", "17": .lock
    case "SCREEN_INTERACTIVE", "15": .screenOn
    case "SCREEN_NON_INTERACTIVE", "16": .screenOff
    case "DEVICE_STARTUP", "27": .boot
    default: nil
    }
  }

  /// The milliseconds that a file of /data/system/usagestats has as its name, with or without an
  /// ending.
  private static func start(ofFile path: String) -> Timestamp? {
    let name = path.split(separator: "/").last?.prefix { $0 != "." } ?? ""
    guard name.utf8.count == 13, let milliseconds = Int64(name) else { return nil }
    return Timestamp(nanoseconds: milliseconds * 1_000_000)
  }

  private mutating func takeUsage(
    type: ArraySlice<UInt8>, time: ArraySlice<UInt8>, line: Int
  ) throws(UnlockLogError) {
    guard let kind = AndroidLog.usageKind(type) else { return }
    hasUsageStats = true
    guard user == 0 else {
      return collector.warn("events of other users than 0 left out: they repeat the same")
    }
    // Raw times are milliseconds of Unix time, negative ones in files as well; smaller numbers count
    // from the file's beginning.
    let time = time.first == UInt8(ascii: "-") ? time.dropFirst() : time
    if let moment = TimeText.readUnix(time), time.count >= 12 {
      try collector.add(kind, at: moment, clock: .phone, line: line)
    } else if let fileStart, let offset = Int64(time.text), offset >= 0, offset < 100_000_000_000 {
      let moment = TimeText.Moment(
        time: fileStart.advanced(byNanoseconds: offset * 1_000_000), precision: 1_000_000,
        hasZone: true)
      try collector.add(kind, at: moment, clock: .phone, line: line)
    } else if let moment = TimeText.read(time) {
      try add(kind, moment, line: line)
    } else {
      collector.cannotRead(line: line)
    }
  }

  // MARK: Event log

  /// What follows the tag of an event, as in `I screen_toggled: 1` or `I/screen_toggled(  992): 1`.
  private func value(of tag: StaticString, in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard let range = text.range(of: tag), range.lowerBound > text.startIndex,
      " /".utf8.contains(text[range.lowerBound - 1])
    else { return nil }
    var cursor = TextCursor(text[range.upperBound...])
    cursor.skipSpaces()
    if cursor.skip(UInt8(ascii: "(")) {
      cursor.skipSpaces()
      guard cursor.number(digits: 1...10) != nil, cursor.skip(UInt8(ascii: ")")) else { return nil }
    }
    return cursor.skip(UInt8(ascii: ":")) ? cursor.rest.trimmed : nil
  }

  /// AOSP: 0 screen off, 1 screen on, 2 keyguard done, which several guides take for "locked".
  private mutating func takeScreenToggled(
    _ value: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>, line: Int
  ) throws(UnlockLogError) {
    let kind: UnlockKind
    switch integers(value).first {
    case 0: kind = .screenOff
    case 1: kind = .screenOn
    case 2: kind = .unlock
    default: return
    }
    try takeEvent(kind, text, line: line)
  }

  /// `[displayId,keyguardShowing,aodShowing,keyguardGoingAway,(occluded,)reason]`, before Android
  /// 10 without the display. An unlock is that the keyguard was there and is not any more; where
  /// the log begins it is not known what was, but then the keyguard may say that it is going.
  private mutating func takeKeyguard(
    _ value: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>, line: Int
  ) throws(UnlockLogError) {
    hasEventLog = true
    let fields = integers(value)
    guard fields.count >= 3, fields.count == 3 || fields[0] == 0 else { return }
    let first = fields.count == 3 ? 0 : 1
    let isShowing = fields[first] != 0
    let isGoing = fields[first + 2] != 0
    let wasShowing = isKeyguardShowing ?? (isShowing ? nil : isGoing)
    isKeyguardShowing = isShowing
    guard let wasShowing, wasShowing != isShowing else { return }
    try takeEvent(isShowing ? .lock : .unlock, text, line: line)
  }

  /// The whole numbers that a value, or the list in its brackets, begins with.
  private func integers(_ value: ArraySlice<UInt8>) -> [Int] {
    var cursor = TextCursor(value)
    _ = cursor.skip(UInt8(ascii: "["))
    var numbers: [Int] = []
    while numbers.count < 8, let number = cursor.number(digits: 1...9) {
      numbers.append(number)
      guard cursor.skip(UInt8(ascii: ",")) else { break }
      cursor.skipSpaces()
    }
    return numbers
  }

  private mutating func takeEvent(
    _ kind: UnlockKind, _ text: ArraySlice<UInt8>, line: Int
  ) throws(UnlockLogError) {
    hasEventLog = true
    var cursor = TextCursor(text)
    if let moment = cursor.moment() {
      return try add(kind, withZoneAfter(moment, &cursor), line: line)
    }
    cursor = TextCursor(text)
    if var civil = cursor.monthAndDay(), let precision = cursor.timeOfDay(into: &civil) {
      let local = try withYear(civil, line: line)
      let moment = local.map { TimeText.Moment(time: $0, precision: precision, hasZone: false) }
      guard let moment else { return collector.cannotRead(line: line) }
      return try add(kind, withZoneAfter(moment, &cursor), line: line)
    }
    // Unix time; -v monotonic looks alike but counts from the start of the phone.
    let word = text.prefix { $0 != UInt8(ascii: " ") }
    guard let moment = TimeText.readUnix(word), moment.time.nanoseconds >= 100_000_000_000_000_000
    else { return collector.cannotRead(line: line) }
    try collector.add(kind, at: moment, clock: .phone, line: line)
  }

  private mutating func add(
    _ kind: UnlockKind, _ moment: TimeText.Moment, line: Int
  ) throws(UnlockLogError) {
    let clock: UnlockLog.Clock = moment.hasZone ? .phone : .phoneLocal
    let moment = moment.hasZone ? moment : collector.local(moment)
    try collector.add(kind, at: moment, clock: clock, line: line)
  }

  /// With `-v zone` or `-v UTC` the offset is a word of its own.
  private func withZoneAfter(
    _ moment: TimeText.Moment, _ cursor: inout TextCursor
  ) -> TimeText.Moment {
    var moment = moment
    cursor.skipSpaces()
    if !moment.hasZone, let offset = cursor.zone() {
      moment.time = moment.time.advanced(byNanoseconds: Int64(-offset) * 1_000_000_000)
      moment.hasZone = true
    }
    return moment
  }

  // MARK: The year

  /// The year that fits best to what is known; nil if there is no such day.
  private mutating func withYear(
    _ civil: CivilTime, line: Int
  ) throws(UnlockLogError) -> Timestamp? {
    if let reported {
      collector.warn("no year in the log: taken from the bug report's time")
      return AndroidLog.latest(civil, notAfter: reported)
    }
    if let captured = hints.captured {
      collector.warn("no year in the log: taken from the capture's time")
      return AndroidLog.nearest(civil, to: captured)
    }
    if let modified = hints.modified {
      collector.warn("no year in the log: taken from the file's date")
      return AndroidLog.latest(civil, notAfter: modified)
    }
    throw UnlockLogError(name, line: line, .noYear)
  }

  /// The last such time that is not after `limit`, but for a day's difference of the zones.
  private static func latest(_ civil: CivilTime, notAfter limit: Timestamp) -> Timestamp? {
    let limit = limit.advanced(byNanoseconds: 86_400_000_000_000)
    let year = CivilTime(limit).year
    // Eight years back there is a 29 February, even across 1900.
    for year in stride(from: year, through: year - 8, by: -1) {
      var civil = civil
      civil.year = year
      if let time = civil.timestamp(), time <= limit { return time }
    }
    return nil
  }

  private static func nearest(
    _ civil: CivilTime, to range: ClosedRange<Timestamp>
  ) -> Timestamp? {
    var best: (distance: Int64, time: Timestamp)?
    let years = [range.lowerBound, range.upperBound].flatMap { bound in
      [-1, 0, 1].map { CivilTime(bound).year + $0 }
    }
    for year in years {
      var civil = civil
      civil.year = year
      guard let time = civil.timestamp() else { continue }
      let distance = max(
        0, range.lowerBound.nanoseconds(since: time), time.nanoseconds(since: range.upperBound))
      if distance < best?.distance ?? .max { best = (distance, time) }
    }
    return best?.time
  }
}

extension TextCursor {
  /// Takes `10-18 ` of a date without a year.
  fileprivate mutating func monthAndDay() -> CivilTime? {
    guard let month = fixed(digits: 2), skip(UInt8(ascii: "-")), let day = fixed(digits: 2),
      skip(UInt8(ascii: " "))
    else { return nil }
    return CivilTime(year: 0, month: month, day: day)
  }
}
