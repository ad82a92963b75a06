import InspectCore

#if canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What a phone, or someone beside it, wrote down about its screen (docs/unlock-logs.md).
public struct UnlockLog: Sendable {
  /// The largest file that is read, in bytes. A bug report has some tens of megabytes.
  public static let byteLimit = 64 << 20
  /// The most events that a log may have.
  public static let eventLimit = 1_000_000
  /// Notes of the same event closer than this are one, in nanoseconds (2 s): Android writes them
  /// once per user and in several places.
  public static let repetition: Int64 = 2_000_000_000

  /// How the file was understood.
  public enum Format: String, Sendable, CaseIterable {
    case csv
    case jsonLines = "json-lines"
    case manual = "manual-csv"
    case androidEvents = "android-event-log"
    case usageStats = "android-usagestats"
    case bugReport = "android-bugreport"
    case apollo = "ios-apollo"
    case iLEAPP = "ios-ileapp"
    case homeAssistant = "home-assistant"
    case mqtt = "mqtt-lines"
    case syslog = "syslog-rfc5424"
  }

  /// Whose clock a time is from. Times of one clock share its error.
  public enum Clock: String, Sendable {
    /// Whatever made a log in our own format.
    case log
    /// The phone's, free of zones.
    case phone
    /// The phone's, without a zone in the text: one was assumed.
    case phoneLocal = "phone-local"
    /// That of the machine which was told by the phone: later by the way there.
    case receiver
    /// Somebody's watch.
    case hand
  }

  /// What is known about a log from elsewhere.
  public struct Hints: Sendable {
    /// When the capture was made: it tells the year of a log without one.
    public var captured: ClosedRange<Timestamp>?
    /// The phone's zone in seconds east of UTC, for a log that names none.
    public var utcOffset: Int?
    /// When the file was written; the year, if nothing else tells it.
    public var modified: Timestamp?

    public init(
      captured: ClosedRange<Timestamp>? = nil, utcOffset: Int? = nil, modified: Timestamp? = nil
    ) {
      self.captured = captured
      self.utcOffset = utcOffset
      self.modified = modified
    }
  }

  /// One event and where it stands.
  public struct Entry: Hashable, Sendable {
    public var event: UnlockEvent
    /// As the log names it: a MAC or IP address or a name; nil if it does not.
    public var device: String?
    public var clock: Clock
    /// The line of the file, from 1.
    public var line: Int
  }

  /// All events, by time.
  public let entries: [Entry]
  public let format: Format
  /// What was assumed or left out, in sentences for people.
  public let warnings: [String]

  /// Whether screen_on events must stand in for unlocks, because there are no others.
  public var usesScreenOn: Bool {
    !entries.contains { $0.event.kind == .unlock }
      && entries.contains { $0.event.kind == .screenOn }
  }

  /// The events that count as unlocks: all of kind unlock or, without any, screen_on.
  public var unlocks: [Entry] {
    let kind: UnlockKind = usesScreenOn ? .screenOn : .unlock
    return entries.filter { $0.event.kind == kind }
  }

  init(format: Format, entries: [Entry], warnings: [String], collapsing: Bool) {
    let sorted = entries.sorted {
      ($0.event.time, $0.line) < ($1.event.time, $1.line)
    }
    self.format = format
    self.entries = collapsing ? UnlockLog.collapsed(sorted) : sorted
    var warnings = warnings
    if entries.isEmpty {
      warnings.append("no event in the log")
    } else if !entries.contains(where: { $0.event.kind == .unlock }) {
      warnings.append(
        entries.contains { $0.event.kind == .screenOn }
          ? "no unlock in the log: screen_on is used, which a notification causes too"
          : "neither unlock nor screen_on in the log")
    }
    self.warnings = warnings
  }

  /// Without the repetitions; of several notes the most precise one stays.
  private static func collapsed(_ sorted: [Entry]) -> [Entry] {
    struct Subject: Hashable {
      let kind: UnlockKind
      let device: String?
    }
    var kept: [Entry] = []
    var last: [Subject: Int] = [:]
    for entry in sorted {
      let subject = Subject(kind: entry.event.kind, device: entry.device)
      if let index = last[subject],
        entry.event.time.nanoseconds(since: kept[index].event.time) < repetition
      {
        if entry.event.precision < kept[index].event.precision { kept[index] = entry }
      } else {
        last[subject] = kept.count
        kept.append(entry)
      }
    }
    return kept.sorted { ($0.event.time, $0.line) < ($1.event.time, $1.line) }
  }

  // MARK: Reading

  /// Reads the log at `path`, whatever its format.
  public static func read(
    path: String, hints: Hints = Hints()
  ) throws(UnlockLogError) -> UnlockLog {
    let (bytes, modified) = try contents(of: path)
    var hints = hints
    if hints.modified == nil { hints.modified = modified }
    return try read(bytes, name: path, hints: hints)
  }

