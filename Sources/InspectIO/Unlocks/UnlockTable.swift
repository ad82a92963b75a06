import InspectCore

/// A log that is a table with a header, which tells what kind it is.
struct UnlockTable {
  /// Where the columns are that a format needs.
  private enum Layout {
    /// Our own: every record is an event, or wrong.
    case own(time: Int, event: Int, device: Int?)
    /// Written by hand, the header perhaps left out. Zones are not what people write.
    case manual(time: Int, event: Int, device: Int?, hasHeader: Bool)
    /// History of Home Assistant's companion app.
    case homeAssistant(entity: Int, state: Int, changed: Int)
    /// All of knowledgeC.db and of PowerLog, by APOLLO.
    case apollo(time: Int, activity: Int, output: Int)
    /// One stream of knowledgeC.db or of Biome, by iLEAPP.
    case iLEAPP(start: Int, locked: Int?, backlit: Int?)
    /// Android's usage statistics, by ALEAPP, in UTC.
    case usage(time: Int, type: Int)
    /// PowerLog's table of lock states, by iLEAPP, which has put its times right.
    case powerLog(time: Int, locked: Int)
  }

  /// What a person's watch and fingers are worth, in nanoseconds: 3 s for a time typed by hand, 1 s
  /// for one with a fraction, which a button wrote.
  static let typedPrecision: Int64 = 3_000_000_000
  static let pressedPrecision: Int64 = 1_000_000_000

  private let text: ArraySlice<UInt8>
  private let separator: UInt8
  private let layout: Layout

  /// Nil if the first record is no header that is known.
  init?(_ text: ArraySlice<UInt8>) {
    for separator in [UInt8(ascii: ","), UInt8(ascii: "\t"), UInt8(ascii: ";")] {
      var records = CSV(text, separator: separator)
      guard let header = try? records.next(), let layout = UnlockTable.layout(header.cells) else {
        continue
      }
      self.text = text
      self.separator = separator
      self.layout = layout
      return
    }
    return nil
  }

  private static func layout(_ header: [ArraySlice<UInt8>]) -> Layout? {
    let names = header.map { $0.prefix(64).text.lowercased() }
    func column(_ name: String) -> Int? { names.firstIndex(of: name) }
    if let entity = column("entity_id"), let state = column("state"),
      let changed = column("last_changed") ?? column("last_updated")
    {
      return .homeAssistant(entity: entity, state: state, changed: changed)
    }
    let backlit = names.firstIndex { $0.contains("backlit") }
    if let start = column("start time"),
      let status = column("device lock status") ?? column("islocked") ?? backlit
    {
      return .iLEAPP(start: start, locked: status == backlit ? nil : status, backlit: backlit)
    }
    if let time = column("last time active"), let type = column("types") {
      return .usage(time: time, type: type)
    }
    if let time = column("timestamp"), let locked = column("locked"),
      column("time offset (seconds)") != nil
    {
      return .powerLog(time: time, locked: locked)
    }
    if let time = column("timestamp"), let activity = column("activity"),
      let output = column("output")
    {
      return .apollo(time: time, activity: activity, output: output)
    }
    if let time = column("time"), let event = column("event") {
      return .own(time: time, event: event, device: column("device"))
    }
    if let time = column("timestamp"), let event = column("event") {
      return .manual(time: time, event: event, device: column("device"), hasHeader: true)
    }
    if header.count >= 2, TimeText.readEither(header[0]) != nil, UnlockKind(header[1]) != nil {
      return .manual(time: 0, event: 1, device: nil, hasHeader: false)
    }
    return nil
  }

