/// What the phones' unlocks say of their destinations.
extension CaseBook where Map: ~Copyable {
  // MARK: At the end

  /// Tests all destinations of the phones that have a log.
  mutating func correlate() {
    guard let firstSeen, let lastSeen else { return }
    let observed = firstSeen...max(firstSeen, lastSeen)
    if configuration.infersUnlocks { inferUnlocks(observed) }
    guard !configuration.unlocks.isEmpty else { return }
    unlockCoverage = .noDevice
    for (index, track) in configuration.unlocks.enumerated() {
      guard let device = owner(of: track) else { continue }
      var log = track.log
      log.unlocks = watch.unlocks(of: index)
      let tested = contacts.indices.filter { contacts[$0].device == device }
      var witnesses: [Int] = []
      if log.anchor == nil, track.isPhoneClock, device < clocks.count {
        log.anchor = clocks[device].anchor(over: observed)
        let servers = clocks[device].witnesses(over: observed)
        witnesses = tested.filter { servers.contains(contacts[$0].endpoint.address) }
      }
      let study = UnlockStudy(log, observed: observed)
      let sends = tested.map { contacts[$0].sends }
      let clock = study.clock(
        of: sends, anchoredBy: tested.indices.filter { witnesses.contains(tested[$0]) })
      let results = study.examine(sends, clock)
      cover(
        results.first?.statistics.unlocks ?? log.unlocks.count { observed.contains($0) })
      conclude(device, tested, results)
      examineGroups(tested, results, study, clock, unlocks: log.unlocks.count)
    }
  }

  private mutating func cover(_ unlocks: Int) {
    if case .tested(let most) = unlockCoverage, most > unlocks { return }
    unlockCoverage = .tested(unlocks: unlocks)
  }

  /// Tests what is called too rarely alone, in groups.
  private mutating func examineGroups(
    _ tested: [Int], _ single: [UnlockStudy.Result], _ study: UnlockStudy, _ clock: UnlockClock,
    unlocks: Int
  ) {
    let most = max(2, unlocks / 8)
    var rare = DestinationGroups()
    for number in tested where contacts[number].sends.count <= most {
      if let host = contacts[number].host {
        rare.add(number, host: hosts[host])
      } else if let system = atlas.locate(contacts[number].endpoint.address).autonomousSystem {
        rare.add(number, autonomousSystem: system)
      }
    }
    for group in rare.groups() {
      let sends = group.members.flatMap { contacts[$0].sends }.sorted()
      guard sends.count >= LagTracker.minimumUnlocks else { continue }
      let members = tested.indices.filter { group.members.contains(tested[$0]) }
      let others = tested.indices.filter { !group.members.contains(tested[$0]) }.map { single[$0] }
      let result = study.examine(sends, members: members, clock, besides: others)
      guard result.verdict == .unlock,
        let speaker = group.members.max(by: {
          contacts[$0].sends.count < contacts[$1].sends.count
        })
      else { continue }
      contacts[speaker].unlock = UnlockFinding(result: result, group: group.name)
      raise(speaker, result, group: group.name)
    }
  }

  private mutating func owner(of track: CaseConfiguration.UnlockTrack) -> Int? {
    switch track.owner {
    case .mac(let mac): return devices.firstIndex { $0.mac == mac }
    case .address(let address): return devices.firstIndex { $0.address == address }
    case .named(let number): return devices.firstIndex { $0.named == number }
    case .only:
      if devices.count > 1 { unlockCoverage = .ambiguous(devices.count) }
      return devices.count == 1 ? 0 : nil
    }
  }

  private mutating func conclude(
    _ device: Int, _ tested: [Int], _ results: [UnlockStudy.Result]
  ) {
    for (place, number) in tested.enumerated() where results.indices.contains(place) {
      contacts[number].unlock = finding(number, results[place])
      if results[place].verdict == .unlock { raise(number, results[place]) }
    }
    for index in alerts.indices where contacts[alerts[index].contact].device == device {
      attach(alerts[index].contact, to: index)
    }
  }

  /// A resolver is asked whatever the others do.
  private func isResolver(_ number: Int) -> Bool {
    let port = contacts[number].endpoint.port
    return contacts[number].host == nil && (port == 53 || port == 853)
  }

  private func finding(_ number: Int, _ result: UnlockStudy.Result) -> UnlockFinding {
    let contact = contacts[number]
    let isMost = contact.requests * 2 > contact.sends.count
    return UnlockFinding(result: result, method: isMost ? contact.method : nil)
  }

