/// Who sent what to whom, and what follows from it.
///
/// It is told of devices' sends and of personal data in messages, and raises alerts: once for each
/// rule, device, destination and set of kinds, counted after that. With a saved capture it waits for
/// the end, because whether a host is called at each unlock makes the same finding graver.
public struct CaseBook<Map: Atlas & ~Copyable>: ~Copyable {
  /// What is known of a device's dealings with a host, or an address without a name.
  struct Contact {
    let device: Int
    let host: UInt32?
    let endpoint: Endpoint
    var nameSource: Destination.NameSource?
    var sends: [Timestamp] = []
    /// What it received in clear.
    var kinds = KindSet()
    var context: FlowContext
    /// The method of all requests that were seen; nil without any, or where they differ.
    var method: HTTPMethod?
    var requests = 0
    var unlock: UnlockFinding?

    /// Another burst began, with a request of this method, if one was seen.
    mutating func noteMethod(_ new: HTTPMethod?) {
      guard let new else { return }
      method = requests == 0 || method == new ? new : nil
      requests += 1
    }
  }

  public var atlas: Map
  let configuration: CaseConfiguration
  let limits: InspectorLimits
  private let function: SipHash13
  var hosts: HostTable
  public private(set) var devices: [Device] = []
  private var deviceIndex: HashIndex
  /// What devices said of their clocks, by device.
  var clocks: [ClockAnchors] = []
  /// When devices joined the network anew, where wake-ups are inferred.
  private(set) var joins: [(mac: MACAddress, time: Timestamp)] = []
  var watch: UnlockWatch
  var contacts: [Contact] = []
  private var contactIndex: HashIndex
  private var roundTrips: RoundTrips
  var recurring: RecurringIdentifiers
  /// The numbers of hosts here, by their numbers in each ledger; `max` for those that found no room.
  var hostNumbers: [[UInt32]] = []
  /// Raised so far, or waiting for the end.
  public internal(set) var alerts: [Alert] = []
  private var alertIndex: HashIndex
  private var raised = 0
  private var sendCount = 0
  var firstSeen: Timestamp?
  var lastSeen: Timestamp?

  /// What found no room.
  public private(set) var refused: UInt64 = 0
  /// Identifiers of low confidence, which are counted but raise no alert.
  public private(set) var lowFindings: UInt64 = 0
  /// Identifiers of which the policy says that they raise no alert, or that found no room for one.
  public private(set) var silentFindings: UInt64 = 0
  public internal(set) var unlockCoverage = UnlockCoverage.noLog

  init(
    configuration: CaseConfiguration, limits: InspectorLimits, function: SipHash13,
    atlas: consuming Map
  ) {
    self.configuration = configuration
    self.limits = limits
    self.function = function
    self.atlas = atlas
    watch = UnlockWatch(configuration.unlocks, capacity: limits.watchedPairs)
    hosts = HostTable(capacity: limits.hosts, function: function)
    deviceIndex = HashIndex(capacity: limits.devices)
    // Reserved as tables are: touched only as it fills, and never moved.
    contacts.reserveCapacity(limits.contacts)
    contactIndex = HashIndex(capacity: limits.contacts)
    alertIndex = HashIndex(capacity: limits.alerts)
    roundTrips = RoundTrips(capacity: limits.contacts, function: function)
    recurring = RecurringIdentifiers(function: function)
  }

  func add(to all: inout InspectorCounters) {
    all.lowFindings = lowFindings
    all.silentFindings = silentFindings
    all.caseRefused = refused
    all.forgottenValues = recurring.forgotten
  }

  /// Whether a flow leaves the inside with a device's data.
  func isOutward(_ context: FlowContext) -> Bool {
    !configuration.isLocal(context.server.address)
  }

  mutating func saw(_ time: Timestamp) {
    if firstSeen.map({ time < $0 }) ?? true { firstSeen = time }
    if lastSeen.map({ time > $0 }) ?? true { lastSeen = time }
  }

  /// A device joined the network anew, as after its radio slept.
  mutating func joined(_ mac: MACAddress, at time: Timestamp) {
    guard configuration.infersUnlocks else { return }
    guard joins.count < limits.sendsPerContact else {
      refused &+= 1
      return
    }
    joins.append((mac, time))
  }

  /// A server answered a SYN after so many nanoseconds.
  mutating func answered(_ address: IPAddress, after nanoseconds: Int64) {
    roundTrips.note(nanoseconds, address)
  }

