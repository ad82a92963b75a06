@testable import InspectCore

/// Writes down what an inspector tells.
struct RecordingSink: InspectionSink, ~Copyable {
  var events: [String] = []
  var flows: [String] = []
  /// Of the flows: the numbers of their hosts.
  var hosts: [UInt32?] = []
  var states: [Flow.State] = []
  var alerts: [Alert] = []
  /// Of the TLS sessions.
  var versions: [String] = []

  mutating func flow(_ flow: borrowing Flow, ended reason: Flow.EndReason) {
    flows.append(flow.application.kind.name.map { "\($0)" } ?? "-")
    hosts.append(flow.application.host)
    states.append(flow.state)
  }

  mutating func http(_ transaction: borrowing HTTPTransaction, _ context: FlowContext) {
    let status = transaction.status.map { "\($0)" } ?? "-"
    let stream = transaction.stream.map { "\($0): " } ?? ""
    events.append(
      "http \(stream)\(text(transaction.method)) \(text(transaction.host)) \(text(transaction.target)) "
        + "\(status) \(transaction.requestByteCount)/\(transaction.responseByteCount)")
  }

  mutating func tls(_ session: borrowing TLSSession, _ context: FlowContext) {
    events.append("tls \(text(session.serverName))")
    versions.append(text(session.version))
  }

  mutating func quic(
    _ hello: QUICHello, _ version: QUICVersion, _ context: FlowContext, at time: Timestamp
  ) {
    var name = "-"
    if let found = hello.serverName { name = text(found) }
    events.append("quic \(name) to \(context.server.port)")
  }

  mutating func dns(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    events.append(describe("dns", message, context))
  }

  mutating func multicastDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    events.append(describe("mdns", message, context))
  }

  mutating func linkLocalDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    events.append(describe("llmnr", message, context))
  }

  mutating func smtp(_ transaction: borrowing SMTPTransaction, _ context: FlowContext) {
    var line = "smtp \(text(transaction.helo)) \(text(transaction.mailFrom))"
    for index in 0..<transaction.recipientCount {
      line += " \(text(transaction.recipient(index)))"
    }
    events.append(line)
  }

  mutating func anomaly(_ anomaly: Anomaly, _ context: FlowContext?, at time: Timestamp) {
    events.append("anomaly \(anomaly.event)")
  }

  mutating func alert(_ alert: Alert) { alerts.append(alert) }
  mutating func turn(to moment: Moment) {}

  var wantsFingerprints: Bool { true }
  var wantsBodies: Bool { false }
  mutating func body(
    _ bytes: RawSpan, _ coding: ContentCoding, _ direction: Direction, place: UInt32
  ) {}
  mutating func bodyEnded(_ direction: Direction, place: UInt32) {}

  private func describe(_ kind: String, _ message: DNSMessage, _ context: FlowContext) -> String {
    var names: [String] = []
    var questions = message.questions
    while let question = questions.next() {
      var buffer = ByteBuffer(limit: 1024)
      question.name.append(to: &buffer)
      names.append(text(buffer.bytes))
    }
    let type = message.isResponse ? "response" : "request"
    return "\(kind) \(type) \(names.joined(separator: ",")) to \(context.server.port)"
  }
}

struct NoDecoder: ContentDecoder, ~Copyable {
  mutating func decode(
    _ bytes: RawSpan, _ coding: ContentCoding, into output: inout ByteBuffer
  ) -> ContentDecoderOutcome { .unsupported }
}

struct NoAtlas: Atlas, ~Copyable {
  mutating func locate(_ address: IPAddress) -> Location { Location() }
}

/// A phone (10.0.0.2) and a server (192.0.2.1), whose packets an inspector sees.
struct Network: ~Copyable {
  typealias Core = Inspector<RecordingSink, NoDecoder, NoAtlas, ToyCipher>

  var core: Core
  private var clock: Int64 = 1_772_352_000_000_000_000
  private var sent: [UInt32] = [1000, 5000]
  let clientPort: UInt16
  let serverPort: UInt16

