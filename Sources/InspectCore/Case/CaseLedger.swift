/// What flows tell the case, in order, until it takes it in (`CaseBook.take`).
///
/// Flows know nothing of each other; what spans them (devices, destinations, alerts) is the case's. So
/// flows may be looked at on several threads, each with a ledger, while one case takes in all ledgers
/// in the packets' order.
struct CaseLedger: ~Copyable {
  /// What waits to be taken in.
  private(set) var records = CaseRecords()
  var isEmpty: Bool { records.isEmpty }
  /// When what is written next happens.
  var moment = Moment()
  private var hosts: HostTable
  private let local: [CIDR]

  init(configuration: CaseConfiguration, limits: InspectorLimits, function: SipHash13) {
    local = configuration.local
    hosts = HostTable(capacity: limits.hosts, function: function)
  }

  /// Whether a flow leaves the inside with a device's data.
  func isOutward(_ context: FlowContext) -> Bool {
    !local.isInside(context.server.address)
  }

  /// The number of a name among this ledger's; see `HostTable`.
  mutating func number(of name: RawSpan) -> UInt32? {
    let known = hosts.count
    let number = hosts.number(of: name)
    if hosts.count > known { records.append(host: hosts[UInt32(known)]) }
    return number
  }

  /// The name with this number, in lower case.
  func host(_ number: UInt32) -> [UInt8] { hosts[number] }

  /// Something happened in a flow at `time`.
  mutating func saw(_ time: Timestamp) { records.saw(time) }

  mutating func write(_ entry: CaseRecords.Entry) { records.append(entry, at: moment) }

  /// A message in clear is over, with these findings.
  mutating func disclosed(
    _ findings: borrowing FindingBatch, registration: SelfRegistration.Operator?,
    _ context: FlowContext, host: UInt32?, _ source: Destination.NameSource?, at time: Timestamp
  ) {
    records.append(findings.candidates)
    write(
      .disclosed(
        Disclosure(
          items: findings.items, candidates: findings.candidates.count, registration: registration,
          context: context, host: host, nameSource: source, time: time)))
  }

  /// Everything was taken in. What holds it stays.
  mutating func clear() { records.clear() }

  /// Takes out what waits, for another thread.
  mutating func takeRecords() -> CaseRecords {
    var taken = CaseRecords()
    swap(&taken, &records)
    return taken
  }
}

/// What a ledger holds: entries in the order of their moments.
public struct CaseRecords: Sendable {
  public init() {}

  enum Entry: Sendable {
    /// A device joined the network anew, as after its radio slept.
    case joined(MACAddress, Timestamp)
    /// A server answered a SYN after so many nanoseconds.
    case answered(IPAddress, nanoseconds: Int64)
    /// A device said what its clock shows.
    case told(PhoneTime, FlowContext, Timestamp)
    case sent(Send)
    case disclosed(Disclosure)
  }

  /// A device began to send.
  struct Send: Sendable {
    let context: FlowContext
    let host: UInt32?
    let nameSource: Destination.NameSource?
    let method: HTTPMethod?
    let time: Timestamp
  }

  private(set) var entries: [Entry] = []
  /// When each entry was written.
  public private(set) var moments: [Moment] = []
  private(set) var candidates = CandidateList()
  /// Names that got their numbers since the last time.
  private(set) var hosts: [[UInt8]] = []
  private(set) var firstSeen: Timestamp?
  private(set) var lastSeen: Timestamp?
  public private(set) var isEmpty = true

  mutating func saw(_ time: Timestamp) {
    isEmpty = false
    if firstSeen.map({ time < $0 }) ?? true { firstSeen = time }
    if lastSeen.map({ time > $0 }) ?? true { lastSeen = time }
  }

  mutating func append(_ entry: Entry, at moment: Moment) {
    isEmpty = false
    entries.append(entry)
    moments.append(moment)
  }

  /// They belong to the disclosure that follows.
  mutating func append(_ more: borrowing CandidateList) {
    if !more.isEmpty { candidates.append(more) }
  }

  mutating func append(host: [UInt8]) {
    isEmpty = false
    hosts.append(host)
  }

  mutating func clear() {
    entries.clear()
    moments.clear()
    candidates.removeAll()
    hosts.clear()
    firstSeen = nil
    lastSeen = nil
    isEmpty = true
  }
}

/// A message in clear with personal data, or a self-registration.
struct Disclosure: Sendable {
  let items: [Alert.Item]
  /// How many candidates it had: those after the ones of the disclosure before.
  let candidates: Int
  let registration: SelfRegistration.Operator?
  let context: FlowContext
  let host: UInt32?
  let nameSource: Destination.NameSource?
  let time: Timestamp
}

/// When something happened, in an order that does not depend on who looks at which flow.
public struct Moment: Comparable, Sendable {
  /// The packet's number among all, times 65,536; the step of looking at it.
  var step: UInt64 = 0
  /// Since when a flow waited that ends now; 0 for what is no end.
  var turn: UInt64 = 0
  /// That flow: `FlowContext.id`.
  var flow: UInt64 = 0

  public init() {}

  /// Before all that the packet with this number brings, counted from 1.
  public init(beforePacket number: UInt64) { step = number << 16 }

  /// After everything.
  public static var end: Moment { Moment(step: .max) }

  init(step: UInt64, turn: UInt64 = 0, flow: UInt64 = 0) {
    self.step = step
    self.turn = turn
    self.flow = flow
  }

  public static func < (left: Moment, right: Moment) -> Bool {
    if left.step != right.step { return left.step < right.step }
    if left.turn != right.turn { return left.turn < right.turn }
    return left.flow < right.flow
  }
}