  /// A device began to send at `time`.
  mutating func sent(
    _ context: FlowContext, host: UInt32?, _ source: Destination.NameSource?,
    method: HTTPMethod? = nil, at time: Timestamp
  ) {
    guard let number = contact(context, host, source) else { return }
    contacts[number].noteMethod(method)
    // When something was sent is of use beside unlocks only.
    guard configuration.infersUnlocks || !configuration.unlocks.isEmpty else { return }
    guard contacts[number].sends.count < limits.sendsPerContact, sendCount < limits.sends else {
      refused &+= 1
      return
    }
    if let last = contacts[number].sends.last, time < last {
      // Bursts are told when their host is known, which may be late.
      let place = contacts[number].sends.lastIndex { $0 <= time }.map { $0 + 1 } ?? 0
      contacts[number].sends.insert(time, at: place)
    } else {
      contacts[number].sends.append(time)
    }
    sendCount += 1
    if configuration.raisesAtOnce { follow(number, at: time) }
  }

  /// A message in clear had personal data, or was a self-registration.
  mutating func disclosed(
    _ items: [Alert.Item], registration: SelfRegistration.Operator?, _ context: FlowContext,
    host: UInt32?, _ source: Destination.NameSource?, at time: Timestamp
  ) {
    let told = items.filter { $0.confidence > .low }
    let unwanted = told.filter { $0.watchClass == .withdrawn && $0.isRecipient }
    let leaves = isOutward(context)
    if leaves { lowFindings &+= UInt64(items.count - told.count) }
    guard leaves && (!told.isEmpty || registration != nil) || !unwanted.isEmpty,
      let number = contact(context, host, source)
    else { return }
    var evidence = evidence(told, number, context, at: time)
    var isRaised = false
    if leaves {
      contacts[number].kinds.formUnion(evidence.kinds)
      if !told.isEmpty {
        isRaised = raise(.personalDataCleartext, evidence)
        if evidence.transfer.crossesBorder, raise(.personalDataCrossBorder, evidence) {
          isRaised = true
        }
      }
      if let registration {
        evidence.registration = registration
        if raise(.selfRegistration, evidence) { isRaised = true }
      }
      let protected = told.filter { $0.watchClass == .protected }
      if !protected.isEmpty,
        raise(.protectedIdentifier, self.evidence(protected, number, context, at: time))
      {
        isRaised = true
      }
    }
    if !unwanted.isEmpty,
      raise(.withdrawnConsent, self.evidence(unwanted, number, context, at: time))
    {
      isRaised = true
    }
    if !isRaised { silentFindings &+= UInt64(told.count) }
  }

  /// The input is over: tests the correlation with unlocks and gives all alerts out that wait, in
  /// the order of time.
  mutating func conclude(_ give: (Alert) -> Void) {
    correlate()
    let waiting = raised..<alerts.count
    raised = alerts.count
    let order = waiting.sorted { alerts[$0].time < alerts[$1].time }
    for index in order { give(alerts[index]) }
  }

  /// Alerts that may be given out at once.
  mutating func takeRaised(_ give: (Alert) -> Void) {
    guard configuration.raisesAtOnce else { return }
    while raised < alerts.count {
      give(alerts[raised])
      raised += 1
    }
  }

  // MARK: Alerts

  struct Evidence {
    var items: [Alert.Item]
    var kinds: KindSet
    var contact: Int
    var location: Location
    var transfer: TransferClass
    var roundTrip: Int64?
    var context: FlowContext
    var time: Timestamp
    var isEncrypted = false
    var registration: SelfRegistration.Operator?
  }

  mutating func evidence(
    _ items: [Alert.Item], _ contact: Int, _ context: FlowContext, at time: Timestamp
  ) -> Evidence {
    var kinds = KindSet()
    for item in items { kinds.insert(item.kind) }
    let address = context.server.address
    let location = atlas.locate(address)
    let roundTrip = roundTrips[address]
    return Evidence(
      items: items, kinds: kinds, contact: contact, location: location,
      transfer: transfer(to: location, address), roundTrip: roundTrip,
      context: context, time: time)
  }

  private func transfer(to location: Location, _ address: IPAddress) -> TransferClass {
    if configuration.isLocal(address) { return .domestic }
    // One address in many places: the database knows its owner, not where it answers.
    return location.isAnycast ? .unknown : configuration.policy.transfer(to: location.country)
  }

