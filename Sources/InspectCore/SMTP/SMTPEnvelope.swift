/// Whom a client wants to write to, until it is known whether it may: a server's answers come in the
/// order of the commands (RFC 2920), perhaps after the message has begun or the transaction is over.
///
/// Each recipient is told once: as somebody who is written to when the server took them and a message
/// began, else as an address that was named.
struct SMTPEnvelope: ~Copyable {
  private enum Fate {
    /// Without an answer yet: nothing else, the message began, or it never will.
    case asked, sent, dropped
    case accepted
    case told
  }

  private var texts = ByteBuffer(limit: 65_536)
  private var recipients: [(path: Range<Int>, place: Int, fate: Fate)] = []
  /// How many have an answer.
  private var answered = 0

  init() {}

  /// Takes a recipient that the transaction keeps at `place`; false when there is no room.
  mutating func add(_ path: RawSpan, at place: Int) -> Bool {
    guard recipients.count < SMTPTransaction.recipientLimit,
      texts.limit - texts.count >= path.byteCount
    else { return false }
    let start = texts.count
    texts.append(path)
    recipients.append((start..<texts.count, place, .asked))
    return true
  }

  /// The server said whether it takes the oldest recipient without an answer. A refused one of the
  /// transaction that is open is noted there.
  mutating func answer<Handler: SMTPHandler & ~Copyable>(
    isAccepted: Bool, _ transaction: inout SMTPTransaction, _ at: Timestamp,
    _ handler: inout Handler
  ) {
    guard answered < recipients.count else { return }
    let index = answered
    answered += 1
    switch recipients[index].fate {
    case .asked where isAccepted: recipients[index].fate = .accepted
    case .asked:
      transaction.refuse(recipients[index].place)
      tell(index, isWrittenTo: false, at, &handler)
    case .sent: tell(index, isWrittenTo: isAccepted, at, &handler)
    case .dropped, .accepted, .told: break
    }
    clear()
  }

  /// The message begins.
  mutating func begin<Handler: SMTPHandler & ~Copyable>(
    _ at: Timestamp, _ handler: inout Handler
  ) {
    for index in recipients.indices {
      switch recipients[index].fate {
      case .asked: recipients[index].fate = .sent
      case .accepted: tell(index, isWrittenTo: true, at, &handler)
      case .sent, .dropped, .told: break
      }
    }
    clear()
  }

  /// The transaction is over. Without a message nobody was written to, if we would have seen one.
  mutating func end<Handler: SMTPHandler & ~Copyable>(
    isWrittenTo: Bool, _ at: Timestamp, _ handler: inout Handler
  ) {
    for index in recipients.indices {
      switch recipients[index].fate {
      case .asked:
        tell(index, isWrittenTo: isWrittenTo, at, &handler)
        recipients[index].fate = .dropped
      case .accepted: tell(index, isWrittenTo: isWrittenTo, at, &handler)
      case .sent, .dropped, .told: break
      }
    }
    clear()
  }

  private mutating func tell<Handler: SMTPHandler & ~Copyable>(
    _ index: Int, isWrittenTo: Bool, _ at: Timestamp, _ handler: inout Handler
  ) {
    handler.recipient(
      texts.bytes.extracting(recipients[index].path), isWrittenTo: isWrittenTo, at: at)
    recipients[index].fate = .told
  }

  /// Forgets all when each has an answer and was told.
  private mutating func clear() {
    guard answered == recipients.count else { return }
    for recipient in recipients where recipient.fate == .accepted { return }
    recipients.removeAll()
    texts.removeAll()
    answered = 0
  }
}
