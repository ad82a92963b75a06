extension Exchange where Sink: ~Copyable, Decoder: ~Copyable, Map: ~Copyable {
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
    switch kind {
    case .mdns:
      names.learnAnnounced(message, at: time)
      sink.multicastDNS(message, context, at: time)
    case .llmnr:
      names.learnAnnounced(message, at: time)
      sink.linkLocalDNS(message, context, at: time)
    default:
      if message.isResponse {
        names.learn(message, client: context.server.address, at: time)
      } else {
        inspectNames(message, direction, at: time)
      }
      sink.dns(message, context, at: time)
    }
    return true
  }

  /// A name that is asked for can carry data to whoever answers for its domain.
  private mutating func inspectNames(
    _ message: DNSMessage, _ direction: Direction, at time: Timestamp
  ) {
    guard direction == .toServer, cases.isOutward(context) else { return }
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
