/// Who receives what an `SMTPConversation` finds. Views are lent for the call.
protocol SMTPHandler: ~Copyable {
  /// A transaction, or the session without one, is over.
  mutating func mail(_ transaction: inout SMTPTransaction)
  /// A recipient was named, and perhaps written to.
  mutating func recipient(_ path: RawSpan, isWrittenTo: Bool, at: Timestamp)
  /// The client logs in: with AUTH, or with a response, which `awaited` says. Gives back what its next
  /// line is.
  mutating func login(_ line: RawSpan, awaited: SASLResponse, at: Timestamp) -> SASLResponse
  /// The message of the transaction is whole, as far as it is kept.
  mutating func message(_ transaction: inout SMTPTransaction, at: Timestamp)
  /// How many of so many bytes of a message may be kept.
  mutating func reserve(_ byteCount: Int) -> Int
  mutating func release(_ byteCount: Int)
  mutating func anomaly(_ anomaly: SMTPAnomaly, _ direction: Direction)
}

/// What was wrong, and counted, but did not stop us.
enum SMTPAnomaly: UInt8, CaseIterable {
  case lineTooLong
  /// More commands wait for their replies than we remember.
  case tooManyCommands
  case gap
}

enum SMTPVerdict: Equatable {
  case more
  /// From `offset` on it is TLS, in both directions (RFC 3207).
  case startTLS(offset: Int)
}

/// SMTP on one connection (RFC 5321), as a passive observer sees it: pipelined (RFC 2920), in any
/// segmentation, with losses, from the middle, or the client's side only.
///
/// A command counts when its reply says so. Where no reply is seen, it counts when the client goes on.
struct SMTPConversation: ~Copyable {
  /// What waits for a reply.
  private enum Pending: UInt8 {
    case other, hello, mail, recipient, data, startTLS
  }

  private enum ClientState {
    case command
    /// After DATA, before its reply.
    case beforeContent
    case content(SMTPContent)
    case chunk(remaining: Int, isLast: Bool)
  }

  static var lineLimit: Int { 4096 }
  private static var pendingLimit: Int { 64 }

  private var transaction: SMTPTransaction
  private var envelope = SMTPEnvelope()
  private var clientState = ClientState.command
  private var line = ByteBuffer(limit: SMTPConversation.lineLimit)
  /// The line's beginning is lost.
  private var isLineBroken = false
  /// The line is longer than `line` holds.
  private var isLineCut = false
  private var reply = ByteBuffer(limit: 8)
  private var isReplyBroken = false
  private var pending = InlineArray<64, UInt8>(repeating: 0)
  private var firstPending = 0
  private var pendingCount = 0
  private var hasReplies = false
  private var events = 0
  /// What a hello or a sender that waits for its reply says.
  private var domain = ByteBuffer(limit: 1024)
  private var path = ByteBuffer(limit: 1024)
  private var isMailAccepted = false
  /// What the client's next line is, if it is logging in.
  private var awaited = SASLResponse.none
  private var isOver = false
  private var reserved = 0

  init(start: Timestamp) { transaction = SMTPTransaction(start: start) }

  /// Takes the next bytes of a direction, in order.
  mutating func consume<Handler: SMTPHandler & ~Copyable>(
    _ bytes: RawSpan, _ direction: Direction, at: Timestamp, handler: inout Handler
  ) -> SMTPVerdict {
    var cursor = 0
    while cursor < bytes.byteCount {
      if direction == .toClient {
        if readReply(bytes, &cursor, at, &handler) { return .startTLS(offset: cursor) }
      } else {
        readClient(bytes, &cursor, at, &handler)
      }
    }
    return .more
  }

