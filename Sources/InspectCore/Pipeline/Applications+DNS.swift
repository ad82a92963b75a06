/// A connection whose DNS messages are followed.
struct DNSConnection: ~Copyable {
  var toServer = DNSStream()
  var toClient = DNSStream()
}

extension Application.Kind {
  /// What the ports of a datagram promise; nil when that is no service of names.
  init?(nameService packet: borrowing UDPDatagram) {
    if packet.hasPort(NamePort.dns) {
      self = .dns
    } else if packet.hasPort(NamePort.multicastDNS) {
      self = .mdns
    } else if packet.hasPort(NamePort.linkLocalDNS) {
      self = .llmnr
    } else {
      return nil
    }
  }
}

extension Applications
where Sink: ~Copyable, Decoder: ~Copyable, Cipher: ~Copyable {
  mutating func beginDNS(_ flow: inout Flow) {
    guard let place = dnsConnections.insert(DNSConnection()) else { return refuse(&flow) }
    flow.application.kind = .dns
    flow.application.place = place
  }

  /// A message in a datagram.
  mutating func readDNS(
    _ bytes: RawSpan, _ direction: Direction, _ flow: borrowing Flow, _ time: Timestamp
  ) {
    enter(flow)
    if !exchange.dns(bytes, flow.application.kind, direction, at: time) {
      unknownBytes &+= UInt64(bytes.byteCount)
    }
  }

  private mutating func enter(_ flow: borrowing Flow) {
    exchange.context = flow.context
    exchange.host = flow.application.host
    exchange.nameSource = flow.application.nameSource
  }

  mutating func readDNSStream(
    _ bytes: RawSpan, _ direction: Direction, _ flow: borrowing Flow, _ time: Timestamp
  ) {
    enter(flow)
    Applications.read(
      bytes, direction, from: &dnsConnections[flow.application.place], &exchange, time)
  }

  // A function of its own, because the compiler tells the parts of a noncopyable `self` apart only
  // as arguments.
  private static func read(
    _ bytes: RawSpan, _ direction: Direction, from connection: inout DNSConnection,
    _ exchange: inout Exchange<Sink, Decoder>, _ time: Timestamp
  ) {
    if direction == .toServer {
      connection.toServer.consume(bytes) { _ = exchange.dns($0, .dns, direction, at: time) }
    } else {
      connection.toClient.consume(bytes) { _ = exchange.dns($0, .dns, direction, at: time) }
    }
  }

  mutating func loseDNS(_ byteCount: Int, _ direction: Direction, _ flow: borrowing Flow) {
    let place = flow.application.place
    if direction == .toServer {
      dnsConnections[place].toServer.gap(byteCount)
    } else {
      dnsConnections[place].toClient.gap(byteCount)
    }
  }
}
