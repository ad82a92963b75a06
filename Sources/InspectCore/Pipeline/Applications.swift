/// Recognises what flows carry, by content and not by port, and hands it to who reads it.
///
/// Each protocol is in a file of its own (`Applications+NAME.swift`); the `switch`es here name them
/// all. How many bytes and segments are looked at is bounded for each flow (`Recognition`).
struct Applications<
  Sink: InspectionSink & ~Copyable, Decoder: ContentDecoder & ~Copyable,
  Cipher: PacketCipher & ~Copyable
>: ~Copyable, StreamConsumer {
  var exchange: Exchange<Sink, Decoder>
  var recognitions: Slab<Recognition>
  var https: Slab<HTTPConnection>
  var tls: Slab<TLSConnection>
  var http2s: Slab<HTTP2Connection>
  var webSockets: Slab<WebSocketStream>
  var smtps: Slab<SMTPConnection>
  var dnsConnections: Slab<DNSConnection>
  var quics: Slab<QUICConversation>
  var dtlsHellos: Slab<DTLSHello>
  var opener: InitialOpener<Cipher>
  /// What clients said in protocols that nobody knows.
  var payloads: Slab<ByteBuffer>
  private var name = ByteBuffer(limit: HostTable.longest)
  var full: UInt64 = 0
  var encryptedBytes: UInt64 = 0
  var unknownBytes: UInt64 = 0
  var unopenedPackets: UInt64 = 0

  init(
    configuration: InspectorConfiguration, function: SipHash13, sink: consuming Sink,
    decoder: consuming Decoder, cipher: consuming Cipher
  ) {
    let limits = configuration.limits
    recognitions = Slab(capacity: limits.recognitions)
    https = Slab(capacity: limits.httpConnections)
    tls = Slab(capacity: limits.tlsConnections)
    http2s = Slab(capacity: limits.http2Connections)
    webSockets = Slab(capacity: limits.webSockets)
    smtps = Slab(capacity: limits.smtpConnections)
    dnsConnections = Slab(capacity: limits.dnsConnections)
    quics = Slab(capacity: limits.quicConnections)
    dtlsHellos = Slab(capacity: limits.dtlsHellos)
    opener = InitialOpener(cipher)
    payloads = Slab(capacity: limits.payloads)
    exchange = Exchange(
      configuration: configuration, function: function, sink: sink, decoder: decoder)
  }

  func add(to all: inout InspectorCounters) {
    all.applicationFull = full
    all.encryptedBytes = encryptedBytes
    all.unknownBytes = unknownBytes
    all.unopenedPackets = unopenedPackets
    exchange.add(to: &all)
  }

  // MARK: Flows

  mutating func flowBegan(_ flow: inout Flow) {
    exchange.ledger.saw(flow.context.start)
    flow.application.isOutward = exchange.ledger.isOutward(flow.context)
    name.removeAll()
    let server = flow.context.server.address
    let client = flow.context.client.address
    let start = flow.context.start
    if exchange.names.appendName(of: server, for: client, at: start, to: &name) != nil {
      flow.application.host = Applications.number(of: &name, in: &exchange.ledger)
      flow.application.nameSource = flow.application.host == nil ? nil : .dns
    }
    noteSend(&flow, at: flow.context.start)
  }

  mutating func flowEnded(_ flow: inout Flow, at time: Timestamp) {
    exchange.ledger.saw(time)
    close(&flow, at: time)
    // Something was said, and nobody knows what.
    if flow.application.kind == .unrecognised, flow.application.attempts > 0 { giveUp(&flow) }
    attribute(&flow)
  }

  // A function of its own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func number(of name: inout ByteBuffer, in ledger: inout CaseLedger) -> UInt32? {
    ledger.number(of: name.bytes)
  }

  /// The client sent something: a burst that began earlier and has no host yet gets the one known.
  @inline(__always)
  private mutating func noteSend(_ flow: inout Flow, at time: Timestamp) {
    guard let earlier = flow.send.sent(at: time) else { return }
    exchange.sent(flow, at: earlier)
  }

  /// The host is known now, as far as it will be: the burst that waits goes to it.
  mutating func attribute(_ flow: inout Flow) {
    guard let pending = flow.send.attribute() else { return }
    exchange.sent(flow, at: pending)
  }

  // MARK: Datagrams

  mutating func datagram(
    _ packet: UDPDatagram, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    let bytes = packet.payload
    guard !bytes.isEmpty else { return }
    if direction == .toServer {
      noteSend(&flow, at: time)
      if packet.destinationPort == 123, let told = PhoneTime(ntp: bytes) {
        exchange.ledger.write(.told(told, flow.context, time))
      }
      if packet.destinationPort == 67, let message = DHCPMessage(bytes), message.isJoining {
        exchange.ledger.write(.joined(message.chaddr, time))
      }
    }
    if flow.application.kind == .unrecognised { recognise(packet, &flow) }
    switch flow.application.kind {
    case .dns, .mdns, .llmnr: readDNS(bytes, direction, flow, time)
    case .quic: readQUIC(bytes, direction, &flow, time)
    case .coap: readCoAP(bytes, direction, &flow, time)
    case .dtls: readDTLS(bytes, direction, &flow, time)
    case .unrecognised, .unknown, .http, .http2, .webSocket, .tls, .smtp:
      readUnknown(datagram: bytes, direction, &flow, time)
    }
  }

  private mutating func recognise(_ packet: UDPDatagram, _ flow: inout Flow) {
    switch Guess(packet) {
    case .dns: flow.application.kind = .dns
    case .mdns: flow.application.kind = .mdns
    case .llmnr: flow.application.kind = .llmnr
    case .quic: beginQUIC(&flow)
    case .coap: flow.application.kind = .coap
    case .dtls: flow.application.kind = .dtls
    case .needMore, .no, .http, .http2, .smtp, .tls: fail(&flow)
    }
  }

  // MARK: Streams

  mutating func received(
    _ bytes: RawSpan, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    if direction == .toServer { noteSend(&flow, at: time) }
    switch flow.application.kind {
    case .http: readHTTP(bytes, direction, &flow, time)
    case .tls: readTLS(bytes, direction, &flow, time)
    case .dns: readDNSStream(bytes, direction, flow, time)
    case .http2: readHTTP2(bytes, direction, &flow, time)
    case .webSocket: readWebSocket(bytes, direction, &flow, time)
    case .smtp: readSMTP(bytes, direction, &flow, time)
    case .unrecognised: recognise(bytes, direction, &flow, time)
    case .mdns, .llmnr, .coap, .quic, .dtls, .unknown: readUnknown(bytes, direction, &flow, time)
    }
  }

  mutating func lost(
    _ byteCount: Int, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    exchange.report(.gap, flow.context, at: time)
    guard flow.application.place != Application.none else { return }
    switch flow.application.kind {
    case .http: loseHTTP(byteCount, direction, flow, time)
    case .tls: loseTLS(byteCount, direction, flow)
    case .dns: loseDNS(byteCount, direction, flow)
    case .http2: loseHTTP2(byteCount, direction, flow)
    case .webSocket: loseWebSocket(byteCount, direction, flow)
    case .smtp: loseSMTP(byteCount, direction, flow, time)
    case .unrecognised: recognitions[flow.application.place].removeAll()
    case .mdns, .llmnr, .coap, .quic, .dtls, .unknown: break
    }
  }

  mutating func irregular(_ anomaly: Anomaly, of flow: inout Flow, at time: Timestamp) {
    exchange.report(anomaly, flow.context, at: time)
  }

  mutating func ended(_ direction: Direction, of flow: inout Flow, at time: Timestamp) {
    guard flow.application.place != Application.none else { return }
    switch flow.application.kind {
    case .http: endHTTP(direction, flow, time)
    case .http2, .webSocket, .tls, .dns, .mdns, .llmnr, .smtp, .coap, .quic, .dtls,
      .unrecognised, .unknown:
      break
    }
  }

  /// Gives out what is known of the connection and frees its state.
  mutating func close(_ flow: inout Flow, at time: Timestamp) {
    inspectPayload(&flow, time)
    let place = flow.application.place
    guard place != Application.none else { return }
    flow.application.place = Application.none
    switch flow.application.kind {
    case .http: closeHTTP(place, flow, time)
    case .tls: closeTLS(place, flow)
    case .http2: closeHTTP2(place, flow)
    case .webSocket: webSockets.remove(place)
    case .smtp: closeSMTP(place, flow, time)
    case .dns: dnsConnections.remove(place)
    case .quic: closeQUIC(place, &flow, time)
    case .dtls: dtlsHellos.remove(place)
    case .unrecognised: settle(place, &flow, time)
    case .mdns, .llmnr, .coap, .unknown: break
    }
  }

  // MARK: Recognition

  private mutating func recognise(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    var place = flow.application.place
    if place == Application.none {
      let hints = Recognition.Hints(
        isAtNameServer: flow.context.hasPort(NamePort.dns), isInTheMiddle: flow.isInTheMiddle)
      let nothing = RawSpan()
      let guess = Guess(
        toServer: direction == .toServer ? bytes : nothing,
        toClient: direction == .toClient ? bytes : nothing, hints)
      guard guess == .needMore else {
        begin(guess, &flow, time)
        return read(bytes, direction, &flow, time)
      }
      guard let new = recognitions.insert(Recognition(hints)) else {
        full &+= 1
        unknownBytes &+= UInt64(bytes.byteCount)
        return
      }
      place = new
      flow.application.place = new
    }
    let before = recognitions[place][direction].byteCount
    let guess = recognitions[place].add(bytes, direction)
    guard guess != .needMore else { return }
    flow.application.place = Application.none
    let held = Applications.take(place, from: &recognitions)
    begin(guess, &flow, time)
    read(held[direction.opposite], direction.opposite, &flow, time)
    guard guess == .no, before > 0, flow.application.kind == .unrecognised else {
      return read(held[direction], direction, &flow, time)
    }
    // What was held was something else; a protocol may begin with these bytes.
    read(held[direction].extracting(first: before), direction, &flow, time)
    recognise(bytes, direction, &flow, time)
  }

  /// Nothing follows: what is held is what there is.
  private mutating func settle(_ place: UInt32, _ flow: inout Flow, _ time: Timestamp) {
    let held = Applications.take(place, from: &recognitions)
    begin(held.finalGuess, &flow, time)
    read(held[.toServer], .toServer, &flow, time)
    read(held[.toClient], .toClient, &flow, time)
    close(&flow, at: time)
  }

  private static func take(
    _ place: UInt32, from recognitions: inout Slab<Recognition>
  ) -> Recognition {
    recognitions.remove(place)
  }

  /// Hands bytes on that were recognised, or says that they were not.
  private mutating func read(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    guard !bytes.isEmpty else { return }
    if flow.application.kind == .unrecognised {
      readUnknown(bytes, direction, &flow, time)
    } else {
      received(bytes, direction, of: &flow, at: time)
    }
  }

  private mutating func begin(_ guess: Guess, _ flow: inout Flow, _ time: Timestamp) {
    switch guess {
    case .http(let client): beginHTTP(client, &flow)
    case .http2(let client): beginHTTP2(client, isInTheMiddle: flow.isInTheMiddle, &flow)
    case .smtp(let client): beginSMTP(client, &flow, time)
    case .tls: beginTLS(&flow, time)
    case .dns: beginDNS(&flow)
    case .needMore, .no, .mdns, .llmnr, .coap, .quic, .dtls: fail(&flow)
    }
  }

  /// These bytes did not say what it is; later ones may.
  private mutating func fail(_ flow: inout Flow) {
    flow.application.attempts &+= 1
    let limit =
      flow.isInTheMiddle ? Recognition.attemptLimitInTheMiddle : Recognition.attemptLimit
    if flow.application.attempts >= limit { giveUp(&flow) }
  }

  /// There is no room for its state.
  mutating func refuse(_ flow: inout Flow) {
    full &+= 1
    giveUp(&flow)
  }

  /// Nobody knows what this flow is, and it is not asked again.
  private func giveUp(_ flow: inout Flow) { flow.application.kind = .unknown }
}
