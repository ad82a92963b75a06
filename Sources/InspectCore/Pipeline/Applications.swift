/// What is spoken in a flow, as far as it was recognised.
public struct Application: Sendable {
  public enum Kind: UInt8, Sendable {
    case unrecognised, http, tls, dns, unknown

    /// Suricata's `app_proto`; nil while nothing is known.
    public var name: StaticString? {
      switch self {
      case .unrecognised: nil
      case .http: "http"
      case .tls: "tls"
      case .dns: "dns"
      case .unknown: "failed"
      }
    }
  }

  public internal(set) var kind = Kind.unrecognised
  /// Where the protocol's state is; `none` when there is none.
  var place = Application.none
  /// The protocol's client is the flow's server: the capture began in the middle.
  var isReversed = false
  /// The host, as far as it is known, and how.
  var host: UInt32?
  var nameSource: Destination.NameSource?
  /// Segments that were looked at without an answer.
  var attempts: UInt8 = 0

  static var none: UInt32 { .max }
}

/// Recognises what flows carry, by content and not by port, and reads it.
struct Applications<
  Sink: InspectionSink & ~Copyable, Decoder: ContentDecoder & ~Copyable, Map: Atlas & ~Copyable
>: ~Copyable, StreamConsumer {
  /// Bytes of a direction that may be held until it is clear what they are.
  static var recognitionLimit: Int { 16_384 }
  /// Segments of a connection that are tried; then it is unknown for good.
  static var attemptLimit: UInt8 { 24 }

  /// The first bytes of a connection that do not say yet what it is.
  struct Recognition: ~Copyable {
    var toServer = ByteBuffer(limit: Applications.recognitionLimit)
    var toClient = ByteBuffer(limit: Applications.recognitionLimit)
  }

  struct HTTPConnection: ~Copyable {
    var conversation = HTTPConversation()
    var queue = TransactionQueue()
  }

  struct TLSConnection: ~Copyable {
    var conversation = TLSConversation()
    var session: TLSSession
  }

  var exchange: Exchange<Sink, Decoder, Map>
  private var recognitions: Slab<Recognition>
  private var https: Slab<HTTPConnection>
  private var tls: Slab<TLSConnection>
  private var names: NameCache
  private var name = ByteBuffer(limit: HostTable.longest)
  private var full: UInt64 = 0
  private var encryptedBytes: UInt64 = 0
  private var unknownBytes: UInt64 = 0
  private var dnsMessages: UInt64 = 0

  init(
    configuration: InspectorConfiguration, function: SipHash13, sink: consuming Sink,
    decoder: consuming Decoder, atlas: consuming Map
  ) {
    let limits = configuration.limits
    recognitions = Slab(capacity: limits.recognitions)
    https = Slab(capacity: limits.httpConnections)
    tls = Slab(capacity: limits.tlsConnections)
    let key = function.derived
    names = NameCache(capacity: max(2, limits.names), key0: key.0, key1: key.1)
    exchange = Exchange(
      configuration: configuration, function: function, sink: sink, decoder: decoder,
      atlas: atlas)
  }

  func add(to all: inout InspectorCounters) {
    all.applicationFull = full
    all.encryptedBytes = encryptedBytes
    all.unknownBytes = unknownBytes
    all.dnsMessages = dnsMessages
    exchange.add(to: &all)
  }

  mutating func finish(at time: Timestamp) { exchange.finish() }

  // MARK: Flows

  mutating func flowBegan(_ flow: inout Flow) {
    exchange.cases.saw(flow.context.start)
    name.removeAll()
    let server = flow.context.server.address
    let client = flow.context.client.address
    if names.appendName(of: server, for: client, at: flow.context.start, to: &name) != nil {
      flow.application.host = Applications.number(of: &name, in: &exchange.cases.hosts)
      flow.application.nameSource = flow.application.host == nil ? nil : .dns
    }
    noteSend(&flow, at: flow.context.start)
  }

  mutating func flowEnded(_ flow: inout Flow, at time: Timestamp) {
    exchange.cases.saw(time)
    close(&flow, at: time)
    attribute(&flow)
  }

  // Functions of their own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func number(of name: inout ByteBuffer, in hosts: inout HostTable) -> UInt32? {
    hosts.number(of: name.bytes)
  }

  private static func number(of session: inout TLSSession, in hosts: inout HostTable) -> UInt32? {
    hosts.number(of: session.serverName)
  }

  private static func give(
    _ session: inout TLSSession, to sink: inout Sink, _ context: FlowContext
  ) {
    sink.tls(session, context)
  }

  /// The client sent something: a burst that began earlier and has no host yet gets the one known.
  @inline(__always)
  private mutating func noteSend(_ flow: inout Flow, at time: Timestamp) {
    guard let earlier = flow.send.sent(at: time) else { return }
    exchange.sent(flow, at: earlier)
  }

  private mutating func attribute(_ flow: inout Flow) {
    guard let pending = flow.send.attribute() else { return }
    exchange.sent(flow, at: pending)
  }

  // MARK: Datagrams

  mutating func datagram(
    _ packet: UDPDatagram, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    if direction == .toServer, !packet.payload.isEmpty { noteSend(&flow, at: time) }
    guard packet.sourcePort == 53 || packet.destinationPort == 53,
      let message = try? DNSMessage(packet.payload)
    else {
      unknownBytes &+= UInt64(packet.payload.byteCount)
      return
    }
    flow.application.kind = .dns
    dnsMessages &+= 1
    exchange.clearBytes &+= UInt64(packet.payload.byteCount)
    if message.isResponse {
      names.learn(message, client: flow.context.client.address, at: time)
    }
    // An event has the packet's direction.
    let context = direction == .toServer ? flow.context : flow.context.swapped
    exchange.sink.dns(message, context, at: time)
  }

  // MARK: Streams

  mutating func received(
    _ bytes: RawSpan, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    if direction == .toServer { noteSend(&flow, at: time) }
    switch flow.application.kind {
    case .http: readHTTP(bytes, direction, &flow, time)
    case .tls: readTLS(bytes, direction, &flow, time)
    case .unrecognised: recognise(bytes, direction, &flow, time)
    case .dns, .unknown: unknownBytes &+= UInt64(bytes.byteCount)
    }
  }

  mutating func lost(
    _ byteCount: Int, _ direction: Direction, of flow: inout Flow, at time: Timestamp
  ) {
    let place = flow.application.place
    guard place != Application.none else { return }
    switch flow.application.kind {
    case .http:
      enter(flow, https[place].queue)
      https[place].conversation.gap(
        byteCount, flow.role(of: direction), at: time, handler: &exchange)
      https[place].queue = exchange.queue
    case .tls:
      swap(&exchange.session, &tls[place].session)
      tls[place].conversation.gap(byteCount, flow.role(of: direction), handler: &exchange)
      swap(&exchange.session, &tls[place].session)
    case .unrecognised:
      recognitions[place].toServer.removeAll()
      recognitions[place].toClient.removeAll()
    case .dns, .unknown:
      break
    }
  }

  mutating func ended(_ direction: Direction, of flow: inout Flow, at time: Timestamp) {
    let place = flow.application.place
    guard flow.application.kind == .http, place != Application.none else { return }
    enter(flow, https[place].queue)
    https[place].conversation.finish(flow.role(of: direction), at: time, handler: &exchange)
    https[place].queue = exchange.queue
  }

  // MARK: Recognition

  private mutating func recognise(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    let place = flow.application.place
    if place != Application.none {
      let isKept =
        direction == .toServer
        ? recognitions[place].toServer.append(bytes) == bytes.byteCount
        : recognitions[place].toClient.append(bytes) == bytes.byteCount
      let answer =
        direction == .toServer
        ? Guess(recognitions[place].toServer.bytes) : Guess(recognitions[place].toClient.bytes)
      if answer == .needMore, isKept { return }
      flow.application.place = Application.none
      let held = take(place)
      let mine = direction == .toServer ? held.toServer.bytes : held.toClient.bytes
      let other = direction == .toServer ? held.toClient.bytes : held.toServer.bytes
      begin(answer, direction, &flow, time)
      if !other.isEmpty { received(other, direction.opposite, of: &flow, at: time) }
      if !mine.isEmpty, flow.application.kind != .unrecognised {
        received(mine, direction, of: &flow, at: time)
      }
      return
    }
    let answer = Guess(bytes)
    if answer == .needMore {
      hold(bytes, direction, &flow)
      return
    }
    begin(answer, direction, &flow, time)
    if flow.application.kind != .unrecognised {
      received(bytes, direction, of: &flow, at: time)
    } else {
      unknownBytes &+= UInt64(bytes.byteCount)
    }
  }

  private mutating func take(_ place: UInt32) -> Recognition { recognitions.remove(place) }

  private mutating func hold(_ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow) {
    guard let place = recognitions.insert(Recognition()) else {
      full &+= 1
      return
    }
    flow.application.place = place
    if direction == .toServer {
      recognitions[place].toServer.append(bytes)
    } else {
      recognitions[place].toClient.append(bytes)
    }
  }

  private mutating func begin(
    _ answer: Guess, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    switch answer {
    case .httpRequest, .httpResponse:
      guard let place = https.insert(HTTPConnection()) else {
        full &+= 1
        return giveUp(&flow)
      }
      flow.application.kind = .http
      flow.application.place = place
      flow.application.isReversed = (answer == .httpRequest) != (direction == .toServer)
    case .tls:
      guard let place = tls.insert(TLSConnection(session: TLSSession(start: time))) else {
        full &+= 1
        return giveUp(&flow)
      }
      flow.application.kind = .tls
      flow.application.place = place
    case .needMore, .no:
      flow.application.attempts &+= 1
      if flow.application.attempts >= Applications.attemptLimit { giveUp(&flow) }
    }
  }

  /// Nobody reads this flow any more.
  private func giveUp(_ flow: inout Flow) {
    flow.application.kind = .unknown
    flow.tcp.toServer.isWanted = false
    flow.tcp.toClient.isWanted = false
  }

  // MARK: HTTP and TLS

  private mutating func enter(_ flow: borrowing Flow, _ queue: TransactionQueue) {
    exchange.context = flow.application.isReversed ? flow.context.swapped : flow.context
    exchange.queue = queue
  }

  private mutating func readHTTP(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    let place = flow.application.place
    exchange.clearBytes &+= UInt64(bytes.byteCount)
    enter(flow, https[place].queue)
    exchange.host = flow.application.host
    exchange.nameSource = flow.application.nameSource
    exchange.pendingSend = flow.send.pending
    let verdict = https[place].conversation.consume(
      bytes, flow.role(of: direction), at: time, handler: &exchange)
    https[place].queue = exchange.queue
    flow.application.host = exchange.host
    flow.application.nameSource = exchange.nameSource
    if exchange.pendingSend == nil { _ = flow.send.attribute() }
    switch verdict {
    case .more:
      break
    case .tunnel(let offset):
      // After CONNECT or Upgrade another protocol begins, in both directions.
      close(&flow, at: time)
      flow.application.kind = .unrecognised
      flow.application.place = Application.none
      flow.application.isReversed = false
      flow.application.attempts &+= 1
      let rest = bytes.extracting(droppingFirst: min(offset, bytes.byteCount))
      if !rest.isEmpty { received(rest, direction, of: &flow, at: time) }
    case .notHTTP:
      flow.tcp[direction].isWanted = false
    }
  }

  private mutating func readTLS(
    _ bytes: RawSpan, _ direction: Direction, _ flow: inout Flow, _ time: Timestamp
  ) {
    let place = flow.application.place
    guard place != Application.none else {
      encryptedBytes &+= UInt64(bytes.byteCount)
      return
    }
    swap(&exchange.session, &tls[place].session)
    let verdict = tls[place].conversation.consume(
      bytes, flow.role(of: direction), handler: &exchange)
    swap(&exchange.session, &tls[place].session)
    if flow.application.nameSource != .tls, !tls[place].session.serverName.isEmpty {
      flow.application.host = Applications.number(
        of: &tls[place].session, in: &exchange.cases.hosts)
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

  /// Gives out what is known of the connection and frees its state.
  private mutating func close(_ flow: inout Flow, at time: Timestamp) {
    let place = flow.application.place
    guard place != Application.none else { return }
    flow.application.place = Application.none
    switch flow.application.kind {
    case .http:
      enter(flow, https[place].queue)
      https[place].conversation.finish(.toServer, at: time, handler: &exchange)
      https[place].conversation.finish(.toClient, at: time, handler: &exchange)
      exchange.closeQueue()
      https.remove(place)
    case .tls:
      swap(&exchange.session, &tls[place].session)
      tls[place].conversation.finish(handler: &exchange)
      swap(&exchange.session, &tls[place].session)
      if !tls[place].session.isEmpty {
        exchange.tlsSessions &+= 1
        Applications.give(
          &tls[place].session, to: &exchange.sink,
          flow.application.isReversed ? flow.context.swapped : flow.context)
      }
      tls.remove(place)
    case .unrecognised:
      recognitions.remove(place)
    case .dns, .unknown:
      break
    }
  }
}

/// What the first bytes of a direction look like.
private enum Guess {
  case needMore, no, httpRequest, httpResponse, tls

  init(_ bytes: RawSpan) {
    let http = HTTPRecognizer.recognize(bytes)
    if http == .request {
      self = .httpRequest
      return
    }
    if http == .response {
      self = .httpResponse
      return
    }
    switch TLSRecognizer.recognize(bytes) {
    case .yes: self = .tls
    case .needMore: self = .needMore
    case .no: self = http == .needMore ? .needMore : .no
    }
  }
}

extension Flow {
  /// The direction as the protocol's client and server see it.
  func role(of direction: Direction) -> Direction {
    application.isReversed ? direction.opposite : direction
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