  init(
    serverPort: UInt16, clientPort: UInt16 = 40_000,
    configuration: InspectorConfiguration = InspectorConfiguration(), raisesAlerts: Bool = true
  ) {
    self.serverPort = serverPort
    self.clientPort = clientPort
    var configuration = configuration
    // The server's country is not known, and a policy that says nothing raises no alert.
    for rule in Rule.allCases where raisesAlerts {
      configuration.cases.policy.set(rule, .unknown, .high)
    }
    core = Core(
      configuration: configuration, hashKey: (1, 2), sink: RecordingSink(), decoder: NoDecoder(),
      atlas: NoAtlas(), cipher: ToyCipher())
  }

  /// A whole connection with a dialogue: lines of the client, and of the server behind `<`.
  mutating func talk(_ lines: [String]) {
    connect()
    for line in lines {
      if line.hasPrefix("<") {
        say(line.dropFirst() + "\r\n", .toClient)
      } else {
        say(line + "\r\n")
      }
    }
    close()
  }

  var events: [String] { core.sink.events }

  mutating func finish() { core.finish() }

  mutating func wait(seconds: Int64) { clock += seconds * 1_000_000_000 }

  mutating func datagram(_ payload: [UInt8], _ direction: Direction = .toServer) {
    let length = UInt16(8 + payload.count)
    packet(17, direction, ports(direction) + bytes(length) + [0, 0] + payload)
  }

  /// The handshake of a connection.
  mutating func connect() {
    segment([], .toServer, flags: 0x02)
    segment([], .toClient, flags: 0x12)
    segment([], .toServer, flags: 0x10)
  }

  mutating func say(_ text: String, _ direction: Direction = .toServer) {
    say(Array(text.utf8), direction)
  }

  mutating func say(_ payload: [UInt8], _ direction: Direction = .toServer) {
    var rest = payload[...]
    while !rest.isEmpty {
      segment(Array(rest.prefix(1400)), direction, flags: 0x18)
      rest = rest.dropFirst(1400)
    }
  }

  mutating func close() {
    segment([], .toServer, flags: 0x11)
    segment([], .toClient, flags: 0x11)
    segment([], .toServer, flags: 0x10)
  }

  /// A SYN with another number into the connection; where it is accepted, it is a new one.
  mutating func reconnect(from number: UInt32, isAccepted: Bool) {
    let before = sent
    sent = [number, number &+ 100_000]
    segment([], .toServer, flags: 0x02)
    if isAccepted {
      segment([], .toClient, flags: 0x12)
      segment([], .toServer, flags: 0x10)
    } else {
      sent = before
    }
  }

  /// Bytes that the capture does not have.
  mutating func lose(_ count: Int, _ direction: Direction = .toServer) {
    sent[direction == .toServer ? 0 : 1] &+= UInt32(count)
  }

  private mutating func segment(_ payload: [UInt8], _ direction: Direction, flags: UInt8) {
    let mine = direction == .toServer ? 0 : 1
    let header =
      ports(direction) + bytes(sent[mine]) + bytes(sent[1 - mine]) + [0x50, flags, 0xff, 0xff]
      + [0, 0, 0, 0]
    packet(6, direction, header + payload)
    sent[mine] &+= UInt32(payload.count) &+ (flags & 0x03 != 0 ? 1 : 0)
  }

  private func ports(_ direction: Direction) -> [UInt8] {
    direction == .toServer
      ? bytes(clientPort) + bytes(serverPort) : bytes(serverPort) + bytes(clientPort)
  }

  private func bytes<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
    stride(from: Integer.bitWidth - 8, through: 0, by: -8).map {
      UInt8(truncatingIfNeeded: value >> Integer($0))
    }
  }

  mutating func packet(_ protocolNumber: UInt8, _ direction: Direction, _ body: [UInt8]) {
    let (phone, server): ([UInt8], [UInt8]) = ([10, 0, 0, 2], [192, 0, 2, 1])
    let addresses = direction == .toServer ? phone + server : server + phone
    let frame: [UInt8] =
      [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45, 0] + bytes(UInt16(20 + body.count))
      + [0, 0, 0, 0, 64, protocolNumber, 0, 0] + addresses + body
    clock += 1_000_000
    core.inspect(
      frame.span.bytes, at: Timestamp(nanoseconds: clock), originalByteCount: frame.count,
      linkType: .ethernet)
  }
}
