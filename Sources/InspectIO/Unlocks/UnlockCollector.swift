import InspectCore

/// Takes in what a reader of one format finds; what all formats share is here.
struct UnlockCollector {
  private let name: String
  private let hints: UnlockLog.Hints
  private var entries: [UnlockLog.Entry] = []
  private var warnings: [String] = []
  private var unreadable = 0
  private var firstUnreadable = 0

  init(name: String, hints: UnlockLog.Hints = UnlockLog.Hints()) {
    self.name = name
    self.hints = hints
  }

  var isEmpty: Bool { entries.isEmpty && unreadable == 0 }

  mutating func add(
    _ kind: UnlockKind, at moment: TimeText.Moment, device: ArraySlice<UInt8>? = nil,
    clock: UnlockLog.Clock, line: Int
  ) throws(UnlockLogError) {
    guard entries.count < UnlockLog.eventLimit else {
      throw UnlockLogError(name, line: line, .tooManyEvents)
    }
    let device = device.flatMap { $0.isEmpty ? nil : $0.text }
    let event = UnlockEvent(time: moment.time, kind: kind, precision: moment.precision)
    entries.append(UnlockLog.Entry(event: event, device: device, clock: clock, line: line))
  }

  /// The moment that a phone's clock without a zone showed.
  mutating func local(_ moment: TimeText.Moment) -> TimeText.Moment {
    let offset = min(max(hints.utcOffset ?? 0, -86_400), 86_400)
    warn(
      hints.utcOffset == nil
        ? "no zone in the log: UTC assumed"
        : "no zone in the log: taken as told, \(offset) s east of UTC")
    var moment = moment
    moment.time = moment.time.advanced(byNanoseconds: Int64(-offset) * 1_000_000_000)
    return moment
  }

  /// Says `text` once.
  mutating func warn(_ text: String) {
    if !warnings.contains(text) { warnings.append(text) }
  }

  mutating func warnOfKeyguardSensors() {
    warn("keyguard sensors of Home Assistant left out: they are updated only at times")
  }

  /// Counts an event of a phone's own log that has no time to be understood.
  mutating func cannotRead(line: Int) {
    if unreadable == 0 { firstUnreadable = line }
    unreadable += 1
  }

  func log(_ format: UnlockLog.Format, collapsing: Bool) -> UnlockLog {
    var warnings = warnings
    if unreadable > 0 {
      warnings.append(
        "left out without a readable time: \(unreadable), the first in line \(firstUnreadable)")
    }
    return UnlockLog(
      format: format, entries: entries, warnings: warnings, collapsing: collapsing)
  }
}

/// What an event's time should look like.
let expectedTime =
  "a time (RFC 3339 with its zone, as 2026-03-01T08:00:01Z, or Unix seconds or milliseconds)"
/// What an event should be called.
let expectedEvent = "an event (unlock, screen_on, screen_off, lock or boot)"

extension TimeText {
  /// A time as our own formats have it: RFC 3339 or Unix time.
  static func readEither(_ text: ArraySlice<UInt8>) -> Moment? { read(text) ?? readUnix(text) }
}

extension UnlockLog {
  /// Our own format as JSON lines: an object a line, with `time`, `event` and perhaps `device`.
  static func readJSONLines(
    _ text: ArraySlice<UInt8>, name: String
  ) throws(UnlockLogError) -> UnlockLog {
    var collector = UnlockCollector(name: name)
    var topics = TopicMessages()
    var isStatestream = false
    var lines = Lines(text)
    while let line = lines.nextSignificant() {
      guard let members = JSONMembers(line.text) else {
        throw UnlockLogError(name, line: line.number, expected: "a JSON object", found: line.text)
      }
      if case .string(let topic) = members["topic"] {
        isStatestream = true
        try topics.take(topic, members, line: line.number, into: &collector)
        continue
      }
      let moment: TimeText.Moment? =
        switch members["time"] {
        case .string(let text): TimeText.readEither(text)
        case .number(let text): TimeText.readUnix(text)
        case .other, nil: nil
        }
      guard let moment, moment.hasZone else {
        throw UnlockLogError(
          name, line: line.number, expected: "\"time\": \(expectedTime)", found: line.text)
      }
      guard case .string(let event) = members["event"], let kind = UnlockKind(event) else {
        throw UnlockLogError(
          name, line: line.number, expected: "\"event\": \(expectedEvent)", found: line.text)
      }
      var device: ArraySlice<UInt8>?
      if case .string(let text) = members["device"] { device = text.trimmed }
      try collector.add(kind, at: moment, device: device, clock: .log, line: line.number)
    }
    return collector.log(isStatestream ? .homeAssistant : .jsonLines, collapsing: false)
  }
}

