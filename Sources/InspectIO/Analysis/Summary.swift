import InspectCore

/// What was found, for people: who sent what to whom, how often, at unlock or not, and what could
/// not be seen. No identifier is in it, only its mask.
public struct Summary {
  private var text = ""
  private let mask: IdentifierMask
  private let deviceNames: [String]
  private let atlas: SharedAtlas
  private let policy: PolicyFile

  public init(
    mask: IdentifierMask, deviceNames: [String], atlas: SharedAtlas, policy: PolicyFile
  ) {
    self.mask = mask
    self.policy = policy
    self.deviceNames = deviceNames
    self.atlas = atlas
  }

  public static func render(
    _ inspection: borrowing Inspection, mask: IdentifierMask, damages: [String],
    drops: LiveCapture.Drops?
  ) -> String {
    var summary = Summary(
      mask: mask, deviceNames: inspection.deviceNames, atlas: inspection.atlas,
      policy: inspection.policy)
    let counters = inspection.statistics
    summary.head(counters, inspection.observed)
    summary.findings(inspection.alerts, counters)
    summary.unlocks(inspection)
    summary.limits(counters, inspection, damages, drops)
    return summary.text
  }

  private mutating func line(_ content: String = "") { text += content + "\n" }

  private mutating func head(_ counters: InspectorCounters, _ observed: ClosedRange<Timestamp>?) {
    line("\(counters.packets) packets, \(counters.flows) flows")
    if let observed {
      let first = TimeText.rfc3339(observed.lowerBound, fractionDigits: 0)
      let last = TimeText.rfc3339(observed.upperBound, fractionDigits: 0)
      line("from \(first) to \(last)")
    }
    line()
  }

  private mutating func findings(_ alerts: [Alert], _ counters: InspectorCounters) {
    for group in Summary.grouped(alerts) { finding(group) }
    let silent = counters.silentFindings
    let low = counters.lowFindings
    if silent > 0 {
      line("Personal data left in clear text without an alert, \(silent) values: the policy has")
      line("no severity for it, or there was no room for more alerts.")
    } else if alerts.allSatisfy(\.items.isEmpty) {
      line(
        low > 0
          ? "No personal data was recognised for sure among what left in clear text."
          : "No personal data was seen leaving in clear text.")
    }
    if low > 0 {
      line("\(low) values look like identifiers by their structure alone, which proves nothing.")
    }
    if alerts.isEmpty || silent > 0 || low > 0 { line() }
  }

  /// By device and destination; the gravest first, else in the order of time.
  static func grouped(_ alerts: [Alert]) -> [[Alert]] {
    var groups: [[Alert]] = []
    for alert in alerts {
      let known = groups.firstIndex { $0[0].isAbout(alert.device, alert.destination) }
      if let known { groups[known].append(alert) } else { groups.append([alert]) }
    }
    for index in groups.indices { groups[index].sort { $0.severity > $1.severity } }
    return groups.indices.sorted {
      (groups[$1][0].severity, $0) < (groups[$0][0].severity, $1)
    }.map { groups[$0] }
  }

  /// `alerts` are of one device and one destination, the gravest first.
  private mutating func finding(_ alerts: [Alert]) {
    let alert = alerts[0]
    let name = alert.device.named.map { deviceNames[$0] }
    let text = Explanation.text(alerts, deviceName: name, policy: policy)
    line("\(alert.severity.text.uppercased())  \(text)")
    let endpoint = alert.destination.endpoint
    var place = "  to \(endpoint.address.text) port \(endpoint.port)"
    if let country = alert.destination.location.country { place += ", \(country.text)" }
    if let number = alert.destination.location.autonomousSystem { place += ", AS\(number)" }
    if let owner = atlas.place(endpoint.address)?.organization { place += " \(owner)" }
    line(place + " (\(alert.destination.transfer.name))")
    var shown: Set<[UInt8]> = []
    for item in alerts.flatMap(\.items) {
      let name = String(decoding: mask.path(item.path), as: UTF8.self)
      let path = item.path.isEmpty ? "" : " \(name)"
      let key = "\(item.kind.name) in \(item.part.name)\(path)"
      guard shown.insert(key.utf8 + item.normalized).inserted else { continue }
      let value = String(decoding: mask.text(item.value), as: UTF8.self)
      let label =
        item.watched.map {
          $0.isEmpty ? ", watched" : ", watched: \(String(decoding: $0, as: UTF8.self))"
        } ?? ""
      line(
        "    \(item.kind.name)  \(value)  in \(item.part.name)\(path) "
          + "(\(item.confidence.name)\(label))")
    }
    for alert in alerts {
      let first = TimeText.rfc3339(alert.time, fractionDigits: 3)
      let count = alert.count == 1 ? "once" : "\(alert.count) times"
      line("  \(alert.rule.name) (\(alert.severity.text)): \(count), first \(first)")
    }
    if let unlock = alerts.lazy.compactMap(\.unlock).first, unlock.isCorrelated {
      for row in UnlockPicture.rows(unlock.result) { line("  \(row)") }
    }
    line()
  }

