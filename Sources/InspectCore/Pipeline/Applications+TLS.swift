/// A connection whose TLS handshake is followed.
struct TLSConnection: ~Copyable {
  /// Pieces of a side that may stand before its first record: the answer to what asked for TLS.
  static var strayLimit: UInt8 { 4 }

  var conversation = TLSConversation()
  var session: TLSSession
  /// Sides of which records were seen, and pieces of others before them.
  private var hasBegun = (toServer: false, toClient: false)
  private var strays: UInt8 = 0

  init(session: consuming TLSSession) { self.session = session }

  /// What of a piece belongs to the conversation; nil when nothing does.
  @_lifetime(copy bytes)
  mutating func admit(_ bytes: RawSpan, _ direction: Direction) -> RawSpan? {
    if direction == .toServer ? hasBegun.toServer : hasBegun.toClient { return bytes }
    if TLSRecognizer.recognize(bytes) == .no, strays < TLSConnection.strayLimit {
      strays += 1
      return nil
    }
    if direction == .toServer { hasBegun.toServer = true } else { hasBegun.toClient = true }
    return TLSPreamble.strip(bytes)
  }
}

extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  mutating func beginTLS(_ flow: inout Flow, _ time: Timestamp) {
    let session = TLSSession(start: time, hasFingerprints: exchange.sink.wantsFingerprints)
    guard let place = tls.insert(TLSConnection(session: session)) else {
      return refuse(&flow)
    }
    flow.application.kind = .tls
    flow.application.place = place
  }

  mutating func readTLS(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    let place = flow.application.place
    guard place != Application.none else {
      encryptedBytes &+= UInt64(bytes.byteCount)
      return
    }
    guard let records = tls[place].admit(bytes, direction) else {
      unknownBytes &+= UInt64(bytes.byteCount)
      return
    }
    swap(&exchange.session, &tls[place].session)
    let verdict = tls[place].conversation.consume(
      records, flow.role(of: direction), handler: &exchange)
    swap(&exchange.session, &tls[place].session)
    if flow.application.nameSource != .tls, !tls[place].session.serverName.isEmpty {
      flow.application.host = Applications.number(
        of: &tls[place].session, in: &exchange.ledger)
      flow.application.nameSource = flow.application.host == nil ? nil : .tls
      attribute(&flow)
    }
    switch verdict {
    case .more:
      break
    case .encrypted, .notTLS:
      encryptedBytes &+= UInt64(bytes.byteCount)
      close(&flow, at: time)
      flow.tcp.toServer.isWanted = false
      flow.tcp.toClient.isWanted = false
    }
  }

  mutating func loseTLS(_ byteCount: Int, _ direction: Direction, _ flow: borrowing Flow) {
    let place = flow.application.place
    swap(&exchange.session, &tls[place].session)
    tls[place].conversation.gap(byteCount, flow.role(of: direction), handler: &exchange)
    swap(&exchange.session, &tls[place].session)
  }

  mutating func closeTLS(_ place: UInt32, _ flow: borrowing Flow) {
    swap(&exchange.session, &tls[place].session)
    tls[place].conversation.finish(handler: &exchange)
    swap(&exchange.session, &tls[place].session)
    if !tls[place].session.isEmpty {
      exchange.tlsSessions &+= 1
      exchange.announce()
      Applications.give(&tls[place].session, to: &exchange.sink, flow.applicationContext)
    }
    tls.remove(place)
  }

  // Functions of their own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func number(of session: inout TLSSession, in ledger: inout CaseLedger) -> UInt32? {
    ledger.number(of: session.serverName)
  }

  private static func give(
    _ session: inout TLSSession, to sink: inout Sink, _ context: FlowContext
  ) {
    sink.tls(session, context)
  }
}