/// A syslog message (RFC 5424) whose MSGID or MSG is the name of an event, or that has a word
/// `event=NAME` in its MSG. Other messages are somebody else's.
///
///     <13>1 2026-03-01T08:00:01.234Z phone watcher - - - unlock
enum Syslog {
  static func isMessage(_ line: ArraySlice<UInt8>) -> Bool {
    var cursor = TextCursor(line)
    return priority(&cursor)
  }

  static func read(_ text: ArraySlice<UInt8>, name: String) throws(UnlockLogError) -> UnlockLog {
    var collector = UnlockCollector(name: name)
    var lines = Lines(text)
    while let line = lines.nextSignificant() {
      var cursor = TextCursor(line.text)
      guard priority(&cursor) else { continue }
      let time = cursor.word()
      let host = cursor.word()
      _ = cursor.word()
      _ = cursor.word()
      let identifier = cursor.word()
      guard cursor.skipStructuredData(),
        let kind = UnlockKind(identifier) ?? event(in: cursor.rest.trimmed)
      else { continue }
      guard let moment = TimeText.read(time), moment.hasZone else {
        collector.cannotRead(line: line.number)
        continue
      }
      let device = host.elementsEqual("-".utf8) ? nil : host
      try collector.add(kind, at: moment, device: device, clock: .receiver, line: line.number)
    }
    return collector.log(.syslog, collapsing: false)
  }

  /// Takes `<PRI>1 `.
  private static func priority(_ cursor: inout TextCursor) -> Bool {
    guard cursor.skip(UInt8(ascii: "<")), let value = cursor.number(digits: 1...3), value <= 191
    else { return false }
    return cursor.skip(UInt8(ascii: ">")) && cursor.skip(UInt8(ascii: "1"))
      && cursor.skip(UInt8(ascii: " "))
  }

  private static func event(in message: ArraySlice<UInt8>) -> UnlockKind? {
    // A byte order mark may say that the message is UTF-8 (RFC 5424 section 6.4).
    let message = message.starts(with: [0xEF, 0xBB, 0xBF]) ? message.dropFirst(3) : message
    if let kind = UnlockKind(message) { return kind }
    for word in message.split(separator: UInt8(ascii: " ")) where word.starts(with: "event=".utf8) {
      return UnlockKind(word.dropFirst(6))
    }
    return nil
  }
}

extension TextCursor {
  /// Takes what comes before the next space, and the space.
  fileprivate mutating func word() -> ArraySlice<UInt8> {
    let word = rest.prefix { $0 != UInt8(ascii: " ") }
    self = TextCursor(rest.dropFirst(word.count + 1))
    return word
  }

  /// Takes `-` or `[id name="value" ...][...]`, in which a backslash quotes.
  fileprivate mutating func skipStructuredData() -> Bool {
    if skip(UInt8(ascii: "-")) { return true }
    guard rest.first == UInt8(ascii: "[") else { return false }
    while skip(UInt8(ascii: "[")) {
      var isQuoted = false
      var bytes = rest
      var isClosed = false
      while let byte = bytes.popFirst() {
        if byte == UInt8(ascii: "\\") {
          _ = bytes.popFirst()
        } else if byte == UInt8(ascii: "\"") {
          isQuoted.toggle()
        } else if byte == UInt8(ascii: "]"), !isQuoted {
          isClosed = true
          break
        }
      }
      guard isClosed else { return false }
      self = TextCursor(bytes)
    }
    return true
  }
}