  /// Reads a log, whatever its format.
  /// - Parameter name: what error messages call the file.
  public static func read(
    _ bytes: [UInt8], name: String, hints: Hints = Hints()
  ) throws(UnlockLogError) -> UnlockLog {
    guard bytes.count <= byteLimit else { throw UnlockLogError(name, .tooLarge) }
    let bytes = try utf8(unpacked(bytes, name), name)
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    if let reason = UnlockLogError.Reason(notText: text) { throw UnlockLogError(name, reason) }
    var lines = Lines(text)
    guard let first = lines.nextSignificant() else { throw UnlockLogError(name, .empty) }
    if first.text.first == UInt8(ascii: "{") { return try readJSONLines(text, name: name) }
    if Syslog.isMessage(first.text) { return try Syslog.read(text, name: name) }
    if let table = UnlockTable(text) { return try table.read(name: name, hints: hints) }
    if let log = try AndroidLog.read(text, name: name, hints: hints) { return log }
    if (try? ExperimentPlan(Array(text), name: name)) != nil {
      throw UnlockLogError(
        name, .notText(hint: "the plan of an experiment: give it as --experiment"))
    }
    if let log = try TimedLines.read(text, name: name, hints: hints) { return log }
    if TimedLines.lacksTime(first.text) {
      throw UnlockLogError(
        name,
        .notText(hint: "MQTT messages without a time: listen with mosquitto_sub -F '%I %t %p'"))
    }
    throw UnlockLogError(name, .unknownFormat)
  }

  /// Without the gzip around it (RFC 1952), if there is one.
  private static func unpacked(
    _ bytes: [UInt8], _ name: String
  ) throws(UnlockLogError) -> [UInt8] {
    guard bytes.starts(with: [0x1F, 0x8B]), let stream = InflateStream(.gzip) else { return bytes }
    var text: [UInt8] = []
    let outcome = stream.decode(bytes.span.bytes, while: { text.count <= byteLimit }) { part in
      part.withUnsafeBytes { text.append(contentsOf: $0) }
    }
    guard text.count <= byteLimit else { throw UnlockLogError(name, .tooLarge) }
    guard outcome == .complete else {
      throw UnlockLogError(name, .notText(hint: "gzip data that is damaged or cut off"))
    }
    return text
  }

  /// From UTF-16, if a byte order mark says so: a shell of Windows writes what a program prints in it.
  private static func utf8(_ bytes: [UInt8], _ name: String) throws(UnlockLogError) -> [UInt8] {
    let isBigEndian = bytes.starts(with: [0xFE, 0xFF])
    guard isBigEndian || bytes.starts(with: [0xFF, 0xFE]) else { return bytes }
    let units = stride(from: 2, to: bytes.count - 1, by: 2).map { place in
      let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
      return isBigEndian ? first << 8 | second : second << 8 | first
    }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }

  private static func contents(
    of path: String
  ) throws(UnlockLogError) -> (bytes: [UInt8], modified: Timestamp) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw UnlockLogError(path, .unreadable(errno: errno)) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw UnlockLogError(path, .unreadable(errno: errno))
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(max(0, Int(status.st_size)), byteLimit) + 1)
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    defer { chunk.deallocate() }
    while true {
      let count = readSome(descriptor, into: chunk)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw UnlockLogError(path, .unreadable(errno: errno)) }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
      guard bytes.count <= byteLimit else { throw UnlockLogError(path, .tooLarge) }
    }
    let modified = Timestamp(nanoseconds: 0)
      .advanced(byNanoseconds: Int64(status.st_mtim.tv_sec) &* 1_000_000_000)
    return (bytes, modified)
  }

  // MARK: Writing

  /// The events as CSV, `time,device,event,precision_s,clock,line`: how the log was understood. The
  /// first three columns are those of our own format, so that the result can be read again.
  public func csv() -> [UInt8] {
    var bytes = Array("time,device,event,precision_s,clock,line\n".utf8)
    for entry in entries {
      let precision = entry.event.precision
      let digits = precision >= 1_000_000_000 ? 0 : precision >= 1_000_000 ? 3 : 9
      TimeText.appendRFC3339(entry.event.time, fractionDigits: digits, to: &bytes)
      bytes.append(UInt8(ascii: ","))
      CSV.append(entry.device ?? "", to: &bytes)
      let seconds = Double(precision) / 1e9
      let text = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
      let rest = ",\(entry.event.kind.name),\(text),\(entry.clock.rawValue),\(entry.line)\n"
      bytes.append(contentsOf: rest.utf8)
    }
    return bytes
  }
}

/// The system's `read`, which the log's own hides inside it.
private func readSome(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
  read(descriptor, buffer.baseAddress, buffer.count)
}

extension UnlockKind {
  /// The name in logs: `unlock`, `screen_on`, `screen_off`, `lock` or `boot`.
  public var name: String {
    switch self {
    case .unlock: "unlock"
    case .screenOn: "screen_on"
    case .screenOff: "screen_off"
    case .lock: "lock"
    case .boot: "boot"
    }
  }

  /// By its name, in either case.
  init?(_ name: ArraySlice<UInt8>) {
    let text = String(decoding: name.prefix(16), as: UTF8.self).lowercased()
    guard let kind = UnlockKind.allCases.first(where: { $0.name == text }) else { return nil }
    self = kind
  }
}