  private mutating func unlocks(_ inspection: borrowing Inspection) {
    switch inspection.unlockCoverage {
    case .noLog:
      line(
        inspection.hasUnlockLog
          ? "Screen unlocks: the log has no event, so nothing is said about them."
          : "Screen unlocks: no log was given (--unlocks), so nothing is said about them.")
    case .ambiguous(let count):
      line(
        "Screen unlocks: the log names no device of the capture, and \(count) sent something; say "
          + "whose it is: --device NAME=ADDRESS (the log's NAME; any, if it has none).")
    case .noDevice:
      line("Screen unlocks: no device of the capture is the one that the log names.")
    case .inferred:
      line("Screen unlocks: no log was given; wake-ups were inferred from the traffic alone.")
    case .tested(let count):
      line("Screen unlocks: " + tested(inspection, unlocks: count))
    }
  }

  /// What was tested, and whether it was enough to say anything.
  private func tested(_ inspection: borrowing Inspection, unlocks count: Int) -> String {
    let least = UnlockStudy.minimumUnlocks
    if let plan = inspection.plan, let observed = inspection.observed {
      let slots = plan.slots.count { observed.contains($0.time) }
      if slots == 0 { return "no slot of the experiment's plan lies in the capture's time." }
      if slots < ExperimentPlan.fewestSlots {
        return "only \(slots) slots of the experiment's plan lie in the capture's time, too few."
      }
      return "every destination was tested by the experiment."
    }
    let isLight = inspection.usesScreenOn
    if count == 0 {
      return isLight
        ? "the log has none, and no moment of screen-on lies in the capture's time."
        : "no unlock of the log lies in the capture's time; were the clocks and zones right?"
    }
    let text =
      isLight
      ? "the log has none; the moments of screen-on were used instead."
      : "every destination was tested against the log."
    guard count < least else { return text }
    return (isLight ? text + " But only " : "only ")
      + "\(count) \(count == 1 ? "lies" : "lie") in the capture's time: from \(least) on it is "
      + "tested, with fewer it is only counted."
  }

  private mutating func limits(
    _ counters: InspectorCounters, _ inspection: borrowing Inspection, _ damages: [String],
    _ drops: LiveCapture.Drops?
  ) {
    line()
    line("What could not be seen:")
    let payload = counters.clearBytes + counters.encryptedBytes + counters.unknownBytes
    if payload > 0 {
      let encrypted = counters.encryptedBytes * 100 / payload
      line("  \(encrypted) % of the payload that was read is encrypted, its content is unknown")
      line("  \(counters.unknownBytes) bytes are of protocols that are not decoded")
    }
    let counts: [(UInt64, String)] = [
      (counters.truncatedPackets, "packets were cut by the capture's snap length"),
      (counters.streamGaps, "gaps in connections: bytes that the capture does not have"),
      (counters.unknownLinkTypes.total, "packets of a link type that is not decoded"),
      (counters.notIP, "frames that carry neither IP nor ARP"),
      (counters.otherTransport, "IP packets of other transports than TCP, UDP, SCTP and ICMP"),
      (counters.encryptedFrames, "frames that the link encrypts"),
      (counters.tooManyLayers, "packets in more tunnels than are followed"),
      (counters.malformed, "packets with a damaged header"),
      (counters.cutBodies, "messages too long to be read to their end"),
      (counters.undecodedBodies, "bodies whose compression could not be undone"),
      (counters.finder.limitedMessages, "messages of too much content, looked at in part"),
      (counters.skippedPayloads, "messages of unknown protocols that were not looked at"),
      (counters.caseRefused, "devices, destinations, sends or alerts that found no room"),
      (counters.finder.undecodedLayers, "compressed values in messages that could not be undone"),
      (drops?.droppedByKernel ?? 0, "packets dropped by the kernel"),
      (drops?.droppedByInterface ?? 0, "packets dropped by the interface"),
    ]
    for (count, what) in counts where count > 0 { line("  \(count) \(what)") }
    if atlas.databases.isEmpty {
      line("  in which countries the servers are: there is no geolocation database (geo build)")
    }
    line("  what a phone sends over its mobile network is not in a Wi-Fi or router capture")
    for damage in damages { line("  \(damage)") }
    if let watched = inspection.watched {
      line("Watched: \(watched.values) values.")
      if watched.wrongLines > 0 { line("  \(watched.wrongLines) wrong lines were left out") }
    }
    line("Transfer policy \(inspection.policyText).")
    for database in atlas.databases {
      line("Geolocation: \(database.databaseType). \(database.attribution ?? database.description)")
    }
  }
}

extension Alert {
  /// Whether it is of this device and this destination: the same name, or without one the same
  /// address.
  func isAbout(_ device: Device, _ destination: Destination) -> Bool {
    guard self.device.named == device.named, self.device.mac == device.mac else { return false }
    // A device with a name or a hardware address may have had several IP addresses.
    let isSame =
      device.named != nil || device.mac != .none || self.device.address == device.address
    return isSame && self.destination.host == destination.host
      && (!destination.host.isEmpty
        || self.destination.endpoint.address == destination.endpoint.address)
  }
}
