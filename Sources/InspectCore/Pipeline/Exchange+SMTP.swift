extension Exchange: SMTPHandler where Sink: ~Copyable, Decoder: ~Copyable {
  mutating func mail(_ transaction: inout SMTPTransaction) {
    mailTransactions &+= 1
    announce()
    Exchange.give(&transaction, to: &sink, context)
  }

  // Functions of their own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func give(
    _ transaction: inout SMTPTransaction, to sink: inout Sink, _ context: FlowContext
  ) {
    sink.smtp(transaction, context)
  }

  mutating func recipient(_ path: RawSpan, isWrittenTo: Bool, at time: Timestamp) {
    guard isInspected else { return }
    let key: StaticString = isWrittenTo ? "rcptto" : ""
    _ = key.withUTF8Buffer { name in
      inspect(path.withoutAngleBrackets, .smtpMessage, key: unsafe name.span.bytes, at: time)
    }
  }

  mutating func login(
    _ line: RawSpan, awaited: SASLResponse, at time: Timestamp
  ) -> SASLResponse {
    isInspected ? inspect(line, .smtpLogin, awaited: awaited, at: time) : .none
  }

  mutating func message(_ transaction: inout SMTPTransaction, at time: Timestamp) {
    guard isInspected else { return }
    if transaction.isContentCut { cutBodies &+= 1 }
    beginFindings()
    _ = finder.inspect(
      transaction.content.bytes, part: .smtpMessage, key: RawSpan(), decoder: &decoder,
      into: &findings)
    for index in 0..<transaction.recipientCount where transaction.isRefused(index) {
      findings.spare(transaction.recipient(index).withoutAngleBrackets)
    }
    discloseFindings(at: time)
  }

  mutating func reserve(_ byteCount: Int) -> Int {
    let granted = min(byteCount, max(0, bodyBytesLimit - bodyBytes))
    bodyBytes += granted
    return granted
  }

  mutating func release(_ byteCount: Int) { bodyBytes -= byteCount }

  mutating func anomaly(_ anomaly: SMTPAnomaly, _ direction: Direction) {
    report(Anomaly(anomaly), context, at: context.start)
  }
}

extension RawSpan {
  var withoutAngleBrackets: RawSpan {
    @_lifetime(copy self) get {
      guard byteCount >= 2, self[0] == UInt8(ascii: "<"), self[byteCount - 1] == UInt8(ascii: ">")
      else { return self }
      return extracting(1..<byteCount - 1)
    }
  }
}

extension Anomaly {
  /// Suricata's name of the same, where it has one.
  init(_ anomaly: SMTPAnomaly) {
    switch anomaly {
    case .lineTooLong: self.init(.applayer, "smtp.max_command_line_len_exceeded")
    case .tooManyCommands: self.init(.applayer, "smtp.too_many_commands")
    case .gap: self.init(.stream, "stream.reassembly_seq_gap")
    }
  }
}