  func read(name: String, hints: UnlockLog.Hints) throws(UnlockLogError) -> UnlockLog {
    var collector = UnlockCollector(name: name, hints: hints)
    var records = CSV(text, separator: separator)
    var states: [String: Bool] = [:]
    if case .manual(_, _, _, hasHeader: false) = layout {} else { _ = try? records.next() }
    while true {
      let record: CSV.Record?
      do throws(CSVError) {
        record = try records.next()
      } catch {
        throw UnlockLogError(
          name, line: error.line, expected: error.expected, found: error.found)
      }
      guard let record else { break }
      try take(record, into: &collector, states: &states, name: name)
    }
    return switch layout {
    case .own: collector.log(.csv, collapsing: false)
    case .manual: collector.log(.manual, collapsing: false)
    case .homeAssistant: collector.log(.homeAssistant, collapsing: false)
    case .apollo: collector.log(.apollo, collapsing: true)
    case .usage: collector.log(.usageStats, collapsing: true)
    case .iLEAPP, .powerLog: collector.log(.iLEAPP, collapsing: true)
    }
  }

  private func take(
    _ record: CSV.Record, into collector: inout UnlockCollector, states: inout [String: Bool],
    name: String
  ) throws(UnlockLogError) {
    switch layout {
    case .own(let time, let event, let device):
      try takeOwn(record, time, event, device, into: &collector, name: name)
    case .manual(let time, let event, let device, _):
      try takeManual(record, time, event, device, into: &collector, name: name)
    case .homeAssistant(let entity, let state, let changed):
      try takeHomeAssistant(
        record, entity: record[entity], state: record[state], changed: record[changed],
        into: &collector, states: &states)
    case .apollo(let time, let activity, let output):
      let kind = UnlockTable.apolloKind(activity: record[activity], output: record[output])
      try takeUTC(kind, record[time], line: record.line, into: &collector)
    case .iLEAPP(let start, let locked, let backlit):
      var kind: UnlockKind?
      if let locked { kind = UnlockTable.lockKind(record[locked]) }
      if let backlit { kind = kind ?? UnlockTable.backlightKind(record[backlit]) }
      try takeUTC(kind, record[start], line: record.line, into: &collector)
    case .usage(let time, let type):
      try takeUTC(
        AndroidLog.usageKind(record[type]), record[time], line: record.line, into: &collector)
    case .powerLog(let time, let locked):
      let kind = UnlockTable.powerLogKind(record[locked])
      try takeUTC(kind, record[time], line: record.line, into: &collector)
    }
  }

  // MARK: Our own, and by hand

  private func takeOwn(
    _ record: CSV.Record, _ time: Int, _ event: Int, _ device: Int?,
    into collector: inout UnlockCollector, name: String
  ) throws(UnlockLogError) {
    guard let moment = TimeText.readEither(record[time]), moment.hasZone else {
      throw UnlockLogError(name, line: record.line, expected: expectedTime, found: record[time])
    }
    guard let kind = UnlockKind(record[event]) else {
      throw UnlockLogError(name, line: record.line, expected: expectedEvent, found: record[event])
    }
    try collector.add(
      kind, at: moment, device: device.map { record[$0] }, clock: .log, line: record.line)
  }

  private func takeManual(
    _ record: CSV.Record, _ time: Int, _ event: Int, _ device: Int?,
    into collector: inout UnlockCollector, name: String
  ) throws(UnlockLogError) {
    guard var moment = TimeText.readEither(record[time]) else {
      throw UnlockLogError(name, line: record.line, expected: expectedTime, found: record[time])
    }
    guard let kind = UnlockKind(record[event]) else {
      throw UnlockLogError(name, line: record.line, expected: expectedEvent, found: record[event])
    }
    moment = UnlockTable.byHand(moment)
    if !moment.hasZone { moment = collector.local(moment) }
    try collector.add(
      kind, at: moment, device: device.map { record[$0] }, clock: .hand, line: record.line)
  }

  /// With the precision of hands.
  static func byHand(_ moment: TimeText.Moment) -> TimeText.Moment {
    var moment = moment
    let isTyped = moment.precision >= 1_000_000_000
    moment.precision = isTyped ? typedPrecision : pressedPrecision
    return moment
  }

