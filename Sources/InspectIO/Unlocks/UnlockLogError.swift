#if canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Why an unlock log cannot be used; the description names the file, the line and the reason.
public struct UnlockLogError: Error, Equatable, CustomStringConvertible {
  public enum Reason: Equatable, Sendable {
    case unreadable(errno: Int32)
    /// It has more than `UnlockLog.byteLimit` bytes.
    case tooLarge
    /// An experiment's plan could not be read.
    case notRead(String)
    /// An experiment's plan has too few slots, or only of one kind.
    case fewSlots(Int)
    /// It has more than `UnlockLog.eventLimit` events.
    case tooManyEvents
    case empty
    /// It is no text but, perhaps, something that contains a log.
    case notText(hint: String)
    case unknownFormat
    /// A line that should be an event is none.
    case line(expected: String, found: String)
    /// Its dates have no year, and nothing tells it.
    case noYear
  }

  /// The file's name as it was given.
  public let file: String
  /// From 1; nil if the whole file is meant.
  public let line: Int?
  public let reason: Reason

  init(_ file: String, line: Int? = nil, _ reason: Reason) {
    self.file = file
    self.line = line
    self.reason = reason
  }

  /// An error at `line`: something else than `expected` stands there.
  init(_ file: String, line: Int, expected: String, found: some Sequence<UInt8>) {
    self.init(file, line: line, .line(expected: expected, found: UnlockLogError.excerpt(found)))
  }

  public var description: String {
    line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
  }

  private var message: String {
    switch reason {
    case .unreadable(let errno): "cannot read the unlock log: \(String(cString: strerror(errno)))"
    case .notRead(let reason): "cannot read the plan: \(reason)"
    case .fewSlots(let count):
      """
      too little for an experiment: at least \(ExperimentPlan.fewestSlots) slots are needed, unlocks \
      and shams; the plan has \(count)
      """
    case .tooLarge: "the unlock log is larger than \(UnlockLog.byteLimit >> 20) MiB"
    case .tooManyEvents: "the unlock log has more than \(UnlockLog.eventLimit) events"
    case .empty: "the unlock log is empty"
    case .notText(let hint): "not an unlock log: \(hint)"
    case .unknownFormat:
      """
      not an unlock log of a known format; known are CSV with the header time,device,event, the same \
      as JSON lines, Android's event log, dumpsys usagestats and bugreport.txt, APOLLO, iLEAPP, Home \
      Assistant's history, MQTT messages with a time (mosquitto_sub -F '%I %t %p') and RFC 5424
      """
    case .line(let expected, let found): "expected \(expected), found \"\(found)\""
    case .noYear:
      "the log's dates have no year: give the capture with it, or log with -v year or -v epoch"
    }
  }

  /// Enough of `bytes` to recognise them, without what would upset a terminal.
  private static func excerpt(_ bytes: some Sequence<UInt8>) -> String {
    let limit = 60
    let head = Array(bytes.prefix(limit + 1))
    var text = ""
    for scalar in String(decoding: head.prefix(limit), as: UTF8.self).unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      text.unicodeScalars.append(isControl ? " " : scalar)
    }
    return head.count > limit ? text + "..." : text
  }
}

extension UnlockLogError.Reason {
  /// The reason to refuse what begins like something else than text; nil for text.
  init?(notText bytes: ArraySlice<UInt8>) {
    let magics: [([UInt8], String)] = [
      ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive: unpack it and give the bugreport-*.txt inside"),
      (
        Array("SQLite format 3".utf8),
        "an SQLite database: export it with APOLLO or iLEAPP and give their table"
      ),
    ]
    if let hint = magics.first(where: { bytes.starts(with: $0.0) })?.1 {
      self = .notText(hint: hint)
    } else if bytes.prefix(4_096).contains(0) {
      self = .notText(hint: "binary data")
    } else {
      return nil
    }
  }
}
