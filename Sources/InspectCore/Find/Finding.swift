/// A piece of personal data, and exactly where it was: a view that is good during `found`.
public struct Finding: ~Escapable {
  public let kind: IdentifierKind
  public let confidence: Confidence
  public let part: MessagePart
  /// Where in the part the value begins, in bytes and as it was sent (encoded).
  public let offset: Int
  /// How precise a location is, in metres; 0 for other kinds.
  public let precision: UInt32
  /// The number of the watched value (`WatchIndex`) that it is; nil when it is none.
  public let watched: UInt32?
  /// The way to the value, UTF-8: `base64 > json:IMEI1`; empty when the part itself is the value.
  public let path: RawSpan
  /// The name that stood beside the value, as it was decoded; may be empty.
  public let key: RawSpan
  /// The value as it was decoded.
  public let value: RawSpan
  /// The value in the form in which equal identifiers are equal bytes: digits for numbers,
  /// 12 lower-case hexadecimal digits for hardware addresses.
  public let normalized: RawSpan

  @_lifetime(copy bytes)
  init(_ record: FindingRecord, part: MessagePart, from base: Int, in bytes: RawSpan) {
    kind = record.detection.kind
    confidence = record.detection.confidence
    precision = record.detection.precision
    watched = record.detection.watched == .max ? nil : record.detection.watched
    self.part = part
    offset = base &+ record.offset
    path = bytes.extracting(record.path)
    key = bytes.extracting(record.key)
    value = bytes.extracting(record.value)
    normalized = bytes.extracting(record.normalized)
  }
}

/// Who receives findings.
public protocol FindingSink: ~Copyable {
  /// Called once a finding, in the order in which they were found, after the message was read.
  mutating func found(_ finding: borrowing Finding)

  /// Called for each value that could be an identifier and that nothing names: a UUID, or random
  /// digits. It is one when it goes to several recipients (`RecurringIdentifiers`). Its confidence
  /// is low.
  mutating func candidate(_ finding: borrowing Finding)
}

extension FindingSink where Self: ~Copyable {
  public mutating func candidate(_ finding: borrowing Finding) {}
}

/// What else is known of a message after it was inspected.
public struct MessageFacts: Sendable {
  /// The self-registration's keys that are keys of a JSON object, at any depth.
  public internal(set) var selfRegistrationKeys = SelfRegistrationKeys()
  /// Those of them that base64 hid.
  public internal(set) var encodedSelfRegistrationKeys = SelfRegistrationKeys()
  /// The most layers in each other; 0 for a plain value.
  public internal(set) var layers = 0
  /// How many bytes all layers decoded to.
  public internal(set) var decodedBytes = 0
  /// The bytes of all values and texts that were looked at, each as often as it was: the work.
  public internal(set) var examinedBytes = 0
  /// How many values were looked at.
  public internal(set) var nodes = 0
  /// Compressed layers that could not be undone.
  public internal(set) var undecodedLayers = 0
  /// Values whose name says that they are the strength of a signal.
  var signals = 0
  /// Hardware addresses behind which the strength of a signal stands.
  var signalled = 0
  /// How many findings the sink was given.
  public internal(set) var findings = 0
  /// The limits that were met: what lay beyond was not seen.
  public internal(set) var limits = FinderLimitSet(rawValue: 0)

  /// The first value that says what the phone's clock showed.
  var phoneTime: PhoneTime?
  /// What the client's next line is, if it is logging in.
  var awaited = SASLResponse.none

  public init() {}

  /// Whether nothing is to be told of the message but that it was looked at as a whole.
  var saysNothing: Bool {
    phoneTime == nil && limits.isEmpty && undecodedLayers == 0 && selfRegistrationKeys.count == 0
  }
}

/// A finding while its message is still being read: ranges of the finder's notes.
struct FindingRecord {
  var detection: Detection
  /// Not an identifier yet.
  var isCandidate = false
  var offset: Int
  var path: Range<Int>
  var key: Range<Int>
  var value: Range<Int>
  var normalized: Range<Int>
}
