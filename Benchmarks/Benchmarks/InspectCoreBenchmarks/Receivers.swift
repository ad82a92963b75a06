import InspectCore

/// Takes everything and keeps nothing, so that only the core is measured.
struct NoSink: InspectionSink, ~Copyable {
  var wantsFingerprints: Bool { true }
  var wantsBodies: Bool { false }

  mutating func flow(_ flow: borrowing Flow, ended reason: Flow.EndReason) {}
  mutating func http(_ transaction: borrowing HTTPTransaction, _ context: FlowContext) {}
  mutating func tls(_ session: borrowing TLSSession, _ context: FlowContext) {}
  mutating func quic(
    _ hello: QUICHello, _ version: QUICVersion, _ context: FlowContext, at time: Timestamp
  ) {}
  mutating func dns(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {}
  mutating func multicastDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {}
  mutating func linkLocalDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {}
  mutating func smtp(_ transaction: borrowing SMTPTransaction, _ context: FlowContext) {}
  mutating func anomaly(_ anomaly: Anomaly, _ context: FlowContext?, at time: Timestamp) {}
  mutating func alert(_ alert: Alert) {}
  mutating func turn(to moment: Moment) {}
  mutating func body(
    _ bytes: RawSpan, _ coding: ContentCoding, _ direction: Direction, place: UInt32
  ) {}
  mutating func bodyEnded(_ direction: Direction, place: UInt32) {}
}

/// Knows no content coding.
struct NoDecoder: ContentDecoder, ~Copyable {
  mutating func decode(
    _ bytes: RawSpan, _ coding: ContentCoding, into output: inout ByteBuffer
  ) -> ContentDecoderOutcome { .unsupported }
}

/// Opens no packet.
struct NoCipher: PacketCipher, ~Copyable {
  mutating func extract(salt: RawSpan, from material: RawSpan) -> PacketKeys.Secret {
    PacketKeys.Secret(repeating: 0)
  }

  mutating func expand(_ secret: PacketKeys.Secret, info: RawSpan) -> PacketKeys.Secret { secret }

  mutating func encrypt(
    _ block: PacketKeys.Block, key: PacketKeys.Block
  ) -> PacketKeys.Block { block }

  mutating func open(
    _ sealed: RawSpan, key: PacketKeys.Block, nonce: PacketKeys.Nonce,
    authenticating header: RawSpan, into output: inout ByteBuffer
  ) -> Bool { false }
}

/// Knows no place.
struct NoAtlas: Atlas, ~Copyable {
  mutating func locate(_ address: IPAddress) -> Location { Location() }
}

/// Counts messages and bytes of bodies.
struct MessageCounter: HTTPHandler, ~Copyable {
  var ends = 0
  var bodyBytes = 0

  mutating func request(_ head: HTTPRequestHead, at: Timestamp) {}
  mutating func response(_ head: HTTPResponseHead, at: Timestamp) {}
  mutating func body(_ bytes: RawSpan, of direction: Direction) { bodyBytes += bytes.byteCount }
  mutating func bodyGap(_ byteCount: Int, of direction: Direction) {}
  mutating func end(_ direction: Direction, outcome: HTTPMessageEnd, at: Timestamp) { ends += 1 }
  mutating func anomaly(_ anomaly: HTTPAnomaly, _ direction: Direction) {}
}

struct FindingCounter: FindingSink, ~Copyable {
  var findings = 0

  mutating func found(_ finding: borrowing Finding) { findings += 1 }
}
