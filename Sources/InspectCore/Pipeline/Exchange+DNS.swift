extension Exchange where Sink: ~Copyable, Decoder: ~Copyable {
  /// Questions of a message whose names are looked at.
  private static var inspectedQuestions: Int { 8 }

  /// Takes a message of DNS, multicast DNS or LLMNR; false when it is none.
  mutating func dns(
    _ bytes: RawSpan, _ kind: Application.Kind, _ direction: Direction, at time: Timestamp
  ) -> Bool {
    guard let message = try? DNSMessage(bytes) else { return false }
    // An event has the packet's direction.
    let context = direction == .toServer ? context : context.swapped
    if let damage = message.damage { report(Anomaly(damage.error), context, at: time) }
    guard message.isReadable else { return false }
    clearBytes &+= UInt64(bytes.byteCount)
    dnsMessages &+= 1
    learn(message, kind, client: context.server.address, at: time)
    announce()
    switch kind {
    case .mdns:
      sink.multicastDNS(message, context, at: time)
    case .llmnr:
      sink.linkLocalDNS(message, context, at: time)
    default:
      if !message.isResponse { inspectNames(message, direction, at: time) }
      sink.dns(message, context, at: time)
    }
    return true
  }

  /// Learns the names in a message of a flow that another shard looks at; `client` is who received it.
  mutating func overhear(
    _ bytes: RawSpan, _ kind: Application.Kind, client: IPAddress, at time: Timestamp
  ) {
    guard let message = try? DNSMessage(bytes), message.isReadable else { return }
    learn(message, kind, client: client, at: time)
  }

  private mutating func learn(
    _ message: DNSMessage, _ kind: Application.Kind, client: IPAddress, at time: Timestamp
  ) {
    switch kind {
    case .mdns, .llmnr: names.learnAnnounced(message, at: time)
    default: names.learn(message, client: client, at: time)
    }
  }

  /// A name that is asked for can carry data to whoever answers for its domain.
  private mutating func inspectNames(
    _ message: DNSMessage, _ direction: Direction, at time: Timestamp
  ) {
    guard direction == .toServer, ledger.isOutward(context) else { return }
    var questions = message.questions
    var count = 0
    while count < Exchange.inspectedQuestions, let question = questions.next() {
      count &+= 1
      unfolded.removeAll()
      guard question.name.append(to: &unfolded) else { continue }
      inspectUnfolded(.dnsName, at: time)
    }
  }
}
