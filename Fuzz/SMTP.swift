@testable import InspectCore

/// Both directions of an SMTP session (`forEachTurn`): in pieces, the same events as
/// in one; what is kept of messages stays within what was granted, and is given back.
let fuzzSMTP: @Sendable (RawSpan) -> Void = { input in
  _ = SMTPRecognizer.recognize(input)
  let whole = events(input) { $0 }
  require(whole == events(input) { _ in 1 }, "single bytes give other events")
  require(whole == events(input) { max(1, $0 / 3) }, "pieces give other events")
}

private func events(_ input: RawSpan, _ cut: (Int) -> Int) -> Digest {
  let time = Timestamp(nanoseconds: 0)
  var conversation = SMTPConversation(start: time)
  var recorder = Recorder()
  var isOver = false
  input.forEachTurn { turn, direction, lost in
    guard !isOver else { return }
    if lost > 0 { conversation.gap(lost, direction, at: time, handler: &recorder) }
    var bytes = turn
    while !bytes.isEmpty, !isOver {
      let piece = bytes.take(max(1, cut(bytes.byteCount)))
      let verdict = conversation.consume(piece, direction, at: time, handler: &recorder)
      guard case .startTLS(let offset) = verdict else { continue }
      require(offset > 0 && offset <= piece.byteCount, "TLS begins outside of the piece")
      isOver = true
    }
  }
  conversation.finish(time, &recorder)
  require(recorder.granted == 0, "\(recorder.granted) bytes are not given back")
  return recorder.digest
}

private struct Recorder: SMTPHandler {
  private static let limit = 4096
  var digest = Digest()
  var granted = 0

  mutating func mail(_ transaction: inout SMTPTransaction) {
    digest.add(1)
    digest.add(transaction.helo)
    digest.add(transaction.mailFrom)
    require(transaction.recipientCount <= SMTPTransaction.recipientLimit, "too many recipients")
    for index in 0..<transaction.recipientCount { digest.add(transaction.recipient(index)) }
  }

  mutating func recipient(_ path: RawSpan, isWrittenTo: Bool, at: Timestamp) {
    digest.add(isWrittenTo ? 7 : 2)
    digest.add(path)
  }

  mutating func login(
    _ line: RawSpan, awaited: SASLResponse, at: Timestamp
  ) -> SASLResponse {
    digest.add(6)
    digest.add(line)
    // Half of the log-ins go on.
    return line.byteCount & 1 == 0 ? awaited : .none
  }

  mutating func message(_ transaction: inout SMTPTransaction, at: Timestamp) {
    digest.add(3)
    require(transaction.content.count <= granted, "more is kept than was granted")
    digest.add(transaction.content.bytes)
    var fields = transaction.fields.makeIterator()
    while let field = fields.next() {
      require(
        field.name.isInside(transaction.content.bytes)
          && field.value.isInside(transaction.content.bytes), "a field outside of its message")
    }
  }

  mutating func reserve(_ byteCount: Int) -> Int {
    require(byteCount >= 0, "less than nothing is asked for")
    let grant = min(byteCount, Recorder.limit - granted)
    granted += grant
    return grant
  }

  mutating func release(_ byteCount: Int) { granted -= byteCount }

  mutating func anomaly(_ anomaly: SMTPAnomaly, _ direction: Direction) {
    digest.add(4)
    digest.add(Int(anomaly.rawValue))
  }
}
