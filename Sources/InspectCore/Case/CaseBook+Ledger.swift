/// What flows told, taken in.
extension CaseBook where Map: ~Copyable {
  /// Takes in all that a ledger holds.
  mutating func take(_ ledger: inout CaseLedger) {
    open(ledger.records, of: 0)
    var candidate = 0
    for index in ledger.records.entries.indices {
      take(index, of: ledger.records, &candidate, ledger: 0)
    }
    ledger.clear()
  }

  /// Learns the names in records of the ledger with this number; must come before `take`.
  mutating func open(_ records: borrowing CaseRecords, of ledger: Int) {
    while hostNumbers.count <= ledger { hostNumbers.append([]) }
    for name in records.hosts {
      // Bytes have no padding that would be read.
      hostNumbers[ledger].append(hosts.number(of: unsafe name.span.bytes) ?? .max)
    }
    if let first = records.firstSeen { saw(first) }
    if let last = records.lastSeen { saw(last) }
  }

  /// Takes in one entry. All must be taken in their order; `candidate` is the first candidate that
  /// was not.
  mutating func take(
    _ index: Int, of records: borrowing CaseRecords, _ candidate: inout Int, ledger: Int
  ) {
    switch records.entries[index] {
    case .joined(let mac, let time): joined(mac, at: time)
    case .answered(let address, let nanoseconds): answered(address, after: nanoseconds)
    case .told(let phone, let context, let time): told(phone, context, at: time)
    case .sent(let send):
      sent(
        send.context, host: number(send.host, ledger), send.nameSource, method: send.method,
        at: send.time)
    case .disclosed(let disclosure):
      let host = number(disclosure.host, ledger)
      let items = items(of: disclosure, to: host, records.candidates, &candidate)
      guard !items.isEmpty || disclosure.registration != nil else { return }
      disclosed(
        items, registration: disclosure.registration, disclosure.context, host: host,
        disclosure.nameSource, at: disclosure.time)
    }
  }

  /// The number here of a host in a ledger.
  private func number(_ host: UInt32?, _ ledger: Int) -> UInt32? {
    guard let host, hostNumbers[ledger][Int(host)] != .max else { return nil }
    return hostNumbers[ledger][Int(host)]
  }

  /// What was found, with the candidates that recur where they stood.
  private mutating func items(
    of disclosure: Disclosure, to host: UInt32?, _ candidates: borrowing CandidateList,
    _ next: inout Int
  ) -> [Alert.Item] {
    guard disclosure.candidates > 0 else { return disclosure.items }
    let context = disclosure.context
    let device =
      context.clientMAC == .none
      ? recurring.device(at: context.client.address) : context.clientMAC.rawValue
    // Bytes have no padding that would be read.
    let recipient =
      host.map { recurring.recipient(named: unsafe hosts[$0].span.bytes) }
      ?? recurring.recipient(at: context.server.address)
    var items: [Alert.Item] = []
    var rest = disclosure.items[...]
    for index in next..<next + disclosure.candidates {
      let candidate = candidates[index]
      let normalized = candidates.bytes(candidate.normalized)
      let recipients = recurring.note(normalized, device: device, recipient: recipient)
      guard recipients >= RecurringIdentifiers.enough else { continue }
      items += rest.prefix(upTo: candidate.position)
      rest = rest.suffix(from: candidate.position)
      var path = [UInt8](candidates.bytes(candidate.path))
      if !path.isEmpty { path += [0x20, 0x3E, 0x20] }
      // `recurring`: what makes it an identifier.
      path += [0x72, 0x65, 0x63, 0x75, 0x72, 0x72, 0x69, 0x6E, 0x67]
      items.append(
        Alert.Item(
          kind: candidate.kind, confidence: .medium, part: candidate.part,
          offset: candidate.offset, precision: candidate.precision, path: path,
          value: [UInt8](candidates.bytes(candidate.value)), normalized: [UInt8](normalized),
          watched: candidate.watched, watchClass: candidate.watchClass,
          isRecipient: candidate.isRecipient))
    }
    next += disclosure.candidates
    return items + rest
  }
}
