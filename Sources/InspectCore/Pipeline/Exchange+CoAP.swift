extension Exchange where Sink: ~Copyable, Decoder: ~Copyable {
  /// Takes a request that a device sent: its URI and its payload are looked at.
  mutating func coap(_ message: CoAPMessage, _ direction: Direction, at time: Timestamp) {
    guard message.isRequest, direction == .toServer, ledger.isOutward(context) else { return }
    if let name = message.value(CoAPMessage.OptionNumber.uriHost),
      let number = ledger.number(of: name)
    {
      host = number
      nameSource = .coap
    }
    beginFindings()
    unfolded.removeAll()
    message.appendURI(to: &unfolded)
    _ = Exchange.inspect(&unfolded, .coapURI, RawSpan(), &finder, &decoder, &findings)
    var facts = MessageFacts()
    if !message.payload.isEmpty {
      facts = finder.inspect(
        message.payload, part: .coapPayload, key: RawSpan(), decoder: &decoder, into: &findings)
    }
    discloseFindings(registration(message, facts), at: time)
  }

  /// Whose self-registration it is; the operator's host is in the message, or was asked for before.
  private mutating func registration(
    _ message: CoAPMessage, _ facts: MessageFacts
  ) -> SelfRegistration.Operator? {
    unfolded.removeAll()
    if let host { unfolded.append(ledger.host(host)) }
    let hostByteCount = unfolded.count
    message.appendPath(to: &unfolded)
    let all = unfolded.bytes
    return SelfRegistration.operatorOf(
      coapPath: all.extracting(droppingFirst: hostByteCount), isPost: message.isPost,
      host: all.extracting(first: hostByteCount), keys: facts.selfRegistrationKeys)
  }
}

extension ByteBuffer {
  fileprivate mutating func append(_ text: [UInt8]) {
    for byte in text { append(byte) }
  }
}