  private mutating func readClient<Handler: SMTPHandler & ~Copyable>(
    _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp, _ handler: inout Handler
  ) {
    switch clientState {
    case .beforeContent:
      // The client goes on, so the reply was not seen.
      clientState = .content(SMTPContent())
      envelope.begin(at, &handler)
    case .content(var content):
      let end = content.consume(bytes, &cursor) { part in
        SMTPConversation.keep(part, &transaction, &reserved, &handler)
      }
      clientState = end ? .command : .content(content)
      if end { endContent(at, &handler) }
    case .chunk(let remaining, let isLast):
      let count = min(remaining, bytes.byteCount - cursor)
      SMTPConversation.keep(
        bytes.extracting(cursor..<cursor + count), &transaction, &reserved, &handler)
      cursor += count
      clientState =
        remaining > count ? .chunk(remaining: remaining - count, isLast: isLast) : .command
      if remaining == count { endChunk(isLast: isLast, at, &handler) }
    case .command:
      guard let end = takeLine(bytes, &cursor, &handler) else { return }
      if line.isEmpty {
        command(bytes.extracting(end), at, &handler)
      } else {
        var whole = ByteBuffer(limit: 0)
        swap(&whole, &line)
        command(whole.bytes, at, &handler)
        swap(&whole, &line)
        line.removeAll()
      }
    }
  }

  /// Moves behind the line's end; says where the line is when it lies whole in the bytes, with the
  /// rest of it in `line` otherwise. Nil when it has no end yet, or no beginning. Of a line too long
  /// the beginning stands for it.
  private mutating func takeLine<Handler: SMTPHandler & ~Copyable>(
    _ bytes: RawSpan, _ cursor: inout Int, _ handler: inout Handler
  ) -> Range<Int>? {
    let start = cursor
    let lineFeed = ByteScan.firstOffset(of: .lineFeed, in: bytes, from: start)
    cursor = lineFeed.map { $0 + 1 } ?? bytes.byteCount
    if isLineBroken {
      isLineBroken = lineFeed == nil
      return nil
    }
    let part = bytes.extracting(start..<cursor)
    if lineFeed != nil, line.isEmpty, part.byteCount <= line.limit { return start..<cursor }
    if line.append(part) < part.byteCount, !isLineCut {
      isLineCut = true
      handler.anomaly(.lineTooLong, .toServer)
    }
    guard lineFeed != nil else { return nil }
    isLineCut = false
    return start..<start
  }

  private static func keep<Handler: SMTPHandler & ~Copyable>(
    _ part: RawSpan, _ transaction: inout SMTPTransaction, _ reserved: inout Int,
    _ handler: inout Handler
  ) {
    let room = transaction.content.limit - transaction.content.count
    let granted = handler.reserve(min(part.byteCount, room))
    reserved += granted
    transaction.content.append(part.extracting(first: granted))
    if granted < part.byteCount { transaction.isContentCut = true }
  }

  // MARK: Commands

  private mutating func command<Handler: SMTPHandler & ~Copyable>(
    _ whole: RawSpan, _ at: Timestamp, _ handler: inout Handler
  ) {
    // Nobody answers in this capture, it seems: what the client said before went well.
    if !hasReplies { acceptAll(at, &handler) }
    guard awaited == .none else {
      awaited = handler.login(whole.withoutLineEnd, awaited: awaited, at: at)
      return wait(for: .other, at, &handler)
    }
    switch SMTPCommand(whole.withoutLineEnd) {
    case .hello(let name):
      domain.removeAll()
      domain.append(name)
      wait(for: .hello, at, &handler)
    case .mail(let sender):
      path.removeAll()
      if isMailAccepted {
        // Inside a transaction; only if it is accepted another one begins.
        path.append(sender)
      } else {
        transaction.begin(from: sender)
      }
      wait(for: .mail, at, &handler)
    case .recipient(let recipient):
      if let place = transaction.add(recipient: recipient), envelope.add(recipient, at: place) {
        wait(for: .recipient, at, &handler)
      } else {
        handler.recipient(recipient, isWrittenTo: true, at: at)
        wait(for: .other, at, &handler)
      }
    case .data:
      wait(for: .data, at, &handler)
      clientState = .beforeContent
    case .chunk(let byteCount, let isLast):
      clientState = .chunk(remaining: byteCount, isLast: isLast)
      envelope.begin(at, &handler)
      if byteCount == 0 {
        clientState = .command
        endChunk(isLast: isLast, at, &handler)
      }
    case .reset:
      // No server refuses it (§4.1.1.5), and what follows it in a pipeline belongs to the next.
      wait(for: .other, at, &handler)
      close(at, &handler)
    case .startTLS: wait(for: .startTLS, at, &handler)
    case .authenticate:
      awaited = handler.login(whole.withoutLineEnd, awaited: .none, at: at)
      wait(for: .other, at, &handler)
    case .quit, .other: wait(for: .other, at, &handler)
    }
  }