  // MARK: Home Assistant

  /// `binary_sensor.PHONE_interactive` changes at once with the screen. The keyguard sensors are
  /// asked only now and then, so that their times say nothing.
  private func takeHomeAssistant(
    _ record: CSV.Record, entity: ArraySlice<UInt8>, state: ArraySlice<UInt8>,
    changed: ArraySlice<UInt8>, into collector: inout UnlockCollector,
    states: inout [String: Bool]
  ) throws(UnlockLogError) {
    let name = entity.text
    if name.hasSuffix("_device_locked") || name.hasSuffix("_keyguard_locked") {
      collector.warnOfKeyguardSensors()
    }
    guard name.hasPrefix("binary_sensor."), name.hasSuffix("_interactive") else { return }
    let isOn: Bool
    switch state.text.lowercased() {
    case "on": isOn = true
    case "off": isOn = false
    default: return
    }
    // The same state again, after "unavailable", is no change of the screen.
    guard states[name] != isOn else { return }
    states[name] = isOn
    let device = entity.dropFirst("binary_sensor.".utf8.count).dropLast("_interactive".utf8.count)
    guard var moment = TimeText.readEither(changed) else {
      return collector.cannotRead(line: record.line)
    }
    if !moment.hasZone { moment = collector.local(moment) }
    try collector.add(
      isOn ? .screenOn : .screenOff, at: moment, device: device, clock: .receiver,
      line: record.line)
  }

  // MARK: Tables of forensic tools

  /// The tools write the times of the phone's databases in UTC, mostly without saying so.
  private func takeUTC(
    _ kind: UnlockKind?, _ time: ArraySlice<UInt8>, line: Int,
    into collector: inout UnlockCollector
  ) throws(UnlockLogError) {
    guard let kind else { return }
    guard let moment = TimeText.readEither(time) else { return collector.cannotRead(line: line) }
    try collector.add(kind, at: moment, clock: .phone, line: line)
  }

  /// APOLLO's Output has the columns of its query, as `[IS LOCKED]: UNLOCKED`.
  private static func apolloKind(
    activity: ArraySlice<UInt8>, output: ArraySlice<UInt8>
  ) -> UnlockKind? {
    let activity = activity.prefix(256).text.lowercased()
    // knowledgeC.db's name for it, and PowerLog's.
    let isLock = activity == "device lock status" || activity == "lock state"
    guard isLock || activity.contains("backlit") else { return nil }
    let words = output.prefix(4_096).text.uppercased().split { !$0.isLetter && !$0.isNumber }
    for (index, word) in words.enumerated() {
      // "IS LOCKED" is the name of the column, not its value.
      if index > 0, words[index - 1] == "IS" { continue }
      let word = Array(word.utf8)[...]
      if let kind = isLock ? lockKind(word) : backlightKind(word) { return kind }
    }
    return nil
  }

  private static func lockKind(_ value: ArraySlice<UInt8>) -> UnlockKind? {
    // Biome's have a number before the word and a space behind it.
    switch value.prefix(16).text.lowercased().split(separator: " ").last {
    case "unlocked": .unlock
    case "locked": .lock
    default: nil
    }
  }

  private static func powerLogKind(_ value: ArraySlice<UInt8>) -> UnlockKind? {
    switch value.prefix(16).text.lowercased() {
    case "no", "0": .unlock
    case "yes", "1": .lock
    default: nil
    }
  }

  private static func backlightKind(_ value: ArraySlice<UInt8>) -> UnlockKind? {
    switch value.prefix(16).text.lowercased() {
    case "yes", "on", "true": .screenOn
    case "no", "off", "false": .screenOff
    default: nil
    }
  }
}

extension CSV.Record {
  /// A cell; empty if the record is too short.
  fileprivate subscript(column: Int) -> ArraySlice<UInt8> {
    column < cells.count ? cells[column] : []
  }
}