  /// Raises an alert, or counts it when it was raised before; false when the policy wants none, or
  /// there is no room.
  @discardableResult
  mutating func raise(
    _ rule: Rule, _ evidence: Evidence, _ unlock: UnlockFinding? = nil
  ) -> Bool {
    guard
      let severity = configuration.policy.severity(
        rule, evidence.transfer, evidence.kinds, isEncrypted: evidence.isEncrypted)
    else { return false }
    var state = function.begin()
    state.add(UInt64(rule.rawValue) << 32 | UInt64(evidence.location.country?.rawValue ?? 0))
    state.add(UInt64(evidence.contact))
    state.add(evidence.kinds.rawValue)
    let hash = UInt32(truncatingIfNeeded: state.finish())
    let known = alertIndex.find(hash) {
      let alert = alerts[Int($0)]
      return alert.rule == rule && alert.contact == evidence.contact
        && alert.kinds == evidence.kinds
        && alert.destination.location.country == evidence.location.country
    }
    if let known {
      alerts[Int(known)].sawAgain(in: evidence.context.id)
      return true
    }
    guard alertIndex.insert(hash, element: UInt32(alerts.count)) else {
      refused &+= 1
      return false
    }
    let contact = contacts[evidence.contact]
    alerts.append(
      Alert(
        rule: rule, severity: severity, time: evidence.time, device: devices[contact.device],
        destination: Destination(
          endpoint: evidence.context.server, roundTrip: evidence.roundTrip,
          host: contact.host.map { hosts[$0] } ?? [],
          nameSource: contact.nameSource, location: evidence.location,
          transfer: evidence.transfer),
        items: evidence.items, unlock: unlock, isEncrypted: evidence.isEncrypted,
        registration: evidence.registration, context: evidence.context,
        flows: [evidence.context.id], kinds: evidence.kinds, contact: evidence.contact))
    if configuration.raisesAtOnce { attach(evidence.contact, to: alerts.count - 1) }
    return true
  }

  // MARK: Devices and contacts

  private mutating func contact(
    _ context: FlowContext, _ host: UInt32?, _ source: Destination.NameSource?
  ) -> Int? {
    guard let device = device(context) else { return nil }
    var state = function.begin()
    state.add(UInt64(device))
    if let host {
      state.add(UInt64(host))
    } else {
      state.add(context.server.address.high)
      state.add(context.server.address.low)
    }
    let hash = UInt32(truncatingIfNeeded: state.finish())
    let address = context.server.address
    // Field by field: the whole contact would be copied.
    let known = contactIndex.find(hash) {
      contacts[Int($0)].device == device && contacts[Int($0)].host == host
        && (host != nil || contacts[Int($0)].endpoint.address == address)
    }
    if let known {
      // What the client wrote goes before what it asked a name server for.
      if let source, source.rank > contacts[Int(known)].nameSource?.rank ?? -1 {
        contacts[Int(known)].nameSource = source
      }
      return Int(known)
    }
    guard contactIndex.insert(hash, element: UInt32(contacts.count)) else {
      refused &+= 1
      return nil
    }
    contacts.append(
      Contact(
        device: device, host: host, endpoint: context.server, nameSource: source, context: context))
    return contacts.count - 1
  }

  /// The device that a flow's client is: a named one, else the one with this hardware address, else
  /// the one with this IP address.
  mutating func device(_ context: FlowContext) -> Int? {
    let named = configuration.devices.firstIndex {
      $0.macs.contains(context.clientMAC) || $0.addresses.contains(context.client.address)
    }
    var state = function.begin()
    if let named {
      state.add(UInt64(named))
    } else if context.clientMAC != .none {
      state.add(context.clientMAC.rawValue)
    } else {
      state.add(context.client.address.high)
      state.add(context.client.address.low)
    }
    let hash = UInt32(truncatingIfNeeded: state.finish())
    let known = deviceIndex.find(hash) {
      let device = devices[Int($0)]
      if let named { return device.named == named }
      guard device.named == nil else { return false }
      return context.clientMAC != .none
        ? device.mac == context.clientMAC
        : device.mac == .none && device.address == context.client.address
    }
    if let known {
      devices[Int(known)].address = context.client.address
      return Int(known)
    }
    guard deviceIndex.insert(hash, element: UInt32(devices.count)) else {
      refused &+= 1
      return nil
    }
    devices.append(
      Device(mac: context.clientMAC, address: context.client.address, named: named))
    return devices.count - 1
  }
}
