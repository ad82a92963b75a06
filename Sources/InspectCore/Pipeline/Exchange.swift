/// The transactions of a connection that are open, oldest first.
struct TransactionQueue {
  var first = UInt32.max
  var last = UInt32.max
  /// The one whose request, and the one whose response, is being received.
  var sending = UInt32.max
  var answering = UInt32.max
}

/// Turns what HTTP and TLS say into transactions, sessions, sends and findings.
///
/// Before a connection's bytes are read, `context` and `queue` (or `session`) are set to its own.
struct Exchange<
  Sink: InspectionSink & ~Copyable, Decoder: ContentDecoder & ~Copyable
>: ~Copyable, HTTPHandler, TLSHandler, QUICHandler {
  var sink: Sink
  var ledger: CaseLedger
  var names: NameCache
  var decoder: Decoder
  var finder: Finder
  var findings: FindingBatch
  var transactions: Slab<HTTPTransaction>
  var http2Streams: Slab<HTTP2Stream>
  private var decoded = ByteBuffer(limit: HTTPTransaction.bodyLimit)
  /// A text that does not lie in the packet as it is looked at.
  var unfolded = ByteBuffer(limit: 8192)
  let bodyBytesLimit: Int
  var bodyBytes = 0
  /// Whether a list names recipients who withdrew consent.
  private let watchesRecipients: Bool
  /// `InspectionSink.wantsBodies`, asked once: a piece of each body asks.
  private let wantsBodies: Bool

  // The connection that is being read.
  var context: FlowContext
  var queue = TransactionQueue()
  var streams = HTTP2StreamList()
  /// The latest request that another protocol was the answer to.
  var switched: HTTPTransaction?
  var session = TLSSession(start: Timestamp(nanoseconds: 0), hasFingerprints: false)
  var host: UInt32?
  var nameSource: Destination.NameSource?
  var pendingSend: Timestamp?
  /// When the datagram that is being read came.
  var time = Timestamp(nanoseconds: 0)

  var clearBytes: UInt64 = 0
  var tlsSessions: UInt64 = 0
  var quicHellos: UInt64 = 0
  var dnsMessages: UInt64 = 0
  private var requests: UInt64 = 0
  private var responses: UInt64 = 0
  var full: UInt64 = 0
  var cutBodies: UInt64 = 0
  /// Bodies that were looked at in pieces.
  private var longBodies: UInt64 = 0
  var undecodedBodies: UInt64 = 0
  var mailTransactions: UInt64 = 0
  var inspectedPayloads: UInt64 = 0
  /// Payloads that were not looked at, because the flow's share was used up or there was no room.
  var skippedPayloads: UInt64 = 0
  private var anomalies: UInt64 = 0
  /// The moment that the sink knows.
  private var announced = Moment()

  init(
    configuration: InspectorConfiguration, function: SipHash13, sink: consuming Sink,
    decoder: consuming Decoder
  ) {
    wantsBodies = sink.wantsBodies
    self.sink = sink
    self.decoder = decoder
    finder = Finder(watching: configuration.watch)
    watchesRecipients = configuration.watch?.hasWithdrawn ?? false
    findings = FindingBatch(configuration.watch)
    ledger = CaseLedger(
      configuration: configuration.cases, limits: configuration.limits, function: function)
    let key = function.derived
    names = NameCache(
      capacity: max(2, configuration.limits.names), key0: key.0, key1: key.1)
    transactions = Slab(capacity: configuration.limits.httpTransactions)
    http2Streams = Slab(capacity: configuration.limits.http2Streams)
    bodyBytesLimit = configuration.limits.bodyBytes
    let nobody = Endpoint(address: IPAddress(high: 0, low: 0), port: 0)
    context = FlowContext(
      client: nobody, server: nobody, clientMAC: .none, serverMAC: .none, protocolNumber: 0,
      tunnelDepth: 0, vlans: VLANStack(), source: 0, start: Timestamp(nanoseconds: 0))
  }

  func add(to all: inout InspectorCounters) {
    all.httpRequests = requests
    all.httpResponses = responses
    all.tlsSessions = tlsSessions
    all.quicHellos = quicHellos
    all.dnsMessages = dnsMessages
    all.clearBytes = clearBytes
    all.cutBodies = cutBodies
    all.longBodies = longBodies
    all.undecodedBodies = undecodedBodies
    all.mailTransactions = mailTransactions
    all.inspectedPayloads = inspectedPayloads
    all.skippedPayloads = skippedPayloads
    all.anomalies = anomalies
    all.applicationFull &+= full
    all.finder = finder.counters
    all.watch = finder.watchCounters
  }

  /// Tells the sink when what it receives next happens, if that is not known to it.
  @inline(__always)
  mutating func announce() {
    guard ledger.moment != announced else { return }
    announced = ledger.moment
    sink.turn(to: announced)
  }

  mutating func report(_ anomaly: Anomaly, _ context: FlowContext?, at time: Timestamp) {
    anomalies &+= 1
    announce()
    sink.anomaly(anomaly, context, at: time)
  }

  /// Whether messages of the flow are looked at: they leave the inside, or they may go to a recipient
  /// who withdrew consent, whose mailbox can be anywhere.
  var isInspected: Bool { watchesRecipients || ledger.isOutward(context) }

  /// The flow's client began to send at `time`.
  mutating func sent(_ flow: borrowing Flow, at time: Timestamp) {
    guard flow.application.isOutward else { return }
    ledger.write(
      .sent(
        CaseRecords.Send(
          context: flow.context, host: flow.application.host,
          nameSource: flow.application.nameSource, method: nil, time: time)))
  }

  // MARK: HTTP

  mutating func request(_ head: HTTPRequestHead, at time: Timestamp) {
    request(head, isOwn: true, at: time)
  }

  /// - Parameter isOwn: the client sent it; else the server thought of it.
  mutating func request(_ head: HTTPRequestHead, isOwn: Bool, at time: Timestamp) {
    requests &+= 1
    if isOwn {
      noteHost(head)
      inspectHead(head, at: time)
    }
    guard let place = transactions.insert(HTTPTransaction(head, at: time)) else {
      full &+= 1
      queue.sending = .max
      return
    }
    append(place)
    queue.sending = place
    // A chunked body is one, even if it is empty.
    if wantsBodies, head.isChunked {
      sink.body(RawSpan(), head.contentCoding, .toServer, place: place)
    }
  }

  mutating func response(_ head: HTTPResponseHead, at time: Timestamp) {
    guard !head.isInterim else { return }
    responses &+= 1
    var place = queue.first
    while place != .max, transactions[place].number != head.requestNumber {
      place = transactions[place].next
    }
    if place == .max {
      guard let new = transactions.insert(HTTPTransaction(responseAt: time)) else {
        full &+= 1
        queue.answering = .max
        return
      }
      append(new)
      place = new
    }
    transactions[place].answer(head)
    queue.answering = place
    let hasBody = head.isChunked && head.requestMethod != .head && head.status / 100 != 1
    if wantsBodies, hasBody, head.status != 204, head.status != 304 {
      sink.body(RawSpan(), head.contentCoding, .toClient, place: place)
    }
  }

  mutating func body(_ bytes: RawSpan, of direction: Direction) {
    let place = direction == .toServer ? queue.sending : queue.answering
    guard place != .max else { return }
    if wantsBodies {
      let coding =
        direction == .toServer
        ? transactions[place].requestCoding : transactions[place].responseCoding
      sink.body(bytes, coding, direction, place: place)
    }
    guard direction == .toServer else {
      transactions[place].responseByteCount &+= UInt64(bytes.byteCount)
      return
    }
    let isFirst = transactions[place].requestByteCount == 0
    transactions[place].requestByteCount &+= UInt64(bytes.byteCount)
    guard isInspected else { return }
    if isFirst, transactions[place].contentLength == bytes.byteCount {
      // All of it lies in this packet: no copy.
      inspectBody(bytes, place)
    } else {
      keep(bytes, place)
    }
  }

  mutating func bodyGap(_ byteCount: Int, of direction: Direction) {
    let place = direction == .toServer ? queue.sending : queue.answering
    guard place != .max else { return }
    if direction == .toServer {
      transactions[place].requestByteCount &+= UInt64(byteCount)
      transactions[place].requestHasGap = true
    } else {
      transactions[place].responseByteCount &+= UInt64(byteCount)
      transactions[place].responseHasGap = true
    }
  }

  mutating func end(_ direction: Direction, outcome: HTTPMessageEnd, at time: Timestamp) {
    let place = direction == .toServer ? queue.sending : queue.answering
    guard place != .max else { return }
    let hasGap =
      direction == .toServer
      ? transactions[place].requestHasGap : transactions[place].responseHasGap
    if wantsBodies, outcome == .complete, !hasGap {
      sink.bodyEnded(direction, place: place)
    }
    if direction == .toServer {
      queue.sending = .max
      endRequest(place)
    } else {
      queue.answering = .max
      if transactions[place].requestIsDone { close(place) } else { return }
    }
  }

  mutating func anomaly(_ anomaly: HTTPAnomaly, _ direction: Direction) {
    report(Anomaly(anomaly), context, at: context.start)
  }

  /// The connection is over: what has no response yet never gets one.
  mutating func closeQueue() {
    while queue.first != .max {
      let place = queue.first
      if !transactions[place].requestIsDone { endRequest(place) }
      if queue.first == place { close(place) }
    }
    queue = TransactionQueue()
  }

  private mutating func endRequest(_ place: UInt32) {
    transactions[place].requestIsDone = true
    if !transactions[place].body.isEmpty {
      var body = ByteBuffer(limit: 0)
      swap(&body, &transactions[place].body)
      bodyBytes -= body.count
      let isSeen =
        transactions[place].bodyOffset > 0 && body.count <= HTTPTransaction.bodyOverlap
      if !isSeen { inspectBody(body.bytes, place) }
    }
    if transactions[place].requestByteCount == 0, ledger.isOutward(context),
      let registration = Exchange.registration(in: &transactions[place], context)
    {
      beginFindings()
      discloseFindings(registration, at: transactions[place].start)
    }
    let isAnswered = transactions[place].status != nil && queue.answering != place
    if isAnswered { close(place) }
  }

  private mutating func append(_ place: UInt32) {
    transactions[place].place = place
    if queue.last == .max { queue.first = place } else { transactions[queue.last].next = place }
    queue.last = place
  }

  // Functions of their own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func give(
    _ transaction: inout HTTPTransaction, to sink: inout Sink, _ context: FlowContext
  ) {
    sink.http(transaction, context)
  }

  static func inspect(
    _ buffer: inout ByteBuffer, _ part: MessagePart, _ key: RawSpan, _ finder: inout Finder,
    _ decoder: inout Decoder, _ findings: inout FindingBatch
  ) -> MessageFacts {
    finder.inspect(buffer.bytes, part: part, key: key, decoder: &decoder, into: &findings)
  }

  /// What a request's target says by itself.
  private static func registration(
    in transaction: inout HTTPTransaction, _ context: FlowContext
  ) -> SelfRegistration.Operator? {
    SelfRegistration.operatorOf(
      target: transaction.target, host: transaction.host, port: context.server.port)
  }

  private static func number(
    of transaction: inout HTTPTransaction, in ledger: inout CaseLedger
  ) -> UInt32? {
    ledger.number(of: transaction.host)
  }

  /// Takes in a request that was sent in another form; it waits for its response.
  mutating func adopt(_ transaction: consuming HTTPTransaction, stream: UInt32) {
    guard let place = transactions.insert(transaction) else {
      full &+= 1
      return
    }
    transactions[place].stream = stream
    append(place)
  }

  /// Gives the transaction's event out.
  private mutating func close(_ place: UInt32) {
    if transactions[place].status == 101 { switched = transactions[place].requestAgain }
    announce()
    Exchange.give(&transactions[place], to: &sink, context)
    var previous = UInt32.max
    var position = queue.first
    while position != .max, position != place {
      previous = position
      position = transactions[position].next
    }
    let next = transactions[place].next
    if previous == .max { queue.first = next } else { transactions[previous].next = next }
    if queue.last == place { queue.last = previous }
    transactions.remove(place)
  }

  // MARK: What is sent, and to whom

  private mutating func noteHost(_ head: HTTPRequestHead) {
    if let number = ledger.number(of: head.host) {
      host = number
      nameSource = .http
    }
    guard let pending = pendingSend else { return }
    pendingSend = nil
    guard ledger.isOutward(context) else { return }
    ledger.write(
      .sent(
        CaseRecords.Send(
          context: context, host: host, nameSource: nameSource, method: head.method, time: pending))
    )
  }

  private mutating func inspectHead(_ head: HTTPRequestHead, at time: Timestamp) {
    guard isInspected else { return }
    beginFindings()
    let facts = finder.inspect(
      head.target, part: .httpURL, key: RawSpan(), decoder: &decoder, into: &findings)
    if let told = facts.phoneTime, ledger.isOutward(context) {
      ledger.write(.told(told, context, time))
    }
    var fields = head.fields.makeIterator()
    while let field = fields.next() {
      guard !field.isOrdinary else { continue }
      let part: MessagePart =
        field.name.equalsIgnoringCase("cookie") ? .httpRequestCookie : .httpRequestHeader
      if field.isFolded {
        unfolded.removeAll()
        field.unfold(into: &unfolded)
        _ = Exchange.inspect(&unfolded, part, field.name, &finder, &decoder, &findings)
      } else {
        _ = finder.inspect(
          field.value, part: part, key: field.name, decoder: &decoder, into: &findings)
      }
    }
    discloseFindings(at: time)
  }

  /// Looks at the text in `unfolded`.
  mutating func inspectUnfolded(_ part: MessagePart, at time: Timestamp) {
    beginFindings()
    _ = Exchange.inspect(&unfolded, part, RawSpan(), &finder, &decoder, &findings)
    discloseFindings(at: time)
  }

  /// Looks at a part of a message as it lies there. `awaited` is what its first line is in a log-in
  /// that is going on; given back is what the next one is.
  @discardableResult
  mutating func inspect(
    _ bytes: RawSpan, _ part: MessagePart, key: RawSpan = RawSpan(),
    awaited: SASLResponse = .none, at time: Timestamp
  ) -> SASLResponse {
    beginFindings()
    let facts = finder.inspect(
      bytes, part: part, key: key, awaited: awaited, decoder: &decoder, into: &findings)
    discloseFindings(at: time)
    return facts.awaited
  }

  mutating func discloseFindings(
    _ registration: SelfRegistration.Operator? = nil, at time: Timestamp
  ) {
    disclose(registration, to: host, at: time)
  }

  /// What was found since the last `beginFindings` is all that a message to `recipient` had.
  private mutating func disclose(
    _ registration: SelfRegistration.Operator?, to recipient: UInt32?, at time: Timestamp
  ) {
    guard !findings.isEmpty || registration != nil else { return }
    ledger.disclosed(
      findings, registration: registration, context, host: recipient, nameSource, at: time)
  }

  /// The findings that follow are of another message.
  mutating func beginFindings() {
    findings.begin(leaves: ledger.isOutward(context))
  }

  private mutating func keep(_ bytes: RawSpan, _ place: UInt32) {
    var rest = bytes
    while true {
      let room = max(0, bodyBytesLimit - bodyBytes)
      let wanted = rest.extracting(first: min(room, rest.byteCount))
      let taken = transactions[place].body.append(wanted)
      bodyBytes += taken
      rest = rest.extracting(droppingFirst: taken)
      guard !rest.isEmpty else { return }
      // What is coded is undone as a whole.
      guard transactions[place].body.isFull, transactions[place].requestCoding == .identity else {
        break
      }
      inspectPiece(place)
    }
    if !transactions[place].bodyWasInspected {
      // Counted once: what is beyond is not looked at.
      transactions[place].bodyWasInspected = true
      cutBodies &+= 1
    }
  }

  /// Looks at what is kept of a body of which more comes, and keeps the end, where something may
  /// begin.
  private mutating func inspectPiece(_ place: UInt32) {
    var body = ByteBuffer(limit: 0)
    swap(&body, &transactions[place].body)
    inspectBody(body.bytes, place)
    if transactions[place].bodyOffset == 0 { longBodies &+= 1 }
    let passed = body.count - HTTPTransaction.bodyOverlap
    body.removeFirst(passed)
    bodyBytes -= passed
    transactions[place].bodyOffset += passed
    swap(&body, &transactions[place].body)
  }

  /// Looks at a body, or a piece of one.
  private mutating func inspectBody(_ bytes: RawSpan, _ place: UInt32) {
    let recipient = Exchange.number(of: &transactions[place], in: &ledger) ?? host
    beginFindings()
    let coding = transactions[place].requestCoding
    let facts: MessageFacts
    if coding == .identity {
      facts = finder.inspect(
        bytes, part: .httpRequestBody, key: RawSpan(), awaited: .none,
        from: transactions[place].bodyOffset, decoder: &decoder, into: &findings)
    } else {
      decoded.removeAll()
      let outcome = decoder.decode(bytes, coding, into: &decoded)
      if outcome == .unsupported || outcome == .damaged { undecodedBodies &+= 1 }
      if outcome == .limitReached { cutBodies &+= 1 }
      facts = Exchange.inspect(
        &decoded, .httpRequestBody, RawSpan(), &finder, &decoder, &findings)
    }
    if let told = facts.phoneTime, ledger.isOutward(context) {
      ledger.write(.told(told, context, transactions[place].start))
    }
    guard transactions[place].bodyOffset == 0 else {
      return disclose(nil, to: recipient, at: transactions[place].start)
    }
    let isTelecom = SelfRegistration.matches(
      method: transactions[place].method, contentType: transactions[place].requestType,
      host: transactions[place].host, facts: facts)
    let registration =
      isTelecom ? .telecom : Exchange.registration(in: &transactions[place], context)
    disclose(registration, to: recipient, at: transactions[place].start)
  }

  // MARK: TLS

  mutating func clientHello(_ hello: TLSClientHello, _ direction: Direction) { session.note(hello) }

  mutating func serverHello(_ hello: TLSServerHello, _ direction: Direction) { session.note(hello) }

  mutating func ssl2Hello(_ version: TLSVersion, isClient: Bool, _ direction: Direction) {
    session.note(version, isClient: isClient)
  }

  mutating func certificate(_ certificate: X509Certificate, _ direction: Direction) {
    if direction == .toClient { session.note(certificate) }
  }

  mutating func damaged(_ error: WireError, _ direction: Direction) {
    report(Anomaly(error), context, at: session.start)
  }
}