  private mutating func raise(
    _ number: Int, _ result: UnlockStudy.Result, group: [UInt8] = []
  ) {
    guard !isResolver(number) else { return }
    var evidence = evidence(
      [], number, contacts[number].context,
      at: result.evidenceTime ?? contacts[number].sends.last ?? contacts[number].context.start)
    evidence.kinds = contacts[number].kinds
    // What only TLS named was not seen in clear.
    evidence.isEncrypted = evidence.kinds.isEmpty && contacts[number].nameSource == .tls
    let found =
      group.isEmpty
      ? finding(number, result) : UnlockFinding(result: result, group: group)
    raise(.unlockCorrelatedTransfer, evidence, found)
    let isHousekeeping = contacts[number].host.map { Housekeeping.includes(hosts[$0]) } ?? false
    guard isHousekeeping, contacts[number].kinds.isEmpty else { return }
    for index in alerts.indices
    where alerts[index].contact == number && alerts[index].rule == .unlockCorrelatedTransfer {
      alerts[index].severity = .low
    }
  }

  /// A host that is called at each unlock makes its personal-data alerts graver, and they it.
  mutating func attach(_ contact: Int, to index: Int) {
    guard let finding = contacts[contact].unlock else { return }
    alerts[index].unlock = finding
    guard finding.isCorrelated, !contacts[contact].kinds.isEmpty else { return }
    let alert = alerts[index]
    alerts[index].severity =
      configuration.policy.severity(
        alert.rule, alert.destination.transfer, alert.kinds, isEncrypted: alert.isEncrypted,
        isCorrelated: true) ?? alert.severity
  }

  // MARK: Without a log

  /// Wake-ups that the traffic itself shows, for each device; a destination is tested against those
  /// that the other destinations show.
  private mutating func inferUnlocks(_ observed: ClosedRange<Timestamp>) {
    for device in devices.indices where !hasLog(device) {
      let tested = contacts.indices.filter { contacts[$0].device == device }
      let mac = devices[device].mac
      let wakes = InferredUnlocks(
        tested.map { isResolver($0) ? [] : contacts[$0].sends },
        checks: tested.map { number in
          contacts[number].host.map { Housekeeping.includes(hosts[$0]) } ?? false
        },
        joins: joins.filter { $0.mac == mac && mac != .none }.map { $0.time })
      let count = wakes.times.count
      guard count >= LagTracker.minimumUnlocks else { continue }
      unlockCoverage = .inferred
      var results: [UnlockStudy.Result] = []
      var asked: [Int] = []
      // Who sends too seldom cannot follow enough of them.
      let fewest = Int(UnlockStudy.Settings().leastShare * Double(count))
      for (place, number) in tested.enumerated()
      where contacts[number].sends.count >= max(LagTracker.minimumUnlocks, fewest) {
        let study = UnlockStudy(inferred: wakes.times(without: place), observed: observed)
        results += study.examine([contacts[number].sends])
        asked.append(number)
      }
      UnlockStudy.control(&results)
      conclude(device, asked, results)
    }
  }

  private mutating func hasLog(_ device: Int) -> Bool {
    for track in configuration.unlocks where owner(of: track) == device { return true }
    return false
  }

  // MARK: At once

  /// The phone itself says what its clock shows.
  mutating func told(_ phone: PhoneTime, _ context: FlowContext, at time: Timestamp) {
    guard !configuration.unlocks.isEmpty, isOutward(context), let device = device(context) else {
      return
    }
    while clocks.count <= device { clocks.append(ClockAnchors()) }
    clocks[device].note(phone, to: context.server.address, at: time)
  }

  /// More unlocks of the tracks that the configuration has, in the same order; what is not after a
  /// track's last is left out.
  public mutating func append(unlocks: [[Timestamp]]) { watch.append(unlocks) }

  /// A pair's send, while the capture goes on.
  mutating func follow(_ number: Int, at time: Timestamp) {
    let device = contacts[number].device
    for index in configuration.unlocks.indices
    where owner(of: configuration.unlocks[index]) == device {
      guard let start = firstSeen,
        watch.send(track: index, pair: number, at: time, from: start)
      else { continue }
      let track = configuration.unlocks[index]
      var log = track.log
      log.unlocks = watch.unlocks(of: index)
      let study = UnlockStudy(log, observed: start...max(start, time))
      var result = study.count(contacts[number].sends)
      result.eValue = watch.value(of: number)
      result.evidenceTime = time
      guard study.isFollowing(result) else { continue }
      result.verdict = .unlock
      cover(result.statistics.unlocks)
      contacts[number].unlock = finding(number, result)
      raise(number, result)
    }
  }
}