  private mutating func wait<Handler: SMTPHandler & ~Copyable>(
    for kind: Pending, _ at: Timestamp, _ handler: inout Handler
  ) {
    guard pendingCount < SMTPConversation.pendingLimit else {
      handler.anomaly(.tooManyCommands, .toServer)
      acceptAll(at, &handler)
      pending[0] = kind.rawValue
      firstPending = 0
      pendingCount = 1
      return
    }
    pending[(firstPending + pendingCount) % SMTPConversation.pendingLimit] = kind.rawValue
    pendingCount += 1
  }

  private mutating func takePending() -> Pending? {
    guard pendingCount > 0 else { return nil }
    let kind = Pending(rawValue: pending[firstPending])
    firstPending = (firstPending + 1) % SMTPConversation.pendingLimit
    pendingCount -= 1
    return kind
  }

  private mutating func acceptAll<Handler: SMTPHandler & ~Copyable>(
    _ at: Timestamp, _ handler: inout Handler
  ) {
    while let kind = takePending() { accept(kind, at, &handler) }
  }

  private mutating func endContent<Handler: SMTPHandler & ~Copyable>(
    _ at: Timestamp, _ handler: inout Handler
  ) {
    handler.message(&transaction, at: at)
    wait(for: .other, at, &handler)
    // What it had is used up, whether the message is taken or not (§4.1.1.4); in a pipeline the next
    // transaction follows.
    close(at, &handler)
  }

  private mutating func endChunk<Handler: SMTPHandler & ~Copyable>(
    isLast: Bool, _ at: Timestamp, _ handler: inout Handler
  ) {
    if isLast {
      endContent(at, &handler)
    } else {
      wait(for: .other, at, &handler)
    }
  }

  // MARK: Replies

  /// Reads a reply's line (§4.2); true when TLS begins behind it.
  private mutating func readReply<Handler: SMTPHandler & ~Copyable>(
    _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp, _ handler: inout Handler
  ) -> Bool {
    let lineFeed = ByteScan.firstOffset(of: .lineFeed, in: bytes, from: cursor)
    let end = lineFeed.map { $0 + 1 } ?? bytes.byteCount
    // Of a line only the code matters, and what follows it.
    reply.append(bytes.extracting(cursor..<end))
    cursor = end
    guard lineFeed != nil else { return false }
    let code = isReplyBroken ? nil : SMTPConversation.code(reply.bytes)
    reply.removeAll()
    isReplyBroken = false
    guard let code else { return false }
    return take(code, at, &handler)
  }

  /// The code of a reply's last line; nil for an earlier one, and for what is none.
  private static func code(_ line: RawSpan) -> Int? {
    guard line.byteCount >= 4, line[3] != UInt8(ascii: "-") else { return nil }
    var code = 0
    for index in 0..<3 {
      guard line[index].isASCIIDigit else { return nil }
      code = code * 10 + Int(line[index] & 0x0f)
    }
    return code
  }