extension HTTPField {
  /// Fields that say nothing of a person and stand in nearly every request.
  var isOrdinary: Bool {
    switch name.byteCount {
    case 3: name.equalsIgnoringCase("via")
    case 4: name.equalsIgnoringCase("host") || name.equalsIgnoringCase("date")
    case 5: name.equalsIgnoringCase("range")
    case 6: name.equalsIgnoringCase("accept") || name.equalsIgnoringCase("pragma")
    case 10: name.equalsIgnoringCase("connection")
    case 12: name.equalsIgnoringCase("content-type")
    case 13: name.equalsIgnoringCase("cache-control") || name.equalsIgnoringCase("if-none-match")
    case 14: name.equalsIgnoringCase("content-length") || name.equalsIgnoringCase("accept-charset")
    case 15:
      name.equalsIgnoringCase("accept-encoding") || name.equalsIgnoringCase("accept-language")
    case 16: name.equalsIgnoringCase("proxy-connection")
    case 17:
      name.equalsIgnoringCase("if-modified-since") || name.equalsIgnoringCase("transfer-encoding")
    case 25: name.equalsIgnoringCase("upgrade-insecure-requests")
    default: false
    }
  }
}

extension Anomaly {
  /// Suricata's name of the same, where it has one.
  init(_ anomaly: HTTPAnomaly) {
    let event: StaticString =
      switch anomaly {
      case .headTooLong: "http.header_too_long"
      case .tooManyFields: "http.too_many_headers"
      case .lineTooLong: "http.line_too_long"
      case .malformedFieldLine: "http.request_field_missing_colon"
      case .whitespaceBeforeColon: "http.field_whitespace_before_colon"
      case .whitespaceInTarget: "http.uri_delim_non_compliant"
      case .contentLengthInvalid: "http.invalid_content_length_field"
      case .contentLengthConflict: "http.duplicate_content_length_field"
      case .contentLengthWithTransferEncoding: "http.content_length_with_transfer_encoding"
      case .transferEncodingNotChunked: "http.invalid_transfer_encoding_value"
      case .chunkSizeInvalid: "http.invalid_chunk_length"
      case .chunkLineTooLong: "http.chunk_line_too_long"
      case .chunkDataOverrun: "http.chunk_data_overrun"
      case .trailerTooLong: "http.trailer_too_long"
      case .tooManyOutstandingRequests: "http.too_many_outstanding_requests"
      case .unexpectedBytes: "http.unexpected_bytes"
      case .incompleteStartLine: "http.incomplete_start_line"
      case .resynchronizationFailed: "http.resynchronization_failed"
      }
    self.init(.applayer, event)
  }
}

extension SipHash13 {
  /// Another key for another table, so that one does not tell of the other.
  var derived: (UInt64, UInt64) {
    var first = begin()
    first.add(1)
    var second = begin()
    second.add(2)
    return (first.finish(), second.finish())
  }
}
