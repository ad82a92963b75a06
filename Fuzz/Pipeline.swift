@testable import InspectCore

@testable import InspectIO

/// A capture through everything: twice the same counts, and nothing is left in the end.
let fuzzPipeline: @Sendable (RawSpan) -> Void = { input in
  let path = scratch(input)
  let first = inspect(path)
  let second = inspect(path)
  require(first == second, "a second run tells something else")
}

private func inspect(_ path: String) -> Digest {
  var configuration = InspectorConfiguration()
  configuration.limits.flows.flows = 8
  configuration.limits.reassemblyBytes = 1 << 16
  configuration.limits.streamMemories = 4
  configuration.limits.httpConnections = 4
  configuration.limits.httpTransactions = 8
  configuration.limits.tlsConnections = 4
  configuration.limits.recognitions = 2
  configuration.limits.dtlsHellos = 2
  configuration.limits.bodyBytes = 1 << 16
  configuration.limits.names = 8
  configuration.limits.hosts = 8
  configuration.limits.devices = 4
  configuration.limits.contacts = 4
  configuration.limits.alerts = 4
  configuration.limits.sendsPerContact = 8
  configuration.limits.sends = 64
  configuration.cases.local = [0x0a00_0000, 0xac10_0000, 0xc0a8_0000].compactMap {
    CIDR(IPAddress(ipv4: $0), prefixLength: 12)
  }
  var inspector = Inspector(
    configuration: configuration, hashKey: (1, 2), sink: Recorder(), decoder: NoDecoder(),
    atlas: NoAtlas(), cipher: OpenCipher())
  guard var file = try? CaptureFile(path) else { return Digest() }
  while file.advance() {
    let packet = file.packet
    inspector.inspect(
      packet.bytes, at: packet.timestamp, originalByteCount: packet.originalByteCount,
      linkType: packet.linkType)
    require(inspector.openFlows <= 8, "too many flows")
  }
  inspector.finish()
  require(inspector.openFlows == 0, "a flow is open after the end")
  let counters = inspector.statistics
  require(
    inspector.sink.flows == Int(counters.flows), "a flow began that did not end, or the reverse")
  var digest = inspector.sink.digest
  digest.add(Int(truncatingIfNeeded: counters.anomalies))
  digest.add(Int(truncatingIfNeeded: counters.lostBytes))
  return digest
}

private struct Recorder: InspectionSink {
  var digest = Digest()
  var flows = 0
  var wantsBodies: Bool { true }
  var wantsFingerprints: Bool { true }

  mutating func flow(_ flow: borrowing Flow, ended reason: Flow.EndReason) {
    flows += 1
    digest.add(Int(truncatingIfNeeded: flow.context.id))
    digest.add(Int(truncatingIfNeeded: flow.toServer.bytes &+ flow.toClient.bytes))
    digest.add(Int(reason.rawValue))
  }

  mutating func http(_ transaction: borrowing HTTPTransaction, _ context: FlowContext) {
    digest.add(transaction.host)
    digest.add(Int(transaction.status ?? 0))
  }

  mutating func tls(_ session: borrowing TLSSession, _ context: FlowContext) {
    digest.add(session.serverName)
    digest.add(session.version)
    digest.add(session.ja3)
    digest.add(session.subject)
  }

  mutating func quic(
    _ hello: QUICHello, _ version: QUICVersion, _ context: FlowContext, at time: Timestamp
  ) {
    digest.add(Int(truncatingIfNeeded: context.id))
  }

  mutating func smtp(_ transaction: borrowing SMTPTransaction, _ context: FlowContext) {
    digest.add(Int(truncatingIfNeeded: context.id) &+ 1)
  }

  mutating func dns(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    digest.add(Int(message.id))
  }

  mutating func multicastDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    digest.add(Int(message.id) + 1)
  }

  mutating func linkLocalDNS(_ message: DNSMessage, _ context: FlowContext, at time: Timestamp) {
    digest.add(Int(message.id) + 2)
  }

  mutating func anomaly(_ anomaly: Anomaly, _ context: FlowContext?, at time: Timestamp) {
    anomaly.event.withUTF8Buffer { for byte in $0 { digest.add(byte) } }
  }

  mutating func alert(_ alert: Alert) { digest.add(alert.count) }
  mutating func turn(to moment: Moment) {}

  mutating func body(
    _ bytes: RawSpan, _ coding: ContentCoding, _ direction: Direction, place: UInt32
  ) {
    digest.add(bytes)
  }

  mutating func bodyEnded(_ direction: Direction, place: UInt32) { digest.add(Int(place)) }
}

private struct NoDecoder: ContentDecoder {
  mutating func decode(
    _ bytes: RawSpan, _ coding: ContentCoding, into output: inout ByteBuffer
  ) -> ContentDecoderOutcome { .unsupported }
}

private struct NoAtlas: Atlas {
  mutating func locate(_ address: IPAddress) -> Location { Location() }
}
