import InspectCore

/// Messages of MQTT, written down by `mosquitto_sub` with the time at which they came. Their events
/// are the screen's states in Home Assistant's statestream, and what is named as an event, as the
/// payload or as the last part of the topic. Other messages are somebody else's.
///
///     {"tst":"2026-09-26T21:10:00.123456Z+0000","topic":"ha/binary_sensor/phone_interactive/state","payload":"on"}
///     2026-09-26T21:10:00+0000 ha/binary_sensor/phone_interactive/state on
///     1790457000.123456789 phones/nokia/screen unlock
struct TopicMessages {
  private var states: [String: Bool] = [:]

  /// One as `-F %j` writes it.
  mutating func take(
    _ topic: ArraySlice<UInt8>, _ members: JSONMembers, line: Int,
    into collector: inout UnlockCollector
  ) throws(UnlockLogError) {
    let payload: ArraySlice<UInt8> =
      switch members["payload"] {
      case .string(let text), .number(let text): text
      case .other, nil: []
      }
    var moment: TimeText.Moment?
    switch members["tst"] {
    case .string(let text):
      // "Z+0100" is +01:00.
      let isOdd = text.count > 6 && text[text.endIndex - 6] == UInt8(ascii: "Z")
      let plain = isOdd ? Array(text.filter { $0 != UInt8(ascii: "Z") })[...] : text
      moment = TimeText.readEither(plain)
    case .number(let text): moment = TimeText.readUnix(text)
    case .other, nil: break
    }
    try take(topic, payload, moment, line: line, into: &collector)
  }

  /// - Parameter moment: when it came; without one an event is counted as not read.
  mutating func take(
    _ topic: ArraySlice<UInt8>, _ payload: ArraySlice<UInt8>, _ moment: TimeText.Moment?,
    line: Int, into collector: inout UnlockCollector
  ) throws(UnlockLogError) {
    guard let (kind, device) = event(topic, payload, &collector) else { return }
    guard let moment, moment.hasZone else { return collector.cannotRead(line: line) }
    try collector.add(kind, at: moment, device: device, clock: .receiver, line: line)
  }

  private mutating func event(
    _ topic: ArraySlice<UInt8>, _ payload: ArraySlice<UInt8>, _ collector: inout UnlockCollector
  ) -> (UnlockKind, device: ArraySlice<UInt8>?)? {
    let parts = topic.split(separator: UInt8(ascii: "/"))
    if parts.count >= 3, parts[parts.count - 1].elementsEqual("state".utf8) {
      let object = parts[parts.count - 2]
      let name = object.text
      if name.hasSuffix("_device_locked") || name.hasSuffix("_keyguard_locked") {
        collector.warnOfKeyguardSensors()
      }
      guard name.hasSuffix("_interactive") else { return nil }
      let isOn: Bool
      switch payload.prefix(8).text.lowercased() {
      case "on": isOn = true
      case "off": isOn = false
      default: return nil
      }
      // The same state again is no change of the screen.
      guard states[name] != isOn else { return nil }
      states[name] = isOn
      return (isOn ? .screenOn : .screenOff, object.dropLast("_interactive".utf8.count))
    }
    if let kind = UnlockKind(payload) { return (kind, nil) }
    return parts.last.flatMap { UnlockKind($0) }.map { ($0, nil) }
  }
}

/// Lines of a time, an MQTT topic and a payload (`mosquitto_sub -F '%I %t %p'`, `%U` for Unix time, or
/// `-v` with `ts` behind it), or of a time and an event, between them spaces or tabs.
enum TimedLines {
  /// What such a line should be.
  static let expected =
    "a time and an event (unlock, screen_on, screen_off, lock or boot), or a time, an MQTT topic as "
    + "ha/binary_sensor/PHONE_interactive/state, and on or off"

  private struct Line {
    var moment: TimeText.Moment
    var topic: ArraySlice<UInt8>?
    /// Or the event.
    var payload: ArraySlice<UInt8>
  }

  /// Nil if the first line does not begin with a time.
  static func read(
    _ text: ArraySlice<UInt8>, name: String, hints: UnlockLog.Hints
  ) throws(UnlockLogError) -> UnlockLog? {
    var collector = UnlockCollector(name: name, hints: hints)
    var topics = TopicMessages()
    var isFirst = true
    var hasTopics = false
    var lines = Lines(text)
    while let line = lines.nextSignificant() {
      guard let found = TimedLines.line(line.text) else {
        if isFirst { return nil }
        throw UnlockLogError(name, line: line.number, expected: expected, found: line.text)
      }
      isFirst = false
      let moment = found.moment.hasZone ? found.moment : collector.local(found.moment)
      if let topic = found.topic {
        hasTopics = true
        try topics.take(topic, found.payload, moment, line: line.number, into: &collector)
      } else if let kind = UnlockKind(found.payload) {
        try collector.add(
          kind, at: UnlockTable.byHand(moment), clock: .hand, line: line.number)
      } else {
        throw UnlockLogError(name, line: line.number, expected: expected, found: line.text)
      }
    }
    return collector.log(hasTopics ? .mqtt : .manual, collapsing: false)
  }

  private static func line(_ text: ArraySlice<UInt8>) -> Line? {
    var words = text.split(maxSplits: 1) { $0 == 0x20 || $0 == 0x09 }
    var moment = TimeText.readEither(words[0])
    if moment == nil, words.count == 2 {
      // The date and the time of day may be two words.
      let rest = words[1].split(maxSplits: 1) { $0 == 0x20 || $0 == 0x09 }
      moment = TimeText.read(words[0] + [UInt8(ascii: "T")] + rest[0])
      words = [words[0]] + rest.dropFirst()
    }
    guard let moment, words.count == 2 else { return nil }
    let rest = words[1].split(maxSplits: 1) { $0 == 0x20 || $0 == 0x09 }
    guard rest[0].contains(UInt8(ascii: "/")) else {
      return Line(moment: moment, topic: nil, payload: words[1].trimmed)
    }
    return Line(moment: moment, topic: rest[0], payload: rest.count > 1 ? rest[1].trimmed : [])
  }

  /// Whether a line is a topic and a state, and so only the time is missing.
  static func lacksTime(_ text: ArraySlice<UInt8>) -> Bool {
    let words = text.split(maxSplits: 1) { $0 == 0x20 || $0 == 0x09 }
    guard words.count == 2, words[0].contains(UInt8(ascii: "/")) else { return false }
    let payload = words[1].trimmed
    return ["on", "off"].contains(payload.prefix(8).text.lowercased())
      || UnlockKind(payload) != nil
  }
}
