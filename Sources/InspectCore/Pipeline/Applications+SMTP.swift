/// A connection whose mail is followed.
struct SMTPConnection: ~Copyable {
  var conversation: SMTPConversation

  init(start: Timestamp) { conversation = SMTPConversation(start: start) }
}

extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  mutating func beginSMTP(_ client: Direction, _ flow: inout Flow, _ time: Timestamp) {
    guard let place = smtps.insert(SMTPConnection(start: time)) else { return refuse(&flow) }
    flow.application.kind = .smtp
    flow.application.place = place
    flow.application.isReversed = client == .toClient
  }

  private mutating func enter(_ flow: borrowing Flow) {
    exchange.context = flow.applicationContext
    exchange.host = flow.application.host
    exchange.nameSource = flow.application.nameSource
  }

  mutating func readSMTP(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    exchange.clearBytes &+= UInt64(bytes.byteCount)
    enter(flow)
    let verdict = smtps[flow.application.place].conversation.consume(
      bytes, flow.role(of: direction), at: time, handler: &exchange)
    guard case .startTLS(let offset) = verdict else { return }
    close(&flow, at: time)
    flow.application.restart()
    let rest = bytes.extracting(droppingFirst: min(offset, bytes.byteCount))
    if !rest.isEmpty { received(rest, direction, of: &flow, at: time) }
  }

  mutating func loseSMTP(
    _ byteCount: Int, _ direction: Direction, _ flow: borrowing Flow, _ time: Timestamp
  ) {
    enter(flow)
    smtps[flow.application.place].conversation.gap(
      byteCount, flow.role(of: direction), at: time, handler: &exchange)
  }

  mutating func closeSMTP(_ place: UInt32, _ flow: borrowing Flow, _ time: Timestamp) {
    enter(flow)
    smtps[place].conversation.finish(time, &exchange)
    smtps.remove(place)
  }
}
