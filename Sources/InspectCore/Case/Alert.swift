/// Something that people must know, as a value: who, what, to whom, and how we know.
public struct Alert: Sendable {
  /// One identifier that was seen, in clear: who writes it masks it.
  public struct Item: Sendable {
    public let kind: IdentifierKind
    public let confidence: Confidence
    public let part: MessagePart
    public let offset: Int
    /// Metres; 0 when it is no place.
    public let precision: UInt32
    /// UTF-8.
    public let path: [UInt8]
    public let value: [UInt8]
    /// The form in which equal identifiers are equal bytes.
    public let normalized: [UInt8]
    /// The value's label on a watch list; nil when it is on none.
    public let watched: [UInt8]?
    public let watchClass: WatchClass
    /// Whether the name beside it says that a message goes to it.
    public internal(set) var isRecipient: Bool
  }

  public let rule: Rule
  public internal(set) var severity: Severity
  /// When the evidence sufficed.
  public let time: Timestamp
  public let device: Device
  public let destination: Destination
  public let items: [Item]
  public internal(set) var unlock: UnlockFinding?
  public let isEncrypted: Bool
  /// Whose self-registration it is, for that rule.
  public let registration: SelfRegistration.Operator?
  /// The flow of the evidence.
  public let context: FlowContext
  /// How often it was seen.
  public private(set) var count = 1
  /// The first flows that it was seen in (`FlowContext.id`), at most `flowLimit`.
  public private(set) var flows: [UInt64]
  static var flowLimit: Int { 32 }
  let kinds: KindSet
  let contact: Int

  /// It was seen once more, in the flow `id`.
  mutating func sawAgain(in id: UInt64) {
    count += 1
    if flows.count < Alert.flowLimit, !flows.contains(id) { flows.append(id) }
  }
}

/// A phone or another device whose owner's data is at stake.
public struct Device: Sendable {
  public internal(set) var mac: MACAddress
  /// The address it used last.
  public internal(set) var address: IPAddress
  /// Its number among the devices that the user named.
  public internal(set) var named: Int?
}

/// Who received.
public struct Destination: Sendable {
  /// How its name is known.
  public enum NameSource: UInt8, Sendable {
    case http, tls, dns, quic, coap

    public var name: StaticString {
      switch self {
      case .http: "http"
      case .tls: "tls"
      case .dns: "dns"
      case .quic: "quic"
      case .coap: "coap"
      }
    }

    /// How directly the client said it.
    var rank: Int {
      switch self {
      case .http, .coap: 2
      case .tls, .quic: 1
      case .dns: 0
      }
    }
  }

  public let endpoint: Endpoint
  /// The shortest time from a SYN to its answer, in nanoseconds, as it was known then.
  public internal(set) var roundTrip: Int64?
  /// Lower case, without a port; empty when it has no name.
  public let host: [UInt8]
  public let nameSource: NameSource?
  public let location: Location
  public let transfer: TransferClass
}

/// What the correlation with unlocks said of a destination.
public struct UnlockFinding: Sendable {
  public let result: UnlockStudy.Result
  /// The registrable domain or autonomous system whose destinations were tested together; empty for
  /// one destination.
  public let group: [UInt8]
  /// What most sends were, where the requests that were seen all had one method.
  public let method: HTTPMethod?

  init(result: UnlockStudy.Result, group: [UInt8] = [], method: HTTPMethod? = nil) {
    self.result = result
    self.group = group
    self.method = method
  }

  public var statistics: UnlockStatistics { result.statistics }
  /// Whether the sends are triggered by the unlocks, and nothing explains them better.
  public var isCorrelated: Bool { result.verdict == .unlock }
}

/// What the correlation with unlocks can say at all.
public enum UnlockCoverage: Equatable, Sendable {
  case noLog
  /// The log names no device, and the capture has several (their count).
  case ambiguous(Int)
  /// No device of the capture is the one that the log names.
  case noDevice
  /// Against so many unlocks (or slots of an experiment in which the phone was unlocked) that lie in
  /// the capture's time, at most, of one device.
  case tested(unlocks: Int)
  /// There is no log: wake-ups were estimated from the traffic.
  case inferred
}