  private mutating func take<Handler: SMTPHandler & ~Copyable>(
    _ code: Int, _ at: Timestamp, _ handler: inout Handler
  ) -> Bool {
    hasReplies = true
    // Only 334 asks for a response (RFC 4954 §4).
    if code != 334 { awaited = .none }
    // The greeting, and what answers nothing that we saw.
    guard let kind = takePending() else { return false }
    switch kind {
    case .data:
      guard case .beforeContent = clientState else { return false }
      clientState = code == 354 ? .content(SMTPContent()) : .command
      if code == 354 { envelope.begin(at, &handler) }
    case .startTLS where code == 220:
      finish(at, &handler)
      return true
    case .hello, .mail:
      if code / 100 == 2 { accept(kind, at, &handler) }
    case .recipient:
      envelope.answer(isAccepted: code / 100 == 2, &transaction, at, &handler)
    case .other, .startTLS:
      break
    }
    return false
  }

  private mutating func accept<Handler: SMTPHandler & ~Copyable>(
    _ kind: Pending, _ at: Timestamp, _ handler: inout Handler
  ) {
    switch kind {
    case .hello:
      close(at, &handler)
      SMTPConversation.greet(domain, &transaction)
    case .mail:
      if !path.isEmpty {
        close(at, &handler)
        SMTPConversation.begin(path, &transaction)
        path.removeAll()
      }
      isMailAccepted = transaction.hasMail
    case .recipient: envelope.answer(isAccepted: true, &transaction, at, &handler)
    case .other, .data, .startTLS:
      break
    }
  }

  // Functions of their own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func greet(
    _ domain: borrowing ByteBuffer, _ transaction: inout SMTPTransaction
  ) {
    transaction.greet(domain.bytes)
  }

  private static func begin(_ path: borrowing ByteBuffer, _ transaction: inout SMTPTransaction) {
    transaction.begin(from: path.bytes)
  }

  /// Ends the transaction, if there is one, and begins the next.
  private mutating func close<Handler: SMTPHandler & ~Copyable>(
    _ at: Timestamp, _ handler: inout Handler
  ) {
    envelope.end(isWrittenTo: !hasReplies, at, &handler)
    handler.release(reserved)
    reserved = 0
    var next = transaction.following(at: at)
    if transaction.hasMail || transaction.recipientCount > 0 {
      events += 1
      handler.mail(&transaction)
    } else {
      next = SMTPTransaction(start: transaction.start)
      next.greet(transaction.helo)
    }
    transaction = next
    isMailAccepted = false
  }

  // MARK: Losses and ends

  /// So many bytes are lost here.
  mutating func gap<Handler: SMTPHandler & ~Copyable>(
    _ byteCount: Int, _ direction: Direction, at: Timestamp, handler: inout Handler
  ) {
    handler.anomaly(.gap, direction)
    guard direction == .toServer else {
      reply.removeAll()
      isReplyBroken = true
      // Which replies were among them is not known.
      acceptAll(at, &handler)
      return
    }
    switch clientState {
    case .command:
      line.removeAll()
      isLineCut = false
      isLineBroken = true
    case .beforeContent:
      clientState = .content(SMTPContent(isInLine: true))
      envelope.begin(at, &handler)
    case .content:
      transaction.isContentCut = true
      clientState = .content(SMTPContent(isInLine: true))
    case .chunk(let remaining, let isLast):
      transaction.isContentCut = true
      if byteCount < remaining {
        clientState = .chunk(remaining: remaining - byteCount, isLast: isLast)
      } else {
        clientState = .command
        endChunk(isLast: isLast, at, &handler)
        isLineBroken = byteCount > remaining
      }
    }
  }

  /// The session is over, or goes on in another protocol.
  mutating func finish<Handler: SMTPHandler & ~Copyable>(
    _ at: Timestamp, _ handler: inout Handler
  ) {
    guard !isOver else { return }
    isOver = true
    let isInContent: Bool
    switch clientState {
    case .content, .chunk: isInContent = true
    case .command, .beforeContent: isInContent = false
    }
    if isInContent, !transaction.content.isEmpty { handler.message(&transaction, at: at) }
    acceptAll(at, &handler)
    close(at, &handler)
    if events == 0, !transaction.helo.isEmpty {
      events = 1
      handler.mail(&transaction)
    }
  }
}
